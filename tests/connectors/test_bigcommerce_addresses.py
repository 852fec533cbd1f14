"""Locations go to B2B as addresses, once each, although nothing there is unique."""

from typing import Any

import pytest

from connectors.errors import Transient
from connectors.protocol import PARENT_GONE, Change, Outcome, Status
from connectors.sandbox.server import SandboxServer
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.talk import MOVE
from tests import b2b
from tests.b2b_desk import Desk, address, key, pushed, store


@pytest.fixture(autouse=True)
def no_limit(sandbox: SandboxServer) -> None:
    b2b.set_up(sandbox, requests_per_window=100_000)


@pytest.fixture
def acme(sandbox: SandboxServer) -> str:
    return makes_company(sandbox, "Acme")


def makes_company(sandbox: SandboxServer, name: str) -> str:
    known = {"companyName": name, "companyEmail": "x@x.example", "companyPhone": "5", "country": "Canada"}
    return b2b.makes(sandbox, "company", known)[0]


def theirs(company_id: str, **values: Any) -> dict[str, Any]:
    """Return an address as somebody over there makes it."""
    known = {"firstName": "A", "lastName": "B", "addressLine1": "100 King Street", "city": "Toronto"}
    place = {"countryCode": "CA", "stateCode": "ON", "stateName": "Ontario", "zipCode": "M5H 1J8"}
    return {"companyId": company_id, **known, **place, **values}


def one(sandbox: SandboxServer, change: Change, desk: Desk | None = None, **options: Any) -> Outcome:
    (outcome,) = pushed(sandbox, "location", change, desk=desk, **options)
    return outcome


def there(sandbox: SandboxServer) -> list[dict[str, Any]]:
    return b2b.rows(sandbox, "address")


def test_an_address_is_made_with_our_id_and_its_state_by_code_and_name(
    sandbox: SandboxServer, acme: str
) -> None:
    change = address(acme)

    outcome = one(sandbox, change)

    (made,) = there(sandbox)
    assert (outcome.status, outcome.remote_id) == (Status.CREATED, str(made["id"]))
    assert (made["externalId"], str(made["companyId"])) == (change.key, acme)
    assert (made["firstName"], made["lastName"]) == ("Mark", "Z")
    assert (made["countryCode"], made["stateCode"], made["stateName"]) == ("CA", "ON", "Ontario")
    assert (made["isBilling"], made["isShipping"], made["isDefaultBilling"]) == (True, True, False)


def test_where_states_are_not_checked_no_code_is_sent(sandbox: SandboxServer, acme: str) -> None:
    outcome = one(sandbox, address(acme, countryCode="FR", stateName="Bretagne", city="Rennes"))

    assert outcome.status is Status.CREATED
    assert "stateCode" not in outcome.exchange.request
    assert outcome.exchange.request["stateName"] == "Bretagne"


def test_no_blank_is_sent_with_a_new_address(sandbox: SandboxServer, acme: str) -> None:
    outcome = one(sandbox, address(acme, zipCode=None, phoneNumber=None))

    assert "" not in outcome.exchange.request.values()
    assert None not in outcome.exchange.request.values()


def test_a_default_mark_goes_with_its_purpose(sandbox: SandboxServer, acme: str) -> None:
    made = one(sandbox, address(acme))

    outcome = one(sandbox, address(acme, remote_id=made.remote_id, fields={"isDefaultShipping": True}))

    assert outcome.exchange.request == {"isDefaultShipping": True, "isShipping": True}
    assert there(sandbox)[0]["isDefaultShipping"] is True


def test_a_new_country_takes_its_state_along(sandbox: SandboxServer, acme: str) -> None:
    made = one(sandbox, address(acme))
    fields: dict[str, Any] = {"countryCode": "US", "stateName": "New York"}

    outcome = one(sandbox, address(acme, remote_id=made.remote_id, fields=fields, **fields))

    assert outcome.exchange.request == {"countryCode": "US", "stateName": "New York", "stateCode": "NY"}


def test_a_new_state_takes_its_country_along(sandbox: SandboxServer, acme: str) -> None:
    made = one(sandbox, address(acme))
    fields: dict[str, Any] = {"stateName": "Quebec"}

    outcome = one(sandbox, address(acme, remote_id=made.remote_id, fields=fields, **fields))

    assert outcome.exchange.request == {"countryCode": "CA", "stateName": "Quebec", "stateCode": "QC"}


