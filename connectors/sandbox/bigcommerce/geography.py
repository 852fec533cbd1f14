"""Countries and their states, as B2B Edition checks them.

States are checked, and asked for, in 23 countries only. Source: BigCommerce docs, "B2B Edition APIs", country
and state. [?] How the vendor spells every state is not in the fact sheet; these are the usual names.
"""

from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent
ALIASES = {"united states of america": "US"}


def country_code(text: str) -> str | None:
    """Return the ISO2 code of a country named in full or by its code, else None."""
    wanted = text.strip()
    if wanted.upper() in COUNTRIES:
        return wanted.upper()
    return CODES.get(wanted.lower())


def country_name(code: str) -> str:
    """Return the English name of a country by its code."""
    return COUNTRIES[code]


def has_states(code: str) -> bool:
    """Return whether states of this country are checked."""
    return code in STATES


def state_code(country: str, text: str) -> str | None:
    """Return the code of a state by its code, in any case, else None."""
    wanted = text.strip().upper()
    return wanted if wanted in STATES.get(country, {}) else None


def state_of_name(country: str, text: str) -> str | None:
    """Return the code of a state by its full name, in any case, else None."""
    wanted = text.strip().lower()
    return next((code for code, name in STATES.get(country, {}).items() if name.lower() == wanted), None)


def _countries() -> dict[str, str]:
    """Read the file: a line is a country's code and its name."""
    lines = (FOLDER / "countries.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition(" ") for line in lines)
    return {code: name for code, _, name in pairs}


def _states() -> dict[str, dict[str, str]]:
    """Read the file: a line is a country's code and its states, CODE=Name, parted by semicolons."""
    found = {}
    for line in (FOLDER / "states.txt").read_text(encoding="utf-8").splitlines():
        country, _, rest = line.partition(" ")
        pairs = (pair.partition("=") for pair in rest.split(";"))
        found[country] = {code.strip(): name.strip() for code, _, name in pairs}
    return found


COUNTRIES: Mapping[str, str] = _countries()
CODES: Mapping[str, str] = {**{name.lower(): code for code, name in COUNTRIES.items()}, **ALIASES}
STATES: Mapping[str, Mapping[str, str]] = _states()
