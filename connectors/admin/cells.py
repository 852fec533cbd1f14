"""HTML of one link: the id over there, the chip, its reason. All remote text is escaped here.

Icons are drawn by the style sheet, so that the text of a cell is what it says.
"""

import uuid
from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from connectors.admin.board import Board
from connectors.models import Connection, Link
from connectors.states import Shown, State

NOTHING = mark_safe("")
SWAP = mark_safe(' hx-swap-oob="true"')
POSTS = {State.CHANGED: "Send now", State.NOT_SYNCED: "", State.NOT_ENABLED: "Enable"}  # "": the push label


def address(model: Any, what: str, *args: object) -> str:
    """Return the address of one of a model's admin pages."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{what}", args=args)


def cell(
    board: Board,
    record: Any,
    connection: Connection,
    *,
    may_sync: bool,
    form: str,
    swapped: bool = False,
    is_over: bool = False,
) -> SafeString:
    """Return a grid's cell: it carries an id, so that polling can replace it (`swapped`).

    `form` is the id of the page's form that its buttons post: a form can't be
    nested in the grid's. `is_over`: the page stops looking after this.
    """
    link, shown = board.shown(record, connection)
    stopped = is_over and shown.state.is_moving and link is not None
    return format_html(
        '<div class="cc-cell" id="{}"{}>{}{}{}</div>',
        cell_id(record, connection),
        SWAP if swapped else NOTHING,
        remote_id(link, connection, board.open_label(connection)),
        _linked_chip(board, record, link, connection, shown, form if may_sync else ""),
        _still_working(link) if stopped and link else why(shown.reason),
    )


def _still_working(link: Link) -> SafeString:
    url = run_url(link.run)
    if not url:
        return why("still working; reload to look again")
    return format_html('<span class="cc-why">still working, <a href="{}">see the run</a></span>', url)


def cell_id(record: Any, connection: Connection) -> str:
    """Return the element id of a cell: a company's page has its contacts' cells too."""
    return f"cc-{record._meta.model_name}-{record.pk}-{connection.pk}"


def chip(state: State) -> SafeString:
    """Return the chip alone: icon, word and colour."""
    return format_html('<span class="cc-chip cc-{}">{}</span>', state.value, state.word)


def why(reason: str) -> SafeString:
    """Return a reason as the second line, in whatever script it is written."""
    return format_html('<span class="cc-why" dir="auto">{}</span>', reason) if reason else NOTHING


def remote_id(link: Link | None, connection: Connection, label: str) -> SafeString:
    """Return the id over there as a link with Copy; nothing where it isn't a valid one."""
    if link is None or not link.remote_id or not connection.system.valid_id(link.remote_id):
        return NOTHING
    copy = format_html(
        '<button type="button" class="cc-copy" data-copy="{}" aria-label="Copy {}">Copy</button>',
        link.remote_id,
        link.remote_id,
    )
    return format_html('<span class="cc-id">{}{}</span>', outside(link, connection, label), copy)


def outside(link: Link, connection: Connection, label: str) -> SafeString:
    """Return a link to the record over there: its id cut in the middle, whole on focus."""
    whole = link.remote_id
    short = whole if len(whole) <= 12 else f"{whole[:5]}…{whole[-3:]}"
    names = format_html('<span class="cc-short">{}</span><span class="cc-whole">{}</span>', short, whole)
    url = record_url(link, connection)
    if not url:
        return format_html("<code>{}</code>", names)
    return format_html(
        '<a href="{}" target="_blank" rel="noopener noreferrer" title="{}: {}"><code>{}</code>'
        '<span class="cc-out" aria-hidden="true">↗</span></a>',
        url,
        label,
        whole,
        names,
    )


def is_switched_off(link: Link | None) -> bool:
    """Return whether a person said no to this record for this connection, and so can say yes."""
    return link is not None and link.enabled == Link.Enabled.NO


