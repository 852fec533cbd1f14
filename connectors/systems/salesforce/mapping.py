"""Our companies as Salesforce Accounts, our contacts as Contacts."""

from collections.abc import Iterable
from collections.abc import Mapping as Map
from dataclasses import replace
from typing import Any

from connectors.mapping import Field, Mapping, as_text
from connectors.systems.salesforce import addresses
from connectors.systems.salesforce.picklists import Lists

SYSTEM = "Salesforce"
OBJECTS = ("Account", "Contact")
ADDRESSES = ("Billing", "Shipping")
KEY_SETTING = "external_id_field"
KEY_DEFAULT = "Concord_Id__c"
# Setting -> (our field, what people call it, its default over there). Account has no
# e-mail field of its own. Empty = not sent.
CUSTOM = {
    "email_field": ("email", "Email", "Concord_Email__c"),
    "legal_name_field": ("legal_name", "Legal Name", "Concord_Legal_Name__c"),
    "tax_id_field": ("tax_id", "Tax ID", "Concord_Tax_Id__c"),
    "reseller_id_field": ("reseller_id", "Reseller ID", "Concord_Reseller_Id__c"),
    "customer_class_field": ("customer_class", "Customer Class", "Concord_Customer_Class__c"),
    "status_field": ("status", "Status", "Concord_Status__c"),
}


def as_label(value: object) -> str | None:
    """Return a choice's value as a word for people: "active" → "Active"."""
    text = as_text(value)
    return text.replace("_", " ").capitalize() if text else None


# Lengths: Account and Contact as recorded from real orgs, the fact sheet's section 2.10.
STANDARD = (
    Field("name", "Name", "Company Name", required=True, max_length=255),
    Field("phone", "Phone", "Phone", max_length=40),
    Field("website", "Website", "Website", max_length=255),
)
CONTACT = (
    Field("company", "AccountId", "Company"),
    Field("first_name", "FirstName", "First Name", max_length=40),
    Field("last_name", "LastName", "Last Name", required=True, max_length=80),
    Field("job_title", "Title", "Job Title", max_length=128),
    Field("email", "Email", "Email", max_length=80),
    Field("phone", "Phone", "Phone", max_length=40),
)
# Setting -> (our field, what people call it, its default over there). Contact has no such fields.
CONTACT_CUSTOM = {
    "contact_role_field": ("role", "Role", ""),
    "contact_status_field": ("status_word", "Status", ""),
}


# What describe calls the types that hold a text as we send it.
TEXT_TYPES = frozenset(
    {
        "string",
        "textarea",
        "email",
        "phone",
        "url",
        "picklist",
        "combobox",
        "encryptedstring",
        "multipicklist",
    }
)


def mappings(settings: Map[str, Any], facts: Map[str, Any]) -> dict[str, Mapping]:
    """Return the mapping of each entity for a connection's settings.

    `facts` is what describe said: {"Account": {"Name": {"length": 255, …}}, "Contact":
    …}; where it knows a length, or that a field must be filled, that counts.
    """
    accounts, contacts = facts.get("Account", {}), facts.get("Contact", {})
    company_fields = (
        *STANDARD,
        *(field for prefix in ADDRESSES for field in addresses.fields(prefix, lists_of(facts, prefix))),
        *_custom(settings, CUSTOM),
    )
    company = Mapping(
        entity="company",
        remote="Account",
        key=key_field(settings),
        fields=company_fields,
        match=("name", "website", "email"),
        system=SYSTEM,
        owner="OwnerId",
    )
    contact = Mapping(
        entity="contact",
        remote="Contact",
        key=key_field(settings),
        fields=(*CONTACT, *_custom(settings, CONTACT_CUSTOM)),
        match=("first_name", "last_name", "email"),
        system=SYSTEM,
        parent="AccountId",
        owner="OwnerId",
    )
    return {"company": _as_described(company, accounts), "contact": _as_described(contact, contacts)}


def lists_of(facts: Map[str, Any], prefix: str = "Billing") -> Lists | None:
    """Return the org's lists for one address of an account, None where it takes any text."""
    return Lists.of(facts) if f"{prefix}CountryCode" in facts.get("Account", {}) else None


def key_field(settings: Map[str, Any]) -> str:
    """Return the API name of the field over there that holds our external id."""
    return str(settings.get(KEY_SETTING) or KEY_DEFAULT).strip()


def must_be_filled(described: Map[str, Any]) -> bool:
    """Return whether a create without this field is refused. A checkbox never is."""
    return bool(
        described.get("nillable") is False
        and not described.get("defaultedOnCreate")
        and described.get("createable")
        and described.get("type") != "boolean"
    )


def _custom(settings: Map[str, Any], known: Map[str, tuple[str, str, str]]) -> Iterable[Field]:
    for setting, (local, label, default) in known.items():
        stored = settings.get(setting)
        remote = str(default if stored is None else stored).strip()
        if remote:
            convert = as_label if local in ("status", "role") else as_text
            yield Field(local, remote, label, to_remote=convert, max_length=255)


def _as_described(mapping: Mapping, known: Map[str, Any]) -> Mapping:
    """Take name, length and need from describe: names are found there in any case."""
    spelled = {name.lower(): name for name in known}
    fields = tuple(_field_as_described(field, known, spelled) for field in mapping.fields)
    return replace(mapping, key=spelled.get(mapping.key.lower(), mapping.key), fields=fields)


def _field_as_described(field: Field, known: Map[str, Any], spelled: Map[str, str]) -> Field:
    remote = spelled.get(field.remote.lower(), field.remote)
    described = known.get(remote, {})
    length = described.get("length")
    return replace(
        field,
        remote=remote,
        max_length=int(length) if length else field.max_length,
        required=field.required or must_be_filled(described),
    )
