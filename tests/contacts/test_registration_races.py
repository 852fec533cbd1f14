"""Two clicks, two processes, one form: one company."""

import threading

import pytest

from companies.models import Company
from connectors.models import Connection
from contacts.models import Contact
from tests.connectors.test_races import in_thread
from tests.contacts.conftest import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_clicks_at_once_make_one_company(transactional_db: None, salesforce: Connection) -> None:
    salesforce.auto_push = {"company": True, "contact": True}
    salesforce.save()
    visitor = Visitor()
    visitor.opens()
    together = threading.Barrier(4)
    answers: list[tuple[int, str]] = []

    def click() -> None:
        together.wait(timeout=30)
        answer = visitor.posts()
        answers.append((answer.status_code, answer["Location"]))

    with in_thread(*[click] * 4):
        pass

    assert answers == [(302, "/companies/register/thanks/")] * 4
    assert Company.objects.count() == 1
    assert Contact.objects.filter(is_primary=True).count() == Contact.objects.count() == 1
    assert Company.objects.get().links.count() == 1


def test_many_strangers_at_once_are_all_stored(transactional_db: None) -> None:
    visitors = [Visitor() for _ in range(5)]
    for visitor in visitors:
        visitor.opens()

    with in_thread(*[visitor.posts for visitor in visitors]):
        pass

    assert Company.objects.count() == Contact.objects.filter(is_primary=True).count() == 5