def record_url(link: Link | None, connection: Connection) -> str:
    """Return where the record stands over there; "" for what isn't a web address."""
    if link is None or not link.remote_id or not connection.system.valid_id(link.remote_id):
        return ""
    entity = type(link)._meta.get_field("record").related_model._meta.model_name
    url = link.remote_url or connection.record_url(str(entity), link.remote_id)
    return url if url.startswith(("https://", "http://")) else ""


def environment(connection: Connection) -> SafeString:
    """Return the chip that stands beside every connection's name."""
    return format_html(
        '<span class="cc-env cc-env-{}">{}</span>',
        connection.environment,
        connection.get_environment_display(),
    )


def post_button(label: str, url: str, form: str, *, css: str, title: str = "") -> SafeString:
    """Return a button that posts the page's form elsewhere, with a fresh run id for double clicks."""
    return format_html(
        '<button type="submit" form="{}" formaction="{}" formmethod="post" formnovalidate name="run" '
        'value="{}" class="{}" title="{}" data-once>{}</button>',
        form,
        url,
        uuid.uuid4(),
        css,
        title,
        label,
    )


def menu(record: Any, items: Iterable[SafeString]) -> SafeString:
    """Return the row's "Select" menu. A popover: it lies above the grid, which would cut it."""
    name = f"cc-menu-{record._meta.model_name}-{record.pk}"
    return format_html(
        '<button type="button" class="cc-select" popovertarget="{}" aria-haspopup="menu">Select'
        '<span class="cc-hidden"> what to do with {}</span></button>'
        '<div class="cc-menu" id="{}" popover>{}</div>',
        name,
        str(record),
        name,
        format_html_join("", "{}", ((item,) for item in items)),
    )


def menu_link(label: str, url: str, *, outside_us: bool = False) -> SafeString:
    """Return an entry of the menu that leads somewhere."""
    if outside_us:
        html = '<a href="{}" target="_blank" rel="noopener noreferrer">{} ↗</a>'
        return format_html(html, url, label)
    return format_html('<a href="{}">{}</a>', url, label)


def log_url(record: Any) -> str:
    """Return the log of one record, all of it."""
    return f"{reverse('admin:synclog_entry_changelist')}?object={record.public_id}"


def titled(column: Any, name: str, title: str) -> Any:
    """Return a grid's column function with the name and title that Django looks for."""
    column.__name__, column.short_description = name, title
    return column


def run_url(run: uuid.UUID | None) -> str:
    """Return a run's page, "" where there is none."""
    return reverse("admin:synclog_run_change", args=[run]) if run else ""


def _linked_chip(
    board: Board, record: Any, link: Link | None, connection: Connection, shown: Shown, form: str
) -> SafeString:
    """Return the chip as what a click on it does: see the table of states in docs."""
    state, css = shown.state, f"cc-chip cc-{shown.state.value}"
    model = board.entity.model
    if state in POSTS and form and (state is not State.NOT_ENABLED or is_switched_off(link)):
        what = "enable" if state is State.NOT_ENABLED else "sync"
        verb = POSTS[state] or board.push_label(connection)
        url = address(model, what, record.pk, connection.pk)
        return post_button(state.word, url, form, css=css, title=f"{verb}: {record}"[:200])
    url = _target(board, record, link, connection, state)
    if not url:
        return chip(state)
    blank = (
        mark_safe(' target="_blank" rel="noopener noreferrer"')
        if state in (State.IN_SYNC, State.CHECKING)
        else NOTHING
    )
    return format_html('<a class="{}" href="{}"{}>{}</a>', css, url, blank, state.word)


def _target(board: Board, record: Any, link: Link | None, connection: Connection, state: State) -> str:
    model = board.entity.model
    if state is State.NOT_ENABLED and not is_switched_off(link):  # the page says what keeps it back
        return address(model, "change", record.pk)
    if link is None or state in POSTS:
        return ""
    if state in (State.IN_SYNC, State.CHECKING):
        return record_url(link, connection)
    if state.is_moving:
        return run_url(link.run)
    if state in (State.CHOICE, State.GONE):
        return address(model, "choose", record.pk, connection.pk)
    return address(model, "change", record.pk)
