"""Countries and their states by ISO 3166 (pycountry), by code or name however they are written. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

import pycountry

# ISO writes these in scholars' letters, as in Mahārāshtra; nobody else does.
_TRANSLITERATED = frozenset({"IN", "JP", "MM", "QA"})
_EMIRATES = {  # of which ISO has no name that is used in English
    "AE-AJ": "Ajman", "AE-AZ": "Abu Dhabi", "AE-DU": "Dubai", "AE-FU": "Fujairah",
    "AE-RK": "Ras Al Khaimah", "AE-SH": "Sharjah", "AE-UQ": "Umm Al Quwain",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class State:
    """A state by its code, without the country's ("ON"), and its name in full."""

    code: str
    name: str


def country_code(text: object) -> str:
    """Return the two-letter code of a country's code or English name, "" for an unknown one."""
    return _country_code(str(text or "").strip())


@cache
def _country_code(text: str) -> str:
    try:
        return str(pycountry.countries.lookup(text).alpha_2) if text else ""
    except LookupError:
        return ""


@cache
def country_name(code: str) -> str:
    """Return the usual English name of a two-letter code, "" for an unknown one."""
    found = pycountry.countries.get(alpha_2=code.upper()) if code else None
    return str(getattr(found, "common_name", None) or found.name) if found else ""


def state(country: str, text: object) -> State | None:
    """Return the state of a country by its code or name, however it is written; None for an unknown one."""
    typed = " ".join(str(text or "").split())
    return _states(country.upper()).get(folded(typed)) if typed else None


@cache
def _states(country: str) -> dict[str, State]:
    """Return a country's states by folded name, by code, and by code with the country's before it.

    Where a region and a province in it have one name, the province counts: it is what
    addresses have.
    """
    known = [item for item in pycountry.subdivisions if item.country_code == country]
    found: dict[str, State] = {}
    for item in sorted(known, key=lambda item: (item.parent_code is not None, item.code)):
        name = re.sub(r"\s*[\[(].*", "", item.name).strip()  # "Barcelona [Barcelona]"
        name = _EMIRATES.get(item.code) or (_plain(name) if country in _TRANSLITERATED else name)
        one = State(item.code.partition("-")[2], name)
        found.update({folded(key): one for key in (name, one.code, item.code)})
    return found


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).replace("‘", "").replace("’", "")
    return "".join(sign for sign in letters if not unicodedata.combining(sign))


def folded(text: object) -> str:
    """Return a text as it is compared: without case, accents, and what is no letter or digit."""
    plain = unicodedata.normalize("NFKD", str(text or "")).casefold()
    return "".join(sign for sign in plain if sign.isalnum())