def test_an_emptied_second_line_is_emptied_there(sandbox: SandboxServer, acme: str) -> None:
    made = one(sandbox, address(acme, **{wire.LINES: "1 Way\nFloor 2"}))

    one(sandbox, address(acme, remote_id=made.remote_id, fields={wire.LINES: "1 Way"}))

    assert (there(sandbox)[0]["addressLine1"], there(sandbox)[0]["addressLine2"]) == ("1 Way", "")


@pytest.mark.parametrize("external_id_filter", ["exact", "contains", "ignored"])
@pytest.mark.parametrize("fault", ["drop_after_commit", "html", "garbage"])
@pytest.mark.parametrize("count", [1, 3])
def test_a_lost_answer_makes_one_address(
    sandbox: SandboxServer, acme: str, external_id_filter: str, fault: str, count: int
) -> None:
    b2b.set_up(sandbox, external_id_filter=external_id_filter)
    b2b.makes(sandbox, "address", theirs(makes_company(sandbox, "Other"), externalId=key()))
    changes = [address(acme, f"L{number}") for number in range(count)]
    b2b.break_it(sandbox, {"fault": fault, "match": {"route": "address*_create"}, "times": 1})
    with pytest.raises(Transient):
        pushed(sandbox, "location", *changes)

    again = [address(acme, f"M{number}", key=change.key, sure=False) for number, change in enumerate(changes)]
    outcomes = pushed(sandbox, "location", *again)

    mine = {row["externalId"]: row for row in there(sandbox) if str(row["companyId"]) == acme}
    assert {outcome.remote_id for outcome in outcomes} == {str(row["id"]) for row in mine.values()}
    assert [row["label"] for row in mine.values()] == [f"M{number}" for number in range(count)]


def test_the_same_key_twice_makes_one_address(sandbox: SandboxServer, acme: str) -> None:
    change = address(acme)

    outcomes = [*pushed(sandbox, "location", change, change), one(sandbox, change)]

    assert {outcome.remote_id for outcome in outcomes} == {str(there(sandbox)[0]["id"])}
    assert len(there(sandbox)) == 1


def test_new_addresses_of_many_companies_go_together_ten_at_a_time(sandbox: SandboxServer) -> None:
    companies = [makes_company(sandbox, name) for name in ("A", "B", "C")]
    changes = [address(companies[number % 3], f"L{number}") for number in range(12)]
    desk = Desk()

    outcomes = pushed(sandbox, "location", *changes, desk=desk)

    by_key = {row["externalId"]: str(row["id"]) for row in there(sandbox)}
    assert [outcome.remote_id for outcome in outcomes] == [by_key[change.key] for change in changes]
    assert (b2b.calls(sandbox)["addresses_create"], desk.ticks) == (2, 3)
    assert outcomes[5].exchange.request["label"] == "L5"


@pytest.mark.parametrize("is_atomic", [True, False])
@pytest.mark.parametrize("bulk_error_key", ["_detail", "detail"])
def test_of_a_refused_bulk_the_good_ones_are_made_and_the_bad_one_told(
    sandbox: SandboxServer, acme: str, is_atomic: bool, bulk_error_key: str
) -> None:
    b2b.set_up(sandbox, bulk_atomic=is_atomic, bulk_error_key=bulk_error_key)
    places: list[dict[str, Any]] = [{}, {"countryCode": "US", "stateName": "Narnia"}, {}, {}]

    outcomes = pushed(
        sandbox, "location", *(address(acme, f"L{n}", **place) for n, place in enumerate(places))
    )

    assert [outcome.status for outcome in outcomes] == [
        Status.CREATED, Status.REJECTED, Status.CREATED, Status.CREATED,
    ]  # fmt: skip
    assert list(outcomes[1].errors) == ["region"]
    assert sorted(row["label"] for row in there(sandbox)) == ["L0", "L2", "L3"]


def test_a_place_that_an_adopted_company_has_is_taken_and_not_made_twice(
    sandbox: SandboxServer, acme: str
) -> None:
    (address_id,) = b2b.makes(sandbox, "address", theirs(acme, label="HQ", zipCode="m5h1j8"))
    change = address(acme, parent_adopted=True)

    outcome = one(sandbox, change)

    (row,) = there(sandbox)
    assert (outcome.status, outcome.remote_id) == (Status.UPDATED, address_id)
    assert (row["label"], row["firstName"], row["externalId"]) == ("HQ", "A", change.key)
    assert "Label" in outcome.message


def test_the_same_place_twice_is_a_persons_choice(sandbox: SandboxServer, acme: str) -> None:
    ids = b2b.makes(sandbox, "address", theirs(acme), theirs(acme))
    change = address(acme, parent_adopted=True)

    asked = one(sandbox, change)
    linked = one(sandbox, address(acme, key=change.key, parent_adopted=True, choice=ids[1]))

    assert (asked.status, [found.remote_id for found in asked.candidates]) == (Status.CONFLICT, ids)
    assert (linked.status, linked.remote_id) == (Status.UPDATED, ids[1])


