"""A backlog in bulk keeps every guarantee: nobody twice, nobody told what is not so, a click first."""

from dataclasses import replace
from typing import Any

import pytest

from companies.models import CompanyLink
from connectors.errors import Transient
from connectors.models import Connection
from connectors.protocol import Status
from connectors.sandbox.server import SandboxServer
from tests import b2b as store
from tests import b2b_desk, buyers, talk
from tests.backlog import all_there_once, by_hand, firm, firms, house, in_sync, keys, send_all
from tests.between import Between, Heard

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("meta", [{}, {"message": "SUCCESS"}, [{"companyId": 1}]])
def test_no_shape_and_no_order_of_the_answer_is_believed(
    shop: Connection, sandbox: SandboxServer, between: Between, meta: Any
) -> None:
    between.edits(
        "POST /companies/bulk", lambda _: {"code": 200, "data": [{"companyId": 8_000_001}], "meta": meta}
    )
    made = firms(shop, 6)

    buyers.sync(shop, *made)

    for one in made:
        assert buyers.link(one, shop).remote_id == str(store.named(sandbox, one.name)["id"])


HOW = [
    ("cut", True),
    ("cut", False),
    ("html", True),
    ("garbage", True),
    ("500", True),
    ("503", False),
    ("429", False),
]
BULKS = ("POST /companies/bulk", "POST /users/bulk", "POST /addresses/bulk")
BEFORE = ("GET /companies", "GET /users", "GET /addresses", "PUT /companies/{}", "PUT /users/{}")
LOSSES = [
    *((BULKS[0], *way) for way in HOW),
    *((call, *way) for call in BULKS[1:] for way in HOW[:5]),
    *((call, "cut", True) for call in BEFORE),
]


@pytest.mark.parametrize(("call", "how", "arrives"), LOSSES)
def test_a_backlog_that_loses_an_answer_makes_everything_once(
    shop: Connection, sandbox: SandboxServer, between: Between, call: str, how: str, arrives: bool
) -> None:
    house(5, contacts=2, locations=1)
    between.breaks(call, how, arrives=arrives)

    send_all(shop)
    buyers.settle(shop, tries=10)

    assert between.rules[0].times == 0
    assert not CompanyLink.objects.filter(adopted=True).exists()
    all_there_once(sandbox)
    assert in_sync(shop) == {"In sync"}


@pytest.mark.parametrize("how", ["cut", "503", "garbage"])
def test_a_look_behind_a_bulk_call_that_is_lost_makes_everything_once(
    shop: Connection, sandbox: SandboxServer, between: Between, how: str
) -> None:
    """As where a worker dies there: what was made is known to nobody here."""
    house(5, contacts=2, locations=1)
    between.breaks("GET /companies", how, arrives=True)
    between.breaks("GET /users", how, arrives=True)
    for rule in between.rules:
        rule.where = lambda heard: "minCreated" in dict(heard.query) or ("orderBy", "DESC") in heard.query

    send_all(shop)
    buyers.settle(shop, tries=10)

    assert [rule.times for rule in between.rules] == [0, 0]
    all_there_once(sandbox)
    assert in_sync(shop) == {"In sync"}


@pytest.mark.parametrize(
    ("call", "status"), [(BULKS[0], 403), (BULKS[0], 405), (BULKS[0], 413), (BULKS[1], 405), (BULKS[2], 413)]
)
def test_a_store_without_a_bulk_call_gets_each_record_alone(
    shop: Connection, sandbox: SandboxServer, between: Between, call: str, status: int
) -> None:
    house(5, contacts=2, locations=1)
    between.answers(call, status, {"code": status, "data": {}, "meta": {"message": "x"}}, times=None)

    send_all(shop)

    all_there_once(sandbox)
    assert in_sync(shop) == {"In sync"}


@pytest.mark.parametrize("is_atomic", [True, False])
def test_one_bad_company_of_a_bulk_fails_alone_and_is_told_why(
    shop: Connection, sandbox: SandboxServer, is_atomic: bool
) -> None:
    store.set_up(sandbox, bulk_atomic=is_atomic)
    good, bad = firms(shop, 6), firm(shop, 7)
    store.makes(sandbox, "super_admin", {"email": buyers.lead(bad).email})

    buyers.sync(shop, bad, *good)

    assert {talk.shown(one, shop)[0] for one in good} == {"In sync"}
    assert talk.shown(bad, shop)[0] == "Failed"
    assert "super admin" in buyers.link(bad, shop).errors["primary_contact"]
    assert keys(sandbox, "company", "uuid") == sorted(str(one.public_id) for one in good)
    assert {link.adopted for link in CompanyLink.objects.linked()} == {False}


@pytest.mark.parametrize("born", [0, 1, 3])
def test_who_is_not_active_goes_alone_and_nobody_is_left_in_another_status(
    shop: Connection, sandbox: SandboxServer, between: Between, born: int
) -> None:
    store.set_up(sandbox, initial_company_status=born)
    active, blocked = firms(shop, 6), firm(shop, 7, status="blocked")

    buyers.sync(shop, blocked, *active)

    assert {body["companyName"] for body in between.bodies("POST /companies")} == {blocked.name}
    assert store.named(sandbox, blocked.name)["companyStatus"] == 3
    assert {store.named(sandbox, one.name)["companyStatus"] for one in active} == {1}


