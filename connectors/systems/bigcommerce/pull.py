"""Read companies, users and addresses of a store: what changed since, all of them, or single ones.

B2B has no cursors: a list is read by offset, and it may shift while it is read. So each
page begins before the end of the last one, and must show some of what stood there; where
it shows none, it is stepped back. Times are the store's own: what changed since the
moment when a pass began is read again by the next one.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from connectors.inbound import Found, Missing, Page
from connectors.protocol import Account
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.client import PAGE, Client, Reply
from connectors.systems.bigcommerce.errors import Refused, garbage
from connectors.systems.bigcommerce.mapping import ADDRESS_KEY, COMPANY_KEY, ROLES, USER_KEY, key_of_company
from connectors.systems.bigcommerce.nouns import NOUNS

OVERLAP_S = 120  # before a cursor: whether minModified includes its second is not documented
SHARED = 5  # records that two pages have in common
STEPS_BACK = 5  # in a row, where a list shrinks faster than it is read
GONE = 404
ROLE, ROLE_ID, ROLE_NAME = "role", "companyRoleId", "companyRoleName"


@dataclass(frozen=True, slots=True)
class List:
    """Where records are listed, and how one is read."""

    path: str
    id_name: str
    read: Callable[[wire.Record], dict[str, Any]]
    params: Mapping[str, Any]


_EXTRAS = {"isIncludeExtraFields": 1}
LISTS = {
    # Source: GET /companies; the other two can't be sorted.
    "company": List(
        "/companies", "companyId", wire.company, {**_EXTRAS, "sortBy": "updatedAt", "orderBy": "ASC"}
    ),
    "contact": List("/users", "id", wire.user, _EXTRAS),
    "location": List("/addresses", "addressId", wire.address, _EXTRAS),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading goes on: what changed since (Unix seconds), and how far this pass is.

    `began` is the store's time when it began, `newest` the latest change that was seen,
    `tail` the last ids of the page before.
    """

    since: int | None = None
    offset: int = 0
    began: int | None = None
    newest: int | None = None
    tail: tuple[str, ...] = ()

    @classmethod
    def read(cls, cursor: str | None) -> "Place":
        """Return the place of a cursor; the beginning for one that can't be read."""
        try:
            known = json.loads(cursor or "{}")
            return cls(**{**known, "tail": tuple(known.get("tail", ()))})
        except (ValueError, TypeError, AttributeError):
            return cls()

    @property
    def cursor(self) -> str:
        """Return the place as a cursor."""
        known = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(known, separators=(",", ":"))

    def ended(self) -> "Place":
        """Return the place of the next pass: what changed after this one began is read again."""
        moments = [moment for moment in (self.began, self.newest) if moment is not None]
        if not moments:
            return Place(self.since)
        return Place(max(min(moments), self.since or 0))


class Puller:
    """Read the records of one store."""

    def __init__(self, client: Client, account: Account) -> None:
        self.client, self.account = client, account

    def pages(self, entity: str, since: str | None) -> Iterator[Page]:
        """Yield pages until the pass ends. Raises ConnectorError."""
        source, place, limit, steps = LISTS[entity], Place.read(since), PAGE, 0
        while True:
            params = dict(source.params)
            if place.since:
                params["minModified"] = max(place.since - OVERLAP_S, 0)
            reply, limit = self.client.page(source.path, params, place.offset, limit)
            place = replace(place, began=place.began or self.client.now)
            records = [one for one in reply.records if wire.as_id(one.get(source.id_name))]
            if self._has_shifted(place, source, records) and steps < STEPS_BACK:
                steps += 1
                place = replace(place, offset=max(place.offset - limit // 2, 0))
                continue
            steps = 0
            place, has_more = self._after(place, source, reply, records, limit)
            found = [self._found(entity, source, one) for one in records]
            yield Page(found, place.cursor, has_more, reply.total)
            if not has_more:
                return

    @staticmethod
    def _has_shifted(place: Place, source: List, records: Sequence[wire.Record]) -> bool:
        """Return whether a page shows nothing of what stood at the end of the last one."""
        shown = {wire.as_id(one.get(source.id_name)) for one in records}
        return place.offset > 0 and bool(place.tail) and not shown & set(place.tail)

    @staticmethod
    def _after(
        place: Place, source: List, reply: Reply, records: Sequence[wire.Record], limit: int
    ) -> tuple[Place, bool]:
        """Return the place behind a page, and whether the pass has more of them."""
        seen = [moment for one in records if (moment := wire.as_int(one.get("updatedAt")))]
        newest = max([*seen, place.newest or 0]) or None
        end = place.offset + len(reply.records)
        is_last = len(reply.records) < limit if reply.total is None else end >= reply.total
        if is_last or not reply.records:
            return replace(place, newest=newest).ended(), False
        tail = tuple(wire.as_id(one.get(source.id_name)) for one in records[-SHARED:])
        offset = max(end - SHARED, place.offset + 1)
        return replace(place, offset=offset, newest=newest, tail=tail), True

    def single(self, entity: str, remote_ids: Sequence[str]) -> Iterator[Found | Missing]:
        """Yield single records, in order. Raises ConnectorError."""
        source = LISTS[entity]
        for remote_id in remote_ids:
            try:
                record = self.client.get(f"{source.path}/{remote_id}").record
            except Refused as refused:
                if refused.status != GONE:
                    raise
                yield Missing(remote_id)
                continue
            if wire.as_id(record.get(source.id_name)) != remote_id:
                raise garbage(f"another record than {entity} {remote_id}")
            yield self._found(entity, source, record)

    def _found(self, entity: str, source: List, record: wire.Record) -> Found:
        flat = source.read(record)
        keys = {
            "company": key_of_company(self.account.settings),
            "contact": USER_KEY,
            "location": ADDRESS_KEY,
        }
        key = flat.get(keys[entity]) or (flat.get(COMPANY_KEY) if entity == "company" else "")
        noted = self._role(flat) if entity == "contact" else {}
        parent_id = "" if entity == "company" else wire.as_id(record.get("companyId"))
        return Found(
            remote_id=wire.as_id(record.get(source.id_name)),
            fields=flat,
            key=str(key or ""),
            parent_id=parent_id,
            name=NOUNS[entity].name(flat),
            noted=noted,
        )

    def _role(self, flat: dict[str, Any]) -> dict[str, Any]:
        """Take a role of the store's own for none of ours, and note its name.

        Source: GET /users; users with a custom role are reported as junior buyers.
        """
        role_id = str(flat.get(ROLE_ID) or "")
        known = self.account.facts.get(ROLES, {}).get(role_id, {})
        if not role_id or not known.get("is_custom", True):
            return {ROLE_NAME: None} if ROLE_ID in flat else {}
        flat.pop(ROLE, None)
        return {ROLE_NAME: flat.get(ROLE_NAME) or known.get("name")}
