"""A deletion that the other side tells is believed whatever the record waits for at that moment."""

import uuid
from collections.abc import Callable

import pytest

from companies.models import Company, CompanyLink
from connectors import entities, pull, push, queue
from connectors.inbound import Notice as Delivery
from connectors.models import Connection, Notice
from connectors.pulling import notices
from connectors.sandbox.server import SandboxServer
from tests import b2b as store
from tests import talk
from tests.factories import CompanyFactory, ContactFactory
from tests.reading import arrivals, fetch, goes, link_of, linked, nightly
from tests.shelf import Shelf

pytestmark = pytest.mark.django_db(transaction=True)


def told(connection: Connection, remote_id: str, entity: str = "company") -> None:
    """Deliver that a record was deleted, and read what is due."""
    notices.hear(connection, Delivery(str(uuid.uuid4()), entity, remote_id, is_deleted=True, said="deleted"))
    pull.drain(connection.pk)


def read_now(shelf: Shelf) -> None:
    Notice.objects.filter(done_at=None).update(not_before="2020-01-01T00:00Z")
    pull.drain(shelf.connection.pk)


def word(company: Company, shelf: Shelf) -> str:
    return talk.shown(company, shelf.connection)[0]


@pytest.mark.parametrize("announce", [told, lambda connection, _: nightly_of(connection)])
@pytest.mark.parametrize("direction", ["out", "both"])
def test_told_while_the_record_waits_with_nothing_to_send(
    shelf: Shelf, direction: str, announce: Callable[[Connection, str], None]
) -> None:
    goes(shelf, direction)
    company, remote_id = linked(shelf)
    fetch(shelf)
    talk.request(shelf.connection, [company])
    shelf.drop("company", remote_id)

    announce(shelf.connection, remote_id)
    push.drain(shelf.connection.pk)

    assert (link_of(company).state, link_of(company).code) == ("failed", "gone")
    assert word(company, shelf) == "Gone over there"


def nightly_of(connection: Connection) -> None:
    from tests.shelf import SHELVES

    nightly(SHELVES[connection.base_url])


def test_told_while_the_record_waits_with_an_edit(shelf: Shelf) -> None:
    company, remote_id = linked(shelf)
    company.phone = "9"
    company.save()
    talk.request(shelf.connection, [company])
    shelf.drop("company", remote_id)

    told(shelf.connection, remote_id)
    push.drain(shelf.connection.pk)

    assert word(company, shelf) == "Gone over there"


def test_what_was_told_wrongly_is_looked_at_and_not_written(shelf: Shelf) -> None:
    company, remote_id = linked(shelf)
    talk.request(shelf.connection, [company])
    thing = shelf.drop("company", remote_id)
    told(shelf.connection, remote_id)
    shelf.of("company")[remote_id] = thing
    wrote = len(shelf.wrote)

    push.drain(shelf.connection.pk)

    assert word(company, shelf) == "In sync"
    assert shelf.asked[-1] == "fetch company"
    assert len(shelf.wrote) == wrote


@pytest.mark.parametrize("announce", [told, lambda connection, _: nightly_of(connection)])
def test_told_while_the_record_is_being_sent_with_nothing_to_send(
    shelf: Shelf, announce: Callable[[Connection, str], None]
) -> None:
    goes(shelf, "both")
    company, remote_id = linked(shelf)
    fetch(shelf)
    talk.request(shelf.connection, [company])
    shelf.drop("company", remote_id)
    with queue.slot(shelf.connection, 60) as lease:
        assert lease is not None
        rows, _ = queue.claim(shelf.connection, entities.get("company"), lease, 10)
        announce(shelf.connection, remote_id)
        queue.release(entities.get("company"), lease, rows, [])
    CompanyLink.objects.update(state="idle")  # as its talker would: nothing was to be sent

    read_now(shelf)

    assert word(company, shelf) == "Gone over there"


def test_told_while_an_answer_is_missing(shelf: Shelf) -> None:
    company, remote_id = linked(shelf)
    talk.request(shelf.connection, [company])
    CompanyLink.objects.update(unsure=True)
    shelf.drop("company", remote_id)

    told(shelf.connection, remote_id)
    push.drain(shelf.connection.pk)

    assert word(company, shelf) == "Gone over there"


def test_told_of_a_record_whose_worker_died(shelf: Shelf) -> None:
    company, remote_id = linked(shelf)
    CompanyLink.objects.update(lease=uuid.uuid4())
    shelf.drop("company", remote_id)

    told(shelf.connection, remote_id)

    assert word(company, shelf) == "Gone over there"


def test_told_while_the_record_is_switched_off(shelf: Shelf) -> None:
    company, remote_id = linked(shelf)
    queue.set_enabled("company", company.pk, shelf.connection, False, by="dana")
    shelf.drop("company", remote_id)

    told(shelf.connection, remote_id)
    assert word(company, shelf) == "Not enabled"
    queue.set_enabled("company", company.pk, shelf.connection, True, by="dana")

    assert word(company, shelf) == "Gone over there"
    assert "was deleted in Shelf" in arrivals()[-1].description


def test_a_user_that_was_deleted_in_b2b_while_it_waits_with_nothing_to_send(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    mark, ann = ContactFactory.create_batch(2, company=company)
    for contact in (mark, ann):
        queue.set_enabled("contact", contact.pk, b2b, True, by="tester")
    talk.send(b2b, [company])
    talk.send(b2b, [ann])
    talk.request(b2b, [ann])
    remote_id = talk.contact_link_of(ann).remote_id
    store.deletes(sandbox, "user", remote_id)

    told(b2b, remote_id, "contact")
    talk.drain(b2b)

    assert (talk.contact_link_of(ann).state, talk.contact_link_of(ann).code) == ("failed", "gone")
