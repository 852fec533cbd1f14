"""Companies, the business customers of the merchant, and their locations."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django_countries.fields import CountryField
from simple_history.models import HistoricalRecords

from companies.addresses import Address
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
        PULL = "pull", "Fetched"
        IMPORT = "import", "Import"
        DEMO = "demo", "Demo data"

    class Held(models.TextChoices):
        MANY = "many", "Many companies registered within the hour"
        QUICK = "quick", "The form was filled in faster than a person can"

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

    # Registered in a way that a person should look at: sent nowhere until it is released (companies/held.py).
    held = models.CharField(
        "Held for review", max_length=20, choices=Held.choices, blank=True, default="", editable=False
    )

    history = HistoricalRecords(excluded_fields=["version", "phone_e164", "created_at", "updated_at"])

    class Meta(Synced.Meta):
        verbose_name = "company"
        verbose_name_plural = "companies"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="company_newest"),
            models.Index(fields=["name"], name="company_name"),
            models.Index(fields=["email"], name="company_email"),
            models.Index(fields=["held"], condition=~Q(held=""), name="company_held"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def legal_address(self) -> Address:
        """Return where the company is registered."""
        return Address(
            self.legal_street,
            self.legal_city,
            self.legal_region,
            self.legal_postal_code,
            self.__dict__.get("legal_country") or "",  # its code, without an object around it
        )

    @property
    def billing_address(self) -> Address:
        """Return the default billing location's address, else the legal one."""
        return self._default("is_default_billing")

    @property
    def shipping_address(self) -> Address:
        """Return the default shipping location's address, else the legal one."""
        return self._default("is_default_shipping")

    def _default(self, mark: str) -> Address:
        """Return the address of the location with this mark; one that is switched off is no source."""
        if not self.pk:
            return self.legal_address
        known = self.__dict__.get("default_locations")  # of many companies at once: see `to_prefetch`
        for one in Location.defaults().filter(company=self) if known is None else known:
            if getattr(one, mark):
                return one.address
        return self.legal_address

    @staticmethod
    def to_prefetch(path: str) -> "list[models.Prefetch[Any]]":
        """Return what is read with many companies: the locations that they take an address of."""
        return [models.Prefetch(f"{path}locations", Location.defaults(), to_attr="default_locations")]

    def representatives(self) -> list[int]:
        """Return the sales representative."""
        return [self.sales_representative_id] if self.sales_representative_id else []

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; read the phone anew. See `Synced.save` for what is requested."""
        self.phone_e164 = to_e164(self.phone, str(self.legal_country or ""))
        fields = kwargs.get("update_fields")
        if fields is not None and {"phone", "legal_country"} & set(fields):
            kwargs["update_fields"] = {*fields, "phone_e164"}
        super().save(*args, **kwargs)


class Location(Synced):
    """A place of a company: where it is billed, or where goods go.

    At most one of a company's locations is its default for billing, and one for
    shipping. Marking another moves the mark.
    """

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="locations")
    label = models.CharField("Label", max_length=200)
    recipient = models.CharField("Recipient", max_length=300, blank=True)
    phone = models.CharField("Phone", max_length=100, blank=True)
    street = models.TextField("Street", max_length=500, blank=True)
    city = models.CharField("City", max_length=200, blank=True)
    region = models.CharField("State or Province", max_length=200, blank=True)
    postal_code = models.CharField("Postal Code", max_length=50, blank=True)
    country = CountryField("Country", blank=True)
    is_default_billing = models.BooleanField("Default Billing", default=False)
    is_default_shipping = models.BooleanField("Default Shipping", default=False)

    history = HistoricalRecords(excluded_fields=["version", "created_at", "updated_at"])

    class Meta(Synced.Meta):
        verbose_name = "location"
        verbose_name_plural = "locations"
        ordering = ["company", "-is_default_billing", "label", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["company"], condition=Q(is_default_billing=True), name="one_default_billing"
            ),
            models.UniqueConstraint(
                fields=["company"], condition=Q(is_default_shipping=True), name="one_default_shipping"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @classmethod
    def defaults(cls) -> "models.QuerySet[Location]":
        """Return the locations whose address is their company's for billing or shipping."""
        marked = Q(is_default_billing=True) | Q(is_default_shipping=True)
        return cls.objects.filter(marked, sync_enabled=True)

    @property
    def address(self) -> Address:
        """Return the address alone."""
        return Address(
            self.street, self.city, self.region, self.postal_code, self.__dict__.get("country") or ""
        )

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a default mark is taken from the location that had it. Requests the company too."""
        with transaction.atomic():
            self._lock_companies()
            self._take_marks()
            left = Company.objects.filter(locations=self.pk).exclude(pk=self.company_id).first()
            super().save(*args, **kwargs)
            if left is not None:  # it was this one's before
                left.touched(kwargs.get("requested_by", ""), of=Location)

    def hold(self) -> None:
        """Lock the company and then this location, as a save does."""
        self._lock_companies()
        super().hold()

    def _lock_companies(self) -> None:
        """Lock the company, and the one that it is leaving, before anything of theirs."""
        left = Location.objects.filter(pk=self.pk).values("company")
        # no_key: a request that inserts a link looks at its company at the end, and may hold links we want.
        rows = Company.objects.select_for_update(no_key=True).filter(Q(pk=self.company_id) | Q(pk__in=left))
        list(rows.order_by("pk").values_list("pk"))

    def _take_marks(self) -> None:
        others = Location.objects.filter(company_id=self.company_id).exclude(pk=self.pk)
        for mark in ("is_default_billing", "is_default_shipping"):
            for other in others.filter(**{mark: True}) if getattr(self, mark) else ():
                setattr(other, mark, False)
                other.save()

    def touches(self) -> Iterable[Synced]:
        """Return the company, whose address may be this one."""
        return (self.company,)


class CompanyLink(Link):
    """Who a company is in one remote system."""

    record = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="links")


class LocationLink(Link):
    """Who a location is in one remote system."""

    record = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="links")
