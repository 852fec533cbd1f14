"""Who owns a new record in Salesforce, and that nobody's record fails because of its owner.

After the fact sheet's sections 2.9 and 2.10: OwnerId is defaulted to the login's own user
where it is not sent; it is sent with a create only. INACTIVE_OWNER_OR_USER,
OP_WITH_INVALID_USER_TYPE_EXCEPTION, TRANSFER_REQUIRES_READ and
INVALID_CROSS_REFERENCE_KEY on OwnerId: send without that owner, and say so.
"""

from typing import Any

import pytest

from companies.models import Company
from connectors.models import Connection, RemoteUser, Synced, UserLink
from connectors.sandbox.server import SandboxServer
from connectors.users import mirror
from contacts.models import Contact
from synclog.models import Entry
from tests import talk
from tests.desk import asked, set_up
from tests.factories import CompanyFactory, ContactFactory, RemoteUserFactory, UserFactory, UserLinkFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def there(sandbox: SandboxServer) -> dict[str, str]:
    """Return the ids of the users over there by alias: concord is the login's own, left is inactive."""
    return talk.user_ids(sandbox)


@pytest.fixture
def users(salesforce: Connection, there: dict[str, str]) -> Connection:
    """Return the connection with its users fetched."""
    salesforce.refresh_from_db()
    assert mirror.refresh(salesforce, by="tester").ok
    return salesforce


def linked(connection: Connection, remote_id: str, username: str = "", **mirrored: Any) -> Any:
    """Return one of our users who is that one over there; `mirrored` is what we believe of that one."""
    user = UserFactory.create(password=None, **({"username": username} if username else {}))
    remote, _ = RemoteUser.objects.update_or_create(
        connection=connection, remote_id=remote_id, defaults={"name": "Somebody", **mirrored}
    )
    UserLinkFactory.create(user=user, remote_user=remote)
    return user


def owner_of(sandbox: SandboxServer, record: Synced) -> str:
    row = (
        talk.account_of(sandbox, record) if isinstance(record, Company) else talk.person_of(sandbox, record)  # type: ignore[arg-type]
    )
    return str(row["OwnerId"])


def fallback_of(record: Synced) -> str:
    return str(record.links.get().owner_fallback)  # type: ignore[attr-defined]


def said_of(record: Synced) -> str:
    return Entry.objects.filter(object_id=record.public_id).latest("pk").description


def set_default(connection: Connection, user: Any) -> None:
    connection.default_representative = user
    connection.save()


# Who it is.


