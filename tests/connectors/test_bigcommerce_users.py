"""Contacts go to B2B as company users: once, with care for roles, moved by a person's word only."""

from typing import Any

import pytest

from connectors.errors import Transient
from connectors.protocol import PARENT_GONE, Change, Outcome, Status
from connectors.sandbox.server import SandboxServer
from connectors.systems.bigcommerce.talk import CONSENT, MOVE
from tests import b2b
from tests.b2b_desk import Desk, key, pushed, store, user

ADMIN, SENIOR, JUNIOR = 0, 1, 2


@pytest.fixture(autouse=True)
def no_limit(sandbox: SandboxServer) -> None:
    b2b.set_up(sandbox, requests_per_window=100_000)


@pytest.fixture
def acme(sandbox: SandboxServer) -> str:
    """A company over there whose first user is its admin."""
    return makes_company(sandbox, "Acme")


def makes_company(sandbox: SandboxServer, name: str) -> str:
    """Make a company as somebody over there would, with one user, its admin; return its id."""
    first = {
        "adminEmail": f"first@{name.lower()}.example",
        "adminFirstName": "First",
        "adminLastName": "User",
    }
    known = {"companyName": name, "companyEmail": "x@x.example", "companyPhone": "5", "country": "Canada"}
    return b2b.makes(sandbox, "company", {**known, **first})[0]


def person(sandbox: SandboxServer, company_id: str, email: str, **values: Any) -> str:
    """Make a user as somebody over there would; return the id."""
    known = {"companyId": company_id, "email": email, "firstName": "Mark", "lastName": "Z", "role": JUNIOR}
    return b2b.makes(sandbox, "user", {**known, **values})[0]


def one(sandbox: SandboxServer, change: Change, desk: Desk | None = None, **options: Any) -> Outcome:
    (outcome,) = pushed(sandbox, "contact", change, desk=desk, **options)
    return outcome


def there(sandbox: SandboxServer, email: str = "markz@test.com") -> list[dict[str, Any]]:
    return [row for row in b2b.rows(sandbox, "user") if row["email"].casefold() == email.casefold()]


def row_of(sandbox: SandboxServer, user_id: str) -> dict[str, Any]:
    (found,) = [row for row in b2b.rows(sandbox, "user") if str(row["id"]) == user_id]
    return found


def test_a_user_is_made_with_our_id_and_without_a_welcome(sandbox: SandboxServer, acme: str) -> None:
    b2b.set_up(sandbox, user_welcome_default=True)
    change = user(acme, role=SENIOR)

    outcome = one(sandbox, change)

    (made,) = there(sandbox)
    assert (outcome.status, outcome.remote_id) == (Status.CREATED, str(made["id"]))
    assert (made["uuid"], made["role"], made["welcomed"], str(made["companyId"])) == (
        change.key,
        SENIOR,
        False,
        acme,
    )


def test_welcomes_and_channels_go_as_set_up(sandbox: SandboxServer, acme: str) -> None:
    outcome = one(sandbox, user(acme), settings={"welcome_mails": "yes", "channel_ids": "1"})

    assert there(sandbox)[0]["welcomed"] is True
    assert outcome.exchange.request["channelIds"] == [1]


def test_a_new_e_mail_costs_one_call_of_the_limit(sandbox: SandboxServer, acme: str) -> None:
    desk = Desk()

    one(sandbox, user(acme), desk)

    assert (desk.ticks, desk.core_ticks) == (1, 1)


def test_the_first_user_of_a_company_of_ours_is_completed_and_told_as_made(
    sandbox: SandboxServer, acme: str
) -> None:
    change = user(acme, email="First@Acme.example", role=ADMIN, phoneNumber="5")

    outcome = one(sandbox, change)

    (row,) = there(sandbox, "first@acme.example")
    assert (outcome.status, outcome.remote_id) == (Status.CREATED, str(row["id"]))
    assert (row["uuid"], row["phoneNumber"]) == (change.key, "5")