def test_an_address_with_another_id_is_not_taken(sandbox: SandboxServer, acme: str) -> None:
    b2b.makes(sandbox, "address", theirs(acme, externalId=key()))

    outcome = one(sandbox, address(acme, parent_adopted=True))

    assert outcome.status is Status.CREATED


def test_a_deleted_address_is_gone(sandbox: SandboxServer, acme: str) -> None:
    made = one(sandbox, address(acme))
    b2b.deletes(sandbox, "address", made.remote_id)

    outcome = one(sandbox, address(acme, remote_id=made.remote_id, fields={"label": "New"}))

    assert (outcome.status, outcome.code) == (Status.REJECTED, "gone")
    assert there(sandbox) == []


def test_a_deleted_address_that_carries_our_id_elsewhere_is_linked_anew(
    sandbox: SandboxServer, acme: str
) -> None:
    change = address(acme)
    made = one(sandbox, change)
    b2b.deletes(sandbox, "address", made.remote_id)
    (other,) = b2b.makes(sandbox, "address", theirs(acme, externalId=change.key))

    outcome = one(sandbox, address(acme, key=change.key, remote_id=made.remote_id, fields={"label": "New"}))

    assert (outcome.status, outcome.remote_id) == (Status.UPDATED, other)
    assert there(sandbox)[0]["firstName"] == "Mark"


def test_an_address_whose_company_is_gone_waits_for_a_look_at_the_company(
    sandbox: SandboxServer, acme: str
) -> None:
    made = one(sandbox, address(acme))
    b2b.deletes(sandbox, "company", acme)

    outcome = one(sandbox, address(acme, remote_id=made.remote_id, fields={"label": "New"}))

    assert (outcome.status, outcome.code) == (Status.TRANSIENT, PARENT_GONE)


def test_a_move_is_asked_and_then_done(sandbox: SandboxServer, acme: str) -> None:
    globex = makes_company(sandbox, "Globex")
    made = one(sandbox, address(globex))
    moved: dict[str, Any] = {"remote_id": made.remote_id, "moved_from": globex, "fields": {"companyId": acme}}

    asked = one(sandbox, address(acme, **moved))
    done = one(sandbox, address(acme, choice=MOVE, **moved))

    (row,) = there(sandbox)
    assert (asked.status, [way.choice for way in asked.ways]) == (Status.CONFLICT, [MOVE])
    assert (done.status, done.remote_id, str(row["companyId"])) == (Status.CREATED, str(row["id"]), acme)


def test_an_uncertain_update_leaves_anothers_id_alone(sandbox: SandboxServer, acme: str) -> None:
    foreign = key()
    (address_id,) = b2b.makes(sandbox, "address", theirs(acme, externalId=foreign))

    one(sandbox, address(acme, remote_id=address_id, fields={"label": "New"}, sure=False))

    assert (there(sandbox)[0]["label"], there(sandbox)[0]["externalId"]) == ("New", foreign)


def test_what_the_store_requires_of_addresses_is_said_before_a_write(
    sandbox: SandboxServer, acme: str
) -> None:
    b2b.makes(sandbox, "extra_field", {"resource": "address", "fieldName": "Dock", "isRequired": True})

    outcome = one(sandbox, address(acme), with_facts=True)

    assert outcome.status is Status.REJECTED
    assert "“Dock”" in outcome.message
    assert there(sandbox) == []


def test_a_look_up_writes_nothing(sandbox: SandboxServer, acme: str) -> None:
    b2b.makes(sandbox, "address", theirs(acme))

    with store(sandbox) as connector:
        (match,) = connector.match("location", [address(acme, parent_adopted=True)])

    assert match.adoption is not None
    assert not there(sandbox)[0]["externalId"]


def test_addresses_of_a_bulk_that_failed_inside_are_looked_for_before_the_next(
    sandbox: SandboxServer, acme: str
) -> None:
    changes = [address(acme, f"L{number}") for number in range(4)]
    b2b.break_it(sandbox, {"fault": "status:500", "match": {"route": "addresses_create"}, "times": 1})

    outcomes = pushed(sandbox, "location", *changes)

    assert [outcome.status for outcome in outcomes] == [Status.TRANSIENT, *[Status.CREATED] * 3]
    assert sorted(row["label"] for row in there(sandbox)) == ["L1", "L2", "L3"]
