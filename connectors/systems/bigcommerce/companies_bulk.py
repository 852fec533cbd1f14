"""Make new companies together, and find out what became of each.

A bulk call does not say which company is which, nor is a new one known by our key before it is
written to it. So one that was made by it is who was not there before under this name, agrees in
e-mail or phone, and carries nobody's id.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.protocol import Change, Outcome, Status
from connectors.regions import folded
from connectors.systems.bigcommerce import bulk
from connectors.systems.bigcommerce.company_matching import FOUND_BY, CompanyFinder, is_close
from connectors.systems.bigcommerce.store_index import email_word

LEAST = 3  # a bulk call and the look behind it are two calls
WELCOME, WELCOME_IN_BULK = "acceptCreationEmail", "acceptWelcomeEmail"  # Source: POST /companies/bulk


@dataclass(kw_only=True)
class Bulk(bulk.Bulk):
    """The bulk calls of companies. Source: POST /companies/bulk."""

    finder: CompanyFinder
    new_company: Callable[[Change], dict[str, Any]]
    stored: dict[str, bulk.Flat] = field(default_factory=dict)  # what was stored of whom, by key

    path = "/companies/bulk"
    rounds = 3  # each is to get its key, too: more would be left half made by a click, or a worker that dies

    def unique(self, change: Change) -> set[str]:
        """Return the name, and the first user's e-mail."""
        return {
            f"name {folded(change.payload.get('companyName'))}",
            f"user {email_word(change.payload.get('adminEmail'))}",
        }

    def body(self, change: Change) -> dict[str, Any]:
        """Return a new company as the request has it: its welcome goes by another name here."""
        body = self.new_company(change)
        return {WELCOME_IN_BULK if name == WELCOME else name: value for name, value in body.items()}

    def announce(self, group: Sequence[Change]) -> None:
        """Tell the engine whom the next call makes, and by what each is found if no answer comes."""
        for change in group:
            self.talk.engine.creating(change.key, found_by(change))
        super().announce(group)

    def missed(self, changes: Sequence[Change]) -> None:
        """Have the first users asked for anew: where one is there, so is the company."""
        for change in changes:
            self.finder.people.forget(str(change.payload.get("adminEmail") or ""))

    def made(self, call: bulk.Call, key: str, remote_id: str, flat: bulk.Flat) -> Outcome:
        """Return the outcome of one that is there, and not finished before its key stands there as well."""
        self.stored[key] = flat
        said = call.exchange_of(key, dict(flat))
        return Outcome(Status.WAITING, remote_id, exchange=said, unsure=True)

    def found(self, calls: Sequence[bulk.Call]) -> dict[str, tuple[str, bulk.Flat]]:
        """Read what was made lately."""
        flats = self.listing.read_back()
        by_name: dict[str, list[str]] = {}
        for company_id, flat in flats.items():
            by_name.setdefault(folded(flat.get("companyName")), []).append(company_id)
        found: dict[str, tuple[str, bulk.Flat]] = {}
        for change in (change for call in calls for change in call.changes.values()):
            named = by_name.get(folded(change.payload.get("companyName")), [])
            own = [one for one in named if self._is_own(change, flats[one])]
            if len(own) == 1:
                found[change.key] = (own[0], flats[own[0]])
        return found

    def _is_own(self, change: Change, flat: bulk.Flat) -> bool:
        key = self.finder.key_of(flat)
        return key == change.key or (not key and is_close(change, flat))


def found_by(change: Change) -> dict[str, Any]:
    """Return what a company is found by where the answer to its create is missing."""
    return {name: change.payload.get(name) for name in FOUND_BY}
