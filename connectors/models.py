"""Accounts, links and slots: who we talk to, and who each record is over there.

`connectors/queue.py` is the only writer of link state and slots.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings as project
from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from connectors.secrets import EncryptedJSONField

if TYPE_CHECKING:
    from connectors.protocol import Kind


class Connection(models.Model):
    """One account of one remote system."""

    class Environment(models.TextChoices):
        PRODUCTION = "production", "PRODUCTION"
        SANDBOX = "sandbox", "SANDBOX"
        REHEARSAL = "rehearsal", "REHEARSAL"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=30)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    environment = models.CharField(max_length=20, choices=Environment.choices)
    base_url = models.URLField("address", max_length=300)
    credentials = EncryptedJSONField(default=dict, blank=True)
    enabled = models.BooleanField(default=True)
    auto_push = models.JSONField(default=dict, blank=True)  # {entity: bool}
    auto_associate = models.JSONField(default=dict, blank=True)  # {entity: bool}, absent: the kind's default
    auto_statuses = models.JSONField(default=dict, blank=True)  # {entity: [status]}, absent: all but rejected
    default_representative = models.ForeignKey(
        project.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name="Default Sales Representative",
    )
    batch_size = models.PositiveIntegerField(default=200, validators=[MinValueValidator(1)])
    max_slots = models.PositiveSmallIntegerField(default=4, validators=[MinValueValidator(1)])
    org_id = models.CharField(max_length=64, blank=True, editable=False)
    settings = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    # Who changed what; never a secret. That a login was changed is told by the reason.
    history = HistoricalRecords(excluded_fields=["credentials", "created_at", "updated_at"])
    _change_reason: str | None = None  # why, for the history: set it before a save

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and give a new connection its health row."""
        super().save(*args, **kwargs)
        ConnectionHealth.objects.get_or_create(connection=self)

    @property
    def system(self) -> "Kind":
        """Return what this connection's system is and is called."""
        from connectors.registry import kind

        return kind(self.kind)

    def pushes_automatically(self, entity: str) -> bool:
        """Return whether saving a record of this entity sends it."""
        return bool(self.enabled and self.auto_push.get(entity))

    def sends_by_itself(self, record: "Synced") -> bool:
        """Return whether saving this record sends it: its entity is automatic, and its status is sent."""
        from connectors import entities

        entity = entities.of(type(record))
        return self.pushes_automatically(entity.name) and entity.is_sent(record, self.auto_statuses)

    def associates_automatically(self, entity: str) -> bool:
        """Return whether saving an unassociated record associates it."""
        return bool(self.auto_associate.get(entity, self.system.auto_associate))


class ConnectionHealth(models.Model):
    """How a connection fares: a row apart, so that saving a form never un-pauses."""

    class Pause(models.TextChoices):
        NONE = "", "Not paused"
        PERSON = "person", "Paused by a person"
        LOGIN = "login", "Login refused"
        SETUP = "setup", "Something is missing over there"
        LIMIT = "limit", "Calls used up"
        TROUBLE = "trouble", "Not answering"

    # These end by a person's act only, the others at paused_until.
    UNTIL_SOMEONE_ACTS = (Pause.PERSON, Pause.LOGIN, Pause.SETUP)

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="health")
    pause = models.CharField(max_length=10, choices=Pause.choices, blank=True, default="")
    pause_reason = models.TextField(blank=True)  # one sentence for a person
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)  # raises in a row
    users_at = models.DateTimeField(null=True, blank=True)  # when the users over there were fetched last
    users_trouble = models.TextField(blank=True)  # why fetching them failed, "" where it did not
    refusals = models.PositiveSmallIntegerField(default=0)  # sessions in a row refused after a login
    usage = models.JSONField(default=dict, blank=True)  # {"used", "limit", "at"}
    last_success = models.DateTimeField(null=True, blank=True)
    checks = models.JSONField(default=list, blank=True)  # the last test, line by line
    tested_at = models.DateTimeField(null=True, blank=True)
    facts = models.JSONField(default=dict, blank=True)  # what the remote side said of its fields
    org_name = models.CharField(max_length=200, blank=True)
    other_org = models.CharField(max_length=64, blank=True)  # whose the login is, where not the connection's

    def __str__(self) -> str:
        return self.get_pause_display()

    def is_paused(self, now: datetime | None = None) -> bool:
        """Return whether nothing may be sent at this moment."""
        if self.pause in self.UNTIL_SOMEONE_ACTS:
            return True
        return self.paused_until is not None and self.paused_until > (now or timezone.now())


