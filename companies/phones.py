"""Phone numbers: kept as typed; beside them the international form when readable."""

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
