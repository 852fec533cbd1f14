"""The sidebar. Its sections per system come from the connections: the seed's path stays."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse, reverse_lazy

from connectors.admin import cells
from connectors.admin.board import synced_entities
from connectors.models import Connection

LOG = "admin:synclog"
SECTION = "#company-configuration"


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the sidebar (Unfold's SIDEBAR navigation)."""
    return [
        {"items": [_item(request, "Overview", "dashboard", "admin:index", "")]},
        *_records(request),
        {
            "title": "Log",
            "items": [
                _item(request, "Logs", "receipt_long", f"{LOG}_entry_changelist", "synclog.view_entry"),
                _item(request, "Runs", "playlist_play", f"{LOG}_run_changelist", "synclog.view_run"),
            ],
        },
        *_systems(request),
        {
            "title": "System",
            "items": [
                _item(
                    request, "Connections", "cable", "admin:connectors_connection_changelist",
                    "connectors.view_connection",
                ),
                _item(request, "All Users", "group", "admin:auth_user_changelist", "auth.view_user"),
                _item(request, "Roles", "badge", "admin:auth_group_changelist", "auth.view_group"),
            ],
        },
    ]  # fmt: skip


def _records(request: HttpRequest) -> list[dict[str, Any]]:
    """Return a group per room with what is synced in it, as "Customers" with "Companies"."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for entity in synced_entities():
        meta = entity.model._meta
        name, permission = f"{meta.app_label}_{meta.model_name}", f"view_{meta.model_name}"
        item = _item(
            request, entity.label_plural.capitalize(), entity.icon, f"admin:{name}_changelist",
            f"{meta.app_label}.{permission}",
        )  # fmt: skip
        groups.setdefault(str(meta.app_config.verbose_name), []).append(item)
    return [{"title": title, "items": items} for title, items in groups.items()]


def _item(request: HttpRequest, title: str, icon: str, name: str, permission: str) -> dict[str, Any]:
    allowed = not permission or request.user.has_perm(permission)
    url = reverse(name)
    here = request.path == url if name == "admin:index" else request.path.startswith(url)
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(name),
        "active": here,
        "permission": lambda _: allowed,
    }


def _systems(request: HttpRequest) -> list[dict[str, Any]]:
    """Return "Salesforce › B2B & Customers" with Company Configuration for each enabled connection."""
    if not request.user.has_perm("connectors.view_connection"):
        return []
    groups: dict[str, list[Connection]] = {}
    for row in Connection.objects.filter(enabled=True).order_by("name"):
        groups.setdefault(row.system.full_name, []).append(row)
    return [
        {"title": f"{label} › B2B & Customers", "items": [_configuration(row, len(rows)) for row in rows]}
        for label, rows in groups.items()
    ]


def _configuration(row: Connection, of_kind: int) -> dict[str, Any]:
    name = "Company Configuration" if of_kind == 1 else f"Company Configuration · {row.name}"
    return {
        "title": name.replace("&", "&amp;").replace("<", "&lt;"),  # Unfold prints titles unescaped
        "icon": "tune",
        "link": cells.address(Connection, "change", row.pk) + SECTION,
        "active": False,
    }