def test_a_new_account_belongs_to_its_sales_representative(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    set_default(users, linked(users, there["west"]))
    company = CompanyFactory.create(sales_representative=linked(users, there["east"]))

    talk.send(users, [company])

    assert owner_of(sandbox, company) == there["east"]
    assert fallback_of(company) == ""
    assert said_of(company).endswith(f"created in Salesforce as {talk.link_of(company).remote_id}.")
    (record,) = talk.last_body(sandbox, "collections_upsert")["records"]
    assert record["OwnerId"] == there["east"]


def test_without_a_representative_it_is_the_default_and_nobody_is_blamed(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    set_default(users, linked(users, there["west"]))
    company = CompanyFactory.create()

    talk.send(users, [company])

    assert (owner_of(sandbox, company), fallback_of(company)) == (there["west"], "")


def test_without_anybody_it_is_salesforces_own_choice_and_no_owner_is_sent(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    company = CompanyFactory.create()

    talk.send(users, [company])

    (record,) = talk.last_body(sandbox, "collections_upsert")["records"]
    assert "OwnerId" not in record
    assert (owner_of(sandbox, company), fallback_of(company)) == (there["concord"], "")


@pytest.mark.parametrize("why", ["not linked", "inactive", "in trouble"])
def test_a_representative_who_cannot_own_gives_way_to_the_default(
    users: Connection, sandbox: SandboxServer, there: dict[str, str], why: str
) -> None:
    representative = UserFactory.create(username="dana", password=None)
    if why == "inactive":
        remote = RemoteUser.objects.get(connection=users, remote_id=there["left"])
        UserLinkFactory.create(user=representative, remote_user=remote)
    elif why == "in trouble":
        remote = RemoteUser.objects.get(connection=users, remote_id=there["east"])
        RemoteUser.objects.filter(pk=remote.pk).update(trouble="may not read these records in Salesforce")
        UserLinkFactory.create(user=representative, remote_user=remote)
    set_default(users, linked(users, there["west"]))
    company = CompanyFactory.create(sales_representative=representative)

    run = talk.send(users, [company])

    assert (run.created, run.rejected) == (1, 0)
    assert (owner_of(sandbox, company), fallback_of(company)) == (there["west"], "default")
    reason = {
        "not linked": "dana is not linked to a Salesforce user",
        "inactive": "dana is inactive in Salesforce",
        "in trouble": "dana may not read these records in Salesforce",
    }[why]
    assert said_of(company).endswith(f". Its owner is the default representative: {reason}.")


def test_with_neither_it_is_the_logins_own_user_and_the_log_says_why(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    set_default(users, linked(users, there["left"], "gone", is_active=False))
    company = CompanyFactory.create(sales_representative=UserFactory.create(username="dana", password=None))

    talk.send(users, [company])

    assert (owner_of(sandbox, company), fallback_of(company)) == (there["concord"], "login")
    assert said_of(company).endswith(
        "Its owner is Concord's own user in Salesforce: dana is not linked to a Salesforce user; "
        "the default representative, gone is inactive in Salesforce."
    )


@pytest.mark.parametrize("has_owner", [True, False])
def test_a_new_contact_belongs_to_its_owner_else_to_the_companys_representative(
    users: Connection, sandbox: SandboxServer, there: dict[str, str], has_owner: bool
) -> None:
    company = CompanyFactory.create(sales_representative=linked(users, there["east"]))
    owner = linked(users, there["west"]) if has_owner else None
    mark = ContactFactory.create(company=company, owner=owner)

    talk.send(users, [mark])

    assert owner_of(sandbox, mark) == there["west" if has_owner else "east"]
    assert owner_of(sandbox, company) == there["east"]
    assert fallback_of(mark) == ""


def test_a_contacts_owner_who_cannot_own_gives_way_to_the_companys_representative(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    company = CompanyFactory.create(sales_representative=linked(users, there["east"], "dana"))
    mark = ContactFactory.create(company=company, owner=linked(users, there["left"], "eve", is_active=False))

    talk.send(users, [mark])

    assert (owner_of(sandbox, mark), fallback_of(mark)) == (there["east"], "")
    assert said_of(mark).endswith("Its owner is dana: eve is inactive in Salesforce.")


def test_a_contact_under_an_adopted_account_belongs_to_that_accounts_owner_of_now(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    (account,) = talk.remote_creates(
        sandbox, {"Name": "Acme", "Website": "acme.example", "OwnerId": there["dwhit"]}
    )
    company = CompanyFactory.create(
        name="Acme", website="acme.example", sales_representative=linked(users, there["east"])
    )
    first, second = ContactFactory.create_batch(2, company=company, owner=linked(users, there["west"]))
    talk.send(users, [first])
    assert talk.link_of(company).adopted
    talk.remote_edits(sandbox, account, OwnerId=there["cokaf"])

    talk.send(users, [second])

    assert owner_of(sandbox, first) == there["dwhit"]
    assert owner_of(sandbox, second) == there["cokaf"]
    assert {fallback_of(first), fallback_of(second)} == {""}
    assert "owner" not in said_of(second)


def test_an_adopted_account_of_somebody_inactive_gives_its_contacts_to_the_next(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    talk.remote_creates(sandbox, {"Name": "Acme", "Website": "acme.example", "OwnerId": there["dwhit"]})
    talk.remote_changes(sandbox, "User", there["dwhit"], IsActive=False)
    company = CompanyFactory.create(
        name="Acme", website="acme.example", sales_representative=linked(users, there["east"])
    )
    mark = ContactFactory.create(company=company)

    run = talk.send(users, [mark])

    assert (run.created, run.rejected) == (1, 0)
    assert (owner_of(sandbox, mark), fallback_of(mark)) == (there["east"], "")
    assert said_of(mark).endswith(f": {there['dwhit']} is inactive in Salesforce.")


def test_an_adopted_account_of_somebody_inactive_and_nobody_else_falls_to_the_login(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    talk.remote_creates(sandbox, {"Name": "Acme", "Website": "acme.example", "OwnerId": there["dwhit"]})
    talk.remote_changes(sandbox, "User", there["dwhit"], IsActive=False)
    mark = ContactFactory.create(company__name="Acme", company__website="acme.example")

    talk.send(users, [mark])

    assert (owner_of(sandbox, mark), fallback_of(mark)) == (there["concord"], "login")


def test_an_account_that_belongs_to_the_default_gives_its_contacts_no_fallback(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    talk.remote_creates(sandbox, {"Name": "Acme", "Website": "acme.example", "OwnerId": there["west"]})
    set_default(users, linked(users, there["west"]))
    company = CompanyFactory.create(
        name="Acme", website="acme.example", sales_representative=UserFactory.create(password=None)
    )
    mark = ContactFactory.create(company=company, owner=linked(users, there["east"]))

    talk.send(users, [mark])

    assert (owner_of(sandbox, mark), fallback_of(mark)) == (there["west"], "")
    assert "owner" not in said_of(mark)


def test_a_default_that_nobody_needed_is_not_spoken_of(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    set_default(users, linked(users, there["left"], is_active=False))
    company = CompanyFactory.create(sales_representative=linked(users, there["east"]))

    talk.send(users, [company])

    assert (owner_of(sandbox, company), fallback_of(company)) == (there["east"], "")
    assert "owner" not in said_of(company)


@pytest.mark.parametrize("kind", ["company", "contact"])
def test_who_owns_it_over_there_stays_with_every_later_push(
    users: Connection, sandbox: SandboxServer, there: dict[str, str], kind: str
) -> None:
    east, west = linked(users, there["east"]), linked(users, there["west"])
    company = CompanyFactory.create(sales_representative=east)
    mark = ContactFactory.create(company=company)
    talk.send(users, [mark])
    record: Any = company if kind == "company" else mark
    sobject = "Account" if kind == "company" else "Contact"
    talk.remote_changes(sandbox, sobject, record.links.get().remote_id, OwnerId=there["cokaf"])

    company.sales_representative = west
    company.save()
    record.phone = "77"
    record.save()
    talk.send(users, [record])
    talk.send(users, [record], full=True)

    assert owner_of(sandbox, record) == there["cokaf"]
    updates = [row for call in asked(sandbox, "collections_update") for row in call["body"]["records"]]
    assert updates
    assert not [row for row in updates if "OwnerId" in row]


@pytest.mark.parametrize("kind", ["company", "contact"])
def test_an_adopted_record_keeps_its_owner(
    users: Connection, sandbox: SandboxServer, there: dict[str, str], kind: str
) -> None:
    (account,) = talk.remote_creates(
        sandbox, {"Name": "Acme", "Website": "acme.example", "OwnerId": there["dwhit"]}
    )
    talk.remote_creates(
        sandbox,
        {"LastName": "Z", "Email": "z@acme.example", "AccountId": account, "OwnerId": there["cokaf"]},
        sobject="Contact",
    )
    company = CompanyFactory.create(
        name="Acme", website="acme.example", sales_representative=linked(users, there["east"])
    )
    mark = ContactFactory.create(company=company, last_name="Z", email="z@acme.example")

    talk.send(users, [mark])

    assert owner_of(sandbox, company) == there["dwhit"]
    assert owner_of(sandbox, mark) == there["cokaf"]
    assert (fallback_of(company), fallback_of(mark)) == ("", "")


# What we believe of them is not true any more.


STALE = {
    "inactive": "is inactive in Salesforce",
    "other type": "may not own records in Salesforce",
    "no read": "may not read these records in Salesforce",
    "deleted": "is not there in Salesforce any more",
}


def spoil(sandbox: SandboxServer, there: dict[str, str], how: str) -> str:
    """Make somebody over there unfit behind our back; return the id."""
    if how == "inactive":
        talk.remote_changes(sandbox, "User", there["east"], IsActive=False)
    elif how == "other type":
        talk.remote_changes(sandbox, "User", there["east"], UserType="CsnOnly")
    elif how == "no read":
        set_up(sandbox, users_without_read=["east"])
    return there["east"] if how != "deleted" else "0055g0000000000AAA"


@pytest.mark.parametrize("kind", ["company", "contact"])
@pytest.mark.parametrize("how", STALE)
def test_somebody_refused_at_sync_time_gives_way_and_is_flagged(
    users: Connection, sandbox: SandboxServer, there: dict[str, str], how: str, kind: str
) -> None:
    set_default(users, linked(users, there["west"]))
    company = CompanyFactory.create()
    if kind == "contact":
        talk.send(users, [company])
    bad = spoil(sandbox, there, how)
    user = linked(users, bad, "dana", is_active=True)
    Company.objects.filter(pk=company.pk).update(sales_representative=user)
    company.refresh_from_db()
    record: Any = company if kind == "company" else ContactFactory.create(company=company)

    run = talk.send(users, [record])

    assert (run.created, run.rejected) == (1, 0)
    assert (owner_of(sandbox, record), fallback_of(record)) == (there["west"], "default")
    assert said_of(record).endswith(f"Its owner is the default representative: dana {STALE[how]}.")
    remote = RemoteUser.objects.get(remote_id=bad)
    assert (remote.trouble, remote.may_own) == (STALE[how], False)
    assert remote.inactive_since is not None

    again = CompanyFactory.create(sales_representative=user)
    asked_before = talk.count(sandbox, "collections_upsert")
    talk.send(users, [again])
    assert talk.count(sandbox, "collections_upsert") == asked_before + 1  # not tried a second time
    assert (owner_of(sandbox, again), fallback_of(again)) == (there["west"], "default")


def test_when_everybody_is_refused_it_is_the_logins_own_user(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    east, west = linked(users, there["east"], "dana"), linked(users, there["west"], "eve")
    set_default(users, west)
    for alias in ("east", "west"):
        talk.remote_changes(sandbox, "User", there[alias], IsActive=False)
    company = CompanyFactory.create(sales_representative=east)

    talk.send(users, [company])

    assert (owner_of(sandbox, company), fallback_of(company)) == (there["concord"], "login")
    assert said_of(company).endswith(
        "Its owner is Concord's own user in Salesforce: dana is inactive in Salesforce; "
        "eve is inactive in Salesforce."
    )


def test_an_id_that_is_refused_without_any_owner_too_flags_nobody(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    company = CompanyFactory.create(sales_representative=linked(users, there["east"]))
    talk.break_it(sandbox, {"fault": "record:INVALID_CROSS_REFERENCE_KEY", "fields": [], "times": 2})

    run = talk.send(users, [company])

    assert run.rejected == 1
    assert RemoteUser.objects.get(remote_id=there["east"]).may_own
    talk.send(users, [company])
    assert owner_of(sandbox, company) == there["east"]


def test_in_a_batch_of_two_hundred_only_the_bad_owners_give_way_and_all_arrive(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    set_default(users, linked(users, there["west"]))
    good, stale, known = (
        linked(users, there["dwhit"]),
        linked(users, there["east"]),
        linked(users, there["left"], is_active=False),
    )
    noread = linked(users, there["cokaf"])
    talk.remote_changes(sandbox, "User", there["east"], IsActive=False)
    set_up(sandbox, users_without_read=["cokaf"])
    owners = [good, stale, known, noread, None]
    chosen = Company.objects.bulk_create(
        [CompanyFactory.build(sales_representative=owners[number % 5]) for number in range(200)]
    )

    run = talk.send(users, chosen)

    assert (run.created, run.rejected, run.conflict) == (200, 0, 0)
    wanted = {good.pk: there["dwhit"]}
    for company in chosen:
        assert owner_of(sandbox, company) == wanted.get(company.sales_representative_id, there["west"])
        bad = company.sales_representative_id in (stale.pk, known.pk, noread.pk)
        assert fallback_of(company) == ("default" if bad else "")
    assert talk.count(sandbox, "collections_upsert") <= 3
    assert len(talk.accounts(sandbox)) == 200


def test_a_lost_answer_and_a_bad_owner_together_make_one_account(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    set_default(users, linked(users, there["west"]))
    company = CompanyFactory.create(sales_representative=linked(users, there["east"]))
    talk.remote_changes(sandbox, "User", there["east"], IsActive=False)
    talk.break_it(
        sandbox, {"fault": "drop_after_commit", "match": {"route": "collections_upsert"}, "times": 2}
    )
    talk.send(users, [company])

    for _ in range(3):
        talk.later(users)

    assert len(talk.accounts(sandbox)) == 1
    assert owner_of(sandbox, company) == there["west"]
    assert talk.link_of(company).state == "idle"


def test_a_batch_where_every_owner_is_bad_stops_nothing(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    east = linked(users, there["east"])
    talk.remote_changes(sandbox, "User", there["east"], IsActive=False)
    chosen = Company.objects.bulk_create(CompanyFactory.build_batch(5, sales_representative=east))

    run = talk.send(users, chosen)

    assert run.created == 5
    users.health.refresh_from_db()
    assert users.health.pause == ""


def test_other_faults_of_the_record_are_told_even_where_its_owner_is_bad_too(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    company = CompanyFactory.create(name="Bad", sales_representative=linked(users, there["east"]))
    talk.remote_changes(sandbox, "User", there["east"], IsActive=False)
    talk.break_it(sandbox, {"fault": "record:FIELD_INTEGRITY_EXCEPTION", "match": {"Name": "Bad"}})

    talk.send(users, [company])

    link = talk.link_of(company)
    assert (link.state, link.code, link.owner_fallback) == ("failed", "FIELD_INTEGRITY_EXCEPTION", "")


def test_a_later_create_with_the_right_owner_takes_the_flag_back(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    from connectors import queue

    user = UserFactory.create(username="dana", password=None)
    company = CompanyFactory.create(sales_representative=user)
    talk.send(users, [company])
    assert fallback_of(company) == "login"
    queue.unlink("company", talk.link_of(company).pk, by="tester")
    talk.remote_deletes(sandbox, "Account", talk.accounts(sandbox)[0]["Id"])
    UserLink.objects.create(
        user=user,
        connection=users,
        remote_user=RemoteUser.objects.get(connection=users, remote_id=there["east"]),
    )

    talk.send(users, [company])

    assert (owner_of(sandbox, company), fallback_of(company)) == (there["east"], "")


def test_two_of_ours_may_be_one_over_there(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    representative, default = linked(users, there["east"]), linked(users, there["east"])
    set_default(users, default)
    company = CompanyFactory.create(sales_representative=representative)

    talk.send(users, [company])

    assert (owner_of(sandbox, company), fallback_of(company)) == (there["east"], "")


def test_links_of_another_connection_say_nothing_here(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    other = Connection.objects.create(
        kind="salesforce", slug="other", name="Other", environment="rehearsal", base_url=users.base_url,
        enabled=False,
    )  # fmt: skip
    user = UserFactory.create(username="dana", password=None)
    UserLinkFactory.create(user=user, remote_user=RemoteUserFactory.create(connection=other))
    company = CompanyFactory.create(sales_representative=user)

    talk.send(users, [company])

    assert fallback_of(company) == "login"
    assert "dana is not linked to a Salesforce user" in said_of(company)


def test_who_left_is_flagged_until_the_next_refresh_says_otherwise(
    users: Connection, sandbox: SandboxServer, there: dict[str, str]
) -> None:
    user = linked(users, there["east"])
    talk.remote_changes(sandbox, "User", there["east"], IsActive=False)
    talk.send(users, [CompanyFactory.create(sales_representative=user)])
    talk.remote_changes(sandbox, "User", there["east"], IsActive=True)

    mirror.refresh(users, by="tester")
    company = CompanyFactory.create(sales_representative=user)
    talk.send(users, [company])

    assert (owner_of(sandbox, company), fallback_of(company)) == (there["east"], "")
    assert Contact.objects.count() == 0
