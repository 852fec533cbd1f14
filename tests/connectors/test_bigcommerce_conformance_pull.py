"""What is read from B2B, by the vendor's word: parameters, paging, time windows, odd types.

Every call of every test here is held against the documentation when the test ends: see
the fixture `shop`. Source: BigCommerce docs, B2B "Companies", "Users", "Addresses", read 2026-11.
"""

from collections.abc import Sequence
from typing import Any

import pytest

from connectors.inbound import Found, Missing, Page
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from tests import b2b as store
from tests import buyers, seeded
from tests.between import Between

pytestmark = pytest.mark.django_db

LISTS = {"company": "GET /companies", "contact": "GET /users", "location": "GET /addresses"}
KINDS = {"company": "company", "contact": "user", "location": "address"}


def pages(shop: Connection, entity: str, since: str | None = None) -> list[Page]:
    """Return all pages of a pass."""
    with buyers.opened(shop) as connector:
        return list(connector.pull(entity, since))


def ids(found: Sequence[Page]) -> list[str]:
    """Return the ids of all records, in order."""
    return [one.remote_id for page in found for one in page.records]


def fill(sandbox: SandboxServer, count: int) -> None:
    """Have a company with that many users and addresses, and as many companies beside it."""
    (host,) = store.makes(sandbox, "company", {"companyName": "Host"})
    store.makes(sandbox, "company", *({"companyName": f"C{n}"} for n in range(count - 1)))
    for row in store.rows(sandbox, "user"):
        store.deletes(sandbox, "user", row["id"])
    people = (
        {"companyId": int(host), "email": f"p{n}@x.example", "firstName": "P", "lastName": "Q"}
        for n in range(count)
    )
    store.makes(sandbox, "user", *people)
    place = {"firstName": "A", "lastName": "B", "addressLine1": "x", "city": "y", "countryCode": "NL"}
    store.makes(
        sandbox, "address", *({"companyId": int(host), "label": f"L{n}", **place} for n in range(count))
    )


@pytest.mark.parametrize("count", [99, 100, 101, 205])
@pytest.mark.parametrize("entity", LISTS)
def test_every_record_comes_in_pages_that_the_store_allows(
    shop: Connection, sandbox: SandboxServer, between: Between, entity: str, count: int
) -> None:
    fill(sandbox, count)

    found = pages(shop, entity)

    assert set(ids(found)) == {str(row["id"]) for row in store.rows(sandbox, KINDS[entity])}
    assert len(between.calls(LISTS[entity])) <= count // 90 + 1
    assert [page.has_more for page in found][-1] is False


@pytest.mark.parametrize("entity", LISTS)
def test_an_empty_store_is_one_page(shop: Connection, entity: str) -> None:
    assert [list(page.records) for page in pages(shop, entity)] == [[]]


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("entity", LISTS)
def test_the_next_pass_asks_for_what_changed_with_a_minute_to_spare(
    shop: Connection, sandbox: SandboxServer, between: Between, entity: str, inclusive: bool
) -> None:
    store.set_up(sandbox, bounds_inclusive=inclusive)
    fill(sandbox, 3)
    rows = store.rows(sandbox, KINDS[entity])
    changed = max(row["updatedAt"] for row in rows)
    cursor = pages(shop, entity)[-1].cursor
    between.forget()

    found = pages(shop, entity, cursor)

    (asked,) = between.calls(LISTS[entity])
    assert int(dict(asked.query)["minModified"]) <= changed - 60
    assert set(ids(found)) == {str(row["id"]) for row in rows}


@pytest.mark.parametrize("entity", LISTS)
def test_a_list_that_shrinks_between_two_pages_loses_nobody(
    shop: Connection, sandbox: SandboxServer, between: Between, entity: str
) -> None:
    fill(sandbox, 150)
    rows = [str(row["id"]) for row in store.rows(sandbox, KINDS[entity])]
    gone = rows[:8]
    with buyers.opened(shop) as connector:
        reading = connector.pull(entity, None)
        found = [next(reading)]
        for one in gone:
            store.deletes(sandbox, KINDS[entity], one)
        found += reading

    assert set(ids(found)) >= set(rows) - set(gone)


def test_single_records_are_asked_for_without_parameters(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    fill(sandbox, 1)
    store.makes(sandbox, "extra_field", {"resource": "company", "fieldName": "ERP ID"})

    with buyers.opened(shop) as connector:
        found = {
            entity: list(connector.fetch(entity, [str(store.rows(sandbox, KINDS[entity])[0]["id"]), "999"]))
            for entity in LISTS
        }

    for one, other in found.values():
        assert isinstance(one, Found)
        assert isinstance(other, Missing)
    assert all(one.query == () for one in between.heard if one.path[-1].isdigit())


def test_a_record_in_other_types_is_the_same_record(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    facebook = buyers.company(shop, phone="6505550100", status="pending")
    seeded.there(shop, sandbox, facebook)
    plain = [pages(shop, entity)[0].records[0] for entity in ("company", "contact")]

    between.edits("*", _as_text)
    wobbling = [pages(shop, entity)[0].records[0] for entity in ("company", "contact")]

    assert [dict(one.fields) for one in wobbling] == [dict(one.fields) for one in plain]
    assert [one.parent_id for one in wobbling] == [one.parent_id for one in plain]
    assert plain[0].fields["companyStatus"] == 0


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_text(inner) for inner in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
