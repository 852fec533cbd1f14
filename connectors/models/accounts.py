"""Connections: accounts of remote systems, how they fare, and who may talk to them."""

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings as project
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords

from connectors import clock
from connectors.protocol import Direction
from connectors.secrets import EncryptedJSONField

if TYPE_CHECKING:
    from connectors.kinds import Kind
    from connectors.models.links import Synced


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
    enabled = models.BooleanField(default=False)  # a new one is switched on by its first passed test
    auto_push = models.JSONField(default=dict, blank=True)  # {entity: bool}
    auto_associate = models.JSONField(default=dict, blank=True)  # {entity: bool}, absent: the kind's default
    auto_statuses = models.JSONField(default=dict, blank=True)  # {entity: [status]}, absent: all but rejected
    directions = models.JSONField(default=dict, blank=True)  # {entity: direction}, absent: the kind's
    masters = models.JSONField(default=dict, blank=True)  # {entity: {field: master}}, absent: the mapping's
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
    alert_recipients = models.TextField("e-mail recipients", blank=True)  # "" means its owners
    alert_url = models.CharField("webhook for messages", max_length=500, blank=True)
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

    @property
    def awaits_test(self) -> bool:
        """Tell whether it is off because no test has passed yet, and not because a person wants it off."""
        health = getattr(self, "health", None)
        return not self.enabled and (health is None or health.passed_at is None)

    def pushes_automatically(self, entity: str) -> bool:
        """Return whether saving a record of this entity sends it."""
        sends = self.direction(entity) != Direction.IN
        return bool(self.enabled and sends and self.auto_push.get(entity))

    def direction(self, entity: str) -> Direction:
        """Return which way records of this entity go."""
        return Direction(self.directions.get(entity) or self.system.directions.get(entity, Direction.OUT))

    def record_url(self, entity: str, remote_id: str) -> str:
        """Return the page of a record over there, "" where there is none."""
        return self.urls_of(entity)(remote_id)

    def urls_of(self, entity: str) -> Callable[[str], str]:
        """Return what tells, of many records of an entity, their page over there."""
        url = partial(self.system.record_url, self.base_url, self.settings, entity)
        return lambda remote_id: url(remote_id) if remote_id else ""

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
    passed_at = models.DateTimeField(null=True, blank=True)  # when a test passed last
    facts = models.JSONField(default=dict, blank=True)  # what the remote side said of its fields
    org_name = models.CharField(max_length=200, blank=True)
    other_org = models.CharField(max_length=64, blank=True)  # whose the login is, where not the connection's
    confirmed_login = models.CharField(max_length=64, blank=True)  # its fingerprint: see connectors.identity

    def __str__(self) -> str:
        return self.get_pause_display()

    def is_paused(self, now: datetime | None = None) -> bool:
        """Tell whether nothing may be sent at this moment, by the database's clock or at its `now`."""
        if self.pause in self.UNTIL_SOMEONE_ACTS:
            return True
        return self.paused_until is not None and self.paused_until > (now or clock.now())


class Comparison(models.Model):
    """By which rules all records of one entity were last compared with what was agreed.

    `rules` is a digest of what decides a payload beside the record: see `connectors.drift`.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="comparisons", db_index=False
    )
    entity = models.CharField(max_length=30)
    rules = models.CharField(max_length=64, blank=True, default="")  # "": to be compared, whatever they are
    begun_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)  # None: somebody is at it, or died

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "entity"], name="one_comparison_per_entity")
        ]

    def __str__(self) -> str:
        return f"{self.connection_id}/{self.entity}"


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


class Pace(models.Model):
    """How fast the calls of a connection may follow each other, by what its answers tell.

    A row apart that every call writes to; see `connectors.pacing`.
    """

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="pace")
    next_at = models.DateTimeField(null=True, blank=True)  # when the next call has its turn
    interval_s = models.FloatField(default=0.0)  # between two of them
    allocated = models.FloatField(null=True, blank=True)  # calls per window, None before the first answer
    window_s = models.FloatField(default=60.0)
    remaining = models.FloatField(null=True, blank=True)  # calls left
    resets_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.connection_id}: one call per {self.interval_s:.2f} s"
