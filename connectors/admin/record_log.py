"""The Log tab of a record: its newest entries, and those of what belongs to it."""

import uuid
from typing import Any

from django.db.models import F
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from connectors import entities
from connectors.admin import cells
from connectors.admin.tab import Tab
from synclog import words
from synclog.models import Entry

SHOWN = 50
MOST = 5000  # public ids in one question: a company with more children shows the newest of them
BEFORE = "log_before"  # the id of the oldest entry that was shown
DIGITS = 19


def tab(request: HttpRequest, record: Any) -> Tab | None:
    """Return the tab; None for somebody who may not read the log."""
    if not request.user.has_perm("synclog.view_entry"):
        return None
    before = request.GET.get(BEFORE, "")
    rows = entries(record, int(before) if before.isdecimal() and len(before) < DIGITS else None)
    now = timezone.now()
    context = {
        "entries": [_shown(entry, now) for entry in rows[:SHOWN]],
        "older": rows[SHOWN - 1].pk if len(rows) > SHOWN else "",
        "before": before,
        "before_name": BEFORE,
        "zone": words.zone(),
        "own_url": cells.log_url(record),
        "name": str(record)[:80],
        "has_family": bool(_children(record)),
    }
    return Tab("log", "Log", render_to_string("concord/record_log.html", context, request))


def entries(record: Any, before: int | None = None) -> list[Entry]:
    """Return up to SHOWN + 1 entries of a record and its children, newest first."""
    found = Entry.objects.filter(object_id__in=family(record)).exclude(action_type=Entry.ActionType.TOKEN)
    if before is not None:
        found = found.filter(pk__lt=before)
    # Ordered by what is no index: along the primary key PostgreSQL would read the whole log
    # for a record that is hardly in it. These ids' own entries, by their index, are few.
    ordered = found.annotate(newest=F("id") + 0).order_by("-newest")
    return list(ordered.defer("request", "answer", "search")[: SHOWN + 1])


def family(record: Any) -> list[uuid.UUID]:
    """Return the public ids of a record and of its children, deleted ones among them."""
    found = [record.public_id]
    for child in _children(record):
        mine = {child.parent: record.pk}
        found += child.records().filter(**mine).order_by("-pk").values_list("public_id", flat=True)[:MOST]
        gone = child.model.history.filter(**mine, history_type="-").order_by("-history_id")
        found += gone.values_list("public_id", flat=True)[:MOST]
    return found


def _children(record: Any) -> list[Any]:
    return entities.children_of(entities.of(type(record)).name)


def _shown(entry: Entry, now: Any) -> dict[str, Any]:
    return {
        "level": entry.level,
        "action": entry.get_action_type_display(),
        "message": entry.message[:300],
        "sentence": entry.description[:400],
        "login_user": entry.login_user,
        "day": words.day(entry.logged_at, now),
        "time": words.clock(entry.logged_at),
        "url": reverse("admin:synclog_entry_change", args=[entry.pk]),
    }