@pytest.mark.parametrize("fault", ["drop_after_commit", "html", "garbage"])
def test_a_lost_answer_makes_one_user(sandbox: SandboxServer, acme: str, fault: str) -> None:
    change = user(acme)
    b2b.break_it(sandbox, {"fault": fault, "match": {"route": "user_create"}, "times": 1})
    with pytest.raises(Transient):
        one(sandbox, change)

    outcome = one(sandbox, user(acme, key=change.key, phoneNumber="7", sure=False))

    (row,) = there(sandbox)
    assert outcome.remote_id == str(row["id"])
    assert (row["uuid"], row["phoneNumber"]) == (change.key, "7")


def test_the_same_key_twice_makes_one_user(sandbox: SandboxServer, acme: str) -> None:
    change = user(acme)

    outcomes = [*pushed(sandbox, "contact", change, change), one(sandbox, change)]

    assert {outcome.remote_id for outcome in outcomes} == {str(there(sandbox)[0]["id"])}
    assert len(there(sandbox)) == 1


def test_three_new_users_of_a_company_go_together(sandbox: SandboxServer, acme: str) -> None:
    changes = [user(acme, email=f"u{number}@test.com") for number in range(12)]

    outcomes = pushed(sandbox, "contact", *changes)

    ids = {change.key: outcome.remote_id for change, outcome in zip(changes, outcomes, strict=True)}
    rows = {row["uuid"]: str(row["id"]) for row in b2b.rows(sandbox, "user") if row["uuid"]}
    assert ids == rows
    assert {outcome.status for outcome in outcomes} == {Status.CREATED}
    assert (b2b.calls(sandbox)["users_create"], b2b.calls(sandbox).get("user_create", 0)) == (2, 0)
    assert outcomes[3].exchange.request["email"] == "u3@test.com"


@pytest.mark.parametrize("is_atomic", [True, False])
def test_of_a_refused_bulk_the_good_ones_are_made_and_the_bad_one_told(
    sandbox: SandboxServer, acme: str, is_atomic: bool
) -> None:
    b2b.set_up(sandbox, bulk_atomic=is_atomic)
    emails = ("a@test.com", "no mail", "c@test.com", "d@test.com")

    outcomes = pushed(sandbox, "contact", *(user(acme, email=email) for email in emails))

    assert [outcome.status for outcome in outcomes] == [
        Status.CREATED, Status.REJECTED, Status.CREATED, Status.CREATED,
    ]  # fmt: skip
    assert "e-mail address" in outcomes[1].errors["email"]
    assert len(b2b.rows(sandbox, "user")) == 4


def test_a_bulk_whose_answer_was_lost_is_found_in_one_look(sandbox: SandboxServer, acme: str) -> None:
    changes = [user(acme, email=f"u{number}@test.com") for number in range(4)]
    b2b.break_it(sandbox, {"fault": "drop_after_commit", "match": {"route": "users_create"}, "times": 1})
    with pytest.raises(Transient):
        pushed(sandbox, "contact", *changes)
    before = b2b.calls(sandbox).get("users_list", 0)

    again = [
        user(acme, email=f"u{number}@test.com", key=change.key, sure=False)
        for number, change in enumerate(changes)
    ]
    outcomes = pushed(sandbox, "contact", *again)

    assert [outcome.status for outcome in outcomes] == [Status.UPDATED] * 4
    assert b2b.calls(sandbox)["users_list"] == before + 1
    assert len(b2b.rows(sandbox, "user")) == 5


def test_two_contacts_with_one_e_mail_make_one_user_and_one_sentence(
    sandbox: SandboxServer, acme: str
) -> None:
    outcomes = pushed(sandbox, "contact", *(user(acme) for _ in range(3)), user(acme, email="b@test.com"))

    assert [outcome.status for outcome in outcomes].count(Status.CREATED) == 2
    assert len(there(sandbox)) == 1


