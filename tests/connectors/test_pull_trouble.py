"""A reading that fails: whose trouble it is, what waits, and that nothing else does."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from companies.models import Company
from connectors import pull, push, upkeep
from connectors.errors import AuthFailed, Misconfigured, RateLimited, Rejected, Transient
from connectors.models import Connection, ConnectionHealth, Cursor, Notice
from connectors.pulling import notices, passes
from synclog.models import Entry
from tests.factories import CompanyFactory
from tests.shelf import Shelf
from tests.talk import request

pytestmark = pytest.mark.django_db


@pytest.fixture
def both(shelf: Shelf) -> Shelf:
    """Return a shelf with one company, whose records go both ways."""
    shelf.connection.directions = {"company": "both", "contact": "both", "location": "both"}
    shelf.connection.save()
    shelf.add("company", name="Facebook")
    return shelf


def fails(shelf: Shelf, error: Exception, call: str = "pull company") -> None:
    """Let a call fail."""

    def trouble(what: str) -> None:
        if what == call:
            raise error

    shelf.trouble = trouble


def fetch(shelf: Shelf) -> None:
    pull.ask(shelf.connection, by="dana")
    pull.drain(shelf.connection.pk)


def cursor(entity: str = "company") -> Cursor:
    return Cursor.objects.get(entity=entity)


def events() -> list[tuple[str, str]]:
    return list(
        Entry.objects.filter(action_type="connection").order_by("pk").values_list("code", "description")
    )


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (AuthFailed("The login was refused."), "login"),
        (Misconfigured("A field is missing."), "setup"),
        (RateLimited("Too many calls.", retry_after_s=30), "limit"),
        (Transient("Nobody answers.", retry_after_s=30), "trouble"),
    ],
    ids=["login", "setup", "limit", "outage"],
)
def test_trouble_of_the_whole_connection_pauses_it(both: Shelf, error: Exception, pause: str) -> None:
    fails(both, error)

    fetch(both)

    assert ConnectionHealth.objects.get().pause == pause
    assert cursor().trouble == ""


@pytest.mark.parametrize(
    "error",
    [
        Transient("The list failed (500).", halves=True, code="http_500"),
        Rejected("The list was refused.", code="refused"),
        ZeroDivisionError("a bug"),
    ],
    ids=["500", "refused", "bug"],
)
def test_a_list_that_fails_waits_alone_and_is_told_once(both: Shelf, error: Exception) -> None:
    company_id = both.add("company", name="Globex")
    both.add("contact", parent=company_id, last="Z")
    fails(both, error)

    fetch(both)
    Cursor.objects.update(not_before=None)
    fetch(both)

    assert ConnectionHealth.objects.get().pause == ""
    assert (cursor().failures, bool(cursor().trouble)) == (2, True)
    assert cursor("contact").looked_at is not None
    told = [text for code, text in events() if code == "reading"]
    assert len(told) == 1
    assert told[0].endswith("Nothing was lost: it is read again later.")


def test_a_list_that_fails_does_not_keep_anything_from_being_sent(both: Shelf) -> None:
    fails(both, Transient("The list failed (500).", halves=True))
    fetch(both)
    company = CompanyFactory.create()
    request(both.connection, [company])

    push.drain(both.connection.pk)

    assert [entity for entity, _, _ in both.wrote] == ["company"]


def test_a_list_that_works_again_says_nothing_more(both: Shelf) -> None:
    fails(both, Transient("The list failed (500).", halves=True))
    fetch(both)
    both.trouble = lambda _: None

    Cursor.objects.update(not_before=None)
    fetch(both)

    assert (cursor().trouble, cursor().failures) == ("", 0)
    assert Company.objects.get().name == "Facebook"


def test_an_announced_record_that_cannot_be_read_is_tried_again_later(both: Shelf) -> None:
    fetch(both)
    (remote_id,) = both.of("company")
    both.change("company", remote_id, name="Meta")
    fails(both, Transient("One record failed (500).", halves=True), "fetch company")

    notices.keep(both.connection, "company", [remote_id])
    pull.drain(both.connection.pk)

    notice = Notice.objects.get(done_at=None)
    assert notice.attempts == 1
    assert notice.not_before > timezone.now()


def test_one_record_that_breaks_us_does_not_stop_its_page(both: Shelf) -> None:
    broken = both.add("company", name="Initech", status="BUG")
    both.add("company", name="Globex")

    fetch(both)
    fetch(both)

    assert set(Company.objects.values_list("name", flat=True)) == {"Facebook", "Globex"}
    (entry,) = Entry.objects.filter(level="ERROR")
    assert entry.description == (
        f"Company {broken} (Initech) in Shelf was not taken over: Concord failed in a way that nobody "
        "foresaw. Its operator finds the cause in the worker's log."
    )


def test_one_linked_record_that_breaks_us_does_not_stop_its_page(both: Shelf) -> None:
    both.connection.masters = {"company": {"status": "remote", "name": "remote"}}
    both.connection.save()
    globex = both.add("company", name="Globex")
    fetch(both)
    (facebook, _) = both.of("company")

    both.change("company", facebook, status="BUG")
    both.change("company", globex, name="Globex Ltd")
    fetch(both)

    assert set(Company.objects.values_list("name", flat=True)) == {"Facebook", "Globex Ltd"}
    assert cursor().trouble == ""


def test_text_that_no_database_stores_is_taken_over_without_it(both: Shelf) -> None:
    both.add("company", name="Half \ud83d a \x00 smile")

    fetch(both)

    assert Company.objects.filter(name="Half ? a  smile").exists()


def test_an_empty_list_is_a_look(shelf: Shelf) -> None:
    shelf.connection.directions = {"company": "both"}
    shelf.connection.save()

    fetch(shelf)

    assert cursor().looked_at is not None
    assert not Entry.objects.exclude(code="organisation").exists()


def test_a_paused_connection_is_not_read(both: Shelf) -> None:
    ConnectionHealth.objects.update(pause="person")

    fetch(both)

    assert both.asked == []


def test_a_connection_that_is_off_is_not_read(both: Shelf) -> None:
    Connection.objects.update(enabled=False)

    fetch(both)

    assert both.asked == []


def polls(shelf: Shelf, minutes: Any) -> None:
    shelf.connection.settings = {} if minutes is None else {"poll_minutes": minutes}
    shelf.connection.save()


@pytest.mark.parametrize(
    ("minutes", "ago", "due"),
    [
        (None, 4, False),
        (None, 6, True),
        ("30", 29, False),
        ("30", 31, True),
        ("0", 600, False),
        ("x", 6, True),
    ],
    ids=["soon", "five", "later", "thirty", "off", "nonsense"],
)
def test_lists_are_looked_at_as_often_as_the_connection_says(
    both: Shelf, minutes: Any, ago: int, due: bool
) -> None:
    polls(both, minutes)
    for entity in ("company", "contact", "location"):
        rules = passes.rules_of(both.connection, entity)
        looked = timezone.now() - timedelta(minutes=ago)
        Cursor.objects.create(
            connection=both.connection,
            entity=entity,
            value="1",
            looked_at=looked,
            checked_at=looked,
            rules=rules,
        )

    assert pull.has_due(both.connection) is due


def test_another_direction_has_the_whole_list_judged_anew(both: Shelf) -> None:
    both.connection.directions = {"company": "in"}
    both.connection.save()
    fetch(both)
    stranger = both.add("company", name="Globex")
    both.connection.directions = {"company": "out"}
    both.connection.save()
    pull.drain(both.connection.pk)
    before = Company.objects.count()

    both.connection.directions = {"company": "both"}
    both.connection.save()
    pull.drain(both.connection.pk)

    assert stranger
    assert (before, Company.objects.count()) == (1, 2)


def test_the_sweep_rings_for_what_is_to_be_read_too(both: Shelf, celery_rings: list[str]) -> None:
    upkeep.sweep()

    assert "connectors.pull" in celery_rings


@pytest.fixture
def celery_rings(db: None) -> Any:
    """Return the names of the tasks that were sent to the broker."""
    from celery.signals import before_task_publish

    sent: list[str] = []

    def note(sender: str = "", **_: Any) -> None:
        sent.append(sender)

    before_task_publish.connect(note)
    yield sent
    before_task_publish.disconnect(note)
