"""Companies go to B2B once, complete, and never approved where they are not active here."""

from typing import Any

import pytest

from connectors.errors import ConnectorError, Misconfigured, RateLimited, Transient
from connectors.protocol import CREATE, Change, Outcome, Status
from connectors.sandbox.server import SandboxServer
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.talk import CONSENT
from tests import b2b
from tests.b2b_desk import Desk, company, key, pushed, store

KEY_FIELD = {"resource": "company", "fieldName": "Concord ID", "isUnique": True}
BY_KEY = {"key_field": "Concord ID"}


@pytest.fixture(autouse=True)
def no_limit(sandbox: SandboxServer) -> None:
    b2b.set_up(sandbox, requests_per_window=100_000)


def one(sandbox: SandboxServer, change: Change, desk: Desk | None = None, **options: Any) -> Outcome:
    (outcome,) = pushed(sandbox, "company", change, desk=desk, **options)
    return outcome


def there(sandbox: SandboxServer) -> list[dict[str, Any]]:
    return b2b.rows(sandbox, "company")


def theirs(name: str = "Facebook", **values: Any) -> dict[str, Any]:
    """Return a company as somebody over there makes it."""
    found = {
        "companyName": name,
        "companyEmail": "info@facebook.example",
        "companyPhone": "5",
        "country": "Canada",
    }
    return {**found, **values}


def with_user(sandbox: SandboxServer, name: str, email: str = "markz@test.com") -> str:
    """Make a company with one user over there; return the company's id."""
    first = {"adminEmail": email, "adminFirstName": "M", "adminLastName": "Z"}
    return b2b.makes(sandbox, "company", {**theirs(name), **first})[0]


def lost(
    sandbox: SandboxServer, change: Change, fault: str = "drop_after_commit", route: str = "company_create"
) -> None:
    """Push, and let the answer of one call be lost."""
    b2b.break_it(sandbox, {"fault": fault, "match": {"route": route}, "times": 1})
    with pytest.raises(Transient):
        pushed(sandbox, "company", change)


def test_a_company_is_made_with_its_first_user_and_our_id(sandbox: SandboxServer) -> None:
    change = company()

    outcome = one(sandbox, change)

    (made,) = there(sandbox)
    (user,) = b2b.rows(sandbox, "user")
    assert (outcome.status, outcome.remote_id) == (Status.CREATED, str(made["id"]))
    assert (made["companyName"], made["uuid"], made["companyStatus"]) == ("Facebook", change.key, 1)
    assert (user["email"], user["role"], user["welcomed"]) == ("markz@test.com", 0, False)
    assert outcome.exchange.endpoint.endswith("/companies")


@pytest.mark.parametrize("status", [0, 2, 3])
@pytest.mark.parametrize("first", [0, 1])
def test_a_company_that_is_not_active_is_never_left_approved(
    sandbox: SandboxServer, status: int, first: int
) -> None:
    b2b.set_up(sandbox, initial_company_status=first)

    outcome = one(sandbox, company(companyStatus=status))

    (made,) = there(sandbox)
    assert made["companyStatus"] == status
    assert outcome.sent["companyStatus"] == status


def test_an_active_company_that_is_born_pending_is_approved(sandbox: SandboxServer) -> None:
    b2b.set_up(sandbox, initial_company_status=0)

    one(sandbox, company())

    assert there(sandbox)[0]["companyStatus"] == 1


@pytest.mark.parametrize("route", ["company_status", "company_update", "company_read"])
def test_a_break_after_the_create_keeps_the_id_and_is_completed_later(
    sandbox: SandboxServer, route: str
) -> None:
    change = company(companyStatus=0)
    b2b.break_it(sandbox, {"fault": "drop_before_commit", "match": {"route": route}, "times": 1})

    outcomes: list[Outcome] = []
    with store(sandbox) as connector, pytest.raises(Transient):
        outcomes += connector.push("company", [change])
    with store(sandbox) as connector:
        first = next(iter(connector.push("company", [change])))

    assert first.status is Status.UPDATED
    assert [(row["companyStatus"], row["uuid"]) for row in there(sandbox)] == [(0, change.key)]