def test_a_user_of_an_adopted_company_is_taken_and_not_overwritten(sandbox: SandboxServer, acme: str) -> None:
    user_id = person(sandbox, acme, "markz@test.com", phoneNumber="111", lastName="Zed")
    change = user(acme, phoneNumber="222", parent_adopted=True)

    outcome = one(sandbox, change)

    (row,) = there(sandbox)
    assert (outcome.status, outcome.remote_id) == (Status.UPDATED, user_id)
    assert (row["phoneNumber"], row["lastName"], row["uuid"]) == ("111", "Zed", change.key)
    assert "left as they are over there: Last Name, Phone" in outcome.message


def test_a_user_with_another_id_is_a_persons_choice(sandbox: SandboxServer, acme: str) -> None:
    foreign = key()
    user_id = person(sandbox, acme, "markz@test.com", uuid=foreign)
    change = user(acme)

    asked = one(sandbox, change)
    linked = one(sandbox, user(acme, key=change.key, choice=user_id))

    assert (asked.status, [found.remote_id for found in asked.candidates]) == (Status.CONFLICT, [user_id])
    assert (linked.status, linked.remote_id) == (Status.UPDATED, user_id)
    assert there(sandbox)[0]["uuid"] == foreign


@pytest.mark.parametrize("ignores_case", [True, False])
def test_a_user_of_another_company_is_not_stolen(
    sandbox: SandboxServer, acme: str, ignores_case: bool
) -> None:
    b2b.set_up(sandbox, email_filter_ignores_case=ignores_case)
    globex = makes_company(sandbox, "Globex")
    person(sandbox, globex, "MarkZ@Test.com")

    outcome = one(sandbox, user(acme))

    assert outcome.status is Status.REJECTED
    assert outcome.errors["email"].startswith("markz@test.com already is a user of Globex in B2B.") or (
        outcome.errors["email"].startswith("MarkZ@Test.com already is a user of Globex in B2B.")
    )
    assert str(there(sandbox)[0]["companyId"]) == globex


def test_a_plain_customer_becomes_a_user_only_after_a_persons_yes(sandbox: SandboxServer, acme: str) -> None:
    b2b.makes(sandbox, "customer", {"email": "markz@test.com", "first_name": "Mark", "last_name": "Z"})
    change = user(acme)

    asked = one(sandbox, change)
    linked = one(sandbox, user(acme, key=change.key, choice=CONSENT))

    assert asked.status is Status.CONFLICT
    assert asked.ways[0].consequence == "Earlier private orders of markz@test.com become visible to Acme."
    assert linked.status is Status.CREATED


def test_a_super_admin_is_said_to_be_one(sandbox: SandboxServer, acme: str) -> None:
    b2b.makes(sandbox, "super_admin", {"email": "markz@test.com", "firstName": "M", "lastName": "Z"})

    outcome = one(sandbox, user(acme, choice=CONSENT))

    assert outcome.status is Status.REJECTED
    assert "super admin" in outcome.errors["email"]


def test_only_what_differs_is_sent(sandbox: SandboxServer, acme: str) -> None:
    made = one(sandbox, user(acme, phoneNumber="1"))
    before = b2b.calls(sandbox)

    outcome = one(sandbox, user(acme, remote_id=made.remote_id, fields={"phoneNumber": None}))

    assert outcome.exchange.request == {"phoneNumber": ""}
    assert there(sandbox)[0]["phoneNumber"] == ""
    assert sum(b2b.calls(sandbox).values()) == sum(before.values()) + 1


def test_an_e_mail_that_another_has_is_told_and_nothing_changed(sandbox: SandboxServer, acme: str) -> None:
    made = one(sandbox, user(acme))
    fields = {"email": "first@acme.example"}

    outcome = one(sandbox, user(acme, email="first@acme.example", remote_id=made.remote_id, fields=fields))

    assert outcome.status is Status.REJECTED
    assert "another user of Acme" in outcome.errors["email"]


