"""Deliveries from the other side: who may speak, and where they are asked to.

A delivery is a hint to read a record again, and nothing of it is believed but the
record's id. It is answered as soon as the hint is kept; the work is the reader's.
"""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from connectors import asking, doorbell, logbook, registry, secrets
from connectors.errors import ConnectorError
from connectors.inbound import Delivery, HookKind, HookLine, HookState
from connectors.models import Connection, Listener
from connectors.pulling import notices
from synclog.models import Entry

logger = logging.getLogger(__name__)

RING_EVERY_S = 1.0  # a flood rings once a second: the reader takes all that has come
TELL_EVERY = timedelta(minutes=10)  # of refused deliveries, in the log
CALL_TIMEOUT_S = 15.0  # a person waits for this
SCHEDULE = "schedule"
HTTPS_PORT = 443

_lock = threading.Lock()
_rung: dict[int, float] = {}


class Signature(StrEnum):
    """What is asked of a delivery's signature. One that is given and wrong is refused in any case."""

    UNCHECKED = "unchecked"  # the secret to check it by is not stored
    NOT_YET = "not yet"  # none came signed: our own secret decides
    SEEN = "seen"  # one came signed: all must be
    FORCED = "forced"  # a setting says so


@csrf_exempt  # whoever delivers is no browser; its signature is what counts
@require_POST
def receive(request: HttpRequest, kind: str, public_id: UUID) -> HttpResponse:
    """Keep what a delivery says and answer at once, without a word.

    A connection that is switched off listens to nothing, and says 200 all the same: a
    refusal would have the other side repeat it for two days and then switch the hooks
    off. What it missed is found by the lists, which go on at their cursor.
    """
    hooks = registry.hooks(kind)
    if hooks is None:
        return HttpResponse(status=404)
    body = request.read(hooks.max_bytes + 1)
    if len(body) > hooks.max_bytes:
        return HttpResponse(status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    delivery = Delivery(headers, body, time.time())
    connection = _connection(kind, public_id)
    if connection is None:
        hooks.verify(_nobody(), delivery, False)  # the same work: the time must not tell
        return HttpResponse(status=404)
    if not _is_theirs(hooks, connection, delivery):
        return HttpResponse(status=401)
    if connection.enabled:
        _keep(hooks, connection, delivery)
    return HttpResponse()


def _connection(kind: str, public_id: UUID) -> Connection | None:
    rows = Connection.objects.select_related("listener").filter(kind=kind, public_id=public_id)
    return rows.first()


def _is_theirs(hooks: HookKind, connection: Connection, delivery: Delivery) -> bool:
    """Judge a delivery; note the first signed one, and tell the log of a refused one."""
    listener = _listener(connection)
    ours = listener.secret.get("value", "") if listener else ""
    needs_signature = signature(connection, listener) in (Signature.SEEN, Signature.FORCED)
    verdict = hooks.verify({**connection.credentials, "hook_secret": ours}, delivery, needs_signature)
    if verdict.refused:
        _note_refused(connection, verdict.refused)
    elif verdict.is_signed and listener and listener.signed_at is None:
        _note_signed(connection)
    return not verdict.refused


def signature(connection: Connection, listener: Listener | None) -> Signature:
    """Return what is asked of the signature of the next delivery."""
    hooks = connection.system.hooks
    if hooks and hooks.forces_signature(connection.settings):
        return Signature.FORCED
    if listener and listener.signed_at:
        return Signature.SEEN
    is_checked = hooks is not None and hooks.checks_signature(connection.credentials)
    return Signature.NOT_YET if is_checked else Signature.UNCHECKED


def _note_signed(connection: Connection) -> None:
    rows = Listener.objects.filter(connection=connection, signed_at=None)
    if rows.update(signed_at=timezone.now()):
        text = (
            f"{connection.system.label} signs its deliveries to {connection.name}. From now on, those "
            "without its signature are refused."
        )
        logbook.event(connection, text, code="hook_signed")


def _nobody() -> Mapping[str, Any]:
    """Return credentials that fit nothing, decrypted as those of a connection are."""
    return {**secrets.decrypt(_sealed()), **secrets.decrypt(_sealed())}


@cache
def _sealed() -> str:
    return secrets.encrypt({"hook_secret": Listener.new_secret(), "client_secret": Listener.new_secret()})


def _note_refused(connection: Connection, why: str) -> None:
    """Tell the log of a refused delivery, at most every ten minutes."""
    now = timezone.now()
    rows = Listener.objects.filter(connection=connection)
    due = rows.filter(Q(refused_at=None) | Q(refused_at__lt=now - TELL_EVERY))
    if due.update(refused_at=now):
        text = (
            f"A delivery to the webhook address of {connection.name} was refused: {why}. If "
            f"{connection.system.label} sent it, press Repair webhooks on the connection's page, and compare "
            "the client secret. More of them in the next ten minutes are not told."
        )
        logbook.event(connection, text, level=Entry.Level.WARNING, code="hook_refused")


def _keep(hooks: HookKind, connection: Connection, delivery: Delivery) -> None:
    try:
        notice = hooks.read(delivery)
    except (ValueError, RecursionError):
        logger.warning("a delivery to %s carried what it should and could not be read", connection.slug)
        return
    if notice is not None and notices.hear(connection, notice):
        _ring(connection.pk)


def _ring(connection_pk: int) -> None:
    """Ring for the reader, not for each delivery: the sweep rings for what came right after."""
    now = time.monotonic()
    with _lock:
        if now - _rung.get(connection_pk, -RING_EVERY_S) < RING_EVERY_S:
            return
        _rung[connection_pk] = now
    doorbell.ring(connection_pk, doorbell.PULL)


def _listener(connection: Connection) -> Listener | None:
    return getattr(connection, "listener", None)


def address(connection: Connection) -> str:
    """Return where deliveries for a connection go, "" where our own address is not known."""
    if not settings.PUBLIC_URL:
        return ""
    path = reverse("webhook", args=[connection.kind, connection.public_id])
    return f"{settings.PUBLIC_URL}{path}"


def trouble(connection: Connection) -> str:
    """Return why deliveries can't reach us, as a sentence; "" where they may."""
    url = urlsplit(settings.PUBLIC_URL)
    example = "Concord's operator sets PUBLIC_URL to the address that others reach it at, such as "
    example += "https://concord.example.com, and starts it anew."
    if not url.scheme or not url.hostname:
        return f"Concord does not know its own address. {example}"
    if connection.environment == registry.REHEARSAL:
        return ""
    if url.scheme != "https" or url.port not in (None, HTTPS_PORT):
        return (
            f"{connection.system.label} delivers to https addresses on port 443 only, and ours is "
            f"{settings.PUBLIC_URL}. {example}"
        )
    return ""


def register(
    connection: Connection, *, by: str, call_timeout_s: float = CALL_TIMEOUT_S
) -> Sequence[HookLine]:
    """Have every event delivered to us, and repair what is not; return how each stands then.

    Raises ConnectorError where the other side does not let us, or does not answer.
    """
    listener, _ = Listener.objects.get_or_create(connection=connection)
    if not listener.secret.get("value"):
        listener.secret = {"value": Listener.new_secret()}
        listener.save(update_fields=["secret"])  # before the first delivery can come
    where, secret = address(connection), str(listener.secret["value"])
    with asking.connected(connection, call_timeout_s) as connector:
        lines = connector.register_hooks(where, secret)
    _store(listener, lines, where)
    _tell(connection, lines, by)
    return lines


def look(connection: Connection, *, call_timeout_s: float = CALL_TIMEOUT_S) -> Sequence[HookLine]:
    """Look how each event is listened to. Raises ConnectorError."""
    listener, _ = Listener.objects.get_or_create(connection=connection)
    where, secret = address(connection), str(listener.secret.get("value") or "")
    with asking.connected(connection, call_timeout_s) as connector:
        lines = connector.hooks(where, secret)
    _store(listener, lines, listener.address)
    return lines


def remove(connection: Connection, *, by: str, call_timeout_s: float = CALL_TIMEOUT_S) -> int:
    """Have nothing delivered to us any more; return how many events went. Raises ConnectorError."""
    listener, _ = Listener.objects.get_or_create(connection=connection)
    with asking.connected(connection, call_timeout_s) as connector:
        number = connector.remove_hooks(address(connection) or listener.address)
    _store(listener, [], "")
    Listener.objects.filter(pk=listener.pk).update(signed_at=None)  # others may come after these
    logbook.event(
        connection, f"{connection.name} is not told of changes any more.", login_user=by, code="hooks"
    )
    return number


def repair_all() -> None:
    """Repair the hooks of every connection that has some: the other side switches them off at times."""
    rows = Listener.objects.exclude(address="").filter(connection__enabled=True)
    for listener in rows.select_related("connection", "connection__health"):
        connection = listener.connection
        if connection.health.is_paused() or trouble(connection):
            continue
        try:
            register(connection, by=SCHEDULE)
        except ConnectorError as error:
            logger.warning("the hooks of %s could not be looked at: %s", connection.slug, error.code)


def _store(listener: Listener, lines: Sequence[HookLine], where: str) -> None:
    listener.lines = [asdict(line) for line in lines]
    listener.looked_at, listener.address = timezone.now(), where
    listener.save(update_fields=["lines", "looked_at", "address"])


def _tell(connection: Connection, lines: Sequence[HookLine], by: str) -> None:
    deaf = [line for line in lines if line.state != HookState.LISTENING]
    done = [line for line in lines if line.text]
    if by == SCHEDULE and not deaf and not done:
        return
    text = f"{connection.name} is told of {len(lines) - len(deaf)} of {len(lines)} kinds of changes."
    told = " ".join(f"{line.label}: {line.text}." for line in done if line in deaf)
    level = Entry.Level.WARNING if deaf else Entry.Level.INFO
    logbook.event(connection, f"{text} {told}".strip(), level=level, login_user=by, code="hooks")