def test_what_was_made_is_told_before_the_break(sandbox: SandboxServer) -> None:
    b2b.break_it(sandbox, {"fault": "drop_before_commit", "match": {"route": "company_status"}, "times": 1})

    with store(sandbox) as connector:
        answers = connector.push(
            "company", [company(companyStatus=0), company("Globex", admin="hank@globex.example")]
        )
        half = next(answers)
        with pytest.raises(Transient):
            next(answers)

    assert (half.status, half.unsure) == (Status.TRANSIENT, True)
    assert half.remote_id == str(there(sandbox)[0]["id"])


@pytest.mark.parametrize("fault", ["drop_after_commit", "html", "garbage"])
@pytest.mark.parametrize("settings", [{}, BY_KEY], ids=["by e-mail and name", "by key"])
def test_a_lost_answer_makes_one_company(
    sandbox: SandboxServer, fault: str, settings: dict[str, str]
) -> None:
    b2b.makes(sandbox, "extra_field", KEY_FIELD)
    change = company(companyStatus=3)
    b2b.break_it(sandbox, {"fault": fault, "match": {"route": "company_create"}, "times": 1})
    with pytest.raises(Transient):
        pushed(sandbox, "company", change, settings=settings)

    outcome = one(
        sandbox, company(key=change.key, companyStatus=3, companyPhone="+1 6", sure=False), settings=settings
    )

    (made,) = there(sandbox)
    assert outcome.remote_id == str(made["id"])
    assert (made["companyPhone"], made["companyStatus"], made["uuid"]) == ("+1 6", 3, change.key)


def test_by_key_a_company_is_found_whatever_was_edited_since(sandbox: SandboxServer) -> None:
    b2b.makes(sandbox, "extra_field", KEY_FIELD)
    change = company()
    b2b.break_it(sandbox, {"fault": "drop_after_commit", "match": {"route": "company_create"}, "times": 1})
    with pytest.raises(Transient):
        pushed(sandbox, "company", change, settings=BY_KEY)

    edited = company("Meta", admin="other@test.com", key=change.key, sure=False)
    one(sandbox, edited, settings=BY_KEY)

    assert [row["companyName"] for row in there(sandbox)] == ["Meta"]


def test_without_a_key_a_renamed_company_is_asked_about_after_a_lost_answer(sandbox: SandboxServer) -> None:
    change = company()
    lost(sandbox, change)

    outcome = one(sandbox, company("Meta", key=change.key, sure=False))

    assert outcome.status is Status.CONFLICT
    assert [found.name for found in outcome.candidates] == ["Facebook"]
    assert len(there(sandbox)) == 1


def test_the_same_key_twice_makes_one_company(sandbox: SandboxServer) -> None:
    change = company()

    together = pushed(sandbox, "company", change, change)
    again = pushed(sandbox, "company", change)

    assert {outcome.remote_id for outcome in (*together, *again)} == {str(there(sandbox)[0]["id"])}
    assert len(there(sandbox)) == 1


def test_a_company_of_the_same_name_and_e_mail_is_taken_and_nothing_of_it_overwritten(
    sandbox: SandboxServer,
) -> None:
    (company_id,) = b2b.makes(sandbox, "company", theirs(companyPhone="555", city="Ottawa", zipCode=""))
    desk, change = Desk(), company()

    outcome = one(sandbox, change, desk)

    (row,) = there(sandbox)
    assert (outcome.status, outcome.remote_id) == (Status.UPDATED, company_id)
    assert (row["companyPhone"], row["city"], row["zipCode"]) == ("555", "Ottawa", "")
    assert row["uuid"] == change.key
    assert desk.adopted[0].left["companyPhone"] == "+1 650 555 0100"
    assert "left as they are over there: Phone" in outcome.message


