"""Who is this record over there? Our external id first, then the object's rule (`rules.py`)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from simple_salesforce.format import format_soql, quote_soql_value

from connectors.mapping import Mapping as FieldMapping
from connectors.protocol import CREATE, Candidate, Change
from connectors.systems.salesforce.client import MAX_QUERIES, MAX_RECORDS, Client
from connectors.systems.salesforce.ids import as_18
from connectors.systems.salesforce.rules import RULES, Record, Rule, folded

SOQL_CHARS = 90_000  # of the conditions; a statement may have 100,000
FACTS = {"Account": "Account.Name", "Owner": "Owner.Name", "Created": "CreatedDate"}
DAY_CHARS = 10  # of a moment


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


@dataclass(frozen=True)
class LookUp:
    """Ask for the records of one entity. Writes nothing."""

    client: Client
    mapping: FieldMapping

    @property
    def rule(self) -> Rule:
        """Return how the entity's records are matched."""
        return RULES[self.mapping.entity]

    def matches(self, changes: Sequence[Change]) -> dict[str, Match]:
        """Return what is over there for each change, by its key."""
        statements = [f"{self._head} {conditions}" for conditions in self._conditions(changes)]
        return self._sorted_out(changes, self._records(statements).values())

    def by_id(self, ids: Iterable[str]) -> dict[str, Record]:
        """Return the records of these ids that are there."""
        wanted = sorted(ids)
        parts = [wanted[start : start + MAX_RECORDS] for start in range(0, len(wanted), MAX_RECORDS)]
        return self._records([format_soql(f"{self._head} Id IN {{part}}", part=part) for part in parts])

    def candidate(self, record: Record, url: str, rule: str) -> Candidate:
        """Describe a found record to the person who will choose."""
        facts = {label: _at(record, path) for label, path in FACTS.items()}
        facts["Created"] = facts["Created"][:DAY_CHARS]
        return Candidate(
            remote_id=str(record["Id"]),
            name=str(record.get("Name") or ""),
            url=url,
            rule=rule,
            fields={field.remote: record.get(field.remote) for field in self.mapping.fields},
            facts={label: value for label, value in facts.items() if value},
        )

    @property
    def _head(self) -> str:
        names = ["Id", self.mapping.key, *self.rule.select, *(field.remote for field in self.mapping.fields)]
        wanted = {name.lower(): name for name in reversed(names)}  # a name that stands twice is refused
        return f"SELECT {', '.join(reversed(wanted.values()))} FROM {self.mapping.remote} WHERE"  # noqa: S608

    def _records(self, statements: Sequence[str]) -> dict[str, Record]:
        found: dict[str, Record] = {}
        for start in range(0, len(statements), MAX_QUERIES):
            for page in self.client.queries(statements[start : start + MAX_QUERIES]):
                found.update({str(record["Id"]): record for record in page})
        return found

    def _conditions(self, changes: Sequence[Change]) -> Iterator[str]:
        for part in self._parts(changes):
            # format_soql quotes: a name may hold an apostrophe, or worse.
            key = f"{self.mapping.key} IN {{keys}}"
            conditions = [format_soql(key, keys=[change.key for change in part])]
            values = sorted({value for change in part for value in self._values(change)})
            if values:
                conditions.append(format_soql(f"{self.rule.column} IN {{values}}", values=values))
            ids = sorted({change.choice for change in part if as_18(change.choice)})
            if ids:
                conditions.append(format_soql("Id IN {ids}", ids=ids))
            yield " OR ".join(conditions)

    def _parts(self, changes: Sequence[Change]) -> Iterator[list[Change]]:
        """Cut into parts of at most 200 records and a safe statement length."""
        part: list[Change] = []
        size = 0
        for change in changes:
            values = (change.key, change.choice, *self._values(change))
            cost = sum(len(quote_soql_value(value)) + 1 for value in values)
            if part and (len(part) >= MAX_RECORDS or size + cost > SOQL_CHARS):
                yield part
                part, size = [], 0
            part.append(change)
            size += cost
        if part:
            yield part

    def _values(self, change: Change) -> set[str]:
        return set() if change.choice == CREATE else self.rule.values(change)

    def _sorted_out(self, changes: Sequence[Change], records: Iterable[Record]) -> dict[str, Match]:
        by_key: dict[str, list[Record]] = {}
        by_id: dict[str, Record] = {}
        by_value: dict[str, list[Record]] = {}
        for record in records:
            by_id[str(record["Id"])] = record
            by_value.setdefault(folded(record.get(self.rule.column)), []).append(record)
            by_key.setdefault(str(record.get(self.mapping.key) or "").casefold(), []).append(record)
        return {change.key: self._match(change, by_key, by_id, by_value) for change in changes}

    def _match(
        self,
        change: Change,
        by_key: Mapping[str, list[Record]],
        by_id: Mapping[str, Record],
        by_value: Mapping[str, list[Record]],
    ) -> Match:
        values = {folded(value) for value in self._values(change)}
        fitting = [record for value in values for record in by_value.get(value, [])]
        return Match(
            ours=by_key.get(change.key.casefold(), []),
            chosen=by_id.get(as_18(change.choice)),
            alike=[record for record in fitting if self.rule.is_alike(change, record)],
        )


def contested(found: Iterable[Match]) -> tuple[set[str], set[str]]:
    """Return the ids that several changes want, and those that several people's choices want."""
    matches = list(found)
    wanted = Counter(str(record["Id"]) for match in matches for record in match.wanted)
    chosen = Counter(str(match.chosen["Id"]) for match in matches if match.chosen is not None)
    return {key for key, count in wanted.items() if count > 1}, {
        key for key, count in chosen.items() if count > 1
    }


def _at(record: Record, path: str) -> str:
    """Return the text at a path like Owner.Name, "" where there is none."""
    value: object = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return str(value or "")
