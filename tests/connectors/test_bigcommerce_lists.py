"""A backlog is decided by lists that are read once, and made ten a call. Nobody is made twice by that."""

import time

import pytest

from companies.models import Company
from connectors.models import Connection
from connectors.protocol import Status
from connectors.sandbox.server import SandboxServer
from connectors.systems.bigcommerce.store_lists import LEAST
from tests import b2b as store
from tests import buyers, talk
from tests.between import Between
from tests.buyers import Desk, new_company
from tests.factories import CompanyFactory, ContactFactory, LocationFactory

pytestmark = pytest.mark.django_db

MANY = 12
A_DAY_AGO = int(time.time()) - 86_400


def counted(sandbox: SandboxServer) -> dict[str, int]:
    """Return the calls that B2B's limit counts, by route."""
    return {route: number for route, number in store.calls(sandbox).items() if "customer" not in route}


def companies(number: int = MANY) -> list[Company]:
    return [CompanyFactory.create(name=f"Company {n:03}", legal_region="CA") for n in range(number)]


def backlog(shop: Connection, number: int) -> list[Company]:
    """Return companies with three contacts, the first of them Primary, and two locations each."""
    made = companies(number)
    for company in made:
        contacts = [ContactFactory.create(company=company, is_primary=n == 0) for n in range(3)]
        places = [LocationFactory.create(company=company, region="CA") for _ in range(2)]
        buyers.enable(shop, *contacts, *places)
    return made


def names(sandbox: SandboxServer) -> list[str]:
    return sorted(row["companyName"] for row in store.rows(sandbox, "company"))


def test_a_backlog_takes_less_than_three_calls_a_company(shop: Connection, sandbox: SandboxServer) -> None:
    made = backlog(shop, 20)
    before = sum(counted(sandbox).values())

    for records in (
        made,
        [c for one in made for c in one.contacts.all()],
        [x for one in made for x in one.locations.all()],
    ):
        buyers.sync(shop, *records)

    spent = counted(sandbox)
    assert {one["companyId"] for one in store.rows(sandbox, "user")} == {
        one["id"] for one in store.rows(sandbox, "company")
    }
    assert [len(store.rows(sandbox, kind)) for kind in ("company", "user", "address")] == [20, 60, 40]
    assert {talk.shown(one, shop)[0] for one in made} == {"In sync"}
    assert sum(spent.values()) - before <= 3 * 20, spent
    assert (spent["companies_create"], spent["users_create"], spent["addresses_create"]) == (2, 4, 4)


def test_who_is_there_already_is_looked_for_and_not_made_again(
    shop: Connection, sandbox: SandboxServer
) -> None:
    wished = [new_company(f"k{n}", f"Company {n}") for n in range(MANY)]
    there = {
        "companyName": "COMPANY 3",
        "companyEmail": wished[3].payload["companyEmail"],
        "companyPhone": "9",
    }
    store.makes(sandbox, "company", there, {"companyName": "company 5", "companyEmail": "x@y.example"})

    outcomes = buyers.pushed(shop, "company", *wished)

    said = [one.status for one in outcomes]
    assert said[3] is Status.UPDATED
    assert said[5] is Status.CONFLICT
    assert {*said} - {said[3], said[5]} == {Status.CREATED}
    assert len(names(sandbox)) == MANY


def test_who_was_deleted_since_the_list_was_read_is_made(shop: Connection, sandbox: SandboxServer) -> None:
    (gone,) = store.makes(sandbox, "company", {"companyName": "Company 1", "companyEmail": "x@y.example"})
    buyers.pushed(shop, "company", *(new_company(f"a{n}", f"First {n}") for n in range(MANY)))
    store.deletes(sandbox, "company", gone)

    outcomes = buyers.pushed(shop, "company", *(new_company(f"k{n}", f"Company {n}") for n in range(MANY)))

    assert {one.status for one in outcomes} == {Status.CREATED}


def test_two_of_one_name_are_not_both_made(shop: Connection, sandbox: SandboxServer) -> None:
    wished = [new_company(f"k{n}", f"Company {n}") for n in range(MANY)]
    twin = new_company("twin", "COMPANY 0", adminEmail="other@x.example", companyEmail="o@x.example")

    outcomes = buyers.pushed(shop, "company", *wished, twin)

    assert outcomes[-1].status is Status.CONFLICT
    assert len(names(sandbox)) == MANY