def test_a_taken_company_loses_its_approval_if_ours_is_not_active(sandbox: SandboxServer) -> None:
    b2b.makes(sandbox, "company", theirs(companyStatus=1))

    one(sandbox, company(companyStatus=3))

    assert there(sandbox)[0]["companyStatus"] == 3


def test_a_taken_company_that_is_rejected_there_is_not_approved_by_us(sandbox: SandboxServer) -> None:
    b2b.makes(sandbox, "company", theirs(companyStatus=2))

    outcome = one(sandbox, company(companyStatus=1))

    assert there(sandbox)[0]["companyStatus"] == 2
    assert "Status" in outcome.message


def test_a_company_of_the_same_name_alone_is_a_persons_choice(sandbox: SandboxServer) -> None:
    (company_id,) = b2b.makes(sandbox, "company", theirs(companyEmail="x@other.example"))
    change = company()

    asked = one(sandbox, change)
    made = one(sandbox, company(key=change.key, choice=CREATE))

    assert (asked.status, [found.remote_id for found in asked.candidates]) == (Status.CONFLICT, [company_id])
    assert made.status is Status.CREATED
    assert len(there(sandbox)) == 2


def test_a_person_links_a_company_whose_id_is_somebody_elses_and_that_id_stays(
    sandbox: SandboxServer,
) -> None:
    foreign = key()
    (company_id,) = b2b.makes(sandbox, "company", theirs(uuid=foreign))
    change = company()

    asked = one(sandbox, change)
    linked = one(sandbox, company(key=change.key, choice=company_id))

    assert asked.status is Status.CONFLICT
    assert (linked.status, linked.remote_id) == (Status.UPDATED, company_id)
    assert there(sandbox)[0]["uuid"] == foreign


def test_two_that_match_are_a_persons_choice(sandbox: SandboxServer) -> None:
    b2b.makes(sandbox, "company", theirs(), theirs())

    outcome = one(sandbox, company())

    assert outcome.status is Status.CONFLICT
    assert len(outcome.candidates) == 2


def test_a_chosen_company_that_went_is_asked_about_again(sandbox: SandboxServer) -> None:
    outcome = one(sandbox, company(choice="99"))

    assert outcome.status is Status.CONFLICT
    assert "not there any more" in outcome.message


def test_a_company_that_may_not_be_taken_is_left_alone(sandbox: SandboxServer) -> None:
    b2b.makes(sandbox, "company", theirs())
    change = company()

    outcome = one(sandbox, change, Desk(refuses={change.key}))

    assert outcome.status is Status.CONFLICT
    assert not there(sandbox)[0]["uuid"]


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_first_user_who_is_anothers_is_said_by_name(sandbox: SandboxServer, status: int) -> None:
    b2b.set_up(sandbox, admin_email_taken_status=status)
    with_user(sandbox, "Globex")

    outcome = one(sandbox, company())

    assert outcome.status is Status.REJECTED
    assert outcome.errors["primary_contact"].startswith("markz@test.com already is a user of Globex in B2B.")
    assert [row["companyName"] for row in there(sandbox)] == ["Globex"]


def test_a_plain_customer_becomes_a_user_only_after_a_persons_yes(sandbox: SandboxServer) -> None:
    customer = {"email": "MarkZ@test.com", "first_name": "Mark", "last_name": "Z"}
    b2b.makes(sandbox, "customer", customer)
    change = company()

    asked = one(sandbox, change)
    linked = one(sandbox, company(key=change.key, choice=CONSENT))

    assert asked.status is Status.CONFLICT
    assert [(way.choice, way.label) for way in asked.ways] == [(CONSENT, "Link")]
    assert asked.ways[0].consequence == "Earlier private orders of markz@test.com become visible to Facebook."
    assert linked.status is Status.CREATED