def test_a_role_of_the_stores_own_is_kept(sandbox: SandboxServer, acme: str) -> None:
    (role_id,) = b2b.makes(sandbox, "role", {"name": "Approver"})
    made = one(sandbox, user(acme))
    b2b.changes(sandbox, "user", made.remote_id, companyRoleId=int(role_id), role=JUNIOR)

    change = user(acme, role=SENIOR, remote_id=made.remote_id, fields={"role": SENIOR, "phoneNumber": "9"})
    outcome = one(sandbox, change, with_facts=True)

    row = row_of(sandbox, made.remote_id)
    assert (str(row["companyRoleId"]), row["phoneNumber"]) == (role_id, "9")
    assert "keeps the role “Approver”" in outcome.message
    assert outcome.sent["companyRoleName"] == "Approver"


def test_who_becomes_admin_here_becomes_it_there_also_from_a_role_of_the_stores_own(
    sandbox: SandboxServer, acme: str
) -> None:
    (role_id,) = b2b.makes(sandbox, "role", {"name": "Approver"})
    made = one(sandbox, user(acme))
    b2b.changes(sandbox, "user", made.remote_id, companyRoleId=int(role_id), role=JUNIOR)

    one(sandbox, user(acme, role=ADMIN, remote_id=made.remote_id, fields={"role": ADMIN}), with_facts=True)

    assert row_of(sandbox, made.remote_id)["role"] == ADMIN


def test_the_last_admin_stays_until_another_is(sandbox: SandboxServer, acme: str) -> None:
    first = str(there(sandbox, "first@acme.example")[0]["id"])
    fields = {"role": JUNIOR, "phoneNumber": "9"}

    outcome = one(sandbox, user(acme, email="first@acme.example", remote_id=first, fields=fields))

    row = row_of(sandbox, first)
    assert (outcome.status, outcome.remote_id) == (Status.TRANSIENT, first)
    assert outcome.message.startswith("Mark Z stays Admin in B2B until another")
    assert (row["role"], row["phoneNumber"]) == (ADMIN, "9")


def test_the_new_admin_comes_before_the_old_one_goes(sandbox: SandboxServer, acme: str) -> None:
    first = str(there(sandbox, "first@acme.example")[0]["id"])
    made = one(sandbox, user(acme))
    promoted = user(acme, role=ADMIN, remote_id=made.remote_id, fields={"role": ADMIN})
    demoted = user(acme, email="first@acme.example", remote_id=first, fields={"role": JUNIOR})

    outcomes = pushed(sandbox, "contact", promoted, demoted)

    assert [outcome.status for outcome in outcomes] == [Status.UPDATED, Status.UPDATED]
    assert (row_of(sandbox, made.remote_id)["role"], row_of(sandbox, first)["role"]) == (ADMIN, JUNIOR)


def test_a_move_is_asked_and_then_done(sandbox: SandboxServer, acme: str) -> None:
    globex = makes_company(sandbox, "Globex")
    made = one(sandbox, user(globex))
    moved: dict[str, Any] = {"remote_id": made.remote_id, "moved_from": globex, "fields": {"companyId": acme}}

    asked = one(sandbox, user(acme, **moved))
    done = one(sandbox, user(acme, choice=MOVE, **moved))

    (row,) = there(sandbox)
    assert [way.label for way in asked.ways] == ["Delete the user in Globex and create it in Acme"]
    assert (done.status, done.remote_id) == (Status.CREATED, str(row["id"]))
    assert (str(row["companyId"]), done.remote_id != made.remote_id) == (acme, True)
    assert done.sent["companyId"] == acme


@pytest.mark.parametrize("why", ["last user", "only Admin"])
def test_a_move_that_would_leave_nobody_behind_is_refused(
    sandbox: SandboxServer, acme: str, why: str
) -> None:
    globex = makes_company(sandbox, "Globex")
    (first,) = there(sandbox, "first@globex.example")
    if why == "only Admin":
        person(sandbox, globex, "other@test.com")
    change = user(acme, remote_id=str(first["id"]), moved_from=globex, choice=MOVE)

    outcome = one(sandbox, change)

    assert outcome.status is Status.REJECTED
    assert why in outcome.errors["company"]
    assert str(row_of(sandbox, str(first["id"]))["companyId"]) == globex


