"""Countries whose states B2B checks, and needs; and a state as it wants it.

A state that ISO's list does not know is sent as typed: the store's own list decides.
"""

from connectors.regions import folded, state

# Source: B2B Edition, "Country and state" of the addresses API, read 2026-11.
_CHECKED = "AR AU AT BR CA CL DE IN ID IE IT JP MY MM NZ PH QA RO ZA ES CH AE US"
WITH_STATES = frozenset(_CHECKED.split(" "))


def state_name(country: str, text: object) -> str | None:
    """Return a state's name in full where only its code was typed; anything else as typed."""
    typed = " ".join(str(text or "").split())
    found = state(country, typed)
    by_code = found is not None and folded(typed) != folded(found.name)
    return (found.name if found and by_code else typed) or None
