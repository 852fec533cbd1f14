"""Contacts: the people who buy for a company."""

from collections.abc import Collection, Iterable
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from simple_history.models import HistoricalRecords

from companies.models import Company
from companies.phones import to_e164
from connectors.models import Link, Synced


class Contact(Synced):
    """A person of one company.

    At most one contact of a company is its Primary, and it is an active one: the first
    one added here becomes it, later ones by `contacts.primary.set_primary`.
    """

    class Role(models.TextChoices):
        ADMIN = "admin", "Admin"
        SENIOR = "senior_buyer", "Senior buyer"
        JUNIOR = "junior_buyer", "Junior buyer"

    class Source(models.TextChoices):
        ADMIN = "admin", "Console"
        FORM = "form", "Public form"
        PULL = "pull", "Fetched"
        IMPORT = "import", "Import"
        DEMO = "demo", "Demo data"

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="contacts", verbose_name="Business Account"
    )
    first_name = models.CharField("First Name", max_length=300, blank=True)
    last_name = models.CharField("Last Name", max_length=300)
    job_title = models.CharField("Job Title", max_length=300, blank=True)
    email = models.EmailField("Email", max_length=254, blank=True)
    phone = models.CharField("Phone 1", max_length=100, blank=True)
    phone_e164 = models.CharField("Phone, international", max_length=20, blank=True, editable=False)
    role = models.CharField("Role", max_length=20, choices=Role.choices, default=Role.JUNIOR)
    active = models.BooleanField("Active", default=True)
    is_primary = models.BooleanField("Primary", default=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="owned_contacts",
        verbose_name="Owner",
    )
    is_validated = models.BooleanField("Validated", default=False)  # a person looked: no duplicate
    source = models.CharField(
        "Source", max_length=20, choices=Source.choices, default=Source.ADMIN, editable=False
    )

    history = HistoricalRecords(excluded_fields=["version", "phone_e164", "created_at", "updated_at"])
    _was_primary = False  # when it was read

    class Meta(Synced.Meta):
        verbose_name = "contact"
        verbose_name_plural = "contacts"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["company"], condition=Q(is_primary=True), name="one_primary_contact"
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="contact_newest"),
            models.Index(Lower("email"), name="contact_email"),
            models.Index(fields=["last_name", "first_name"], name="contact_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Return first and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def status_word(self) -> str:
        """Return the contact's status as people read it."""
        return "Active" if self.active else "Inactive"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; read the phone anew. A company's first contact becomes its Primary, unless fetched."""
        self.phone_e164 = to_e164(self.phone, str(self.company.legal_country or ""))
        self.is_primary = self.is_primary and self.active
        fields = kwargs.get("update_fields")
        if fields is not None:
            read_anew = {"phone": "phone_e164", "active": "is_primary", "company": "is_primary"}
            kwargs["update_fields"] = {*fields, *(read_anew[name] for name in fields if name in read_anew)}
        with transaction.atomic():
            self._lock_company()
            if self._is_new_here(kwargs.get("update_fields")):
                # Two who add the first contact at once: the company's row decides who is first.
                Company.objects.select_for_update(no_key=True).filter(pk=self.company_id).first()
                is_first = not self.company.contacts.exclude(pk=self.pk).exists()
                self.is_primary = self.active and is_first and self.source != self.Source.PULL
            super().save(*args, **kwargs)

    def hold(self) -> None:
        """Lock what a save locks first, and then this contact."""
        self._lock_company()
        super().hold()

    def _lock_company(self) -> None:
        """Lock the company before the contact where both will be written, as `contacts.primary` does."""
        if self.is_primary or self._was_primary:
            Company.objects.select_for_update(no_key=True).filter(pk=self.company_id).first()

    def _is_new_here(self, fields: Collection[str] | None) -> bool:
        """Return whether this save brings the contact to its company, which then decides on the Primary."""
        if self._state.adding:
            return not self.is_primary
        if fields is not None and "company" not in fields:
            return False
        return Contact.objects.filter(pk=self.pk).exclude(company_id=self.company_id).exists()

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **rest: Any
    ) -> "Contact":
        """Return a stored contact, which knows whether it was the Primary."""
        contact = super().from_db(db, field_names, values, **rest)
        contact._was_primary = contact.__dict__.get("is_primary", False)
        return contact

    def touches(self) -> Iterable[Synced]:
        """Return what may name the Primary: the company, and its locations that name nobody."""
        if not self.is_primary and not self._was_primary:
            return []
        return [self.company, *self.company.locations.filter(recipient="").order_by("pk")]

    def representatives(self) -> list[int]:
        """Return the contact's own owner, then the company's sales representative."""
        return [pk for pk in (self.owner_id, *self.company.representatives()) if pk]


class ContactLink(Link):
    """Who a contact is in one remote system."""

    record = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="links")
