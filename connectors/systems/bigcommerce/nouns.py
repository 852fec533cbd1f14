"""What our records and theirs are called in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Nouns:
    """The words for one entity: ours, theirs in singular and plural; `titles` are what one is named by."""

    ours: str
    one: str
    many: str
    titles: tuple[str, ...]

    def name(self, flat: Mapping[str, Any]) -> str:
        """Return what a record of theirs is called."""
        return " ".join(str(flat[name]) for name in self.titles if flat.get(name))


NOUNS: Mapping[str, Nouns] = {
    "company": Nouns("company", "company", "companies", ("companyName",)),
    "contact": Nouns("contact", "user", "users", ("firstName", "lastName")),
    "location": Nouns("location", "address", "addresses", ("label",)),
}
