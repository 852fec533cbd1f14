"""Links: who one record is in one remote system; and what a record needs to have them."""

import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Self

from django.db import connection as database
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from connectors.models.accounts import Connection
from connectors.models.rows import Document, Row


class LinkQuerySet(models.QuerySet[Any]):
    """The vocabulary of link state."""

    def linked(self) -> Self:
        """Return links whose record exists over there."""
        return self.exclude(remote_id="")

    def due(self) -> Self:
        """Return links that wait for nothing but a talker, by the database's clock."""
        return self.filter(state="pending", enabled="yes", record__sync_enabled=True, not_before__lte=Now())


class Link(Row):
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

    snapshot = Document(default=dict, blank=True)  # remote names: what they are known to hold
    left = Document(default=dict, blank=True)  # ours that differed at adoption: not sent while unchanged
    unsure = models.BooleanField(default=False)  # the last answer is missing: don't believe the snapshot
    full = models.BooleanField(default=False)  # asked for: send every field at the next claim
    synced_at = models.DateTimeField(null=True, blank=True)
    synced_version = models.PositiveIntegerField(default=0)
    changed = Document(default=list, blank=True)  # our field names that differ, found at save

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
    # What a create was sent with that may have arrived: it is looked for by that, too.
    create_sent = Document(default=dict, blank=True)
    # A call about it got no answer and may be carried out until then: read it again after that.
    recheck_at = models.DateTimeField(null=True, blank=True)

    failed_at = models.DateTimeField(null=True, blank=True)
    code = models.CharField(max_length=100, blank=True)
    message = models.TextField(blank=True)
    errors = Document(default=dict, blank=True)
    candidates = Document(default=list, blank=True)
    # What is left out although the record is sent: what people call the field -> why, as a sentence.
    remarks = Document(default=dict, blank=True)
    ways = Document(default=list, blank=True)  # what else a person may decide: see protocol.Way
    choice = models.CharField(max_length=64, blank=True)  # a person's: "create", a way or a remote id

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
            models.Index(
                fields=["connection", "recheck_at"],
                condition=Q(recheck_at__isnull=False),
                name="%(class)s_recheck",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connection_id}/{self.record_id}: {self.remote_id or '–'}"


class Synced(Row):
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

    def save(
        self,
        *args: Any,
        requested_by: str = "",
        before_requests: Callable[[], None] | None = None,
        **kwargs: Any,
    ) -> None:
        """Save, and request what this change wants of each connection, atomically.

        `requested_by` is the Login User of the log: the person, "public form" or
        "schedule". `before_requests` is called once the record is stored: one that comes
        from over there is linked by it, so that it is not sent where it came from.
        Nothing is sent here; the broker may be down.
        """
        from connectors import queue

        with transaction.atomic():
            if self.pk and not self._state.adding:
                self._move_version()
            super().save(*args, **kwargs)
            if before_requests is not None:
                before_requests()
            # Parents first, as everybody who locks links of both.
            self._touch_others(requested_by)
            queue.enqueue_auto(self, requested_by=requested_by)

    def delete(self, *args: Any, requested_by: str = "", **kwargs: Any) -> Any:
        """Delete here, nothing over there; records whose payload held something of this are looked at."""
        from connectors import entities
        from connectors.pulling import strays

        with transaction.atomic():
            touched = list(self.touches())
            for other in touched:  # before this one, as a save of this one takes them
                other.hold()
            strays.leave(entities.of(type(self)), [self.pk])
            deleted = super().delete(*args, **kwargs)
            for other in touched:
                other.touched(requested_by, of=type(self))
        return deleted

    def touches(self) -> "Iterable[Synced]":
        """Return the records whose payload depends on this one."""
        return ()

    def representatives(self) -> list[int]:
        """Return the users (pks) who should own this record over there, best first."""
        return []

    def touched(self, requested_by: str, *, of: "type[Synced]") -> None:
        """Request what the change of a record `of` another model wants of this one, as it is stored."""
        from connectors import queue

        fresh = type(self)._default_manager.filter(pk=self.pk).first()
        if fresh is not None:
            fresh._move_version()
            queue.enqueue_auto(fresh, requested_by=requested_by, because_of=of)

    def hold(self) -> None:
        """Lock this record for the transaction. no_key: others may go on referring to it."""
        type(self)._default_manager.select_for_update(no_key=True).filter(pk=self.pk).first()

    def _touch_others(self, requested_by: str) -> None:
        for other in self.touches():
            other.touched(requested_by, of=type(self))

    def _move_version(self) -> None:
        """Count this save. In the database: two who save at once must not agree on a number."""
        table = database.ops.quote_name(self._meta.db_table)
        with database.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET version = version + 1 WHERE id = %s RETURNING version",  # noqa: S608
                [self.pk],
            )
            row = cursor.fetchone()
        self.version = row[0] if row else self.version
