"""Post a message as Standard Webhooks says: signed, with an id that stays the same at each try.

Source: Standard Webhooks specification 1.0, "Webhook headers" and "Signature scheme".
"""

import base64
import hashlib
import hmac
import json
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from django.conf import settings

from connectors import clock, registry
from connectors.errors import ConnectorError
from connectors.http import Line, TimedOutError, TooLargeError, problem_of_exception, problem_of_status
from connectors.models import Alert, Connection

PREFIX = "whsec_"
GONE = 410  # whoever answers this wants no more of them


class NotDeliveredError(Exception):
    """Tell why a message did not arrive, in a sentence. `is_final`: another try would not help."""

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


def post(alert: Alert, connection: Connection, secret: str) -> None:
    """Send one message to the connection's webhook. Raises NotDeliveredError."""
    if not secret:
        raise NotDeliveredError("There is no signing secret. Make one on the connection's page.")
    url = connection.alert_url
    body = payload(alert)
    parts, host = urlsplit(url), urlsplit(url).hostname or url
    origin = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    permit = registry.permit(connection.environment)
    timeout_s = settings.CONCORD["alert_webhook_timeout_s"]
    try:
        with Line(origin, timeout_s=timeout_s, tick=_untimed, secrets=[secret], permit=permit) as line:
            answer = line.post(url, data=body, headers=headers(alert, body, secret))
    except (requests.RequestException, OSError, TimedOutError, TooLargeError) as error:
        raise NotDeliveredError(problem_of_exception(error, host, timeout_s).message) from error
    problem = problem_of_status(answer.status_code, answer.headers, host)
    if problem is not None or not answer.ok:
        raise NotDeliveredError(_said(problem, host), is_final=answer.status_code == GONE)


def payload(alert: Alert) -> bytes:
    """Write a message as JSON: what happened, when, and the facts."""
    moment = alert.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data: dict[str, Any] = {"subject": alert.subject, "text": alert.text, **alert.data}
    return json.dumps({"type": alert.event, "timestamp": moment, "data": data}).encode()


def headers(alert: Alert, body: bytes, secret: str) -> dict[str, str]:
    """Sign a body as of now."""
    message_id, seconds = f"msg_{alert.public_id.hex}", str(int(clock.now().timestamp()))
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b".".join([message_id.encode(), seconds.encode(), body])
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {
        "content-type": "application/json",
        "user-agent": "Concord",
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{signature}",
    }


def _said(problem: ConnectorError | None, host: str) -> str:
    return problem.message if problem else f"{host} did not accept the message."


def _untimed() -> None:
    """Wait for no turn."""
