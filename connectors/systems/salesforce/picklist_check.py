"""What Test connection says of the State and Country/Territory picklists: what they lack is left out.

Our records are not read for it; which of them lack a state over there stands on each of them.
"""

from collections.abc import Sequence

import pycountry

from connectors.protocol import Check
from connectors.systems.salesforce.addresses import WHERE
from connectors.systems.salesforce.picklists import Lists, country_name

LABEL = "State and Country/Territory picklists"
SHOWN = 12  # names in one list
_SAID = "and the record says so"
_OFF = (
    "Off: states go as they are typed, countries by Salesforce's own name for them, such as "
    f"{country_name('US')}."
)


def picklist_check(lists: Lists | None) -> Check:
    """Return the line about an org's lists, None for an org whose picklists are off."""
    if lists is None:
        return Check(LABEL, True, _OFF)
    said = " ".join(
        filter(None, ("On: states and countries are sent as codes.", _states(lists), _countries(lists)))
    )
    copy = f"Please add the states and countries that our addresses need, and make them active: {WHERE}."
    return Check(LABEL, True, said, copy=copy, warns=True)


def _states(lists: Lists) -> str:
    if lists.states is None:
        return (
            "Salesforce does not tell which state belongs to which country, so the codes of ISO 3166 are "
            f"sent; a state that has none is left out of the address, {_SAID}."
        )
    names = lists.countries_with_states
    if not names:
        return f"Its list of states is empty, so every state is left out of the address, {_SAID}."
    return (
        f"It lists states for {_some(names)}; a state of any other country, or one that is not listed, is "
        f"left out of the address, {_SAID}."
    )


def _countries(lists: Lists) -> str:
    missing = sorted(
        country_name(item.alpha_2) for item in pycountry.countries if not lists.country(item.alpha_2)
    )
    if not missing:
        return ""
    return f"Not on its list of countries, and left out with their states: {_some(missing)}."


def _some(names: Sequence[str]) -> str:
    """Return the names in one line, the last of many counted: "Chad, Chile and 3 more"."""
    more = len(names) - SHOWN
    shown = list(names[:SHOWN])
    last = f"{more} more" if more > 0 else shown.pop()
    return f"{', '.join(shown)} and {last}" if shown else last