def test_a_move_that_breaks_off_halfway_is_completed(sandbox: SandboxServer, acme: str) -> None:
    globex = makes_company(sandbox, "Globex")
    made = one(sandbox, user(globex))
    change = user(acme, remote_id=made.remote_id, moved_from=globex, choice=MOVE)
    b2b.break_it(sandbox, {"fault": "drop_before_commit", "match": {"route": "user_create"}, "times": 1})

    with store(sandbox) as connector, pytest.raises(Transient):
        list(connector.push("contact", [change]))
    outcome = one(sandbox, change)

    (row,) = there(sandbox)
    assert (outcome.status, str(row["companyId"])) == (Status.CREATED, acme)


def test_a_deleted_user_is_linked_to_the_one_with_the_same_e_mail(sandbox: SandboxServer, acme: str) -> None:
    made = one(sandbox, user(acme))
    b2b.deletes(sandbox, "user", made.remote_id)
    other = person(sandbox, acme, "markz@test.com")

    outcome = one(sandbox, user(acme, remote_id=made.remote_id, fields={"phoneNumber": "5"}))

    assert (outcome.status, outcome.remote_id) == (Status.UPDATED, other)
    assert row_of(sandbox, other)["uuid"]


def test_a_deleted_user_is_gone(sandbox: SandboxServer, acme: str) -> None:
    made = one(sandbox, user(acme))
    b2b.deletes(sandbox, "user", made.remote_id)

    outcome = one(sandbox, user(acme, remote_id=made.remote_id, fields={"phoneNumber": "5"}))

    assert (outcome.status, outcome.code) == (Status.REJECTED, "gone")
    assert there(sandbox) == []


def test_a_user_whose_company_is_gone_waits_for_a_look_at_the_company(
    sandbox: SandboxServer, acme: str
) -> None:
    made = one(sandbox, user(acme))
    b2b.deletes(sandbox, "company", acme)

    linked = one(sandbox, user(acme, remote_id=made.remote_id, fields={"phoneNumber": "5"}))
    new = one(sandbox, user(acme, email="new@test.com"))

    assert [(outcome.status, outcome.code) for outcome in (linked, new)] == [
        (Status.TRANSIENT, PARENT_GONE)
    ] * 2


def test_what_the_store_requires_of_users_is_said_before_a_write(sandbox: SandboxServer, acme: str) -> None:
    b2b.makes(sandbox, "extra_field", {"resource": "user", "fieldName": "Shift", "isRequired": True})

    outcome = one(sandbox, user(acme), with_facts=True)

    assert outcome.status is Status.REJECTED
    assert "“Shift”" in outcome.message
    assert there(sandbox) == []


def test_a_click_waits_for_no_more_than_what_one_call_made(sandbox: SandboxServer, acme: str) -> None:
    changes = [user(acme, email=f"u{number}@test.com") for number in range(4)]

    outcomes = pushed(sandbox, "contact", *changes, desk=Desk(gives_way_after=1))

    assert [outcome.status for outcome in outcomes] == [Status.CREATED] * 4


def test_users_of_a_bulk_that_failed_inside_are_looked_for_before_the_next(
    sandbox: SandboxServer, acme: str
) -> None:
    changes = [user(acme, email=f"u{number}@test.com") for number in range(4)]
    b2b.break_it(sandbox, {"fault": "status:500", "match": {"route": "users_create"}, "times": 1})

    outcomes = pushed(sandbox, "contact", *changes)

    assert [outcome.status for outcome in outcomes] == [Status.TRANSIENT, *[Status.CREATED] * 3]
    assert outcomes[0].unsure is True
    assert len(b2b.rows(sandbox, "user")) == 4