def test_two_of_one_name_never_go_in_one_call_and_both_are_made(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    twins = [firm(shop, number, name=name) for number, name in ((8, "Twin & Co"), (9, "TWIN & CO."))]

    buyers.sync(shop, *twins, *firms(shop, 6))

    names = [body["companyName"] for call in between.bodies("POST /companies/bulk") for body in call]
    assert len({"Twin & Co", "TWIN & CO."} & set(names)) == 1
    assert sorted(talk.shown(one, shop)[0] for one in twins) == ["In sync", "In sync"]
    assert len(store.rows(sandbox, "company")) == 8


def test_a_namesake_with_the_same_phone_is_a_persons_to_decide(
    shop: Connection, sandbox: SandboxServer
) -> None:
    wished = [buyers.new_company(f"k{n}", f"Company {n}") for n in range(12)]
    twin = buyers.new_company("twin", "COMPANY 0")

    outcomes = buyers.pushed(shop, "company", *wished, twin)

    assert [one.status for one in outcomes] == [Status.CREATED] * 12 + [Status.CONFLICT]
    assert len(store.rows(sandbox, "company")) == 12


def test_who_is_there_already_is_taken_or_asked_about_amid_those_who_are_new(
    shop: Connection, sandbox: SandboxServer
) -> None:
    wished = [buyers.new_company(f"k{n}", f"Company {n}") for n in range(12)]
    same = {"companyName": "COMPANY 3", "companyEmail": wished[3].payload["companyEmail"]}
    store.makes(sandbox, "company", same, {"companyName": "company 5", "companyEmail": "x@y.example"})

    said = [one.status for one in buyers.pushed(shop, "company", *wished)]

    assert (said.pop(5), said.pop(3)) == (Status.CONFLICT, Status.UPDATED)
    assert set(said) == {Status.CREATED}
    assert len(store.rows(sandbox, "company")) == 12


def test_who_went_after_the_list_was_read_is_told_to_nobody(shop: Connection, sandbox: SandboxServer) -> None:
    (gone,) = store.makes(sandbox, "company", {"companyName": "Firm 20", "companyEmail": "x@y.example"})
    buyers.sync(shop, *firms(shop, 6))
    store.deletes(sandbox, "company", gone)
    later = [firm(shop, number) for number in range(20, 26)]

    buyers.sync(shop, *later)

    assert {talk.shown(one, shop)[0] for one in later} == {"In sync"}
    assert len(store.rows(sandbox, "company")) == 12


def test_who_came_between_two_batches_is_found(shop: Connection, sandbox: SandboxServer) -> None:
    buyers.sync(shop, *firms(shop, 6))
    theirs = {"companyName": "FIRM 21", "companyEmail": "office21@firm.example", "country": "US"}
    (there,) = store.makes(sandbox, "company", theirs)
    later = [firm(shop, number) for number in range(20, 26)]

    buyers.sync(shop, *later)

    assert buyers.link(later[1], shop).remote_id == there
    assert buyers.link(later[1], shop).adopted
    assert len(store.rows(sandbox, "company")) == 12


def test_a_click_leaves_what_a_bulk_made_with_its_number_and_the_next_push_completes_it(
    sandbox: SandboxServer,
) -> None:
    store.set_up(sandbox, requests_per_window=100_000)
    changes = by_hand(12)

    left = b2b_desk.pushed(sandbox, "company", *changes, desk=b2b_desk.Desk(gives_way_after=1))
    known = [
        replace(one, remote_id=told.remote_id, sure=False) for one, told in zip(changes, left, strict=False)
    ]
    completed = b2b_desk.pushed(sandbox, "company", *known[1:], *changes[10:])

    assert [one.status for one in left] == [Status.CREATED, *[Status.WAITING] * 9]
    assert all(one.remote_id and one.unsure for one in left[1:])
    assert [one.status for one in completed] == [*[Status.UPDATED] * 9, *[Status.CREATED] * 2]
    assert keys(sandbox, "company", "uuid") == sorted(one.key for one in changes)


def behind_a_bulk(heard: Heard) -> bool:
    """Return whether a call looks for what was made lately."""
    return ("orderBy", "DESC") in heard.query


def test_what_the_look_behind_a_bulk_does_not_show_yet_is_not_made_again(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    between.edits("GET /companies", lambda body: {**body, "data": []}, times=1)
    between.rules[0].where = behind_a_bulk
    made = firms(shop, 6)

    buyers.sync(shop, *made)

    assert between.calls("POST /companies") == []
    assert {talk.shown(one, shop)[0] for one in made} == {"In sync"}
    assert {buyers.link(one, shop).adopted for one in made} == {False}
    assert keys(sandbox, "company", "uuid") == sorted(str(one.public_id) for one in made)


def test_a_stranger_who_comes_with_a_refused_bulk_is_not_taken_for_ours(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    made = firms(shop, 6)
    refusal = {"code": 422, "data": {}, "meta": {"message": "Parameter Error"}}
    between.answers("POST /companies/bulk", 422, refusal)

    def comes(_: Heard) -> bool:
        store.makes(sandbox, "company", {"companyName": "FIRM 3", "companyEmail": "x@other.example"})
        return True

    between.rules[0].where = comes

    buyers.sync(shop, *made)

    (stranger,) = [row for row in store.rows(sandbox, "company") if row["companyName"] == "FIRM 3"]
    assert not stranger["uuid"]
    assert talk.shown(made[3], shop)[0] == "Needs your choice"
    assert [talk.shown(one, shop)[0] for one in made if one != made[3]] == ["In sync"] * 5


def test_what_a_bulk_made_is_known_by_its_number_when_the_connection_breaks(
    sandbox: SandboxServer, between: Between
) -> None:
    store.set_up(sandbox, requests_per_window=100_000)
    between.answers("PUT /companies/{}", 503)

    with b2b_desk.at(between.url) as connector:
        answers = connector.push("company", changes := by_hand(6))
        told = [next(answers) for _ in changes]
        with pytest.raises(Transient):
            next(answers)

    assert [one.status for one in told] == [Status.TRANSIENT, *[Status.WAITING] * 5]
    assert all(one.remote_id for one in told)
