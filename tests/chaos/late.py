"""What the chaos tests do about calls that are carried out late, and about time that must pass.

Such a call waits in the sandbox for our word, so that no clock of a busy machine decides what comes first.
"""

from datetime import timedelta

import requests
from django.utils import timezone

from connectors import entities
from connectors.models import ConnectionHealth, Slot
from connectors.sandbox.server import SandboxServer
from synclog.models import Entry

UNANSWERED_S = 3600.0
STALLED_S = 15.0  # a sandbox on a busy machine may take up a call that long after its caller gave up
LATE = f"late:{UNANSWERED_S:.0f}"


def carry_out(sandbox: SandboxServer) -> int:
    """Have the calls carried out that got no answer; return how many there were."""
    answer = requests.post(f"{sandbox.url}/_control/late", timeout=60)
    answer.raise_for_status()
    return int(answer.json()["carried_out"])


def hurry(sandbox: SandboxServer) -> None:
    """Let an hour pass for what waits: no call is late any more then, and no wait is longer than a second.

    Not for calls that were given up a moment ago: the sandbox may still come to them.
    """
    asked_at = timezone.now()
    carry_out(sandbox)
    over = asked_at + timedelta(seconds=UNANSWERED_S - STALLED_S)
    soon = timezone.now() + timedelta(seconds=1)
    ConnectionHealth.objects.filter(paused_until__gt=soon).update(paused_until=soon)
    for kind in entities.in_order():
        links = kind.links()
        links.filter(state="pending", not_before__gt=soon).update(not_before=soon)
        links.filter(recheck_at__gt=timezone.now(), recheck_at__lte=over).update(recheck_at=timezone.now())


def unsettled() -> int:
    """Count the records that wait, are being sent, or are still to be read again (not those that failed)."""
    rows = [kind.links() for kind in entities.in_order()]
    return sum(
        one.filter(state="pending").count() + one.filter(state="idle").exclude(recheck_at=None).count()
        for one in rows
    )


def progress() -> object:
    """Tell whether anybody still works: each call renews a slot, each answer leaves an entry."""
    return (*Slot.objects.order_by("pk").values_list("expires_at"), Entry.objects.count(), unsettled())
