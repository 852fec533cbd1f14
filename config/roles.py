"""The three roles that a new Concord has, as groups: Viewer, Operator, Owner.

A migration gives them; whoever runs Concord may change them afterwards, and nothing
changes them back. A right that is added here needs a migration that calls `give` again.
"""

from typing import Any

from django.contrib.auth.management import create_permissions

RECORDS = ("companies.company", "companies.location", "contacts.contact")
TOLD = ("synclog.entry", "synclog.run")
ROOMS = ("auth", "synclog", "connectors", "companies", "contacts")

Rights = dict[str, tuple[str, ...]]  # model: what may be done with it

SEES: Rights = dict.fromkeys(
    (*RECORDS, *TOLD, "connectors.connection", "connectors.remoteuser", "connectors.userlink", "auth.user"),
    ("view",),
)
WORKS: Rights = dict.fromkeys(RECORDS, ("add", "change", "delete", "sync"))
DECIDES: Rights = {
    "connectors.connection": ("add", "change", "delete"),
    "connectors.userlink": ("add", "change", "delete"),
    "auth.user": ("add", "change"),
    "auth.group": ("view",),
}
ROLES: dict[str, tuple[Rights, ...]] = {
    "Viewer": (SEES,),
    "Operator": (SEES, WORKS),
    "Owner": (SEES, WORKS, DECIDES),
}


def give(apps: Any) -> None:
    """Make the groups and add their rights; take none away. May run any number of times.

    `apps` is a migration's registry or the real one: rights on models that it does not
    know yet are left out.
    """
    _make_permissions(apps)
    group = apps.get_model("auth", "Group")
    for name, rights in ROLES.items():
        role, _ = group.objects.get_or_create(name=name)
        role.permissions.add(*(right for some in rights for right in _permissions(apps, some)))


def _permissions(apps: Any, rights: Rights) -> list[Any]:
    permission = apps.get_model("auth", "Permission")
    found: list[Any] = []
    for label, verbs in rights.items():
        app, model = label.split(".")
        names = [f"{verb}_{model}" for verb in verbs]
        found += permission.objects.filter(content_type__app_label=app, codename__in=names)
    return found


def _make_permissions(apps: Any) -> None:
    """Make the permissions now: Django does it after the last migration only."""
    for room in ROOMS:
        config = apps.get_app_config(room)
        known = getattr(config, "models_module", None)
        config.models_module = known or True  # a migration's stand-in has none and would be left out
        create_permissions(config, verbosity=0, apps=apps)
        config.models_module = known
