"""A backlog asks the store once: in pages, with bulk calls, and no look-up for each record."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from companies.models import Company, Location
from connectors.models import Connection
from connectors.protocol import Change, Outcome, Status
from connectors.sandbox.server import SandboxServer
from tests import b2b as store
from tests import b2b_desk, buyers, talk
from tests.backlog import (
    all_there_once,
    by_hand,
    firm,
    firms,
    house,
    in_sync,
    keys,
    ours,
    send_all,
)
from tests.between import Between
from tests.factories import LocationFactory

pytestmark = pytest.mark.django_db


def test_twenty_companies_take_fewer_than_three_calls_each(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    house(20)
    between.forget()

    send_all(shop)

    all_there_once(sandbox)
    assert in_sync(shop) == {"In sync"}
    assert Counter(between.routes()) == {
        "GET core/customers": 2,
        "GET /companies": 2,
        "POST /companies/bulk": 2,
        "PUT /companies/{}": 20,
        "GET /users": 2,
        "PUT /users/{}": 20,
        "POST /users/bulk": 4,
        "GET /addresses": 1,
        "POST /addresses/bulk": 4,
    }


def test_few_records_look_for_themselves_and_read_no_list(shop: Connection, between: Between) -> None:
    buyers.sync(shop, *firms(shop, 4))

    asked = [dict(one.query) for one in between.calls("GET /companies")]
    assert all("q" in one for one in asked)
    assert between.calls("POST /companies/bulk") == []


def test_companies_of_a_bulk_get_the_documented_fields_their_key_and_nothing_else(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    made = firms(shop, 6)

    buyers.sync(shop, *made)

    ((body, *others),) = between.bodies("POST /companies/bulk")
    assert len(others) == 5
    assert set(body) == {
        "companyName", "companyEmail", "companyPhone", "addressLine1", "city", "state", "country", "zipCode",
        "adminFirstName", "adminLastName", "adminEmail", "acceptWelcomeEmail",
    }  # fmt: skip
    assert body["acceptWelcomeEmail"] is False
    assert {tuple(one.body) for one in between.calls("PUT /companies/{}")} == {("uuid",)}
    for one in made:
        assert store.named(sandbox, one.name)["uuid"] == str(one.public_id)
        assert buyers.link(one, shop).remote_id == str(store.named(sandbox, one.name)["id"])


def test_a_large_store_is_read_only_once_that_pays(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    store.makes(sandbox, "company", *({"companyName": f"Other {n}"} for n in range(1_000)))

    def pages_for(*numbers: int) -> int:
        between.forget()
        buyers.sync(shop, *(firm(shop, number) for number in numbers))
        return len([one for one in between.calls("GET /companies") if "q" not in dict(one.query)])

    # Ten pages in all, of which the first is read to know; five look-ups a time would be spared.
    assert pages_for(*range(5)) == 1
    assert pages_for(*range(10, 15)) >= 9
    assert pages_for(*range(20, 25)) <= 3
    assert len(store.rows(sandbox, "company")) == 1_015


def test_a_store_that_passes_over_its_time_filters_is_served_without_end_or_error(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    store.set_up(sandbox, time_filters=False)
    store.makes(sandbox, "company", *({"companyName": f"Other {n}"} for n in range(250)))

    for start in (0, 10, 20):
        made = [firm(shop, number) for number in range(start, start + 6)]
        buyers.sync(shop, *made)
        assert {talk.shown(one, shop)[0] for one in made} == {"In sync"}

    assert len(store.rows(sandbox, "company")) == 250 + 18
    assert len(between.calls()) < 18 * 8


@pytest.mark.parametrize("kind", ["independent", "dependent"])
def test_companies_of_a_bulk_are_placed_as_set_up_and_carry_what_the_store_requires(
    shop: Connection, sandbox: SandboxServer, between: Between, kind: str
) -> None:
    store.set_up(sandbox, store_kind=kind)
    field = {"fieldName": "Branch", "isRequired": True, "defaultValue": "Retail"}
    store.makes(sandbox, "extra_field", {"resource": "company", **field}, {"resource": "user", **field})
    store.makes(sandbox, "extra_field", {"resource": "company", "fieldName": "ERP ID", "isUnique": True})
    chosen = {"customer_group_id": "0"} if kind == "independent" else {"catalog_id": "5"}
    buyers.set_up(shop, companies_kind=kind, key_field="ERP ID", welcome_mails="yes", **chosen)
    made = firms(shop, 6)

    buyers.sync(shop, *made)

    assert len(between.calls("POST /companies/bulk")) == 1
    rows = store.rows(sandbox, "company")
    assert {row["extraFields"]["Branch"] for row in rows} == {"Retail"}
    assert sorted(row["extraFields"]["ERP ID"] for row in rows) == ours(Company)
    assert {user["welcomed"] for user in store.rows(sandbox, "user")} == {True}
    assert {talk.shown(one, shop)[0] for one in made} == {"In sync"}


def test_what_the_store_ignored_of_a_bulk_is_told(shop: Connection, between: Between) -> None:
    def forgets(body: Any) -> Any:
        return {**body, "data": [{**one, "zipCode": ""} for one in body["data"]]}

    between.edits("GET /companies", forgets)
    made = firms(shop, 6)

    buyers.sync(shop, *made)

    for one in made:
        assert "zipCode" not in buyers.link(one, shop).snapshot
        assert "did not keep Postal Code" in " ".join(talk.told(one))


def test_locations_of_companies_that_were_there_without_any_take_no_look_up_each(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    theirs = [{"companyName": f"Firm {n}", "companyEmail": f"office{n}@firm.example"} for n in range(6)]
    store.makes(sandbox, "company", *theirs)
    made = firms(shop, 6)
    buyers.sync(shop, *made)
    assert {buyers.link(one, shop).adopted for one in made} == {True}
    places = [LocationFactory.create(company=one, region="CA", postal_code="94601") for one in made]
    between.forget()

    buyers.sync(shop, *places)

    assert Counter(between.routes()) == {"GET /addresses": 1, "POST /addresses/bulk": 1}
    assert keys(sandbox, "address", "externalId") == ours(Location)


def test_a_list_that_a_click_broke_off_is_read_on_next_time(sandbox: SandboxServer, between: Between) -> None:
    store.set_up(sandbox, requests_per_window=100_000)
    store.makes(sandbox, "company", *({"companyName": f"Other {n}"} for n in range(350)))
    changes = by_hand(7)
    hasty = b2b_desk.Desk(gives_way_after=1)

    with b2b_desk.at(between.url, hasty) as connector:
        first = list(connector.push("company", changes))
    with b2b_desk.at(between.url) as connector:
        rest = list(connector.push("company", changes[1:]))

    offsets = [
        int(asked["offset"])
        for one in between.calls("GET /companies")
        if not {"q", "minModified", "minCreated"} & (asked := dict(one.query)).keys()
    ]
    assert ([one.status for one in first], len(rest)) == ([Status.CREATED], 6)
    assert offsets[0] == 0
    assert sorted(set(offsets)) == offsets
    assert len(offsets) == 4
    assert len(between.calls("POST /companies/bulk")) == 1


def test_a_list_is_read_by_one_talker_while_the_others_wait(sandbox: SandboxServer, between: Between) -> None:
    store.set_up(sandbox, requests_per_window=100_000)
    store.makes(sandbox, "company", *({"companyName": f"Other {n}"} for n in range(150)))
    batches = [by_hand(20)[start : start + 5] for start in range(0, 20, 5)]

    def push(changes: list[Change]) -> list[Outcome]:
        with b2b_desk.at(between.url) as connector:
            return list(connector.push("company", changes))

    with ThreadPoolExecutor(len(batches)) as pool:
        outcomes = [one for told in pool.map(push, batches) for one in told]

    asked = [dict(one.query) for one in between.calls("GET /companies")]
    whole = [one for one in asked if not {"q", "minModified", "minCreated"} & one.keys()]
    assert {one.status for one in outcomes} == {Status.CREATED}
    assert len({one.remote_id for one in outcomes}) == 20
    assert [one for one in asked if "q" in one] == []
    assert len(whole) == 2


def test_a_store_that_begins_anew_is_read_anew(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    buyers.sync(shop, *firms(shop, 6))
    for row in store.rows(sandbox, "company"):
        store.deletes(sandbox, "company", row["id"])
    later = [firm(shop, number) for number in range(20, 26)]
    between.forget()

    buyers.sync(shop, *later)

    assert {talk.shown(one, shop)[0] for one in later} == {"In sync"}
    assert [one for one in between.calls("GET /companies") if "q" in dict(one.query)] == []
