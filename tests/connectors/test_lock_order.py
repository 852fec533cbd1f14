"""Saves, clicks and deletes over the same records wait for each other, and never in a circle.

Records before their links, parents before their children, in the order of their pks. And
a record's row is locked so that others may go on referring to it: PostgreSQL looks at the
record of a new link when the transaction ends.
"""

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection as database
from django.db import connections, transaction
from django.test import Client

from companies.models import Company, CompanyLink, Location
from connectors import queue
from connectors.models import Connection
from contacts import primary
from contacts.models import Contact
from tests.factories import CompanyFactory, ContactFactory, LocationFactory
from tests.waiting import wait_until

from .test_races import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def automatic(salesforce: Connection) -> Connection:
    salesforce.auto_push = {"company": True, "contact": True}
    salesforce.save()
    return salesforce


def somebody_waits() -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def meanwhile(act: Callable[[], object]) -> tuple[Callable[[], None], threading.Thread, list[Exception]]:
    """Return what starts the act and waits until a lock stops it, its thread, and what it raised."""
    raised: list[Exception] = []

    def guarded() -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - told by the test
            raised.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=guarded)

    def start() -> None:
        thread.start()
        wait_until(lambda: somebody_waits() or not thread.is_alive())

    return start, thread, raised


def click(connection: Connection, entity: str, *pks: int) -> None:
    queue.enqueue(entity, pks, connection, run=uuid.uuid4(), requested_by="tester")


@pytest.fixture
def unsent() -> Company:
    """Return a company that has no link yet, as one that bypassed `save()`."""
    return Company.objects.bulk_create([CompanyFactory.build()])[0]


def test_a_first_click_on_a_company_and_a_save_of_its_location(
    automatic: Connection, unsent: Company
) -> None:
    start, thread, raised = meanwhile(lambda: LocationFactory.create(company=unsent, is_default_billing=True))

    with transaction.atomic():
        click(automatic, "company", unsent.pk)
        start()
    thread.join(30)

    assert not raised
    assert CompanyLink.objects.get().state == "pending"


def test_a_first_click_on_a_contact_and_its_becoming_the_primary(
    automatic: Connection, unsent: Company
) -> None:
    mark, ana = Contact.objects.bulk_create(ContactFactory.build_batch(2, company=unsent))
    start, thread, raised = meanwhile(lambda: primary.set_primary(ana, by="dana"))

    with transaction.atomic():
        click(automatic, "contact", mark.pk, ana.pk)
        start()
    thread.join(30)

    assert not raised
    assert Contact.objects.get(is_primary=True) == ana


def test_a_click_on_a_contact_takes_its_companys_link_first_as_a_delete_does(
    salesforce: Connection, unsent: Company
) -> None:
    mark = ContactFactory.create(company=unsent)
    CompanyLink.objects.create(connection=salesforce, record=unsent)
    click(salesforce, "contact", mark.pk)
    CompanyLink.objects.update(state="idle")
    start, thread, raised = meanwhile(lambda: click(salesforce, "contact", mark.pk))

    with transaction.atomic():
        queue.hold(_kind("company"), [unsent.pk])
        start()
        queue.hold(_kind("contact"), [mark.pk])
    thread.join(30)

    assert not raised


def _kind(name: str) -> Any:
    from connectors import entities

    return entities.get(name)


def test_a_company_that_is_deleted_while_it_is_saved(automatic: Connection) -> None:
    company = CompanyFactory.create()
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("root"))
    start, thread, raised = meanwhile(
        lambda: client.post(f"/admin/companies/company/{company.pk}/delete/", {"post": "yes"})
    )

    with transaction.atomic():
        Company.objects.filter(pk=company.pk).update(phone="1")  # a save begins
        start()
        Company.objects.get(pk=company.pk).save()
    thread.join(30)

    assert not raised
    assert not Company.objects.exists()


def test_a_location_that_is_deleted_while_another_becomes_the_default(automatic: Connection) -> None:
    company = CompanyFactory.create()
    old, new = LocationFactory.create_batch(2, company=company)
    Location.objects.filter(pk=old.pk).update(is_default_billing=True)
    start, thread, raised = meanwhile(lambda: old.delete(requested_by="carl"))
    new.is_default_billing = True

    with transaction.atomic():
        Company.objects.select_for_update(no_key=True).get(pk=company.pk)  # a save begins
        start()
        new.save()
    thread.join(30)

    assert not raised
    assert list(Location.objects.filter(is_default_billing=True)) == [new]


def test_two_locations_that_change_places_between_two_companies(automatic: Connection) -> None:
    there, here = CompanyFactory.create_batch(2)
    one, two = LocationFactory.create(company=there), LocationFactory.create(company=here)

    def to_and_fro(location: Location, *places: Company) -> None:
        for place in places * 20:
            location.company = place
            location.save()

    with in_thread(lambda: to_and_fro(one, here, there), lambda: to_and_fro(two, there, here)):
        pass

    assert {one.company_id, two.company_id} == {there.pk, here.pk}


def test_a_primary_that_is_saved_while_another_becomes_it(automatic: Connection) -> None:
    mark = ContactFactory.create()
    ann = ContactFactory.create(company=mark.company)
    start, thread, raised = meanwhile(lambda: primary.set_primary(ann, by="tester"))

    with transaction.atomic():
        mark = Contact.objects.get(pk=mark.pk)
        mark.hold()
        start()
        mark.save(update_fields=["first_name"])
    thread.join()

    assert raised == []
    assert Contact.objects.get(company=mark.company, is_primary=True) == ann