def test_a_yes_to_the_customer_is_no_question_about_the_name_again(sandbox: SandboxServer) -> None:
    b2b.makes(sandbox, "company", theirs(companyEmail="x@other.example"))
    b2b.makes(sandbox, "customer", {"email": "markz@test.com", "first_name": "Mark", "last_name": "Z"})

    outcome = one(sandbox, company(choice=CONSENT))

    assert outcome.status is Status.CREATED


def test_without_the_customers_scope_nothing_is_made_and_the_scope_is_named(sandbox: SandboxServer) -> None:
    b2b.set_up(sandbox, scopes=["b2b"])

    with pytest.raises(Misconfigured) as caught:
        one(sandbox, company())

    assert "Customers: modify" in caught.value.message
    assert there(sandbox) == []


def test_a_super_admin_is_said_to_be_one(sandbox: SandboxServer) -> None:
    b2b.makes(sandbox, "super_admin", {"email": "markz@test.com", "firstName": "M", "lastName": "Z"})

    outcome = one(sandbox, company(choice=CONSENT))

    assert outcome.status is Status.REJECTED
    assert "super admin" in outcome.errors["primary_contact"]


def test_customers_of_a_batch_are_asked_about_once(sandbox: SandboxServer) -> None:
    changes = [company(f"Acme {number}", admin=f"a{number}@test.com") for number in range(5)]

    pushed(sandbox, "company", *changes)

    assert b2b.calls(sandbox)["customers_list"] == 1


def test_only_what_differs_is_written_and_the_status_by_its_own_call(sandbox: SandboxServer) -> None:
    made = one(sandbox, company())
    before = b2b.calls(sandbox)

    one(sandbox, company(remote_id=made.remote_id, fields={"companyPhone": "+1 7"}))
    one(sandbox, company(remote_id=made.remote_id, fields={"companyStatus": 3}))

    after = b2b.calls(sandbox)
    since = {name: count - before.get(name, 0) for name, count in after.items()}
    assert {name: count for name, count in since.items() if count} == {
        "company_update": 1,
        "company_status": 1,
    }
    assert (there(sandbox)[0]["companyPhone"], there(sandbox)[0]["companyStatus"]) == ("+1 7", 3)


def test_an_emptied_field_is_emptied_where_the_store_allows_it(sandbox: SandboxServer) -> None:
    made = one(sandbox, company())
    fields = {"zipCode": None, wire.LINES: None, "city": None}

    outcome = one(sandbox, company(remote_id=made.remote_id, fields=fields))

    (row,) = there(sandbox)
    assert (row["zipCode"], row["addressLine1"], row["city"]) == ("", "", "Menlo Park")
    assert "city" not in outcome.sent
    assert outcome.message.startswith("City can't be emptied in B2B")


def test_a_field_that_can_only_stay_is_said_and_nothing_sent(sandbox: SandboxServer) -> None:
    made = one(sandbox, company())
    before = b2b.calls(sandbox)

    outcome = one(sandbox, company(remote_id=made.remote_id, fields={"state": None}))

    assert outcome.status is Status.REJECTED
    assert "can't be emptied" in outcome.errors["legal_region"]
    assert b2b.calls(sandbox) == before


def test_an_uncertain_update_complains_of_nothing_that_was_never_filled(sandbox: SandboxServer) -> None:
    made = one(sandbox, company(city=None))

    fields = {"companyName": "Facebook", "city": None}
    outcome = one(sandbox, company(remote_id=made.remote_id, city=None, fields=fields, sure=False))

    assert (outcome.status, outcome.message) == (Status.UPDATED, "")


def test_required_extra_fields_go_along_with_every_update(sandbox: SandboxServer) -> None:
    field = {"resource": "company", "fieldName": "Branch", "isRequired": True, "defaultValue": "None yet"}
    b2b.makes(sandbox, "extra_field", field)
    made = one(sandbox, company(), with_facts=True)
    b2b.changes(sandbox, "company", made.remote_id, extraFields={"Branch": "Wholesale"})

    outcome = one(sandbox, company(remote_id=made.remote_id, fields={"companyPhone": "1"}), with_facts=True)

    assert outcome.status is Status.UPDATED
    assert there(sandbox)[0]["extraFields"] == {"Branch": "Wholesale"}


