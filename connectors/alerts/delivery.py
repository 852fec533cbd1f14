"""Send what is due: claimed in a short transaction, sent outside of any, at least once.

A claim moves the next try ahead before the message is sent, so a worker that dies loses
nothing; a message that arrived although nobody noted it comes again, with the same id.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from connectors import clock, logbook
from connectors.alerts import outbox, webhook
from connectors.alerts.recipients import SEPARATOR, recipients
from connectors.alerts.webhook import NotDeliveredError
from connectors.models import Alert, AlertState
from synclog.models import Entry

logger = logging.getLogger(__name__)

# Seconds to the next try; after the last one it is given up. Longer than a try may take.
WAITS_S = (60, 300, 1_800, 7_200, 18_000, 36_000)
MOST = 20  # messages in one pass: a mail server that hangs must not keep a thread for long


def send_due() -> int:
    """Send the messages that are due; return how many arrived."""
    outbox.look_again()
    sent = 0
    for _ in range(MOST):
        alert = _claim()
        if alert is None:
            break
        sent += deliver(alert)
    return sent


def deliver(alert: Alert) -> bool:
    """Send one claimed message and store how that went; return whether it arrived."""
    send: Callable[[Alert], str] = _mail if alert.channel == Alert.Channel.EMAIL else _post
    try:
        sent_to = send(alert)
    except NotDeliveredError as error:
        _note_failure(alert, str(error), is_final=error.is_final)
        return False
    Alert.objects.filter(pk=alert.pk).update(sent_at=clock.now(), sent_to=sent_to, error="")
    return True


def prune(days: int) -> None:
    """Delete messages that were sent, or given up, before so many days."""
    rows = Alert.objects.filter(created_at__lt=clock.now() - timedelta(days=days))
    rows.exclude(sent_at=None, failed_at=None).delete()


def _claim() -> Alert | None:
    with transaction.atomic():
        now = clock.now()
        rows = Alert.objects.filter(sent_at=None, failed_at=None, not_before__lte=now)
        alert = rows.select_for_update(skip_locked=True, of=("self",)).order_by("not_before", "pk").first()
        if alert is None:
            return None
        alert.attempts += 1
        alert.not_before = now + timedelta(seconds=WAITS_S[min(alert.attempts, len(WAITS_S)) - 1])
        alert.save(update_fields=["attempts", "not_before"])
        return alert


def _mail(alert: Alert) -> str:
    to = recipients(alert.connection)
    if not to:
        raise NotDeliveredError(
            "There is nobody to write to: name recipients on the connection's page, or give an owner an "
            "e-mail address."
        )
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "concord"
    headers = {"Message-ID": f"<{alert.public_id.hex}@{host}>", "Auto-Submitted": "auto-generated"}
    message = EmailMessage(f"Concord: {alert.subject}", alert.text, to=to, headers=headers)
    try:
        message.send()
    except (SMTPException, OSError, ValueError) as error:  # ValueError: a header that no mail takes
        raise NotDeliveredError(f"The mail server did not take it ({type(error).__name__}).") from error
    return SEPARATOR.join(to)


def _post(alert: Alert) -> str:
    connection = alert.connection
    if not connection.alert_url:
        raise NotDeliveredError("The webhook's address was removed.", is_final=True)
    state = AlertState.objects.filter(connection=connection).first()
    if state is not None and state.secret.unreadable:
        raise NotDeliveredError("The signing secret can't be read: its key is missing. Make a new one.")
    webhook.post(alert, connection, str(state.secret.get("value") or "") if state else "")
    return connection.alert_url


def _note_failure(alert: Alert, error: str, *, is_final: bool) -> None:
    is_over = is_final or alert.event == Alert.Event.TEST or alert.attempts > len(WAITS_S)
    Alert.objects.filter(pk=alert.pk).update(error=error, failed_at=clock.now() if is_over else None)
    logger.warning("a message of %s was not delivered: %s", alert.connection.slug, error)
    if is_over and alert.event != Alert.Event.TEST:
        by = alert.get_channel_display()
        text = f"A message could not be delivered ({by}): “{alert.subject}”. {error} It is not tried again."
        logbook.event(alert.connection, text, level=Entry.Level.WARNING, code="alert")
