"""The log's screens: a read-only grid that is never counted, and one entry in full."""

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from synclog import words
from synclog.filters import OUTCOMES, LogFilter
from synclog.lookup import newest
from synclog.models import Entry
from synclog.paging import KeysetChangeList
from synclog.strict_admin import StrictAdmin

GRID_CHARS = 300  # of a text in the grid; the entry's page shows all


class LogChangeList(KeysetChangeList):
    """The log's grid: its filters are a form of its own above it."""

    log_filter: LogFilter

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Leave our form's names out of what Django takes for look-ups on the model."""
        found: dict[str, Any] = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in LogFilter.base_fields}

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Entry]:
        """Return the entries that the form above the grid asks for."""
        self.log_filter = LogFilter(request.GET)
        rows: QuerySet[Entry] = super().get_queryset(request, *args, **kwargs)
        self.question = self.log_filter.question(rows)
        return rows.defer("request", "answer", "search")


@admin.register(Entry)
class EntryAdmin(StrictAdmin):
    """What happened, to which record, when, by whom. Nobody edits it."""

    list_display_links = ["sentence"]
    list_per_page = 50
    list_fullwidth = True
    list_before_template = "concord/log_top.html"
    sortable_by: tuple[str, ...] = ()
    ordering = ["-id"]
    actions = None
    show_full_result_count = False
    change_list_template = "concord/log_list.html"
    change_form_template = "concord/entry.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[LogChangeList]:
        """Use the change list that never counts."""
        return LogChangeList

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the eight columns, with the zone in the heads of date and time."""
        zone = words.zone()
        return [
            "level_word",
            "action",
            "sent",
            "endpoint_uri",
            "sentence",
            "login_user",
            _titled(_log_date, "log_date", f"Log Date ({zone})"),
            _titled(_log_time, "log_time", f"Log Time ({zone})"),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return no: the log writes itself."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        """Return no: what happened stays as it was."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        """Return no: age deletes (`synclog/retention.py`)."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the grid; where it is empty, say where the last entry is."""
        response = super().changelist_view(request, {"title": "Logs", **(extra_context or {})})
        context = getattr(response, "context_data", None)
        if context is None or "cl" not in context:
            return response
        grid: LogChangeList = context["cl"]
        context["cc_filter"] = grid.log_filter
        if grid.searched_to is not None:
            context["cc_unfinished"] = _unfinished(grid.searched_to)
        elif not grid.result_list:
            context.update(_nothing(grid.log_filter))
        return response

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show one entry in full."""
        entry: Entry = context["original"]
        context["original"] = ""  # its name is a whole sentence: too long for the way to it in the head
        context.update(entry_context(request, entry))
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="Level")
    def level_word(self, entry: Entry) -> SafeString:
        """Return the level as a word with its colour."""
        html = '<span class="cc-level cc-level-{}">{}</span>'
        return format_html(html, entry.level.lower(), entry.level)

    @admin.display(description="Action Type")
    def action(self, entry: Entry) -> str:
        """Return the seed's word for what was done."""
        return entry.get_action_type_display()

    @admin.display(description="Message")
    def sent(self, entry: Entry) -> SafeString:
        """Return what was sent, as readable pairs."""
        return _clamped(entry.message)

    @admin.display(description="Endpoint URI")
    def endpoint_uri(self, entry: Entry) -> SafeString:
        """Return where it was sent."""
        return _clamped(entry.endpoint, "cc-clamp cc-endpoint")

    @admin.display(description="Description")
    def sentence(self, entry: Entry) -> SafeString:
        """Return the sentence that says what happened."""
        return _clamped(entry.description, "cc-clamp cc-sentence")


def _titled(column: Any, name: str, title: str) -> Any:
    def titled(entry: Entry) -> Any:
        return column(entry)

    head: Any = titled  # Django reads a column's head from the function
    head.__name__, head.short_description = name, title
    return head


def _log_date(entry: Entry) -> str:
    local = timezone.localtime(entry.logged_at)
    return f"{local.day} {local:%b %Y}"


def _log_time(entry: Entry) -> str:
    return words.clock(entry.logged_at)


def _clamped(text: str, css: str = "cc-clamp") -> SafeString:
    shown = text if len(text) <= GRID_CHARS else f"{text[:GRID_CHARS]}…"
    return format_html('<span class="{}">{}</span>', css, shown)


def _unfinished(searched_to: int) -> str:
    """Return how far a search came that would have taken too long."""
    entry = Entry.objects.filter(pk__gte=searched_to).order_by("pk").only("logged_at").first()
    now = timezone.now()
    since = f"{words.day(entry.logged_at, now)}, {words.clock(entry.logged_at)}" if entry else "now"
    return f"This search takes long, and looked at what was logged since {since}. Older goes on."