def test_what_the_store_requires_and_nothing_fills_is_said_before_a_write(sandbox: SandboxServer) -> None:
    b2b.makes(sandbox, "extra_field", {"resource": "company", "fieldName": "Branch", "isRequired": True})

    outcome = one(sandbox, company(), with_facts=True)

    assert outcome.status is Status.REJECTED
    assert "“Branch”" in outcome.message
    assert there(sandbox) == []


def test_a_deleted_company_is_gone_and_none_is_made_anew(sandbox: SandboxServer) -> None:
    made = one(sandbox, company())
    b2b.deletes(sandbox, "company", made.remote_id)

    outcome = one(sandbox, company(remote_id=made.remote_id, fields={"companyPhone": "1"}))

    assert (outcome.status, outcome.code) == (Status.REJECTED, "gone")
    assert there(sandbox) == []


def test_a_deleted_company_that_carries_our_key_elsewhere_is_linked_anew(sandbox: SandboxServer) -> None:
    b2b.makes(sandbox, "extra_field", KEY_FIELD)
    change = company()
    made = one(sandbox, change, settings=BY_KEY)
    b2b.deletes(sandbox, "company", made.remote_id)
    (other,) = b2b.makes(sandbox, "company", theirs(extraFields={"Concord ID": change.key}))

    outcome = one(
        sandbox,
        company(key=change.key, remote_id=made.remote_id, fields={"companyPhone": "9"}),
        settings=BY_KEY,
    )

    assert (outcome.status, outcome.remote_id) == (Status.UPDATED, other)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"channel_ids": "1", "customer_group_id": "0", "welcome_mails": "yes"}, {"channelIds": [1]}),
        ({"customer_group_id": "7", "companies_kind": "dependent", "catalog_id": "5"}, {"catalogId": 5}),
    ],
)
def test_a_new_company_is_placed_as_set_up(
    sandbox: SandboxServer, settings: dict[str, str], expected: dict[str, Any]
) -> None:
    b2b.set_up(sandbox, store_kind=settings.get("companies_kind", "independent"))

    outcome = one(sandbox, company(), settings=settings)

    sent = outcome.exchange.request
    assert {name: sent[name] for name in expected} == expected
    assert sent["acceptCreationEmail"] is (settings.get("welcome_mails") == "yes")
    assert ("customerGroupId" in sent) is ("catalogId" not in sent)


def test_a_refused_field_is_told_by_our_name(sandbox: SandboxServer) -> None:
    b2b.set_up(sandbox, company_error_shape="fields")

    outcome = one(sandbox, company(companyEmail="no mail"))

    assert outcome.status is Status.REJECTED
    assert "e-mail address" in outcome.errors["email"]


def test_one_failure_inside_b2b_is_the_records_and_the_others_go_on(sandbox: SandboxServer) -> None:
    b2b.break_it(sandbox, {"fault": "status:500", "match": {"companyName": "Bad"}})
    changes = [company(name, admin=f"{name}@test.com") for name in ("A", "Bad", "C")]

    outcomes = pushed(sandbox, "company", *changes)

    assert [outcome.status for outcome in outcomes] == [Status.CREATED, Status.TRANSIENT, Status.CREATED]
    assert (outcomes[1].wait_s, outcomes[1].unsure, outcomes[1].tries) == (60, True, 5)


def test_two_failures_inside_b2b_in_a_row_are_the_stores(sandbox: SandboxServer) -> None:
    b2b.break_it(sandbox, {"fault": "status:500", "match": {"route": "company_create"}})
    changes = [company(name, admin=f"{name}@test.com") for name in ("A", "B", "C")]

    with store(sandbox) as connector:
        answers = connector.push("company", changes)
        first = next(answers)
        with pytest.raises(Transient) as caught:
            next(answers)

    assert first.status is Status.TRANSIENT
    assert caught.value.code == "http_500"


