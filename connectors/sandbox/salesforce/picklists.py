"""Countries and states as describe tells them: values, labels, and which state is valid for which country.

Source: SOAP API Developer Guide, "DescribeSObjectResult", PicklistEntry: `validFor` is base64 of one bit for
each value of the controlling field, the highest bit first.
"""

import base64
from functools import lru_cache
from typing import Any

from .places import Places
from .schema import choice

Choices = tuple[dict[str, Any], ...]


@lru_cache(maxsize=8)
def country_choices(places: Places, default: str) -> Choices:
    """List the countries in the order that validFor counts them."""
    return tuple(choice(each.code, each.label, default=each.code == default) for each in places.items)


@lru_cache(maxsize=8)
def state_choices(places: Places) -> Choices:
    """List the states of all countries by label; a code of several countries stands once for each of them."""
    entries = [
        choice(state.code, state.label, valid_for=_bitmap(index, len(places.items)))
        for index, country in enumerate(places.items)
        for state in country.states.items
    ]
    return tuple(sorted(entries, key=lambda each: str(each["label"])))


def _bitmap(index: int, count: int) -> str:
    size = -(-count // 24) * 3  # whole groups of base64: no padding
    bits = bytearray(size)
    bits[index // 8] = 0x80 >> index % 8
    return base64.b64encode(bits).decode()