@pytest.mark.parametrize("is_atomic", [True, False])
def test_of_a_refused_call_the_good_ones_are_made_and_the_bad_one_is_told(
    shop: Connection, sandbox: SandboxServer, is_atomic: bool
) -> None:
    store.set_up(sandbox, bulk_atomic=is_atomic)
    wished = [
        new_company(f"k{n}", f"Company {n}", state="Calisota" if n == 4 else "Nevada") for n in range(8)
    ]

    outcomes = buyers.pushed(shop, "company", *wished)

    assert [one.status is Status.REJECTED for one in outcomes] == [n == 4 for n in range(8)]
    assert list(outcomes[4].errors) == ["legal_region"]
    assert names(sandbox) == [f"Company {n}" for n in range(8) if n != 4]
    assert {row["uuid"] for row in store.rows(sandbox, "company")} == {f"k{n}" for n in range(8) if n != 4}


@pytest.mark.parametrize("fault", ["drop_after_commit", "drop_before_commit", "status:500", "garbage"])
@pytest.mark.parametrize("route", ["companies_create", "users_create", "addresses_create"])
def test_a_bulk_call_without_an_answer_makes_nobody_twice(
    shop: Connection, sandbox: SandboxServer, route: str, fault: str
) -> None:
    made = backlog(shop, 6)
    store.break_it(sandbox, {"fault": fault, "match": {"route": route}, "times": 1})

    for records in (
        made,
        [c for one in made for c in one.contacts.all()],
        [x for one in made for x in one.locations.all()],
    ):
        buyers.sync(shop, *records)
        buyers.settle(shop)

    assert [len(store.rows(sandbox, kind)) for kind in ("company", "user", "address")] == [6, 18, 12]
    for one in made:
        everybody = [one, *one.contacts.all(), *one.locations.all()]
        assert {talk.shown(each, shop)[0] for each in everybody} == {"In sync"}


def test_a_company_that_is_inactive_here_is_made_alone_and_closed(
    shop: Connection, sandbox: SandboxServer
) -> None:
    wished = [new_company(f"k{n}", f"Company {n}", companyStatus=3 if n == 2 else 1) for n in range(6)]

    buyers.pushed(shop, "company", *wished)

    closed = {row["companyName"]: row["companyStatus"] for row in store.rows(sandbox, "company")}
    assert closed == {f"Company {n}": 3 if n == 2 else 1 for n in range(6)}
    assert (counted(sandbox)["companies_create"], counted(sandbox)["company_create"]) == (1, 1)


def test_few_look_for_themselves(shop: Connection, sandbox: SandboxServer, between: Between) -> None:
    few = [new_company(f"k{n}", f"Company {n}") for n in range(LEAST - 1)]

    buyers.pushed(shop, "company", *few)

    assert all(
        ("q", one.payload["companyName"])
        in [pair for call in between.calls("GET /companies") for pair in call.query]
        for one in few
    )
    assert not between.calls("POST /companies/bulk")


def test_a_long_list_is_read_once_it_has_cost_as_many_look_ups_as_it_has_pages(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    at = [A_DAY_AGO - 100 * n for n in range(1_250)]
    others = [{"companyName": f"Other {n}", "createdAt": at[n], "updatedAt": at[n]} for n in range(1_250)]
    store.makes(sandbox, "company", *others)
    seen = []

    for turn in range(3):
        between.forget()
        buyers.pushed(shop, "company", *(new_company(f"k{turn}{n}", f"Company {turn} {n}") for n in range(6)))
        seen.append((len(between.calls("GET /companies")), len(between.calls("POST /companies/bulk"))))

    assert [bulk for _, bulk in seen] == [0, 1, 1]
    assert seen[1][0] <= 1_250 / 100 + 3
    assert seen[2][0] <= 2


def test_a_click_goes_before_the_next_page(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    store.makes(sandbox, "company", *({"companyName": f"Other {n}"} for n in range(350)))
    desk = Desk(urgent_after=1)

    outcomes = buyers.pushed(
        shop, "company", *(new_company(f"k{n}", f"Company {n}") for n in range(6)), desk=desk
    )

    assert outcomes == []
    assert len(between.calls("GET /companies")) <= 2
