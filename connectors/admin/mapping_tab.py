"""Field mapping: which field goes where, who wins, what is lost. Read-only."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import CharField, TextField
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from connectors import field_table, owners, registry, states
from connectors.admin import cells, company_configuration, connection_head
from connectors.admin.board import health_of
from connectors.entities import Entity
from connectors.field_table import Example, Row, Table
from connectors.mapping import Mapping
from connectors.models import Connection
from connectors.rendering import Renderer
from synclog import words

VALUE_CHARS = 120
MARKS = {True: ("passed", "good"), False: ("failed", "bad"), None: ("not checked", "calm")}


@dataclass(frozen=True, slots=True)
class Section:
    """One entity's part of the page."""

    entity: Entity[Any, Any]
    mapping: Mapping
    table: Table
    example: Example | None


def page(request: HttpRequest, site: Any, connection: Connection, *, may_change: bool) -> HttpResponse:
    """Show every entity's fields, with an example of this house and what the last test said."""
    sections = [section(connection, entity) for entity in company_configuration.taken(connection.system)]
    health, now = health_of(connection), timezone.now()
    context = {
        **site.each_context(request),
        "title": "Field mapping",
        "opts": Connection._meta,
        "original": connection,
        "cc_tabs": connection_head.tabs(connection, "mapping"),
        "cc_environment": cells.environment(connection),
        "headline": headline(connection, sections),
        "tone": _tone(sections),
        "losses": [loss for item in sections for loss in losses(connection, item)],
        "sections": [_shown(connection, item) for item in sections],
        "tested": words.when(health.tested_at, now) if health and health.tested_at else "",
        "check_url": reverse("admin:connectors_connection_check", args=[connection.pk]) if may_change else "",
    }
    return TemplateResponse(request, "concord/connection_mapping.html", context)


def section(connection: Connection, entity: Entity[Any, Any]) -> Section:
    """Return one entity's table."""
    mapping, health = registry.mapping(connection, entity.name), health_of(connection)
    facts = health.facts if health else {}
    checks = field_table.checks_of(health.checks if health else [])
    example = _example(connection, entity)
    described = facts.get(mapping.remote, {})
    table = field_table.table(mapping, described, checks, parent=entity.parent, example=example)
    return Section(entity, mapping, table, example)


def _example(connection: Connection, entity: Entity[Any, Any]) -> Example | None:
    """Return the newest record that is over there, else the newest at all, None in an empty house."""
    linked = entity.links().linked().filter(connection=connection).order_by("-record_id")
    pk = linked.values_list("record_id", flat=True).first()
    record = entity.whole().filter(pk=pk).first() if pk else entity.whole().order_by("-pk").first()
    if record is None:
        return None
    plan = owners.plans(connection, [record])[record.pk]
    owner = next(((plan.names[key], key) for key in plan.owners), ("", ""))
    return Example(record, Renderer(connection, entity).one(record), owner)


def headline(connection: Connection, sections: list[Section]) -> str:
    """Return the counts of the whole in a sentence."""
    number = sum(len(item.table.rows) for item in sections)
    fields = words.counted(number, "field goes", "fields go")
    system = connection.system.label
    if not any(item.table.is_checked for item in sections):
        return f"{fields} to {system}. Not checked against {system} yet."
    failed = sum(len(item.table.failed) for item in sections)
    if not failed:
        return f"{fields} to {system}, and all of them fit."
    return f"{fields} to {system}; {failed:,} {'does' if failed == 1 else 'do'} not fit."


def _tone(sections: list[Section]) -> str:
    if any(item.table.failed for item in sections):
        return "bad"
    return "good" if all(item.table.is_checked for item in sections) else "calm"


def losses(connection: Connection, item: Section) -> Iterator[dict[str, str]]:
    """Yield what can't be sent because a field does not exist over there, with who makes it."""
    for row in item.table.failed:
        if not row.is_missing:
            continue
        system, many = connection.system.label, item.entity.label_plural
        yield {
            "text": f"{row.theirs} does not exist on {item.mapping.remote} in {system}, or Concord's user "
            f"may not see it: {_lost(item.entity, row)} can't be sent. Until that is solved {system} "
            f"refuses all {many}.",
            "how": states.capped(row.check, 1_000),
            "copy": states.capped(row.copy, 2_000),
        }


def _lost(entity: Entity[Any, Any], row: Row) -> str:
    """Return "the Email of 1,204 companies", without the number where it can't be asked for."""
    if not row.local:
        return f"the ids by which {entity.label_plural} are found again"
    try:
        field = entity.model._meta.get_field(row.local)
    except FieldDoesNotExist:
        return f"the {row.ours} of {entity.label_plural}"
    if not isinstance(field, CharField | TextField):
        return f"the {row.ours} of {entity.label_plural}"
    number = entity.records().exclude(**{row.local: ""}).count()
    return f"the {row.ours} of {words.counted(number, entity.label, entity.label_plural)}"


def _shown(connection: Connection, item: Section) -> dict[str, Any]:
    name = states.capped(str(item.example.record), VALUE_CHARS) if item.example else ""
    failed = len(item.table.failed)
    told = f"{failed} of {len(item.table.rows)} failed" if failed else f"all {len(item.table.rows)} fit"
    return {
        "title": f"{item.entity.label_plural.capitalize()} → {connection.system.label} {item.mapping.remote}",
        "label": item.entity.label,
        "plural": item.entity.label_plural,
        "told": told if item.table.is_checked else "not checked yet",
        "tone": ("bad" if failed else "good") if item.table.is_checked else "calm",
        "example": name,
        "rows": [_line(row) for row in (*item.table.rows, *item.table.unfilled)],
    }


def _line(row: Row) -> dict[str, Any]:
    word, tone = MARKS[row.ok]
    return {
        "ours": row.ours,
        "theirs": row.theirs,
        "theirs_label": states.capped(row.theirs_label, VALUE_CHARS),
        "owner": row.owner,
        "rules": " · ".join(row.rules),
        "before": states.capped(row.before, VALUE_CHARS),
        "after": states.capped(row.after, VALUE_CHARS),
        "is_same": row.before == row.after,
        "problem": states.capped(row.problem, 300),
        "word": word,
        "tone": tone,
        "check": states.capped(row.check, 1_000),
        "copy": states.capped(row.copy, 2_000),
    }
