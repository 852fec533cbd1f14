"""The mirror of the users over there: fetched from the live sandbox, never wiped, never raised."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from config.celery import app
from connectors import tasks, upkeep
from connectors.models import Connection, ConnectionHealth, RemoteUser
from connectors.sandbox.server import SandboxServer
from connectors.users import mirror
from synclog.models import Entry
from tests import people, talk
from tests.factories import UserFactory
from tests.people import LEFT_COMPANY, SALES_EAST

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.untested]


def refreshed(connection: Connection, **options: Any) -> mirror.Refreshed:
    """Refresh as somebody who just opened the page."""
    return mirror.refresh(Connection.objects.get(pk=connection.pk), by="dana", **options)


def health(connection: Connection) -> ConnectionHealth:
    return ConnectionHealth.objects.get(connection=connection)


def last() -> Entry:
    return Entry.objects.exclude(action_type=Entry.ActionType.TOKEN).order_by("-id")[0]


def test_standard_users_are_kept_with_all_that_tells_who_they_are(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    done = refreshed(salesforce)

    standard = [one for one in people.everybody(sandbox) if one["UserType"] == "Standard"]
    assert done.ok
    assert done.new == RemoteUser.objects.count() == len(standard) > 10
    east = people.mirrored(salesforce, SALES_EAST)
    assert (east.name, east.email, east.profile) == ("Sales East", "east@example.com", "Field Sales")
    assert (east.federation_id, east.is_active, east.inactive_since) == ("rehearsal-east", True, None)
    assert health(salesforce).users_at is not None
    assert health(salesforce).users_trouble == ""


def test_a_refresh_is_told_with_its_numbers_and_who_asked(salesforce: Connection) -> None:
    done = refreshed(salesforce)

    assert done.text == "13 users fetched from Salesforce: 13 new, 3 inactive."
    assert (last().description, last().login_user, last().level) == (done.text, "dana", Entry.Level.INFO)


def test_nothing_is_written_over_there_and_no_slot_is_taken(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    refreshed(salesforce)

    assert not salesforce.slots.exists()
    assert {call["route"] for call in talk.calls(sandbox)["last"]} == {"token", "composite"}


def test_an_inactive_user_is_marked_from_the_first_day_it_was_seen_so(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    refreshed(salesforce)
    first = people.mirrored(salesforce, LEFT_COMPANY).inactive_since

    refreshed(salesforce)

    assert first is not None
    assert people.mirrored(salesforce, LEFT_COMPANY).inactive_since == first


def test_who_left_is_kept_and_who_came_back_is_clean(salesforce: Connection, sandbox: SandboxServer) -> None:
    refreshed(salesforce)
    east = people.mirrored(salesforce, SALES_EAST)
    user_link = people.link(UserFactory.create(), east)

    people.change(sandbox, SALES_EAST, IsActive=False)
    left = refreshed(salesforce)
    gone = people.mirrored(salesforce, SALES_EAST)
    people.change(sandbox, SALES_EAST, IsActive=True)
    refreshed(salesforce)

    assert left.changed == 1
    assert (gone.pk, gone.is_active, gone.may_own) == (east.pk, False, False)
    assert gone.inactive_since is not None
    back = people.mirrored(salesforce, SALES_EAST)
    assert (back.is_active, back.inactive_since) == (True, None)
    user_link.refresh_from_db()
    assert user_link.remote_user_id == east.pk


def test_the_trouble_of_an_owner_ends_with_the_refresh(salesforce: Connection) -> None:
    refreshed(salesforce)
    rows = RemoteUser.objects.filter(username=SALES_EAST)
    rows.update(trouble="was refused as an owner", inactive_since=timezone.now())

    refreshed(salesforce)

    east = people.mirrored(salesforce, SALES_EAST)
    assert (east.trouble, east.inactive_since, east.may_own) == ("", None, True)


def test_who_vanished_from_the_answer_is_kept_as_inactive(salesforce: Connection) -> None:
    vanished = people.remote(salesforce, "Long Gone", username="gone@example.com")
    user_link = people.link(UserFactory.create(), vanished)

    done = refreshed(salesforce)

    vanished.refresh_from_db()
    assert (done.gone, vanished.is_active) == (1, False)
    assert vanished.inactive_since is not None
    user_link.refresh_from_db()
    assert "1 not there any more, kept as inactive" in done.text


def test_new_names_are_taken_over(salesforce: Connection, sandbox: SandboxServer) -> None:
    refreshed(salesforce)

    people.change(sandbox, SALES_EAST, LastName="Ostermann", Email="ost@example.com")
    done = refreshed(salesforce)

    east = people.mirrored(salesforce, SALES_EAST)
    assert (east.name, east.email, done.changed) == ("Sales Ostermann", "ost@example.com", 1)


@pytest.mark.parametrize("fault", ["status:503", "status:500", "garbage", "html", "token:500"])
def test_a_failure_is_said_and_wipes_nothing(
    salesforce: Connection, sandbox: SandboxServer, fault: str
) -> None:
    refreshed(salesforce)
    before, at = RemoteUser.objects.filter(is_active=True).count(), health(salesforce).users_at
    salesforce.token.delete()

    talk.break_it(sandbox, {"fault": fault})
    done = refreshed(salesforce)

    assert not done.ok
    assert RemoteUser.objects.filter(is_active=True).count() == before
    assert health(salesforce).users_at == at
    assert "Salesforce" in health(salesforce).users_trouble
    assert (last().level, last().description) == (Entry.Level.ERROR, done.text)
    assert done.text.startswith("The users of Salesforce were not fetched: ")


def test_a_server_that_never_answers_is_said_in_time(salesforce: Connection, hung_port: int) -> None:
    Connection.objects.filter(pk=salesforce.pk).update(base_url=f"http://127.0.0.1:{hung_port}/salesforce")

    done = refreshed(salesforce, call_timeout_s=0.5)

    assert not done.ok
    assert health(salesforce).users_trouble


def test_an_answer_without_anybody_wipes_nothing(salesforce: Connection, sandbox: SandboxServer) -> None:
    refreshed(salesforce)
    for one in people.everybody(sandbox):
        if one["UserType"] == "Standard":
            people.change(sandbox, one["Username"], UserType="Guest")

    done = refreshed(salesforce)

    assert not done.ok
    assert RemoteUser.objects.filter(is_active=True).count() == 10
    assert health(salesforce).users_trouble == (
        "Salesforce answered without a single user. The list was left as it was."
    )


def test_the_trouble_ends_when_it_goes_again(salesforce: Connection, sandbox: SandboxServer) -> None:
    talk.break_it(sandbox, {"fault": "status:503"})
    refreshed(salesforce)

    talk.mend(sandbox)
    refreshed(salesforce)

    assert health(salesforce).users_trouble == ""


def test_the_users_of_another_organisation_are_refused(salesforce: Connection) -> None:
    Connection.objects.filter(pk=salesforce.pk).update(org_id="00D000000000009EAA")

    done = refreshed(salesforce)

    assert not done.ok
    assert not RemoteUser.objects.exists()


def test_thousands_of_users_come_in_few_statements(
    salesforce: Connection, sandbox: SandboxServer, django_assert_max_num_queries: Any
) -> None:
    people.hire(
        sandbox,
        *({"LastName": f"Person {number}", "Email": f"p{number}@example.com"} for number in range(2_500)),
    )

    with django_assert_max_num_queries(60):
        done = refreshed(salesforce)

    assert done.new == RemoteUser.objects.count() == 2_513
    assert refreshed(salesforce).is_news is False


def test_two_who_refresh_at_once_make_everybody_once(salesforce: Connection) -> None:
    def one(_: int) -> bool:
        try:
            return refreshed(salesforce).ok
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(one, range(4)))

    assert RemoteUser.objects.count() == 13


def test_the_schedule_tells_news_only(salesforce: Connection) -> None:
    upkeep.refresh_users()
    told = Entry.objects.filter(code="users").count()
    upkeep.refresh_users()

    assert told == Entry.objects.filter(code="users").count() == 1
    assert last().login_user == "schedule"


def test_the_schedule_leaves_alone_what_is_paused_or_switched_off(salesforce: Connection) -> None:
    ConnectionHealth.objects.update(paused_until=timezone.now() + timedelta(hours=1), pause="limit")
    upkeep.refresh_users()
    ConnectionHealth.objects.update(paused_until=None, pause="")
    Connection.objects.update(enabled=False)
    upkeep.refresh_users()

    assert not RemoteUser.objects.exists()


def test_the_schedule_is_on() -> None:
    planned = {entry["task"]: entry["schedule"] for entry in app.conf.beat_schedule.values()}
    assert planned["connectors.refresh_users"] == 6 * 3600
    assert tasks.refresh_users.name in app.tasks
