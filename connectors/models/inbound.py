"""What comes in: how far each list was read, which records are to be read again, and why some are not here.

Everything here may be deleted without losing anything but time: a cursor that is gone
starts from the beginning, a lost notice is made up for by the next look at the list.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from connectors.models.accounts import Connection
from connectors.secrets import EncryptedJSONField


class Cursor(models.Model):
    """How far one entity of one connection was read.

    `value` is the connector's own cursor of what changed since; `full_value` that of a
    whole list under way, which ends with a search for what is not there any more.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="cursors")
    entity = models.CharField(max_length=30)
    value = models.TextField(blank=True, default="")
    is_midway = models.BooleanField(default=False)  # its pass has more pages
    looked_at = models.DateTimeField(null=True, blank=True)  # when a pass ended last
    asked_at = models.DateTimeField(null=True, blank=True)  # someone wants one now
    asked_by = models.CharField(max_length=150, blank=True)

    rules = models.CharField(max_length=40, blank=True, default="")  # by which the last whole list was judged
    full_since = models.DateTimeField(null=True, blank=True)  # when the list under way was begun
    full_value = models.TextField(blank=True, default="")
    full_total = models.PositiveIntegerField(null=True, blank=True)  # records that they say they have
    is_listed = models.BooleanField(default=False)  # it was read to its end: what is missing is asked for
    checked_at = models.DateTimeField(null=True, blank=True)  # when a list ended last, missing ones included
    doubted = models.PositiveIntegerField(default=0)  # missing at once, too many to believe
    is_believed = models.BooleanField(default=False)  # a person said: ask for each of them

    not_before = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)  # in a row
    trouble = models.TextField(blank=True)  # why the last look failed, one sentence; "" where it did not

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "entity"], name="one_cursor_per_entity")]

    def __str__(self) -> str:
        return f"{self.connection_id}/{self.entity}"


class Sighting(models.Model):
    """One id that a whole list under way has shown."""

    cursor = models.ForeignKey(Cursor, on_delete=models.CASCADE, related_name="sightings", db_index=False)
    remote_id = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cursor", "remote_id"], name="one_sighting_per_id")]

    def __str__(self) -> str:
        return self.remote_id


class Notice(models.Model):
    """Somebody said that a record over there may have changed: it is to be read again.

    Kept for a while after that, so that a repeated delivery is known.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    delivery = models.CharField(max_length=200)  # its id over there, or one of our own
    entity = models.CharField(max_length=30)
    remote_id = models.CharField(max_length=64)
    is_deleted = models.BooleanField(default=False)
    said = models.CharField(max_length=100, blank=True)  # the event by its name there; "" for one of ours
    heard_at = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "delivery"], name="one_notice_each")]
        indexes = [
            models.Index(
                fields=["connection", "entity", "remote_id"],
                condition=Q(done_at=None),
                name="notice_open",
            ),
            models.Index(fields=["heard_at"], name="notice_heard"),
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.remote_id}"


class Stray(models.Model):
    """A record over there that is not taken over, and what was said of it: it is said once.

    One that was deleted here is noted then, without a word: nobody has found it yet.
    """

    class Reason(models.TextChoices):
        PARENT = "parent", "Its parent is not linked"
        ALIKE = "alike", "One here looks like it"
        INVALID = "invalid", "A value that can't be stored"
        DELETED = "deleted", "It was deleted here"

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="strays", db_index=False
    )
    entity = models.CharField(max_length=30)
    remote_id = models.CharField(max_length=64)
    parent_id = models.CharField(max_length=64, blank=True)  # who its parent is over there
    reason = models.CharField(max_length=10, choices=Reason.choices)
    message = models.TextField(blank=True)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "entity", "remote_id"], name="one_stray_per_record")
        ]

    def __str__(self) -> str:
        return self.message


class Orphan(models.Model):
    """A record over there that was made for one of ours, which was deleted here meanwhile."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="orphans", db_index=False
    )
    entity = models.CharField(max_length=30)
    public_id = models.UUIDField()  # ours: over there it may be the record's key
    name = models.CharField(max_length=300)
    remote_id = models.CharField(max_length=64, blank=True, default="")  # "": it may have been made
    message = models.TextField()
    noted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "entity", "public_id"], name="one_orphan_per_record"
            )
        ]

    def __str__(self) -> str:
        return self.message


class Listener(models.Model):
    """How a connection is told of changes: the secret that deliveries carry, and how it was last found."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="listener")
    secret = EncryptedJSONField(default=dict)
    lines = models.JSONField(default=list, blank=True)  # what the other side had, event by event
    looked_at = models.DateTimeField(null=True, blank=True)
    address = models.CharField(max_length=500, blank=True)  # where deliveries were asked to go
    heard_at = models.DateTimeField(null=True, blank=True)  # the last good delivery that was worked on
    refused_at = models.DateTimeField(null=True, blank=True)  # when the log last told of a refused one
    signed_at = models.DateTimeField(null=True, blank=True)  # the first that was rightly signed: all must be

    def __str__(self) -> str:
        return self.address

    @staticmethod
    def new_secret() -> str:
        """Return a fresh secret."""
        return uuid.uuid4().hex + uuid.uuid4().hex
