"""The addresses below /services/data/vNN.0, literal ones before those with placeholders."""

from . import collections, composite, query, replication, rest
from .context import Route
from .errors import Refusal, not_found

COLLECTION = ("composite", "sobjects")
OBJECT = ("sobjects", "{}")
ROUTES = (
    Route("resources", "GET", (), rest.resources),
    Route("limits", "GET", ("limits",), rest.limits),
    Route("query", "GET", ("query",), query.query),
    Route("query_all", "GET", ("queryAll",), query.query_all),
    Route("query_more", "GET", ("query", "{}"), query.next_page),
    Route("query_more", "GET", ("queryAll", "{}"), query.next_page),
    Route("composite", "POST", ("composite",), composite.run, since=38),
    Route("collections_create", "POST", COLLECTION, collections.create, writes=True, since=42),
    Route("collections_update", "PATCH", COLLECTION, collections.update, writes=True, since=42),
    Route("collections_delete", "DELETE", COLLECTION, collections.delete, writes=True, since=42),
    Route("collections_read", "POST", (*COLLECTION, "{}"), collections.read_by_body, since=42),
    Route("collections_read", "GET", (*COLLECTION, "{}"), collections.read_by_address, since=42),
    Route(
        "collections_upsert", "PATCH", (*COLLECTION, "{}", "{}"), collections.upsert, writes=True, since=46
    ),
    Route("sobjects", "GET", ("sobjects",), rest.list_sobjects),
    Route("about", "GET", OBJECT, rest.about_sobject),
    Route("create", "POST", OBJECT, rest.create, writes=True),
    Route("describe", "GET", (*OBJECT, "describe"), rest.describe),
    Route("updated", "GET", (*OBJECT, "updated"), replication.updated),
    Route("deleted", "GET", (*OBJECT, "deleted"), replication.deleted),
    Route("read", "GET", (*OBJECT, "{}"), rest.read),
    Route("update", "PATCH", (*OBJECT, "{}"), rest.update, writes=True),
    Route("delete", "DELETE", (*OBJECT, "{}"), rest.delete, writes=True),
    Route("read_by_key", "GET", (*OBJECT, "{}", "{}"), rest.read_by_key),
    Route("upsert", "PATCH", (*OBJECT, "{}", "{}"), rest.upsert, writes=True),
    Route("delete_by_key", "DELETE", (*OBJECT, "{}", "{}"), rest.delete_by_key, writes=True),
)


def find_route(method: str, segments: list[str], version: int) -> tuple[Route, tuple[str, ...]]:
    """Return the route and what its placeholders stand for; raise the 404 or 405."""
    method = "GET" if method == "HEAD" else method
    allowed = []
    for route in ROUTES:
        if version < route.since or (params := route.params(segments)) is None:
            continue
        if route.method == method:
            return route, params
        allowed.append(route.method)
    if not allowed:
        raise not_found()
    names = ",".join(dict.fromkeys(allowed))
    message = f"HTTP Method '{method}' not allowed. Allowed are {names}"
    raise Refusal("METHOD_NOT_ALLOWED", message, status=405, headers=(("Allow", names),))
