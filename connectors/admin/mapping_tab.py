"""Field mapping: which field goes where, who wins, what is lost. What may be chosen is asked about first."""

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
from connectors.admin import cells, company_configuration, connection_directions, connection_head
from connectors.admin.board import health_of
from connectors.entities import Entity
from connectors.field_table import Example, Row, Table
from connectors.mapping import Mapping
from connectors.models import Connection
from connectors.protocol import Direction
from connectors.rendering import Renderer
from synclog import words

VALUE_CHARS = 120
WAYS = {field_table.OUT: "goes to", field_table.IN: "comes from", field_table.NEITHER: "does not go"}
MARKS = {True: ("passed", "good"), False: ("failed", "bad"), None: ("not checked", "calm")}


@dataclass(frozen=True, slots=True)
class Section:
    """One entity's part of the page. `is_tested`: the connection was, with what it is set to now."""

    entity: Entity[Any, Any]
    mapping: Mapping
    table: Table
    example: Example | None
    is_tested: bool = False

    @property
    def is_checked(self) -> bool:
        """Return whether the test said anything of these fields, or they are the system's own."""
        return self.table.is_checked or any(self.is_built_in(row) for row in self.table.rows)

    def is_built_in(self, row: Row) -> bool:
        """Return whether a test has nothing to say of a field, since every store has it."""
        return self.is_tested and row.ok is None and row.is_known


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
        "sections": [_shown(connection, item, may_change=may_change) for item in sections],
        "direction_url": reverse("admin:connectors_connection_direction", args=[connection.pk]),
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
    table = field_table.table(
        mapping,
        described,
        checks,
        parent=entity.parent,
        example=example,
        direction=connection.direction(entity.name),
    )
    is_tested = bool(health and health.tested_at)
    return Section(entity, mapping, table, example, is_tested)


def _example(connection: Connection, entity: Entity[Any, Any]) -> Example | None:
    """Return the newest record that is over there, else the newest at all, None in an empty house."""
    linked = entity.links().linked().filter(connection=connection).order_by("-record_id")
    pk = linked.values_list("record_id", flat=True).first()
    record = entity.whole().filter(pk=pk).first() if pk else entity.whole().order_by("-pk").first()
    if record is None:
        return None
    plan = owners.plans(connection, [record])[record.pk]
    owner = next(((plan.names[key], key) for key in plan.owners), ("", ""))
    renderer = Renderer(connection, entity)
    return Example(record, renderer.one(record), owner, renderer.lead_of(record), is_linked=pk is not None)


def headline(connection: Connection, sections: list[Section]) -> str:
    """Return the counts of the whole in a sentence."""
    number = sum(len(item.table.rows) for item in sections)
    system = connection.system.label
    fields = f"{words.counted(number, 'field goes', 'fields go')} to {system}"
    if any(connection.direction(item.entity.name) != Direction.OUT for item in sections):
        fields += " or come from there"
    if not any(item.is_checked for item in sections):
        return f"{fields}. Not checked against {system} yet."
    failed = sum(len(item.table.failed) for item in sections)
    if not failed:
        return f"{fields}, and all of them fit."
    return f"{fields}; {failed:,} {'does' if failed == 1 else 'do'} not fit."


def _tone(sections: list[Section]) -> str:
    if any(item.table.failed for item in sections):
        return "bad"
    return "good" if all(item.is_checked for item in sections) else "calm"


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


def _shown(connection: Connection, item: Section, *, may_change: bool) -> dict[str, Any]:
    arrow = connection_directions.ARROWS[connection.direction(item.entity.name)]
    there = f"{connection.system.label} {item.mapping.remote}"
    name = states.capped(str(item.example.record), VALUE_CHARS) if item.example else ""
    failed = len(item.table.failed)
    return {
        "title": f"{item.entity.label_plural.capitalize()} {arrow} {there}",
        "label": item.entity.label,
        "plural": item.entity.label_plural,
        "told": _told(item),
        "tone": ("bad" if failed else "good") if item.is_checked else "calm",
        "example": name,
        "is_sent": connection.direction(item.entity.name) != Direction.IN,
        "name": item.entity.name,
        "direction": _direction(connection, item),
        "may_change": may_change,
        "rows": _lines(connection, item, may_change=may_change),
    }


def _told(item: Section) -> str:
    """Return what the last test said of a section, in a few words."""
    number, failed = len(item.table.rows), len(item.table.failed)
    built_in = sum(item.is_built_in(row) for row in item.table.rows)
    if failed:
        return f"{failed} of {number} failed"
    if not item.is_checked:
        return "not checked yet"
    if not built_in:
        return f"all {number} fit"
    return f"{number - built_in} checked, {built_in} built in" if built_in < number else "all built in"


def _direction(connection: Connection, item: Section) -> dict[str, Any]:
    """Return the choice between the directions; {} where records are only ever sent."""
    system, name = connection.system, item.entity.name
    if not connection_directions.is_read(system, name):
        return {}
    now, default = connection.direction(name), system.directions[name]
    options = [
        {
            "value": one.value,
            "label": connection_directions.said(system, one),
            "is_default": one == default,
            "is_chosen": one == now,
        }
        for one in Direction
    ]
    return {
        "options": options,
        "now": next(option for option in options if option["is_chosen"]),
        "is_both": now == Direction.BOTH,
        "is_out": now == Direction.OUT,
    }


def _lines(connection: Connection, item: Section, *, may_change: bool) -> list[dict[str, Any]]:
    """Return the rows; where a field's master can be chosen, with the choice, once per field of ours."""
    defaults = connection_directions.choosable(connection, item.entity.name)
    lines = []
    for row in (*item.table.rows, *item.table.unfilled):
        line = _line(row)
        if item.is_built_in(row):
            line["word"] = "built in"
        if row.master and may_change:
            line["masters"] = _masters(connection, row, defaults[row.local].master)
            line["field"] = connection_directions.MASTER + row.local
        elif row.master:
            line["is_default"] = row.master == defaults[row.local].master
        lines.append(line)
    return lines


def _masters(connection: Connection, row: Row, default: str) -> list[dict[str, Any]]:
    return [
        {
            "value": master,
            "label": connection_directions.master_said(connection.system, master),
            "is_default": master == default,
            "is_chosen": master == row.master,
        }
        for master in (connection_directions.LOCAL, connection_directions.REMOTE)
    ]


def _line(row: Row) -> dict[str, Any]:
    word, tone = MARKS[row.ok]
    return {
        "ours": row.ours,
        "theirs": row.theirs,
        "theirs_label": states.capped(row.theirs_label, VALUE_CHARS),
        "owner": row.owner,
        "way": row.way,
        "way_said": WAYS[row.way],
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
