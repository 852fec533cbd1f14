"""A connection's pages as tests use them: their addresses, what their form posts, what they tell."""

from typing import Any

from django.test import Client

from connectors.models import Connection
from tests.unrendered import context

LIST = "/admin/connectors/connection/"
RUNS_IT = (
    "view_company", "view_contact", "view_entry", "view_run", "view_connection", "view_user",
    "change_connection", "add_connection", "delete_connection",
    "sync_company", "sync_contact", "sync_location",
)  # fmt: skip


def url(connection: Connection, what: str = "change") -> str:
    """Return the address of one of a connection's pages."""
    return f"{LIST}{connection.pk}/{what}/"


def boxes(client: Client, connection: Connection | None = None, **edits: Any) -> dict[str, Any]:
    """Return what the page's form would post, with edits."""
    page = context(client, url(connection) if connection else f"{LIST}add/?kind=salesforce")
    form = page["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    known = {name: value for name, value in values.items() if value not in (None, False)}
    posted = {name: value if isinstance(value, list) else str(value) for name, value in known.items()}
    return {**posted, **edits}


def told(answer: Any) -> str:
    """Return the messages that a page shows."""
    return " ".join(str(message) for message in answer.context["messages"])


def text(answer: Any) -> str:
    """Return a page's HTML with its white space as one."""
    return " ".join(answer.content.decode().split())
