"""Salesforce record ids: 15 characters that mind their case, and 3 that check them."""

import re
from functools import lru_cache
from typing import Any

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_FIFTEEN = re.compile(r"[A-Za-z0-9]{15}\Z")


@lru_cache(maxsize=4_096)  # what one batch sends, reads and stores
def to_18(record_id: str) -> str:
    """Return the 18-character form. Raises ValueError for what is no id.

    Each block of five characters makes one checksum character: bit j is set where
    character j is upper-case. Source: the fact sheet's section 2.11, verified there on real ids.
    """
    if len(record_id) == 18:
        if to_18(record_id[:15]) != record_id:
            raise ValueError("the checksum of this Salesforce ID is wrong")
        return record_id
    if not _FIFTEEN.match(record_id):
        raise ValueError("a Salesforce ID has 15 or 18 letters and digits")
    blocks = (record_id[0:5], record_id[5:10], record_id[10:15])
    return record_id + "".join(_checksum(block) for block in blocks)


def _checksum(block: str) -> str:
    bits = ["1" if "A" <= letter <= "Z" else "0" for letter in reversed(block)]
    return _LETTERS[int("".join(bits), 2)]


def is_valid(record_id: str) -> bool:
    """Return whether this is an 18-character id with the right checksum."""
    try:
        return len(record_id) == 18 and to_18(record_id) == record_id
    except ValueError:
        return False


def as_18(value: Any) -> str:
    """Return the 18-character form of an id from an answer, "" for what is none."""
    try:
        return to_18(value) if isinstance(value, str) else ""
    except ValueError:
        return ""
