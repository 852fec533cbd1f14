"""Who may be the same person: contacts with the same e-mail, compared without case."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from contacts.models import Contact


def of(contact: Contact) -> QuerySet[Contact]:
    """Return the other contacts with this one's e-mail, in all companies."""
    if not contact.email:
        return Contact.objects.none()
    same = Contact.objects.annotate(address=Lower("email")).filter(address=contact.email.lower())
    return same.exclude(pk=contact.pk).select_related("company").order_by("pk")


def exists() -> Exists:
    """Return whether a contact (of the outer query) has others with its e-mail."""
    same = Contact.objects.annotate(address=Lower("email")).filter(address=Lower(OuterRef("email")))
    return Exists(same.exclude(Q(pk=OuterRef("pk")) | Q(email="")))
