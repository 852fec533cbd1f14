"""Messages about a connection: where they go, how the last ones fared, a test and the signing secret."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from connectors import alerts, clock, logbook
from connectors.admin import cells
from connectors.admin.alert_fields import ANCHOR
from connectors.models import Alert, Connection
from connectors.states import capped
from synclog import words

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin as _Admin
else:
    _Admin = object

SHOWN = 5
PRINTED = "django.core.mail.backends.console.EmailBackend"


class AlertViewsMixin(_Admin):
    """The section's buttons. Each is a POST of whoever may change the connection."""

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses."""
        views: dict[str, Callable[[HttpRequest, Connection], HttpResponse]] = {
            "alert_test": _test,
            "alert_secret": self._new_secret,
        }
        own = [
            path(
                f"<int:pk>/{what.replace('_', '-')}/",
                self.admin_site.admin_view(never_cache(require_POST(self._act(act)))),
                name=f"connectors_connection_{what}",
            )
            for what, act in views.items()
        ]
        return [*own, *super().get_urls()]

    def _act(self, act: Callable[[HttpRequest, Connection], HttpResponse]) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            connection = Connection.objects.filter(pk=pk).first()
            if connection is None:
                raise Http404
            if not self.has_change_permission(request, connection):
                raise PermissionDenied
            return act(request, connection)

        return view

    def _new_secret(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        """Make a signing secret and show it, this once."""
        by = request.user.get_username()
        secret = alerts.new_secret(connection)
        text = f"{by} made a new signing secret for the messages of {connection.name}."
        logbook.event(connection, text, login_user=by, code="alert")
        context = {
            **self.admin_site.each_context(request),
            "title": "Signing secret",
            "opts": Connection._meta,
            "connection": connection,
            "secret": secret,
            "back": _home(connection),
        }
        return TemplateResponse(request, "concord/alert_secret.html", context)


def _home(connection: Connection) -> str:
    return f"{cells.address(Connection, 'change', connection.pk)}#cc-alerts"


def _test(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Send a test message by every channel now, and tell how that went."""
    for alert in alerts.test(connection, by=request.user.get_username()):
        channel = alert.get_channel_display()
        if alerts.deliver(alert):
            alert.refresh_from_db()
            messages.success(request, f"{channel}: the test message went to {capped(alert.sent_to, 300)}.")
        else:
            alert.refresh_from_db()
            messages.error(request, f"{channel}: the test message did not arrive. {alert.error}")
    return HttpResponseRedirect(_home(connection))


def section(connection: Connection, *, may_change: bool) -> dict[str, Any]:
    """Return the section's context."""
    state = alerts.state_of(connection)
    has_secret = state is not None and bool(state.secret.get("value"))
    rows = Alert.objects.filter(connection=connection).order_by("-created_at", "-pk")[:SHOWN]
    lines = [_line(alert) for alert in rows]
    return {
        "cc_alerts": {
            "sentence": _sentence(),
            "to": ", ".join(alerts.recipients(connection)),
            "is_default": not connection.alert_recipients,
            "is_printed": settings.EMAIL_BACKEND == PRINTED,
            "url": connection.alert_url if may_change else host(connection.alert_url),
            "has_secret": has_secret,
            "secret_label": "Make a new signing secret" if has_secret else "Make the signing secret",
            "lines": lines,
            "title": _title(lines),
            "is_open": any(line["tone"] != "good" for line in lines[:1]),
            "may_change": may_change,
            "anchor": ANCHOR,
            "urls": {
                what: cells.address(Connection, what, connection.pk)
                for what in ("alert_test", "alert_secret")
            },
        }
    }


def host(url: str) -> str:
    """Return a webhook's address without its path: in some products that is a secret."""
    return urlsplit(url).netloc


def _sentence() -> str:
    number, now = settings.CONCORD["alert_failures"], clock.now()
    after = words.lasting(now - timedelta(seconds=settings.CONCORD["alert_after_s"]), now)
    return (
        "One message when this connection pauses because of something that nobody here did, one when it "
        f"goes on, and one when {number:,} of its records fail within an hour. A pause that ends by itself "
        f"is told when it lasts {after}."
    )


def _title(lines: list[dict[str, str]]) -> str:
    """Say how the newest message fared."""
    if not lines:
        return ""
    newest = lines[0]
    return f"Last message: {newest['word']}" + (f" {newest['text']}" if newest["tone"] == "good" else "")


def _line(alert: Alert) -> dict[str, str]:
    now = clock.now()
    if alert.sent_at:
        to = alert.sent_to if alert.channel == Alert.Channel.EMAIL else host(alert.sent_to)
        word, tone, said = "sent", "good", f"{words.when(alert.sent_at, now)}, to {to}"
    elif alert.failed_at:
        word, tone, said = "failed", "bad", f"{words.when(alert.failed_at, now)}. {alert.error}"
    elif alert.error:
        word, tone = "waiting", "calm"
        said = f"{alert.error} Next try {words.clock(alert.not_before)}."
    else:
        word, tone, said = "waiting", "calm", "is sent within seconds"
    return {
        "word": word,
        "tone": tone,
        "label": f"{alert.get_channel_display()}: {capped(alert.subject, 160)}",
        "text": capped(said, 300),
    }