def test_an_overload_ends_the_push_with_its_seconds(sandbox: SandboxServer) -> None:
    b2b.set_up(sandbox, requests_per_window=2, window_s=30.0)

    with pytest.raises(RateLimited) as caught:
        one(sandbox, company())

    assert 0 < (caught.value.retry_after_s or 0) <= 30


def test_a_click_goes_ahead_between_two_records(sandbox: SandboxServer) -> None:
    changes = [company(name, admin=f"{name}@test.com") for name in ("A", "B", "C")]

    outcomes = pushed(sandbox, "company", *changes, desk=Desk(gives_way_after=2))

    assert [outcome.status for outcome in outcomes] == [Status.CREATED, Status.CREATED]
    assert len(there(sandbox)) == 2


def test_only_what_is_about_to_be_written_is_marked_as_begun(sandbox: SandboxServer) -> None:
    with_user(sandbox, "Globex")
    desk, good = Desk(), company("Acme", admin="a@test.com")

    pushed(sandbox, "company", company(), good, desk=desk)

    assert set(desk.began) == {good.key}


def test_a_look_up_writes_nothing(sandbox: SandboxServer) -> None:
    b2b.makes(sandbox, "company", theirs())
    alike, new = company(), company("Acme", admin="a@test.com")

    with store(sandbox) as connector:
        matches = list(connector.match("company", [alike, new]))

    assert [match.adoption is not None for match in matches] == [True, False]
    assert [row["uuid"] for row in there(sandbox)] in ([None], [""])


def test_no_secret_is_told(sandbox: SandboxServer) -> None:
    b2b.break_it(sandbox, {"fault": "status:401"})

    with pytest.raises(ConnectorError) as caught:
        one(sandbox, company())

    assert "rehearsal-token" not in str(caught.value)


def test_a_candidate_tells_since_when_it_is_there(sandbox: SandboxServer) -> None:
    b2b.makes(sandbox, "company", theirs(), theirs())

    outcome = one(sandbox, company())

    assert {set(found.facts) == {"Created"} for found in outcome.candidates} == {True}


@pytest.mark.parametrize("status", [403, 405])
def test_one_write_that_is_not_allowed_is_the_records_and_the_second_the_connections(
    sandbox: SandboxServer, status: int
) -> None:
    b2b.break_it(sandbox, {"fault": f"status:{status}", "match": {"companyName": "Bad"}})
    good, bad = company("Good", admin="g@test.com"), company("Bad", admin="b@test.com")

    outcomes = pushed(sandbox, "company", good, bad)
    with store(sandbox) as connector:
        answers = connector.push("company", [bad, company("Bad", admin="c@test.com"), good])
        first = next(answers)
        with pytest.raises(Misconfigured):
            next(answers)

    assert [outcome.status for outcome in outcomes] == [Status.CREATED, Status.REJECTED]
    assert (first.status, first.code) == (Status.REJECTED, f"http_{status}")


def test_a_look_that_is_not_allowed_is_the_connections(sandbox: SandboxServer) -> None:
    b2b.break_it(sandbox, {"fault": "status:403", "match": {"route": "companies_list"}})

    with pytest.raises(Misconfigured):
        one(sandbox, company())


@pytest.mark.parametrize(("field", "local"), [("companyEmail", "email"), ("adminEmail", "primary_contact")])
def test_an_e_mail_that_is_none_is_named_though_the_store_does_not(
    sandbox: SandboxServer, field: str, local: str
) -> None:
    outcome = one(sandbox, company(**{field: "sales@jimenez,example"}))

    assert outcome.errors.keys() == {local}
    assert "as an e-mail address. Correct it and save." in outcome.errors[local]
