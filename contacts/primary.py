"""Who is the Primary of a company: moved here and nowhere else, under the company's lock.

Two who move it at once come one after the other, and end with exactly one Primary. A
Primary that leaves (is deleted or deactivated) while others could be it leaves a
question: who is next, or nobody?
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from companies.models import Company
from contacts.models import Contact

NOBODY = "none"  # the answer "no Primary": an explicit one
ALL = 0  # answers for every company that has no answer of its own
ASKED = 100  # candidates that are offered


class PrimaryError(Exception):
    """Tell a person what stands in the way. The text is for them."""


@dataclass(frozen=True, slots=True)
class Question:
    """Ask who is next in one company."""

    company: Company
    leaving: Contact
    candidates: list[Contact]


def set_primary(contact: Contact, *, by: str) -> Contact | None:
    """Make an active contact the Primary of its company; return who was it, None for nobody.

    `by` is the Login User of the log. Raises PrimaryError for an inactive contact, or one that
    was deleted meanwhile.
    """
    with transaction.atomic():
        lock([contact.company_id])
        chosen = Contact.objects.filter(pk=contact.pk).select_related("company").first()
        if chosen is None:
            raise PrimaryError(f"{contact} was deleted meanwhile. Choose somebody else.")
        if not chosen.active:
            raise PrimaryError(
                f"{chosen} is inactive and cannot be the Primary. Set the status to Active first."
            )
        previous = Contact.objects.filter(company=chosen.company_id, is_primary=True).first()
        if previous == chosen:
            return None
        if previous is not None:  # first: the constraint allows one at every moment
            _mark(previous, is_primary=False, by=by)
        _mark(chosen, is_primary=True, by=by)
    return previous


def questions(contacts: Iterable[Contact]) -> list[Question]:
    """Return what to ask before these contacts are deleted or deactivated, a question per company."""
    leaving = list(contacts)
    pks = [contact.pk for contact in leaving]
    asked = []
    for contact in leaving:
        if not contact.is_primary:
            continue
        candidates = list(_others(contact.company_id, pks)[:ASKED])
        if candidates:
            asked.append(Question(contact.company, contact, candidates))
    return asked


def step_down(contacts: Collection[Contact], answers: Mapping[int, str], *, by: str) -> None:
    """Hand on what these contacts leave behind; call it in the transaction that lets them go.

    `answers` are by company (pk, or ALL): a contact's pk, or NOBODY. Asks the database anew, under
    the companies' locks: raises PrimaryError where a Primary leaves and nobody was named.
    """
    lock({contact.company_id for contact in contacts})
    pks = [contact.pk for contact in contacts]
    for contact in Contact.objects.filter(pk__in=pks, is_primary=True).select_related("company"):
        others = _others(contact.company_id, pks)
        answer = answers.get(contact.company_id, answers.get(ALL, ""))
        if answer != NOBODY and others.exists():
            set_primary(_answered(others, answer, contact), by=by)


def lock(companies: Iterable[int]) -> None:
    """Lock these companies (pks), in the order of all other locks."""
    # no_key: a request that inserts a link looks at its company at the end, and may hold links we want.
    rows = Company.objects.select_for_update(no_key=True).filter(pk__in=companies)
    list(rows.order_by("pk").values_list("pk"))


def _others(company: int, leaving: Collection[int]) -> QuerySet[Contact]:
    others = Contact.objects.filter(company=company, active=True).exclude(pk__in=leaving)
    return others.order_by("last_name", "first_name", "pk")


def _answered(others: QuerySet[Contact], answer: str, leaving: Contact) -> Contact:
    chosen = others.filter(pk=int(answer)).first() if answer.isdecimal() and len(answer) < 19 else None
    if chosen is None:
        raise PrimaryError(
            f"{leaving} is the Primary of {leaving.company}. Choose who is next under "
            "“New Primary contact”, or choose “No Primary”."
        )
    return chosen


def _mark(contact: Contact, *, is_primary: bool, by: str) -> None:
    contact.is_primary = is_primary
    contact.save(update_fields=["is_primary", "updated_at"], requested_by=by)
