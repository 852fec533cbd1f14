"""What happened: one row per request (`Run`) and one per attempt (`Entry`).

Append-only and ignorant of the other rooms: it keeps strings and ids, and one
foreign key, to the user. Never counted: the table is the largest of all.
"""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class Run(models.Model):
    """One click, command, schedule tick, or one hour of automatic saves.

    The counters are added by `connectors.queue.settle` in its own transaction.
    Links that are pending and carry this run are its waiting part; what is neither
    counted, waiting nor withdrawn was taken over by a newer request.
    """

    class Kind(models.TextChoices):
        CLICK = "click", "Click"
        COMMAND = "command", "Command"
        AUTOMATIC = "automatic", "Automatic"
        SCHEDULE = "schedule", "Schedule"

    COUNTERS = ("created", "updated", "unchanged", "skipped", "rejected", "conflict")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    label = models.CharField(max_length=100, blank=True)  # "Sync with Salesforce"
    connection_id = models.BigIntegerField(null=True, blank=True)
    connection_name = models.CharField(max_length=100, blank=True)
    entity = models.CharField(max_length=30, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    user_name = models.CharField(max_length=150, blank=True)
    requested = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(null=True, blank=True)  # the last counted outcome
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    conflict = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.CharField(max_length=150, blank=True)
    withdrawn = models.PositiveIntegerField(default=0)  # by the cancel, and not sent

    class Meta:
        ordering = ["-started_at", "-id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["-started_at", "-id"], name="synclog_run_newest")]

    def __str__(self) -> str:
        return f"{self.label or self.get_kind_display()} · {self.connection_name}"

    @property
    def finished(self) -> int:
        """Return how many records have an outcome."""
        return sum(getattr(self, name) for name in self.COUNTERS)


class Entry(models.Model):
    """One attempt on one record, or one event of a connection.

    `description` is the sentence, `message` what was sent, as readable pairs.
    `request` and `answer` are this record's own slice, masked and at most 4 kB.

    The table is partitioned by id (synclog/partitions.py).
    """

    class Level(models.TextChoices):
        INFO = "INFO", "INFO"
        WARNING = "WARNING", "WARNING"
        ERROR = "ERROR", "ERROR"

    class ActionType(models.TextChoices):
        CUSTOMER = "customer_sync", "Customer Sync"
        LOCATION = "customer_location", "Customer Location"
        CONTACT = "customer_contact", "Customer Contact"
        TOKEN = "bearer_token", "Bearer Token"
        CONNECTION = "connection", "Connection"

    level = models.CharField(max_length=10, choices=Level.choices)
    action_type = models.CharField("Action Type", max_length=20, choices=ActionType.choices)
    message = models.TextField("Message", blank=True)
    endpoint = models.CharField("Endpoint URI", max_length=500, blank=True)
    description = models.TextField("Description", blank=True)
    login_user = models.CharField("Login User", max_length=150, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    logged_at = models.DateTimeField(default=timezone.now)
    run = models.UUIDField(null=True, blank=True)
    connection_id = models.BigIntegerField(null=True, blank=True)
    connection_name = models.CharField(max_length=100, blank=True)
    entity = models.CharField(max_length=30, blank=True)
    object_id = models.UUIDField(null=True, blank=True)  # the public id
    object_name = models.CharField(max_length=500, blank=True)
    remote_id = models.CharField(max_length=64, blank=True)
    remote_url = models.CharField(max_length=500, blank=True)
    direction = models.CharField(max_length=10, blank=True)  # out | in
    outcome = models.CharField(max_length=20, blank=True)
    code = models.CharField(max_length=100, blank=True)
    changes = models.JSONField(default=dict, blank=True)  # {label: [old, new]}
    errors = models.JSONField(default=dict, blank=True)  # {field: text}
    attempt = models.PositiveSmallIntegerField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    request = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    # What the Message filter searches, lower-cased: name, e-mail, reference id, code, sentence.
    search = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "entries"
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["run", "-id"], name="synclog_entry_run"),
            models.Index(fields=["object_id", "-id"], name="synclog_entry_object"),
        ]

    def __str__(self) -> str:
        return self.description


class Block(models.Model):
    """So many ids (`partitions.BLOCK`) that are used up and whose entries are indexed for searches.

    `first_at` and `last_at` are when its first and last entry were logged; None where it has none.
    """

    number = models.BigIntegerField(primary_key=True)
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"block {self.number}"
