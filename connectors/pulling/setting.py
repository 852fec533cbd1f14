"""Set values from over there on a record of ours: each field judged alone, none cut."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from connectors.mapping import Mapping
from connectors.pulling.merging import Merged


def put(record: Any, merged: Merged, mapping: Mapping) -> dict[str, str]:
    """Set what is taken over; return what could not be, by label, and take it out of `merged`."""
    before = {name: getattr(record, name) for name in merged.taken}
    for name, value in merged.taken.items():
        setattr(record, name, as_stored(record, name, value))
    labels = {item.local: item.label for item in mapping.fields if item.is_pulled}
    errors = problems(record, merged.taken)
    for name in errors:
        setattr(record, name, before[name])
        del merged.taken[name]
        merged.changes.pop(labels[name], None)
    return {labels[name]: text for name, text in errors.items()}


def as_stored(record: Any, name: str, value: Any) -> Any:
    """Return a value as its column keeps it: no text is an empty one, no choice the default."""
    column = record._meta.get_field(name)
    if value is not None or column.null:
        return value
    if isinstance(column, models.CharField | models.TextField) and column.blank:
        return ""
    return column.get_default()


def problems(record: Any, names: Iterable[str]) -> dict[str, str]:
    """Return what is wrong with these fields of a record, by our names, as sentences."""
    kept = set(names)
    others = {column.name for column in record._meta.fields} - kept
    try:
        record.clean_fields(exclude=others)
    except ValidationError as error:
        return {name: " ".join(texts) for name, texts in error.message_dict.items()}
    return {}
