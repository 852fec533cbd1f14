"""Phone numbers: kept as typed; beside them the international form when readable."""

from typing import Any

import phonenumbers


def to_e164(typed: str, country: str) -> str:
    """Return a number in international form, "" where it can't be read as one.

    `country` is a two-letter code ("" when unknown: then only numbers that begin
    with + are readable). Never raises: a phone is no reason not to save.
    """
    try:
        number = phonenumbers.parse(typed, country.upper() or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_as(typed: str, country: Any) -> str:
    """Return how a phone was read, for a person; one that can't be read is sent as typed.

    `country` is a value of a country field, maybe empty.
    """
    readable = to_e164(typed, str(country or ""))
    if readable:
        number = phonenumbers.parse(readable)
        shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        return f"read as {shown}"
    place = f" in {country.name}" if country else " without a country"
    return f"cannot be read as a phone number{place}, sent as typed"
