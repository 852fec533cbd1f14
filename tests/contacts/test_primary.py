"""Who is the Primary of a company, whoever asks, and however many at once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database

from companies.models import Company
from contacts import primary
from contacts.models import Contact
from tests.factories import CompanyFactory, ContactFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def facebook() -> Company:
    return CompanyFactory.create(name="Facebook")


def primaries(company: Company) -> list[Contact]:
    return list(Contact.objects.filter(company=company, is_primary=True))


def test_set_as_primary_moves_it_and_says_who_was_it(facebook: Company) -> None:
    mark, ana = ContactFactory.create_batch(2, company=facebook)

    before = primary.set_primary(ana, by="dana")

    assert before == mark
    assert primaries(facebook) == [ana]


def test_the_move_is_in_the_history_of_both(facebook: Company) -> None:
    mark, ana = ContactFactory.create_batch(2, company=facebook)

    primary.set_primary(ana, by="dana")

    assert [row.is_primary for row in mark.history.all()[:2]] == [False, True]
    assert [row.is_primary for row in ana.history.all()[:2]] == [True, False]


def test_asking_twice_changes_nothing(facebook: Company) -> None:
    mark = ContactFactory.create(company=facebook)
    versions = mark.history.count()

    before = primary.set_primary(mark, by="dana")

    assert before is None
    assert mark.history.count() == versions


def test_an_inactive_contact_is_refused_with_the_remedy(facebook: Company) -> None:
    mark = ContactFactory.create(company=facebook)
    gone = ContactFactory.create(company=facebook, active=False)

    with pytest.raises(primary.PrimaryError, match="Set the status to Active first"):
        primary.set_primary(gone, by="dana")

    assert primaries(facebook) == [mark]


def test_a_contact_that_was_deleted_meanwhile_is_refused(facebook: Company) -> None:
    mark, ana = ContactFactory.create_batch(2, company=facebook)
    Contact.objects.filter(pk=ana.pk).delete()

    with pytest.raises(primary.PrimaryError, match="deleted meanwhile"):
        primary.set_primary(ana, by="dana")

    assert primaries(facebook) == [mark]


def test_another_company_keeps_its_primary(facebook: Company) -> None:
    other = ContactFactory.create()
    _, ana = ContactFactory.create_batch(2, company=facebook)

    primary.set_primary(ana, by="dana")

    assert primaries(other.company) == [other]


def test_a_primary_that_moves_leaves_the_primary_of_its_new_company(facebook: Company) -> None:
    mark, ana = ContactFactory.create(company=facebook), ContactFactory.create()

    ana.company = facebook
    ana.save()

    assert primaries(facebook) == [mark]


def test_who_moves_to_a_company_without_contacts_becomes_its_primary(facebook: Company) -> None:
    ana = ContactFactory.create(is_primary=False, source=Contact.Source.ADMIN)

    ana.company = facebook
    ana.save(update_fields=["company"])

    assert primaries(facebook) == [ana]


def test_an_inactive_contact_is_never_the_primary(facebook: Company) -> None:
    mark = ContactFactory.create(company=facebook)

    mark.active = False
    mark.save(update_fields=["active"])

    assert primaries(facebook) == []


def test_the_first_one_added_inactive_is_not_the_primary(facebook: Company) -> None:
    ContactFactory.create(company=facebook, active=False)

    assert primaries(facebook) == []


def test_nothing_is_asked_where_nobody_could_be_next(facebook: Company) -> None:
    mark = ContactFactory.create(company=facebook)
    ContactFactory.create(company=facebook, active=False)

    assert primary.questions([mark]) == []


def test_nothing_is_asked_of_one_who_is_not_the_primary(facebook: Company) -> None:
    _, ana = ContactFactory.create_batch(2, company=facebook)

    assert primary.questions([ana]) == []


def test_those_who_leave_together_are_no_candidates(facebook: Company) -> None:
    mark, ana, bo = ContactFactory.create_batch(3, company=facebook)

    (question,) = primary.questions([mark, ana])

    assert question.leaving == mark
    assert question.candidates == [bo]


def test_a_primary_that_leaves_without_an_answer_is_refused(facebook: Company) -> None:
    mark, _ = ContactFactory.create_batch(2, company=facebook)

    with pytest.raises(primary.PrimaryError, match="Choose who is next"):
        primary.step_down([mark], {}, by="dana")


@pytest.mark.parametrize("answer", ["999999999", "x", "9" * 40])
def test_an_answer_that_names_no_candidate_is_refused(facebook: Company, answer: str) -> None:
    mark, _ = ContactFactory.create_batch(2, company=facebook)

    with pytest.raises(primary.PrimaryError):
        primary.step_down([mark], {facebook.pk: answer}, by="dana")


def test_somebody_of_another_company_cannot_be_next(facebook: Company) -> None:
    mark, _ = ContactFactory.create_batch(2, company=facebook)
    stranger = ContactFactory.create()

    with pytest.raises(primary.PrimaryError):
        primary.step_down([mark], {facebook.pk: str(stranger.pk)}, by="dana")


def test_nobody_is_an_answer(facebook: Company) -> None:
    mark, _ = ContactFactory.create_batch(2, company=facebook)

    primary.step_down([mark], {facebook.pk: primary.NOBODY}, by="dana")
    mark.delete()

    assert primaries(facebook) == []


def at_once(*acts: Callable[[], Any]) -> list[Exception]:
    """Do all of these at the same moment, each on its own database connection; return what was raised."""
    start = threading.Barrier(len(acts))
    raised: list[Exception] = []

    def run(act: Callable[[], Any]) -> None:
        start.wait()
        try:
            act()
        except primary.PrimaryError as error:
            raised.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return raised


@pytest.mark.django_db(transaction=True)
def test_two_people_who_move_it_at_once_end_with_one_primary(facebook: Company) -> None:
    people = ContactFactory.create_batch(4, company=facebook)

    raised = at_once(*(lambda one=one: primary.set_primary(one, by="dana") for one in people[1:] * 3))

    assert not raised
    assert len(primaries(facebook)) == 1


@pytest.mark.django_db(transaction=True)
def test_moving_it_to_somebody_who_leaves_at_once_ends_with_one_primary(facebook: Company) -> None:
    from django.db import transaction

    _, ana, bo = ContactFactory.create_batch(3, company=facebook)

    def ana_leaves() -> None:
        with transaction.atomic():
            primary.step_down([ana], {facebook.pk: str(bo.pk)}, by="carl")
            fresh = Contact.objects.get(pk=ana.pk)
            fresh.active = False
            fresh.save(update_fields=["active"])

    at_once(lambda: primary.set_primary(ana, by="dana"), ana_leaves)

    (one,) = primaries(facebook)
    assert one.active
