"""Salesforce's refusals in sentences for people: record, field, remedy, and whose it is."""

import re
from collections.abc import Mapping, Sequence

from connectors.systems.salesforce.errors import Fault, Kind
from connectors.systems.salesforce.nouns import ACCOUNT, Nouns

ADMIN = "A Salesforce administrator"
USER = "Concord's Run As user"
QUOTA_DAY = "Today's Salesforce calls are used up (shared with your other integrations)."
THEIR_WORDS = 200  # characters of a text of theirs that a person reads

# What a person reads about one record. {where} is what we call the fields.
_RECORD: Mapping[str, str] = {
    "REQUIRED_FIELD_MISSING": "Salesforce needs {where}. Fill it in and save.",
    "STRING_TOO_LONG": "{where} is too long for Salesforce. Shorten it.",
    "INVALID_EMAIL_ADDRESS": (
        "Salesforce does not take what stands in {where} as an e-mail address. Correct it and save."
    ),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "A validation rule of your Salesforce refused {where}",
    "FIELD_FILTER_VALIDATION_EXCEPTION": (
        "A lookup filter of your Salesforce refused {where}. Correct it and save."
    ),
    "FIELD_INTEGRITY_EXCEPTION": (
        "Salesforce refused the value of {where}: it is not on its list, or does not fit its other data. "
        "Correct it and save."
    ),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": (
        f"{{where}} holds a value that is not on Salesforce's list. Choose another, or {ADMIN} adds it."
    ),
    "NUMBER_OUTSIDE_VALID_RANGE": "{where} is a number that Salesforce does not take. Correct it and save.",
    "INVALID_TYPE_ON_FIELD_IN_RECORD": (
        f"{{where}} is not of the type that the field over there has. {ADMIN} makes it a text field."
    ),
    "INVALID_CURRENCY_ISO": f"The currency of this record is not active in Salesforce. {ADMIN} activates it.",
    "MALFORMED_ID": "The stored Salesforce ID is not one that Salesforce understands. Unlink the record.",
    "JSON_PARSER_ERROR": (
        f"Salesforce could not read {{where}}: the field over there is of another type. "
        f"{ADMIN} makes it a text field."
    ),
    "CIRCULAR_DEPENDENCY": f"In Salesforce this record would depend on itself. {ADMIN} corrects its parent.",
    "INACTIVE_OWNER_OR_USER": f"The owner is inactive in Salesforce. {ADMIN} changes the owner.",
    "OP_WITH_INVALID_USER_TYPE_EXCEPTION": (
        f"The owner is a user who may not own {{many}} in Salesforce. {ADMIN} changes the owner."
    ),
    "TRANSFER_REQUIRES_READ": (
        f"The owner may not read {{many}} in Salesforce. {ADMIN} gives access, or another owner."
    ),
    "INVALID_FIELD_FOR_INSERT_UPDATE": (
        f"{USER} may not write {{where}}. {ADMIN} gives it edit access to the field (field-level security)."
    ),
    "INVALID_FIELD": (
        f"Salesforce has no field {{theirs}} on {{sobject}} that {USER} may see. {ADMIN} creates it or gives "
        "access; or correct its name on the connection's page."
    ),
    "INVALID_TYPE": f"{USER} may not see {{many}}. {ADMIN} gives it access to the object {{sobject}}.",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": (
        f"{USER} may not see a record that this one refers to. {ADMIN} gives it access."
    ),
    "API_DISABLED_FOR_ORG": (
        f"The API is switched off in your Salesforce, or for {USER}. {ADMIN} switches API Enabled on."
    ),
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": f"The password of {USER} has expired. {ADMIN} renews it.",
    "STORAGE_LIMIT_EXCEEDED": f"The storage of your Salesforce is full. {ADMIN} frees some.",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": (
        f"A trigger of your Salesforce refused the record. {ADMIN} finds the cause."
    ),
    "CANNOT_EXECUTE_FLOW_TRIGGER": f"A flow of your Salesforce refused the record. {ADMIN} finds the cause.",
    "UNABLE_TO_LOCK_ROW": "Somebody else is changing this record in Salesforce. It is tried again by itself.",
    "RECORD_IN_USE_BY_WORKFLOW": "A workflow in Salesforce holds this record. It is tried again by itself.",
    "ENTITY_IS_LOCKED": "An approval process in Salesforce holds this record. It is tried again by itself.",
    "ENTITY_IS_DELETED": "A record that this one refers to was deleted in Salesforce: {where}.",
    "NOT_FOUND": "A record that this one refers to is not there in Salesforce: {where}.",
    "INVALID_CROSS_REFERENCE_KEY": "A record that this one refers to is not there in Salesforce: {where}.",
    "DUPLICATE_VALUE": "{where} stands on another {one} in Salesforce already.",
}
_BY_PREFIX: Mapping[str, str] = {
    "INSUFFICIENT_ACCESS": f"{USER} may not create or edit this {{one}}. {ADMIN} gives it access.",
    "LOGIN_": (
        f"Salesforce does not let {USER} in from here, or at this hour. "
        f"{ADMIN} checks the login hours and IP ranges of its profile."
    ),
    "TXN_SECURITY_": (
        f"A transaction security policy of your Salesforce blocks Concord. {ADMIN} excepts {USER}."
    ),
}
_BY_KIND: Mapping[Kind, str] = {
    Kind.QUOTA: f"{QUOTA_DAY} It is tried again by itself.",
    Kind.TOKEN: "Salesforce ended Concord's session. It is tried again by itself.",
    Kind.NEIGHBOUR: "Salesforce stopped because of another record. This one is tried again by itself.",
    Kind.TRANSIENT: "Salesforce could not take this record just now. It is tried again by itself.",
}
_MAX_LENGTH = re.compile(r"max length=(\d+)")


def words(fault: Fault, labels: Sequence[str] = (), nouns: Nouns = ACCOUNT) -> str:
    """Return one sentence for a person; `labels` is what we call the fault's fields."""
    theirs = ", ".join(fault.fields)
    where = ", ".join(labels) or (f"the field {theirs} of Salesforce" if theirs else "a field")
    if fault.code == "STRING_TOO_LONG" and (limit := _MAX_LENGTH.search(fault.text)):
        return f"{where} is too long; Salesforce takes {limit[1]} characters. Shorten it."
    if fault.code == "REQUIRED_FIELD_MISSING" and fault.fields and not labels:
        return not_filled(", ".join(fault.fields))
    if fault.code == "FIELD_CUSTOM_VALIDATION_EXCEPTION":  # written by their administrator, for people
        return f"{_RECORD[fault.code].format(where=where)}: {fault.text[:THEIR_WORDS] or 'it gave no reason'}"
    template = _RECORD.get(fault.code) or _prefixed(fault.code) or _BY_KIND.get(fault.kind)
    if template:
        return template.format(
            where=where,
            theirs=theirs or "of that name",
            one=nouns.one,
            many=nouns.many,
            sobject=nouns.sobject,
        )
    return f"Salesforce answered {fault.code[:60]}, which Concord does not know."


def not_filled(name: str) -> str:
    """Return who does what about a required field that nothing of ours fills."""
    remedy = f"{ADMIN} gives it a default or makes it optional."
    return f"Salesforce requires {name}, which Concord does not send. {remedy}"


def _prefixed(code: str) -> str:
    return next((text for prefix, text in _BY_PREFIX.items() if code.startswith(prefix)), "")
