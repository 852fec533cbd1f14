"""Who may be the same person."""

import pytest

from contacts import duplicates
from contacts.models import Contact
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db


def test_the_same_email_in_another_company_is_found_whatever_its_case() -> None:
    mark = ContactFactory.create(email="markz@test.com")
    twin = ContactFactory.create(email="MarkZ@Test.com")
    ContactFactory.create(email="other@test.com")

    assert list(duplicates.of(mark)) == [twin]
    assert list(duplicates.of(twin)) == [mark]


def test_people_without_an_email_are_nobodys_duplicates() -> None:
    mark = ContactFactory.create(email="")
    ContactFactory.create(email="")

    found = Contact.objects.annotate(has_twin=duplicates.exists()).get(pk=mark.pk)

    assert list(duplicates.of(mark)) == []
    assert found.has_twin is False


def test_a_grid_asks_for_all_rows_at_once() -> None:
    mark, twin = ContactFactory.create(email="a@b.example"), ContactFactory.create(email="A@b.example")
    alone = ContactFactory.create()

    rows = Contact.objects.annotate(has_twin=duplicates.exists()).values_list("pk", "has_twin")

    assert dict(rows) == {mark.pk: True, twin.pk: True, alone.pk: False}
