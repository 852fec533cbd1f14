"""A pull beside people who save and click, and beside pushes: nobody waits in a circle, nothing is lost."""

import random
import threading
import uuid
from collections.abc import Callable

import pytest
from django.db import connections
from django.db.utils import OperationalError

from companies.models import Company, CompanyLink
from connectors import pull, push, queue
from connectors.models import Cursor, Notice
from contacts.models import Contact, ContactLink
from synclog.models import Entry
from tests.factories import CompanyFactory, ContactFactory
from tests.shelf import Shelf
from tests.talk import send

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8


def together(*acts: Callable[[], None]) -> list[Exception]:
    """Do all at once, each in its own thread; return what was raised."""
    raised: list[Exception] = []

    def guarded(act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - told by the test
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guarded, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def repeat(times: int, act: Callable[[int], None]) -> None:
    """Do the same again and again."""
    for number in range(times):
        act(number)


def settle(shelf: Shelf) -> None:
    """Let every wait be over until nothing is left to do."""
    for _ in range(6):
        Cursor.objects.update(not_before=None)
        Notice.objects.filter(done_at=None).update(not_before="2020-01-01T00:00Z")
        for model in (CompanyLink, ContactLink):
            model.objects.filter(state="pending").update(not_before="2020-01-01T00:00Z")
        pull.ask(shelf.connection, by="")
        pull.drain(shelf.connection.pk)
        push.drain(shelf.connection.pk)


def test_a_primary_contact_is_taken_over_while_it_is_clicked_and_saved(shelf: Shelf) -> None:
    shelf.connection.directions = {"company": "both", "contact": "both"}
    shelf.connection.masters = {"contact": {"first_name": "remote"}}
    shelf.connection.auto_push = {"company": True, "contact": True}
    shelf.connection.save()
    company = CompanyFactory.create()
    contact = ContactFactory.create(company=company)
    send(shelf.connection, [company])
    send(shelf.connection, [contact])
    pull.drain(shelf.connection.pk)
    remote_id = ContactLink.objects.get().remote_id
    assert contact.is_primary

    def changes_there() -> None:
        for number in range(ROUNDS):
            shelf.change("contact", remote_id, first=f"Mark {number}")
            pull.ask(shelf.connection, by="")
            pull.drain(shelf.connection.pk)

    def saves() -> None:
        for number in range(ROUNDS):
            fresh = Contact.objects.get(pk=contact.pk)
            fresh.job_title = f"Buyer {number}"
            fresh.save(update_fields=["job_title"])
            Company.objects.get(pk=company.pk).save()

    def clicks() -> None:
        for _ in range(ROUNDS):
            for entity, pk in (("contact", contact.pk), ("company", company.pk)):
                queue.enqueue(entity, [pk], shelf.connection, run=uuid.uuid4(), requested_by="dana")
            push.drain(shelf.connection.pk)

    raised = together(changes_there, saves, clicks)
    settle(shelf)

    assert [error for error in raised if isinstance(error, OperationalError)] == []
    assert raised == []
    assert Contact.objects.get().first_name == f"Mark {ROUNDS - 1}"


@pytest.fixture
def both(shelf: Shelf) -> dict[int, str]:
    """Return ids there by pk of companies that go both ways: their status is mastered there."""
    shelf.connection.directions = {"company": "both"}
    shelf.connection.masters = {"company": {"status": "remote"}}
    shelf.connection.auto_push = {"company": True}
    shelf.connection.save()
    send(shelf.connection, CompanyFactory.create_batch(4, legal_city="Toronto", status="active"))
    return {link.record_id: link.remote_id for link in CompanyLink.objects.all()}


def edit_there(shelf: Shelf, remote_id: str, number: int, chance: random.Random) -> None:
    status = chance.choice(["ACTIVE", "BLOCKED", "INACTIVE"])
    shelf.change("company", remote_id, city=f"There {number}", status=status)


def edit_here(pk: int, number: int) -> None:
    company = Company.objects.get(pk=pk)
    company.legal_city = f"Here {number}"
    company.save(update_fields=["legal_city"])


def read(shelf: Shelf) -> None:
    pull.ask(shelf.connection, by="")
    pull.drain(shelf.connection.pk)


def assert_agreed(shelf: Shelf, ids: dict[int, str]) -> None:
    for company in Company.objects.all():
        stored = shelf.of("company")[ids[company.pk]].fields
        assert stored["city"] == company.legal_city
        assert stored["status"] == company.status.upper()
        assert not company.legal_city.startswith("There")
    assert not CompanyLink.objects.exclude(state="idle", changed=[]).exists()


def test_edits_on_both_sides_at_once_end_equal(shelf: Shelf, both: dict[int, str]) -> None:
    there, here = random.Random(1), random.Random(2)
    remote_ids, pks = list(both.values()), list(both)

    raised = together(
        lambda: repeat(30, lambda n: edit_there(shelf, there.choice(remote_ids), n, there)),
        lambda: repeat(30, lambda n: edit_here(here.choice(pks), n)),
        lambda: repeat(12, lambda _: push.drain(shelf.connection.pk)),
        lambda: repeat(12, lambda _: read(shelf)),
    )
    settle(shelf)

    assert raised == []
    assert_agreed(shelf, both)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_value_that_was_read_and_lost_stands_in_the_log(
    shelf: Shelf, both: dict[int, str], seed: int
) -> None:
    chance = random.Random(seed)
    acts: list[Callable[[int], None]] = [
        lambda n: edit_there(shelf, chance.choice(list(both.values())), n, chance),
        lambda n: edit_here(chance.choice(list(both)), n),
        lambda _: push.drain(shelf.connection.pk),
        lambda _: read(shelf),
    ]

    for number in range(40):
        chance.choice(acts)(number)
    settle(shelf)

    assert_agreed(shelf, both)
    changes = Entry.objects.values_list("changes", flat=True)
    told = {str(value) for each in changes for pair in each.values() for value in pair}
    assert {city for city in shelf.read if city.startswith("There")} <= told
