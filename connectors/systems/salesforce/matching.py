"""Who is this company over there? Never "the first one that fits".

The rules, in order: our external id; then the exact name (letters compared without
case) together with the host of Website, which must be the company's website or the
domain of its e-mail. Addresses of free mail providers prove nothing.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simple_salesforce.format import format_soql, quote_soql_value

from connectors.mapping import as_text
from connectors.protocol import CREATE, Candidate, Change
from connectors.systems.salesforce.client import MAX_QUERIES, MAX_RECORDS, Client
from connectors.systems.salesforce.hosts import host, proves_nothing
from connectors.systems.salesforce.ids import as_18

SOQL_CHARS = 90_000  # of the conditions; a statement may have 100,000
RULE = "same name, and the website's host is the company's website or e-mail domain"
OURS = "carries this company's id"
Record = Mapping[str, Any]


@dataclass(slots=True)
class Match:
    """What the look-up found for one change."""

    ours: list[Record] = field(default_factory=list)  # carry our external id; more than one is a mess
    chosen: Record | None = None  # the one that a person picked
    alike: list[Record] = field(default_factory=list)

    @property
    def wanted(self) -> list[Record]:
        """Return the records that this change might adopt."""
        if self.chosen is not None:
            return [self.chosen]
        return [] if self.ours else self.alike


def look_up(
    client: Client, sobject: str, key_field: str, fields: Iterable[str], changes: Sequence[Change]
) -> dict[str, Match]:
    """Return what is over there for each change, by its key. Writes nothing."""
    head = _head(sobject, key_field, fields)
    statements = [f"{head} {conditions}" for conditions in _conditions(key_field, changes)]
    return _sorted_out(changes, _records(client, statements).values(), key_field)


def by_id(
    client: Client, sobject: str, key_field: str, fields: Iterable[str], ids: Iterable[str]
) -> dict[str, Record]:
    """Return the records of these ids that are there, to describe them to a person."""
    wanted = sorted(ids)
    head = _head(sobject, key_field, fields)
    parts = [wanted[start : start + MAX_RECORDS] for start in range(0, len(wanted), MAX_RECORDS)]
    return _records(client, [format_soql(f"{head} Id IN {{part}}", part=part) for part in parts])


def contested(found: Iterable[Match]) -> tuple[set[str], set[str]]:
    """Return the ids that several changes want, and those that several people's choices want."""
    matches = list(found)
    wanted = Counter(str(record["Id"]) for match in matches for record in match.wanted)
    chosen = Counter(str(match.chosen["Id"]) for match in matches if match.chosen is not None)
    return {key for key, count in wanted.items() if count > 1}, {
        key for key, count in chosen.items() if count > 1
    }


def _head(sobject: str, key_field: str, fields: Iterable[str]) -> str:
    names = ["Id", key_field, "Name", "Website", *fields, "Owner.Name", "CreatedDate"]
    wanted = {name.lower(): name for name in reversed(names)}  # a name that stands twice is refused
    return f"SELECT {', '.join(reversed(wanted.values()))} FROM {sobject} WHERE"  # noqa: S608 - names are ours


def _records(client: Client, statements: Sequence[str]) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for start in range(0, len(statements), MAX_QUERIES):
        for page in client.queries(statements[start : start + MAX_QUERIES]):
            found.update({str(record["Id"]): record for record in page})
    return found


def _conditions(key_field: str, changes: Sequence[Change]) -> Iterator[str]:
    for part in _parts(changes):
        # format_soql quotes: a name may hold an apostrophe, or worse.
        conditions = [format_soql(f"{key_field} IN {{keys}}", keys=[change.key for change in part])]
        names = sorted({name for change in part for name in _spellings(change)})
        if names:
            conditions.append(format_soql("Name IN {names}", names=names))
        ids = sorted({change.choice for change in part if as_18(change.choice)})
        if ids:
            conditions.append(format_soql("Id IN {ids}", ids=ids))
        yield " OR ".join(conditions)


def _parts(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Cut into parts of at most 200 records and a safe statement length."""
    part: list[Change] = []
    size = 0
    for change in changes:
        values = (change.key, change.choice, *_spellings(change))
        cost = sum(len(quote_soql_value(value)) + 1 for value in values)
        if part and (len(part) >= MAX_RECORDS or size + cost > SOQL_CHARS):
            yield part
            part, size = [], 0
        part.append(change)
        size += cost
    if part:
        yield part


def _spellings(change: Change) -> set[str]:
    """Return the name as typed and composed (é as one character); {} where it would prove nothing."""
    name = "" if change.choice == CREATE or not _hosts(change.local) else as_text(change.local.get("name"))
    return {name, unicodedata.normalize("NFC", name)} if name else set()


def _folded(name: object) -> str:
    return unicodedata.normalize("NFC", (as_text(name) or "").casefold())


def _sorted_out(changes: Sequence[Change], records: Iterable[Record], key_field: str) -> dict[str, Match]:
    by_key: dict[str, list[Record]] = {}
    by_id: dict[str, Record] = {}
    by_name: dict[str, list[Record]] = {}
    for record in records:
        by_id[str(record["Id"])] = record
        by_name.setdefault(_folded(record.get("Name")), []).append(record)
        by_key.setdefault(str(record.get(key_field) or "").casefold(), []).append(record)
    found = {}
    for change in changes:
        names = {_folded(name) for name in _spellings(change)}
        same_name = [record for name in names for record in by_name.get(name, [])]
        hosts = _hosts(change.local)
        found[change.key] = Match(
            ours=by_key.get(change.key.casefold(), []),
            chosen=by_id.get(as_18(change.choice)),
            alike=[record for record in same_name if host(record.get("Website")) in hosts],
        )
    return found


def _hosts(local: Mapping[str, Any]) -> set[str]:
    """Return the hosts that speak for a company."""
    domain = (as_text(local.get("email")) or "").rpartition("@")[2]
    hosts = {host(local.get("website")), host(domain)}
    return {name for name in hosts if name and not proves_nothing(name)}


def candidate(record: Record, fields: Iterable[str], url: str, rule: str = RULE) -> Candidate:
    """Describe a found record to the person who will choose."""
    owner = record.get("Owner")
    facts = {
        "Owner": str(owner.get("Name") or "") if isinstance(owner, Mapping) else "",
        "Created": str(record.get("CreatedDate") or "")[:10],
    }
    return Candidate(
        remote_id=str(record["Id"]),
        name=str(record.get("Name") or ""),
        url=url,
        rule=rule,
        fields={name: record.get(name) for name in fields},
        facts={name: value for name, value in facts.items() if value},
    )
