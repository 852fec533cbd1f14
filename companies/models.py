"""Companies: the business customers of the merchant."""

from typing import Any

from django.conf import settings
from django.db import models
from django_countries.fields import CountryField

from companies.countries import english_name
from companies.phones import to_e164
from connectors.models import Link, Synced


class Company(Synced):
    """A business customer. All boxes hold more than any remote system takes:

    what is too long for one of them is refused there with a sentence, not here.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        ACTIVE = "active", "Active"
        REJECTED = "rejected", "Rejected"
        BLOCKED = "blocked", "Blocked"
        INACTIVE = "inactive", "Inactive"

    class Source(models.TextChoices):
        ADMIN = "admin", "Console"
        FORM = "form", "Public form"
        IMPORT = "import", "Import"
        DEMO = "demo", "Demo data"

    name = models.CharField("Company Name", max_length=500)
    legal_name = models.CharField("Legal Name", max_length=500, blank=True)
    email = models.EmailField("Email", max_length=254, blank=True)
    phone = models.CharField("Phone", max_length=100, blank=True)
    phone_e164 = models.CharField("Phone, international", max_length=20, blank=True, editable=False)
    website = models.CharField("Website", max_length=500, blank=True)
    tax_id = models.CharField("Tax ID", max_length=100, blank=True)
    reseller_id = models.CharField("Reseller ID", max_length=100, blank=True)
    customer_class = models.CharField("Customer Class", max_length=100, blank=True)
    status = models.CharField("Status", max_length=20, choices=Status.choices, default=Status.ACTIVE)
    legal_street = models.TextField("Street", max_length=500, blank=True)
    legal_city = models.CharField("City", max_length=200, blank=True)
    legal_region = models.CharField("State or Province", max_length=200, blank=True)
    legal_postal_code = models.CharField("Postal Code", max_length=50, blank=True)
    legal_country = CountryField("Country", blank=True)
    sales_representative = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="represented_companies",
        verbose_name="Sales Representative",
    )
    source = models.CharField(
        "Source", max_length=20, choices=Source.choices, default=Source.ADMIN, editable=False
    )

    class Meta(Synced.Meta):
        verbose_name = "company"
        verbose_name_plural = "companies"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="company_newest"),
            models.Index(fields=["name"], name="company_name"),
            models.Index(fields=["email"], name="company_email"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def legal_country_name(self) -> str:
        """Return the country's English name, whatever language the reader has chosen."""
        return english_name(str(self.legal_country or ""))

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; read the phone anew. See `Synced.save` for what is requested."""
        self.phone_e164 = to_e164(self.phone, str(self.legal_country or ""))
        fields = kwargs.get("update_fields")
        if fields is not None and {"phone", "legal_country"} & set(fields):
            kwargs["update_fields"] = {*fields, "phone_e164"}
        super().save(*args, **kwargs)


class CompanyLink(Link):
    """Who a company is in one remote system."""

    record = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="links")
