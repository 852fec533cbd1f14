"""Where the demo's companies are: `places.toml`, read."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """One country and how companies are called there."""

    country: str
    name: str  # a pattern of {last}, {city} and {trade}
    legal: str  # a pattern of {name}
    trades: Sequence[str]
    streets: Sequence[str]  # patterns of {n}
    cities: Sequence[tuple[str, str, str]]  # city, state or province, postal code
    tax_id: str  # each # is a digit
    mailbox: str
    locale: str = ""  # Faker's, for family names
    words: Sequence[str] = ()  # instead of family names


def read_places() -> list[Place]:
    """Return all places, in the order of the file."""
    text = Path(__file__).with_name("places.toml").read_text(encoding="utf-8")
    return [Place(country=country, **facts) for country, facts in tomllib.loads(text).items()]