class Token(models.Model):
    """The access token that all workers of a connection share.

    Kept in the database: a flushed or hung broker must not log us out. `version`
    moves with each new token; `refreshing_until` elects the one who fetches.
    """

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="token")
    value = EncryptedJSONField(default=dict)
    version = models.PositiveIntegerField(default=0)
    refreshing_until = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"version {self.version}"


class RemoteUser(models.Model):
    """A user over there, mirrored: who may own records. Inactive ones are kept and marked."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="remote_users")
    remote_id = models.CharField(max_length=64)
    name = models.CharField(max_length=250)
    email = models.CharField(max_length=254, blank=True)
    username = models.CharField(max_length=254, blank=True)
    federation_id = models.CharField(max_length=512, blank=True)
    profile = models.CharField(max_length=250, blank=True)
    is_active = models.BooleanField(default=True)
    inactive_since = models.DateTimeField(null=True, blank=True)  # first seen inactive by us
    trouble = models.TextField(
        blank=True
    )  # why the other side refused it as an owner, until the next refresh
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-is_active", "name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "remote_id"], name="remote_user_once"),
        ]

    def __str__(self) -> str:
        parts = [self.name, self.email, self.profile, "" if self.is_active else "inactive"]
        return " · ".join(part for part in parts if part)

    @property
    def may_own(self) -> bool:
        """Return whether a new record may be given to this user, as far as we know."""
        return self.is_active and not self.trouble


class UserLink(models.Model):
    """Who one of our users is in one remote system."""

    user = models.ForeignKey(project.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="remote_links")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    remote_user = models.ForeignKey(RemoteUser, on_delete=models.CASCADE, related_name="links")
    linked_by = models.CharField(max_length=150, blank=True)
    linked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "connection"], name="user_linked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.remote_user}"


class Slot(models.Model):
    """Permission for one talker: limits concurrency, and tells who died talking."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="slots")
    number = models.PositiveSmallIntegerField()
    lease = models.UUIDField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "number"], name="one_slot_per_number")]

    def __str__(self) -> str:
        return f"{self.connection_id}/{self.number}"


class LinkQuerySet(models.QuerySet[Any]):
    """The vocabulary of link state."""

    def linked(self) -> Self:
        """Return links whose record exists over there."""
        return self.exclude(remote_id="")

    def due(self, now: datetime) -> Self:
        """Return links that wait for nothing but a talker."""
        return self.filter(state="pending", enabled="yes", record__sync_enabled=True, not_before__lte=now)


