"""Our companies as Salesforce Accounts."""

from collections.abc import Mapping as Map
from dataclasses import replace
from typing import Any

from connectors.mapping import Field, Mapping, as_text

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


def country_code(value: object) -> str | None:
    """Return the two-letter code of a country object, None where there is none."""
    return as_text(getattr(value, "code", value))


# Lengths: Account as recorded from real orgs, the fact sheet's section 2.10.
STANDARD = (
    Field("name", "Name", "Company Name", required=True, max_length=255),
    Field("phone", "Phone", "Phone", max_length=40),
    Field("website", "Website", "Website", max_length=255),
    Field("legal_street", "BillingStreet", "Street", max_length=255, block="address"),
    Field("legal_city", "BillingCity", "City", max_length=40, block="address"),
    Field("legal_region", "BillingState", "State or Province", max_length=80, block="address"),
    Field("legal_postal_code", "BillingPostalCode", "Postal Code", max_length=20, block="address"),
)
# Orgs with State and Country picklists take the code; the others the English name.
COUNTRY_NAME = Field(
    "legal_country", "BillingCountry", "Country", path="legal_country_name", max_length=80, block="address"
)
COUNTRY_CODE = Field(
    "legal_country", "BillingCountryCode", "Country", to_remote=country_code, max_length=10, block="address"
)


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

    `facts` is what describe said: {"Account": {"Name": {"length": 255, …}}}; where
    it knows a length, or that a field must be filled, that counts.
    """
    known = facts.get("Account", {})
    spelled = {name.lower(): name for name in known}
    country = COUNTRY_CODE if "BillingCountryCode" in known else COUNTRY_NAME
    fields = (*STANDARD, country, *_custom(settings))
    key = key_field(settings)
    return {
        "company": Mapping(
            entity="company",
            remote="Account",
            key=spelled.get(key.lower(), key),
            fields=tuple(_as_described(field, known, spelled) for field in fields),
            match=("name", "website", "email"),
            system="Salesforce",
        )
    }


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


def _custom(settings: Map[str, Any]) -> list[Field]:
    chosen = []
    for setting, (local, label, default) in CUSTOM.items():
        stored = settings.get(setting)
        remote = str(default if stored is None else stored).strip()
        if remote:
            convert = as_label if local == "status" else as_text
            chosen.append(Field(local, remote, label, to_remote=convert, max_length=255))
    return chosen


def _as_described(field: Field, known: Map[str, Any], spelled: Map[str, str]) -> Field:
    """Take name, length and need from describe: names are found there in any case."""
    remote = spelled.get(field.remote.lower(), field.remote)
    described = known.get(remote, {})
    length = described.get("length")
    return replace(
        field,
        remote=remote,
        max_length=int(length) if length else field.max_length,
        required=field.required or must_be_filled(described),
    )
