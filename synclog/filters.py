"""The log's filters: one interval made of dates and times, and words that are looked for.

Dates and times are in the zone that is shown. Without any, the last seven days
are searched; the log of one run or of one record is searched whole.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core import validators
from django.db.models import QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan
from django.utils import timezone

from synclog.lookup import Question
from synclog.models import Entry, Run

Interval = tuple[datetime | None, datetime | None]

DEFAULT_DAYS = 7
MANY = 100  # connections offered in the drop-down

TAGS = {"level": "level", "action_type": "action", "outcome": "outcome", "connection": "connection"}
OUTCOMES = {
    "created": "created",
    "updated": "updated",
    "rejected": "failed",
    "conflict": "needs your choice",
    "transient": "tries again",
    "waiting": "waits",
    "skipped": "not enabled or skipped",
    "not_taken": "came in, not taken over",
    "gone": "gone over there",
}


def _select(label: str, choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=[("", "All"), *choices])


def _day(label: str) -> forms.DateField:
    """Return a box for a day that has a next one in every time zone."""
    near = [validators.MinValueValidator(date(1970, 1, 1)), validators.MaxValueValidator(date(2999, 12, 31))]
    return forms.DateField(
        label=label, required=False, widget=forms.DateInput({"type": "date"}), validators=near
    )


class LogFilter(forms.Form):
    """The six filters of the log and, folded, the others. Every one may be empty."""

    level = _select("Level", Entry.Level.choices)
    from_date = _day("From Date")
    to_date = _day("To Date")
    from_time = forms.TimeField(label="From Time", required=False, widget=forms.TimeInput({"type": "time"}))
    to_time = forms.TimeField(label="To Time", required=False, widget=forms.TimeInput({"type": "time"}))
    message = forms.CharField(
        label="Message",
        required=False,
        max_length=200,
        widget=forms.TextInput({"placeholder": "name, e-mail, id, code, words"}),
    )
    connection = _select("Connection", [])
    action_type = _select("Action Type", Entry.ActionType.choices)
    outcome = _select("Outcome", OUTCOMES.items())
    run = forms.UUIDField(label="Run", required=False, widget=forms.TextInput({"placeholder": "id of a run"}))
    object = forms.UUIDField(required=False, widget=forms.HiddenInput)
    tokens = forms.BooleanField(label="Show token refreshes", required=False)

    FIRST = ("level", "from_date", "to_date", "from_time", "to_time", "message")
    FOLDED = ("connection", "action_type", "outcome", "run", "tokens")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["connection"] = _select("Connection", connections())

    def first(self) -> list[forms.BoundField]:
        """Return the filters that are always seen."""
        return [self[name] for name in self.FIRST]

    def folded(self) -> list[forms.BoundField]:
        """Return the filters that fold out."""
        return [self[name] for name in self.FOLDED]

    def values(self) -> dict[str, Any]:
        """Return what was entered and could be read, by name."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "", False)}

    def is_unfolded(self) -> bool:
        """Return whether one of the folded filters is in use."""
        return any(name in self.values() for name in self.FOLDED)

    def interval(self) -> Interval:
        """Return the moments that dates and times enclose: from one, up to but without the other."""
        values = self.values()
        first, last = values.get("from_date"), values.get("to_date")
        from_time, to_time = values.get("from_time"), values.get("to_time")
        today = timezone.localdate()
        if first is None and last is None and from_time is None and to_time is None:
            is_whole = "run" in values or "object" in values
            return (None if is_whole else _moment(today - timedelta(days=DEFAULT_DAYS), time()), None)
        if first is None:
            first = today if last is None else None
        if last is None and to_time is not None:
            last = today
        start = None if first is None else _moment(first, from_time or time())
        return start, None if last is None else _end(last, to_time)

    def question(self, entries: QuerySet[Entry], interval: Interval | None = None) -> Question:
        """Return what is asked of these entries, in the interval that was entered unless another is given."""
        values = self.values()
        start, end = self.interval() if interval is None else interval
        return Question(
            self._apply(entries, start, end),
            tags=[f"{tag}:{values[name]}" for name, tag in TAGS.items() if name in values],
            text=values.get("message", "").lower(),
            start=start,
            end=end,
            is_narrow="run" in values or "object" in values,
        )

    def _apply(
        self, entries: QuerySet[Entry], start: datetime | None, end: datetime | None
    ) -> QuerySet[Entry]:
        values = self.values()
        if start is not None:
            entries = entries.filter(logged_at__gte=start)
        if end is not None:
            entries = entries.filter(logged_at__lt=end)
        if "message" in values:  # by position: LIKE would be taken for a question to the index
            position = StrIndex("search", Value(values["message"].lower()))
            entries = entries.filter(GreaterThan(position, 0))
        if "tokens" not in values and values.get("action_type") != Entry.ActionType.TOKEN:
            entries = entries.exclude(action_type=Entry.ActionType.TOKEN)
        exact = {"level": "level", "action_type": "action_type", "outcome": "outcome", "run": "run"}
        columns = {**exact, "object": "object_id", "connection": "connection_id"}
        return entries.filter(**{column: values[name] for name, column in columns.items() if name in values})


def connections() -> list[tuple[str, str]]:
    """Return the connections that runs were started for: the log keeps names, not foreign keys."""
    rows = Run.objects.exclude(connection_id=None).order_by("connection_name")
    pairs = rows.values_list("connection_id", "connection_name").distinct()[:MANY]
    return [(str(pk), name) for pk, name in pairs]


def _moment(day: date, at: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, at))


def _end(day: date, at: time | None) -> datetime:
    """Return the first moment after: a time without seconds includes its whole minute."""
    if at is None:
        return _moment(day + timedelta(days=1), time())
    step = timedelta(seconds=1) if at.second else timedelta(minutes=1)
    return _moment(day, at) + step