def _nothing(asked: LogFilter) -> dict[str, Any]:
    """Return what an empty grid says: what was looked for, and where the last entry is."""
    values, (start, end) = asked.values(), asked.interval()
    now = timezone.now()
    what = f" for “{values['message']}”" if "message" in values else ""
    period = "in the last 7 days" if end is None and start is not None and "from_date" not in values else ""
    if not period and (start or end):
        ends = [f"from {_point(start)}" if start else "", f"until {_point(end, is_end=True)}" if end else ""]
        period = " ".join(filter(None, ends))
    last = _last(asked, start, end)
    local = timezone.localtime(last.logged_at) if last else None
    return {
        "cc_nothing": f"No entries{what} {period}".rstrip() + ".",
        "cc_last": f"The last one is from {words.day(last.logged_at, now)}, {words.clock(last.logged_at)}."
        if last
        else "",
        "cc_last_query": _query_of(asked, local.date().isoformat()) if local else "",
    }


def _last(asked: LogFilter, start: datetime | None, end: datetime | None) -> Entry | None:
    """Return the newest entry outside an interval that has none."""
    outside = ([(end, None)] if end else []) + ([(None, start)] if start else [])
    for interval in outside:
        pks = newest(asked.question(Entry.objects.all(), interval), 1).pks
        if pks:
            return Entry.objects.get(pk=pks[0])
    return None


def _query_of(asked: LogFilter, day: str) -> str:
    """Return the same question about another day."""
    kept = {name: value for name, value in asked.data.items() if name in asked.fields and value}
    for name in ("from_date", "to_date", "from_time", "to_time"):
        kept.pop(name, None)
    return urlencode({**kept, "from_date": day, "to_date": day})


def _point(moment: Any, *, is_end: bool = False) -> str:
    """Return one end of the interval; a whole day is named by its date alone."""
    local, now = timezone.localtime(moment), timezone.now()
    told = moment - timedelta(minutes=1) if is_end else moment  # the interval is up to but without its end
    if local.hour or local.minute:
        return f"{words.day(told, now)}, {words.clock(told)}"
    return f"the end of {words.day(told, now)}" if is_end else words.day(told, now)


def entry_context(request: HttpRequest, entry: Entry) -> dict[str, Any]:
    """Return what an entry's page shows besides the entry."""
    model = _model_of(entry.entity)
    may_sync = model is not None and request.user.has_perm(f"{model._meta.app_label}.sync_{entry.entity}")
    is_choice = entry.outcome == "conflict" or entry.code == "gone"  # asked again, it would say the same
    return {
        "title": "Log entry",
        "cc_run": str(uuid.uuid4()),
        "entry": entry,
        "errors": [(_label(model, name), str(text)) for name, text in entry.errors.items()],
        "outcome": OUTCOMES.get(entry.outcome, entry.outcome),
        "changes": [(name, *_pair(pair)) for name, pair in entry.changes.items()],
        "log_date": _log_date(entry),
        "log_time": f"{timezone.localtime(entry.logged_at):%I:%M:%S %p}".removeprefix("0"),
        "zone": words.zone(),
        "remote_url": entry.remote_url if entry.remote_url.startswith(("https://", "http://")) else "",
        "open_url": _address(model, "change", entry.object_id),
        "open_label": f"Open {entry.entity}",
        "send_url": _address(model, "sync", entry.object_id, entry.connection_id)
        if may_sync and not is_choice
        else "",
        "choose_url": _address(model, "choose", entry.object_id, entry.connection_id)
        if may_sync and is_choice
        else "",
        "run_url": reverse("admin:synclog_run_change", args=[entry.run]) if entry.run else "",
        "request_text": _pretty(entry.request),
        "answer_text": _pretty(entry.answer),
    }


def _model_of(entity: str) -> Any:
    """Return the model of an entity's name. The log knows no other room: it asks Django."""
    named = (model for model in apps.get_models() if model._meta.model_name == entity)
    return next((model for model in named if hasattr(model, "public_id")), None) if entity else None


def _label(model: Any, name: str) -> str:
    """Return what people call a field; a name that is none stays as it is."""
    fields = {field.name: field for field in model._meta.get_fields()} if model else {}
    return str(getattr(fields.get(name), "verbose_name", name))


def _address(model: Any, what: str, *args: Any) -> str:
    if model is None or None in args:
        return ""
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{what}", args=args)
    except NoReverseMatch:
        return ""


def _pair(pair: Any) -> tuple[str, str]:
    old, new = pair if isinstance(pair, list) and len(pair) == 2 else ("", pair)
    return ("" if old is None else str(old), "(cleared)" if new is None else str(new))


def _pretty(text: str) -> str:
    """Return JSON with indents; what isn't whole JSON (it may be cut) as it is."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text
