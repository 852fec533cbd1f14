"""The groups: who has which right, on a fresh database and on one in use."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from config import roles

pytestmark = pytest.mark.django_db(transaction=True)  # migrations are their own transactions

HAVE = {
    "Viewer": {
        "view_company", "view_location", "view_contact", "view_entry", "view_run", "view_connection",
        "view_remoteuser", "view_userlink", "view_user",
    },
}  # fmt: skip
HAVE["Operator"] = HAVE["Viewer"] | {
    f"{verb}_{model}"
    for verb in ("add", "change", "delete", "sync")
    for model in ("company", "location", "contact")
}
HAVE["Owner"] = HAVE["Operator"] | {
    "add_connection", "change_connection", "delete_connection",
    "add_userlink", "change_userlink", "delete_userlink",
    "add_user", "change_user", "view_group",
}  # fmt: skip


def have() -> dict[str, set[str]]:
    groups = Group.objects.prefetch_related("permissions")
    return {group.name: {right.codename for right in group.permissions.all()} for group in groups}


def migrate(target: str | None) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([("config", target)])


def test_the_migration_makes_the_groups_on_a_database_without_permissions() -> None:
    migrate(None)
    Group.objects.all().delete()
    Permission.objects.all().delete()

    migrate("0001_roles")

    assert have() == HAVE


def test_what_was_given_by_hand_stays_and_giving_again_adds_what_is_missing() -> None:
    roles.give(apps)
    viewer = Group.objects.get(name="Viewer")
    viewer.permissions.set(Permission.objects.filter(codename__in=["view_company", "view_group"]))

    roles.give(apps)

    assert have() == {**HAVE, "Viewer": HAVE["Viewer"] | {"view_group"}}


def test_nobody_may_read_tokens_or_write_the_log() -> None:
    roles.give(apps)

    given = set().union(*have().values())

    assert not {
        right for right in given if right.endswith(("_token", "_slot", "_connectionhealth", "_permission"))
    }
    assert not {
        right for right in given if right.endswith(("_entry", "_run")) and not right.startswith("view_")
    }
