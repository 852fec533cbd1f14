"""Our companies as B2B companies, our contacts as company users, our locations as addresses.

Remote names are flat: see `wire`. Our key stands beside the fields: in a company's
and a user's uuid, in an address's externalId, and in the company's extra field that
was set up for it.
"""

from collections.abc import Iterable
from collections.abc import Mapping as Map
from dataclasses import replace
from typing import Any

from connectors.mapping import Field, Mapping, as_text
from connectors.regions import country_code
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.readings import (
    FROM_ROLE,
    FROM_STATUS,
    as_is,
    as_status,
    company_country,
    country_of,
    is_billing_default,
    is_shipping_default,
    lead_problem,
    legal_street_problem,
    recipient,
    recipient_problem,
    region_problem,
    role,
    state_of_company,
    state_of_location,
    street_problem,
    yes,
)
from connectors.systems.bigcommerce.words import SYSTEM

KEY_SETTING = "key_field"
COMPANY, USER, ADDRESS = "company", "user", "address"
OBJECTS = (COMPANY, USER, ADDRESS)
ROLES = "roles"  # among the facts: {role id: {"name", "is_custom"}}
COMPANY_KEY, USER_KEY, ADDRESS_KEY = "uuid", "uuid", "externalId"
FIRST_USER = "firstUser"  # in a company's snapshot: [our key of whom it was made with, the e-mail]
LEAD = "primary_contact"  # the name of what a company lacks that has no lead
# Setting -> (object, our field, what people call it). B2B has no field of its own for these.
CUSTOM: Map[str, tuple[str, str, str]] = {
    "tax_id_field": (COMPANY, "tax_id", "Tax ID"),
    "legal_name_field": (COMPANY, "legal_name", "Legal Name"),
    "website_field": (COMPANY, "website", "Website"),
    "reseller_id_field": (COMPANY, "reseller_id", "Reseller ID"),
    "customer_class_field": (COMPANY, "customer_class", "Customer Class"),
    "job_title_field": (USER, "job_title", "Job Title"),
}


def _lead(name: str, remote: str, **options: Any) -> Field:
    """Return a field of the company's first user, who is our Primary contact."""
    path = f"lead.{name}"
    return Field(LEAD, remote, "Primary Contact", only="create", value=_of_lead(path), **options)


def _of_lead(path: str) -> Any:
    name = path.partition(".")[2]
    return lambda subject: getattr(subject.lead, name, None)


def _address(local: str, remote: str, label: str, **options: Any) -> Field:
    return Field(local, remote, label, block="address", is_pulled=True, **options)


# Lengths and needs: B2B Edition, POST /companies, read 2026-11.
COMPANY_FIELDS = (
    Field("name", "companyName", "Company Name", required=True, max_length=200, is_pulled=True),
    Field(
        "email",
        "companyEmail",
        "Email",
        to_remote=wire.as_email,
        required=True,
        max_length=200,
        is_pulled=True,
    ),
    Field("phone", "companyPhone", "Phone", required=True, max_length=50, is_pulled=True),
    _address(
        "legal_street",
        wire.LINES,
        "Street",
        to_remote=wire.lines,
        problem=legal_street_problem,
        max_length=2 * wire.LINE_CHARS + 1,
    ),
    _address("legal_city", "city", "City", max_length=100),
    _address("legal_region", "state", "State or Province", value=state_of_company, max_length=50),
    _address("legal_postal_code", "zipCode", "Postal Code", max_length=50),
    _address(
        "legal_country", "country", "Country", value=company_country, to_local=country_code, required=True
    ),
    Field("status", "companyStatus", "Status", to_remote=as_status, to_local=FROM_STATUS.get, is_pulled=True),
    _lead("email", "adminEmail", problem=lead_problem, to_remote=wire.as_email),
    _lead("first_name", "adminFirstName"),
    _lead("last_name", "adminLastName"),
    _lead("phone", "adminPhoneNumber", max_length=50),
)
# Source: B2B Edition, POST /users; the store's own customers take shorter names and phones.
USER_FIELDS = (
    Field("company", "companyId", "Company"),
    Field("first_name", "firstName", "First Name", required=True, max_length=100, is_pulled=True),
    Field("last_name", "lastName", "Last Name", required=True, max_length=100, is_pulled=True),
    Field("email", "email", "Email", to_remote=wire.as_email, required=True, max_length=150, is_pulled=True),
    Field("phone", "phoneNumber", "Phone", max_length=50, is_pulled=True),
    Field("role", "role", "Role", value=role, to_remote=as_is, to_local=FROM_ROLE.get, is_pulled=True),
)
# Source: B2B Edition, POST /addresses.
ADDRESS_FIELDS = (
    Field("company", "companyId", "Company"),
    Field("label", "label", "Label", max_length=200, is_pulled=True),
    Field(
        "recipient", wire.NAME, "Recipient", value=recipient, problem=recipient_problem, to_remote=wire.name,
        max_length=2 * wire.NAME_CHARS + 1, is_pulled=True,
    ),
    Field("phone", "phoneNumber", "Phone", max_length=50, is_pulled=True),
    _address(
        "street", wire.LINES, "Street", to_remote=wire.lines, required=True, problem=street_problem,
        max_length=2 * wire.LINE_CHARS + 1,
    ),
    _address("city", "city", "City", required=True, max_length=100),
    _address(
        "region", "stateName", "State or Province", value=state_of_location, problem=region_problem,
        max_length=150,
    ),
    _address("postal_code", "zipCode", "Postal Code", max_length=50),
    _address("country", "countryCode", "Country", value=country_of, required=True),
    # An address that is for neither can't be used at checkout.
    Field("is_default_billing", "isBilling", "For Billing", value=yes, to_remote=as_is),
    Field("is_default_shipping", "isShipping", "For Shipping", value=yes, to_remote=as_is),
    Field(
        "is_default_billing", "isDefaultBilling", "Default Billing", value=is_billing_default,
        to_remote=as_is, to_local=wire.as_flag, is_pulled=True,
    ),
    Field(
        "is_default_shipping", "isDefaultShipping", "Default Shipping", value=is_shipping_default,
        to_remote=as_is, to_local=wire.as_flag, is_pulled=True,
    ),
)  # fmt: skip


