"""Record ids: 15 characters where case counts, 18 with a checksum that survives lower-casing.

Source: Salesforce fact sheet, "Ids and links"; the checksum was confirmed there on recorded ids.
"""

import re
import string
import time

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
CHECKSUM = string.ascii_uppercase + "012345"
SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
INSTANCE = "5g0"
SERIAL_DIGITS = 9


def with_checksum(short: str) -> str:
    """Return the 18-character form of a 15-character id."""
    blocks = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(CHECKSUM[_upper_bits(block)] for block in blocks)


def normalised(text: str) -> str | None:
    """Return the 18-character form of a 15- or 18-character id, None if it is no id."""
    if not SHAPE.fullmatch(text):
        return None
    full = with_checksum(text[:15])
    return full if text in (full, full[:15]) else None


def from_serial(prefix: str, serial: int) -> str:
    """Return the 18-character id that belongs to a number, for a three-character key prefix."""
    digits = ""
    for _ in range(SERIAL_DIGITS):
        serial, rest = divmod(serial, len(ALPHABET))
        digits = ALPHABET[rest] + digits
    return with_checksum(prefix + INSTANCE + digits)


class IdFactory:
    """Gives out ids that no earlier run of this sandbox has given out.

    It starts from the clock: a console that still holds ids of yesterday's rehearsal must find them gone,
    never find them meaning somebody else.
    """

    def __init__(self) -> None:
        self._serial = time.time_ns() // 1_000_000

    def new(self, prefix: str) -> str:
        """Return the next id."""
        self._serial += 1
        return from_serial(prefix, self._serial)


def _upper_bits(block: str) -> int:
    return sum(1 << position for position, char in enumerate(block) if char in string.ascii_uppercase)