class Link(models.Model):
    """Who one record is in one remote system, what was agreed, what is wanted.

    This row is the outbox: there is no second queue. Subclasses add `record`, a
    foreign key with related_name "links".
    """

    class Enabled(models.TextChoices):
        YES = "yes", "Yes"
        NO = "no", "No"

    class State(models.TextChoices):
        IDLE = "idle", "Idle"
        PENDING = "pending", "Pending"
        FAILED = "failed", "Failed"

    class OwnerFallback(models.TextChoices):
        NONE = "", "As wanted"
        DEFAULT = "default", "The default representative"
        LOGIN = "login", "The login's own user"

    class Priority(models.IntegerChoices):
        CLICK = 0
        SAVE = 1
        BULK = 2

    if TYPE_CHECKING:
        record: models.ForeignKey["Synced", "Synced"]
        record_id: int

    # The unique constraint below covers the look-up by connection.
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+", db_index=False)
    enabled = models.CharField(max_length=5, choices=Enabled.choices, default=Enabled.YES)
    enabled_by = models.CharField(max_length=150, blank=True)
    enabled_at = models.DateTimeField(null=True, blank=True)
    remote_id = models.CharField("Commerce Reference ID", max_length=64, blank=True, default="")
    remote_url = models.CharField(max_length=500, blank=True, default="")
    adopted = models.BooleanField(default=False)  # it was there before us
    owner_fallback = models.CharField(
        max_length=10, choices=OwnerFallback.choices, blank=True, default=""
    )  # who got the new record over there instead of who should have

    snapshot = models.JSONField(default=dict, blank=True)  # remote names: what they are known to hold
    left = models.JSONField(
        default=dict, blank=True
    )  # ours that differed at adoption: not sent while unchanged
    unsure = models.BooleanField(default=False)  # the last answer is missing: don't believe the snapshot
    full = models.BooleanField(default=False)  # asked for: send every field at the next claim
    synced_at = models.DateTimeField(null=True, blank=True)
    synced_version = models.PositiveIntegerField(default=0)
    changed = models.JSONField(default=list, blank=True)  # our field names that differ, found at save

    state = models.CharField(max_length=10, choices=State.choices, default=State.IDLE)
    ticket = models.UUIDField(null=True, blank=True)  # fresh for each request: only its holder closes the row
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.SAVE)
    requested_at = models.DateTimeField(null=True, blank=True)
    requested_by = models.CharField(max_length=150, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    crashes = models.PositiveSmallIntegerField(default=0)
    run = models.UUIDField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    leased_at = models.DateTimeField(null=True, blank=True)

    failed_at = models.DateTimeField(null=True, blank=True)
    code = models.CharField(max_length=100, blank=True)
    message = models.TextField(blank=True)
    errors = models.JSONField(default=dict, blank=True)
    candidates = models.JSONField(default=list, blank=True)
    choice = models.CharField(max_length=64, blank=True)  # a person's: "create" or a remote id

    objects = LinkQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["connection", "record"], name="%(class)s_record"),
            models.UniqueConstraint(
                fields=["connection", "remote_id"], condition=~Q(remote_id=""), name="%(class)s_remote_id"
            ),
        ]
        indexes = [
            models.Index(
                fields=["connection", "priority", "not_before", "record"],
                condition=Q(state="pending"),
                name="%(class)s_pending",
            ),
            models.Index(fields=["run"], condition=Q(state="pending"), name="%(class)s_run"),
        ]

    def __str__(self) -> str:
        return f"{self.connection_id}/{self.record_id}: {self.remote_id or '–'}"


class Synced(models.Model):
    """A record that is kept in agreement with remote systems.

    `public_id` is its key over there and in every URL; the integer pk orders
    locks and nothing else. `version` moves with every save.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    sync_enabled = models.BooleanField(
        "Enable synchronization", default=True
    )  # no: nothing sends it anywhere
    created_at = models.DateTimeField("created", auto_now_add=True)
    updated_at = models.DateTimeField("updated", auto_now=True)

    class Meta:
        abstract = True
        default_permissions = ("add", "change", "delete", "view", "sync")

    def save(self, *args: Any, requested_by: str = "", **kwargs: Any) -> None:
        """Save, and request what this change wants of each connection, atomically.

        `requested_by` is the Login User of the log: the person, "public form" or
        "schedule". Nothing is sent here; the broker may be down.
        """
        from connectors import queue

        with transaction.atomic():
            if self.pk and not self._state.adding:
                self._move_version()
            super().save(*args, **kwargs)
            queue.enqueue_auto(self, requested_by=requested_by)
            self._touch_others(requested_by)

    def delete(self, *args: Any, requested_by: str = "", **kwargs: Any) -> Any:
        """Delete here, nothing over there; records whose payload held something of this are looked at."""
        with transaction.atomic():
            touched = list(self.touches())
            deleted = super().delete(*args, **kwargs)
            for other in touched:
                other.touched(requested_by)
        return deleted

    def touches(self) -> "Iterable[Synced]":
        """Return the records whose payload depends on this one."""
        return ()

    def representatives(self) -> list[int]:
        """Return the users (pks) who should own this record over there, best first."""
        return []

    def touched(self, requested_by: str) -> None:
        """Request what the change of another record wants of this one, as it stands in the database."""
        from connectors import queue

        fresh = type(self)._default_manager.filter(pk=self.pk).first()
        if fresh is not None:
            fresh._move_version()
            queue.enqueue_auto(fresh, requested_by=requested_by)

    def _touch_others(self, requested_by: str) -> None:
        for other in self.touches():
            other.touched(requested_by)

    def _move_version(self) -> None:
        """Count this save. In the database: two who save at once must not agree on a number."""
        rows = type(self)._default_manager.filter(pk=self.pk)
        rows.update(version=models.F("version") + 1)
        self.version = rows.values_list("version", flat=True).first() or self.version