def mappings(settings: Map[str, Any], facts: Map[str, Any]) -> dict[str, Mapping]:
    """Return the mapping of each entity for a connection's settings.

    `facts`: see `fields.facts`; where they know a length, or that a field must be
    filled, that counts.
    """
    company = Mapping(
        entity="company",
        remote=COMPANY,
        key=key_of_company(settings),
        fields=_described(COMPANY, COMPANY_FIELDS, settings, facts),
        match=("name", "email", "phone"),
        system=SYSTEM,
        lead="contact",
        holds=_rejected,
        natural=("name", "email"),
    )
    contact = Mapping(
        entity="contact",
        remote=USER,
        key=USER_KEY,
        fields=_described(USER, USER_FIELDS, settings, facts),
        match=("email",),
        system=SYSTEM,
        parent="companyId",
        rank=_admins_first,
        holds=_inactive,
        natural=("email",),
    )
    location = Mapping(
        entity="location",
        remote=ADDRESS,
        key=ADDRESS_KEY,
        fields=_described(ADDRESS, ADDRESS_FIELDS, settings, facts),
        match=("label",),
        system=SYSTEM,
        parent="companyId",
        lead="contact",
        natural=("street", "city", "postal_code"),
    )
    return {"company": company, "contact": contact, "location": location}


def key_extra(settings: Map[str, Any]) -> str:
    """Return the name of the company's extra field that holds our key, "" where there is none."""
    return str(settings.get(KEY_SETTING) or "").strip()


def key_of_company(settings: Map[str, Any]) -> str:
    """Return the flat name of the field that a company is found by."""
    extra = key_extra(settings)
    return f"{wire.EXTRA}{extra}" if extra else COMPANY_KEY


def custom(settings: Map[str, Any], thing: str) -> Iterable[Field]:
    """Yield the fields that go into extra fields of an object, as set up."""
    for setting, (whose, local, label) in CUSTOM.items():
        extra = str(settings.get(setting) or "").strip()
        if whose == thing and extra:
            yield Field(local, f"{wire.EXTRA}{extra}", label, max_length=255, is_pulled=True)


def _described(
    thing: str, fields: tuple[Field, ...], settings: Map[str, Any], facts: Map[str, Any]
) -> tuple[Field, ...]:
    known = facts.get(thing, {})
    own = (_as_described(field, known.get(field.remote, {})) for field in custom(settings, thing))
    return (*fields, *own, *(_of_first_user(settings, facts) if thing == COMPANY else ()))


def _of_first_user(settings: Map[str, Any], facts: Map[str, Any]) -> Iterable[Field]:
    """Yield the extra fields that a company's first user is made with."""
    known = facts.get(USER, {})
    for field in custom(settings, USER):
        described = _as_described(field, known.get(field.remote, {}))
        remote = f"{wire.USER_EXTRA}{field.remote.removeprefix(wire.EXTRA)}"
        yield replace(
            _lead(field.local, remote),
            label=f"{field.label} of the Primary contact",
            max_length=described.max_length,
            required=described.required,
        )


def _as_described(field: Field, described: Map[str, Any]) -> Field:
    length = wire.as_int(described.get("length"))
    return replace(field, max_length=length or field.max_length, required=bool(described.get("required")))


def _admins_first(payload: Map[str, Any]) -> int:
    """Send who becomes Admin before who ceases to be: a company is never without."""
    return 0 if payload.get("role") == 0 else 1


def _inactive(record: Any, is_linked: bool) -> str:
    if record.active:
        return ""
    if is_linked:
        return f"{record.name} is inactive: nothing more is sent; the user in {SYSTEM} stays."
    return f"{record.name} is inactive; an inactive contact is not sent to {SYSTEM}."


def _rejected(record: Any, is_linked: bool) -> str:
    if is_linked or as_text(record.status) != "rejected":
        return ""
    return f"{record.name} is rejected; a rejected company is not created in {SYSTEM}."
