"""Defects of the storefront's parts that a hostile reading found, each with what it did to people's data."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from companies.models import Company
from connectors import entities, health, push, queue, registry
from connectors.desk import Desk, lease_s
from connectors.models import Connection, Link
from connectors.protocol import HELD, Outcome, Status
from connectors.queue import changes
from connectors.rendering import Renderer
from connectors.sandbox.server import SandboxServer
from contacts import primary
from contacts.models import Contact, ContactLink
from tests import b2b as store
from tests import talk
from tests.factories import CompanyFactory, ContactFactory

from .test_leads import enable

pytestmark = pytest.mark.django_db(transaction=True)


def company_with_lead(b2b: Connection, name: str, email: str) -> tuple[Company, Contact]:
    company = CompanyFactory.create(name=name)
    lead = ContactFactory.create(company=company, first_name="Lea", last_name=name, email=email)
    enable(b2b, lead)
    talk.send(b2b, [company])
    return company, lead


def customer(sandbox: SandboxServer, email: str) -> None:
    store.makes(sandbox, "customer", {"email": email, "firstName": "Mark", "lastName": "Z"})


def choose(contact: Contact, choice: str) -> None:
    link = talk.contact_link_of(contact)
    queue.choose("contact", link.pk, choice, by="tester", run=talk.new_run(link.connection).pk)


def test_a_yes_is_for_once_also_where_the_first_try_is_refused(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    company, _ = company_with_lead(b2b, "Facebook", "lea@test.example")
    customer(sandbox, "markz@test.example")
    mark = ContactFactory.create(company=company, email="markz@test.example")
    talk.send(b2b, [mark])
    assert [way["choice"] for way in talk.contact_link_of(mark).ways] == ["consent"]

    Contact.objects.filter(pk=mark.pk).update(last_name="")
    choose(mark, "consent")
    talk.drain(b2b)
    assert talk.contact_link_of(mark).state == Link.State.FAILED
    Contact.objects.filter(pk=mark.pk).update(last_name="Z")
    talk.send(b2b, [mark])

    assert (talk.contact_link_of(mark).code, talk.contact_link_of(mark).choice) == ("conflict", "")
    choose(mark, "consent")
    talk.drain(b2b)
    assert talk.contact_link_of(mark).remote_id
    assert talk.contact_link_of(mark).choice == ""


def test_a_second_move_is_asked_although_the_first_was_refused_once(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    first, _ = company_with_lead(b2b, "Facebook", "lea@test.example")
    second, _ = company_with_lead(b2b, "Globex", "gus@test.example")
    third, _ = company_with_lead(b2b, "Initech", "ivy@test.example")
    mark = ContactFactory.create(company=first, email="markz@test.example")
    talk.send(b2b, [mark])
    mark.company = second
    mark.save()
    talk.send(b2b, [mark])
    Contact.objects.filter(pk=mark.pk).update(last_name="")
    choose(mark, "move")
    talk.drain(b2b)
    Contact.objects.filter(pk=mark.pk).update(last_name="Z")
    talk.send(b2b, [mark])
    choose(mark, "move")
    talk.drain(b2b)
    there = talk.contact_link_of(mark).remote_id

    mark.refresh_from_db()
    mark.company = third
    mark.save()
    talk.send(b2b, [mark])

    assert talk.contact_link_of(mark).code == "conflict"
    assert talk.contact_link_of(mark).remote_id == there
    assert there in {str(row["id"]) for row in store.rows(sandbox, "user")}


def test_a_move_is_asked_where_half_an_emoji_stands_in_the_old_companys_name(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    first, _ = company_with_lead(b2b, "Facebook", "lea@test.example")
    second, _ = company_with_lead(b2b, "Globex", "gus@test.example")
    mark = ContactFactory.create(company=first, email="markz@test.example")
    talk.send(b2b, [mark])
    store.changes(sandbox, "company", talk.link_of(first).remote_id, companyName="Face \ud83d")

    mark.company = second
    mark.save()
    talk.send(b2b, [mark])

    assert talk.contact_link_of(mark).code == "conflict"
    assert "Face ?" in talk.contact_link_of(mark).ways[0]["label"]


def test_a_yes_to_one_e_mail_is_none_to_another(b2b: Connection, sandbox: SandboxServer) -> None:
    company, _ = company_with_lead(b2b, "Facebook", "lea@test.example")
    customer(sandbox, "markz@test.example")
    customer(sandbox, "private@test.example")
    mark = ContactFactory.create(company=company, email="markz@test.example")
    talk.send(b2b, [mark])
    choose(mark, "consent")

    Contact.objects.filter(pk=mark.pk).update(email="private@test.example")
    talk.drain(b2b)

    link = talk.contact_link_of(mark)
    assert (link.code, link.remote_id) == ("conflict", "")
    assert "private@test.example" in link.message
    talk.send(b2b, [mark])
    assert talk.contact_link_of(mark).code == "conflict"


@contextmanager
def in_flight(connection: Connection, company: Company) -> Iterator[Callable[[str, Status], None]]:
    """Claim a company as a talker does; what is yielded settles it."""
    connection = Connection.objects.select_related("health").get(pk=connection.pk)
    kind = entities.get("company")
    renderer = Renderer(connection, kind)
    with queue.slot(connection, 60) as lease:
        assert lease is not None
        (row,), _ = queue.claim(connection, kind, lease, 10)
        rendered = renderer.one(row.record)

        def settle(remote_id: str, status: Status) -> None:
            result = queue.Result(row, rendered, Outcome(status, remote_id))
            queue.settle(connection, kind, renderer.mapping, lease, [result])

        yield settle


def push_only(connection: Connection, entity: str) -> None:
    """Send what is due of one entity, and nothing that this makes due."""
    connection = Connection.objects.select_related("health").get(pk=connection.pk)
    with queue.slot(connection, lease_s()) as lease:
        assert lease is not None
        desk = Desk(connection, lease)
        with registry.open_connector(connection, desk, call_timeout_s=20) as connector:
            health.learn(connection, connector.facts())
            push.push_batch(desk, connector, entities.get(entity), 100)


def test_the_first_user_is_found_although_the_e_mail_was_changed_before_its_turn(
    b2b: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create(name="Facebook")
    mark = ContactFactory.create(company=company, email="old@test.example")
    enable(b2b, mark)
    talk.request(b2b, [company])

    push_only(b2b, "company")
    Contact.objects.filter(pk=mark.pk).update(email="new@test.example")
    talk.drain(b2b)

    (user,) = store.rows(sandbox, "user")
    assert (user["email"], user["uuid"]) == ("new@test.example", str(mark.public_id))
    assert talk.contact_link_of(mark).remote_id == str(user["id"])


def test_who_led_when_a_company_was_made_is_sent_too(b2b: Connection, sandbox: SandboxServer) -> None:
    company = CompanyFactory.create(name="Facebook")
    mark = ContactFactory.create(company=company, email="mark@test.example")
    ann = ContactFactory.create(company=company, email="ann@test.example")
    enable(b2b, mark, ann)
    talk.request(b2b, [company])
    with in_flight(b2b, company) as settle:
        primary.set_primary(ann, by="tester")
        settle("7", Status.CREATED)

    waiting = ContactLink.objects.filter(state=Link.State.PENDING)
    assert {link.record_id for link in waiting} == {mark.pk, ann.pk}


def test_a_lead_that_was_switched_off_meanwhile_is_not_counted_as_asked_for(b2b: Connection) -> None:
    company = CompanyFactory.create(name="Facebook")
    mark = ContactFactory.create(company=company, email="mark@test.example")
    enable(b2b, mark)
    run = talk.request(b2b, [company])

    with in_flight(b2b, company) as settle:
        queue.set_enabled("contact", mark.pk, b2b, False, by="tester")
        settle("7", Status.CREATED)

    run.refresh_from_db()
    assert (run.requested, run.created, queue.waiting(run.pk)) == (1, 1, 0)


def test_whoever_clicks_while_the_night_looks_is_not_withdrawn(b2b: Connection) -> None:
    company, _ = company_with_lead(b2b, "Facebook", "lea@test.example")
    mark = ContactFactory.create(company=company, active=False)
    talk.send(b2b, [mark])
    kind = entities.get("contact")
    seen = kind.links().select_related("record").get(record=mark)
    assert seen.code == HELD
    Contact.objects.filter(pk=mark.pk).update(active=True)
    seen.record.active = True
    talk.request(b2b, [mark])

    changes._kept_back(seen, Renderer(b2b, kind))  # as the night, which read it before the click

    assert talk.contact_link_of(mark).state == Link.State.PENDING
