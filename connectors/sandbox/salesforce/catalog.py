"""The objects this stand-in has, with an administrator's custom fields.

Lengths and required flags: Salesforce fact sheet, "Fields (recorded describes)".
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from . import people
from .addresses import AddressRules
from .picklists import country_choices, state_choices
from .schema import COMPOUND, Field, SObject

INDUSTRIES = (
    "Agriculture",
    "Apparel",
    "Banking",
    "Electronics",
    "Manufacturing",
    "Retail",
    "Technology",
    "Other",
)
ACCOUNT_TYPES = ("Prospect", "Customer - Direct", "Customer - Channel", "Channel Partner / Reseller", "Other")
SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
SALUTATIONS = ("Mr.", "Ms.", "Mrs.", "Dr.", "Prof.")
# Names of the describe answer that a rehearsal may change, and what they are called here.
ADJUSTABLE = {
    "label": "label",
    "type": "type",
    "length": "length",
    "createable": "createable",
    "updateable": "updateable",
    "externalId": "external_id",
    "unique": "unique",
    "caseSensitive": "case_sensitive",
    "idLookup": "id_lookup",
    "restrictedPicklist": "restricted",
    "picklistValues": "picklist",
    "nillable": "required",
}
Schema = Mapping[str, SObject]


def build_schema(changes: Mapping[str, Mapping[str, Any]], rules: AddressRules | None) -> Schema:
    """Return the objects by lower-case name.

    `changes` is what the administrator of this org did, per object and field: None removes a field, a dict
    with describe's own names changes or adds one. `rules` are None without State and Country/Territory
    Picklists. Raises ValueError for a name that describe does not have.
    """
    objects = (
        _account(rules),
        _contact(rules),
        _user(),
        _profile(),
        _organization(),
    )
    return {each.name.lower(): _changed(each, changes.get(each.name, {})) for each in objects}


def _changed(sobject: SObject, changes: Mapping[str, Any]) -> SObject:
    if not changes:
        return sobject
    fields = {each.name: each for each in sobject.fields}
    for name, change in changes.items():
        if change is None:
            fields.pop(name, None)
        else:
            fields[name] = _adjusted(
                fields.get(name, Field(name, name.removesuffix("__c"), length=255)), change
            )
    return replace(sobject, fields=tuple(fields.values()))


def _adjusted(field: Field, change: Mapping[str, Any]) -> Field:
    if unknown := set(change) - set(ADJUSTABLE):
        raise ValueError(f"a field has no {sorted(unknown)[0]!r}; known are {', '.join(ADJUSTABLE)}")
    values = {ADJUSTABLE[key]: value for key, value in change.items()}
    for name, value in values.items():
        kind = list if name == "picklist" else type(getattr(field, name))
        if type(value) is not kind:
            raise ValueError(f"{field.name}: {name} is a {kind.__name__}")
    if "nillable" in change:
        values["required"] = not change["nillable"]
    if "picklistValues" in change:
        values["picklist"] = tuple(change["picklistValues"])
    return replace(field, **values)


def _system_fields(prefix_label: str) -> Iterator[Field]:
    fixed: dict[str, Any] = {"createable": False, "updateable": False, "defaulted": True}
    yield Field("Id", f"{prefix_label} ID", "id", 18, required=True, id_lookup=True, **fixed)
    yield Field("IsDeleted", "Deleted", "boolean", required=True, **fixed)
    yield Field("CreatedDate", "Created Date", "datetime", required=True, **fixed)
    yield _reference("CreatedById", "Created By ID", "User", "CreatedBy", required=True, **fixed)
    yield Field("LastModifiedDate", "Last Modified Date", "datetime", required=True, **fixed)
    yield _reference(
        "LastModifiedById", "Last Modified By ID", "User", "LastModifiedBy", required=True, **fixed
    )
    yield Field("SystemModstamp", "System Modstamp", "datetime", required=True, **fixed)


def _reference(name: str, label: str, to: str, relationship: str, **more: Any) -> Field:
    return Field(
        name, label, "reference", 18, reference_to=to, relationship=relationship, indexed=True, **more
    )


def _owner() -> Field:
    return _reference("OwnerId", "Owner ID", "User", "Owner", required=True, defaulted=True)


def _master(of: str) -> Field:
    return _reference(
        "MasterRecordId", "Master Record ID", of, "MasterRecord", createable=False, updateable=False
    )


def _key(name: str = "Concord_Id__c", label: str = "Concord Id") -> Field:
    return Field(name, label, length=255, external_id=True, unique=True, id_lookup=True)


def _address(prefix: str, rules: AddressRules | None) -> Iterator[Field]:
    whole = f"{prefix}Address"
    yield Field(f"{prefix}Street", f"{prefix} Street", "textarea", 255, compound=whole)
    yield Field(f"{prefix}City", f"{prefix} City", length=40, compound=whole)
    yield Field(f"{prefix}State", f"{prefix} State/Province", length=80, compound=whole)
    yield Field(f"{prefix}PostalCode", f"{prefix} Zip/Postal Code", length=20, compound=whole)
    yield Field(f"{prefix}Country", f"{prefix} Country", length=80, compound=whole)
    if rules is not None:
        yield from _codes(prefix, rules)
    yield Field(
        whole, f"{prefix} Address", COMPOUND, createable=False, updateable=False, parts=_parts(prefix, rules)
    )


def _codes(prefix: str, rules: AddressRules) -> Iterator[Field]:
    more: dict[str, Any] = {"compound": f"{prefix}Address", "restricted": True}
    controller, states = f"{prefix}CountryCode", state_choices(rules.places)
    yield Field(
        f"{prefix}StateCode",
        f"{prefix} State/Province Code",
        "picklist",
        10,
        choices=states,
        controller=controller,
        **more,
    )
    countries = country_choices(rules.places, rules.default_country)
    yield Field(controller, f"{prefix} Country Code", "picklist", 10, choices=countries, **more)


def _parts(prefix: str, rules: AddressRules | None) -> tuple[tuple[str, str], ...]:
    """Name the fields that a compound address shows, by its keys; geocodes are never known here."""
    names = ["city", "country", "geocodeAccuracy", "latitude", "longitude", "postalCode", "state", "street"]
    codes = ["countryCode", "stateCode"] if rules is not None else []
    return tuple((name, f"{prefix}{name[:1].upper()}{name[1:]}") for name in sorted(names + codes))


def _account(rules: AddressRules | None) -> SObject:
    standard = (
        *_system_fields("Account"),
        _master("Account"),
        Field("Name", "Account Name", length=255, required=True, indexed=True),
        Field("Type", "Account Type", "picklist", 255, picklist=ACCOUNT_TYPES),
        _reference("ParentId", "Parent Account ID", "Account", "Parent"),
        *_address("Billing", rules),
        *_address("Shipping", rules),
        Field("Phone", "Account Phone", "phone", 40),
        Field("Fax", "Account Fax", "phone", 40),
        Field("AccountNumber", "Account Number", length=40),
        Field("Website", "Website", "url", 255),
        Field("Sic", "SIC Code", length=20),
        Field("Industry", "Industry", "picklist", 255, picklist=INDUSTRIES),
        Field("AnnualRevenue", "Annual Revenue", "currency", digits=18),
        Field("NumberOfEmployees", "Employees", "int", digits=8),
        Field("TickerSymbol", "Ticker Symbol", length=20),
        Field("Description", "Account Description", "textarea", 32000),
        Field("Rating", "Account Rating", "picklist", 255, picklist=("Hot", "Warm", "Cold")),
        Field("Site", "Account Site", length=80),
        _owner(),
        Field("AccountSource", "Account Source", "picklist", 255, picklist=SOURCES),
        Field("DunsNumber", "D-U-N-S Number", length=9),
        Field("NaicsCode", "NAICS Code", length=8),
        Field("YearStarted", "Year Started", length=4),
        Field("SicDesc", "SIC Description", length=80),
    )
    custom = (
        _key(),
        Field("Concord_Email__c", "Concord Email", "email", 80),
        Field("Concord_Legal_Name__c", "Concord Legal Name", length=255),
        Field("Concord_Tax_Id__c", "Concord Tax Id", length=50),
        Field("Concord_Reseller_Id__c", "Concord Reseller Id", length=50),
        Field("Concord_Customer_Class__c", "Concord Customer Class", length=100),
        Field("Concord_Status__c", "Concord Status", length=40),
    )
    return SObject("Account", "Accounts", "001", standard + custom)


def _contact(rules: AddressRules | None) -> SObject:
    fields = (
        *_system_fields("Contact"),
        _master("Contact"),
        _reference("AccountId", "Account ID", "Account", "Account"),
        Field("LastName", "Last Name", length=80, required=True, compound="Name"),
        Field("FirstName", "First Name", length=40, compound="Name"),
        Field("Salutation", "Salutation", "picklist", 40, picklist=SALUTATIONS, compound="Name"),
        Field("Name", "Full Name", length=121, createable=False, updateable=False, indexed=True),
        *_address("Other", rules),
        *_address("Mailing", rules),
        Field("Phone", "Business Phone", "phone", 40),
        Field("Fax", "Business Fax", "phone", 40),
        Field("MobilePhone", "Mobile Phone", "phone", 40),
        Field("HomePhone", "Home Phone", "phone", 40),
        Field("OtherPhone", "Other Phone", "phone", 40),
        Field("AssistantPhone", "Asst. Phone", "phone", 40),
        _reference("ReportsToId", "Reports To ID", "Contact", "ReportsTo"),
        Field("Email", "Email", "email", 80, id_lookup=True),
        Field("Title", "Title", length=128),
        Field("Department", "Department", length=80),
        Field("AssistantName", "Assistant's Name", length=40),
        Field("Birthdate", "Birthdate", "date"),
        Field("Description", "Contact Description", "textarea", 32000),
        _owner(),
        _key(),
        Field("Concord_Role__c", "Concord Role", length=80),
        Field("Concord_Primary__c", "Concord Primary", "boolean", required=True, defaulted=True),
        Field("Concord_Active__c", "Concord Active", "boolean", required=True, defaulted=True),
    )
    return SObject("Contact", "Contacts", "003", fields)


def _user() -> SObject:
    fields = (
        *(each for each in _system_fields("User") if each.name != "IsDeleted"),
        Field("Username", "Username", length=80, required=True, unique=True, id_lookup=True),
        Field("LastName", "Last Name", length=80, required=True),
        Field("FirstName", "First Name", length=40),
        Field("Name", "Full Name", length=121, createable=False, updateable=False),
        Field("Email", "Email", "email", 128, required=True, id_lookup=True),
        Field("Alias", "Alias", length=8, required=True),
        Field("CommunityNickname", "Nickname", length=40, required=True, unique=True),
        Field("FederationIdentifier", "SAML Federation ID", length=512, unique=True, id_lookup=True),
        Field("EmployeeNumber", "Employee Number", length=20),
        Field("Title", "Title", length=80),
        Field("IsActive", "Active", "boolean", required=True, defaulted=True),
        Field(
            "UserType",
            "User Type",
            "picklist",
            40,
            createable=False,
            updateable=False,
            picklist=people.USER_TYPES,
            restricted=True,
        ),
        _reference("ProfileId", "Profile ID", "Profile", "Profile", required=True),
    )
    return SObject("User", "Users", "005", fields, writable=False)


def _profile() -> SObject:
    fields = (
        *(each for each in _system_fields("Profile") if each.name != "IsDeleted"),
        Field("Name", "Name", length=255, required=True, indexed=True),
    )
    return SObject("Profile", "Profiles", "00e", fields, writable=False)


def _organization() -> SObject:
    # [M] The sheet knows the key prefix only; the object and these columns are from memory.
    fields = (
        *(each for each in _system_fields("Organization") if each.name != "IsDeleted"),
        Field("Name", "Name", length=80),
        Field("OrganizationType", "Edition", "picklist", 40),
        Field("IsSandbox", "Is Sandbox", "boolean"),
        Field("InstanceName", "Instance Name", length=5),
    )
    return SObject("Organization", "Organizations", "00D", fields, writable=False)
