"""People of the console, with exactly the rights that a test gives them."""

from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client

from tests.factories import UserFactory  # a password takes half a second to hash: none

READS = ("view_company", "view_entry", "view_run", "view_connection")
EDITS = (*READS, "add_company", "change_company", "delete_company")
SYNCS = (*EDITS, "sync_company")

CHILDREN = ("contact", "location")
READS_ALL = (*READS, *(f"view_{name}" for name in CHILDREN))
EDITS_ALL = (
    *EDITS,
    *READS_ALL,
    *(f"{may}_{name}" for may in ("add", "change", "delete") for name in CHILDREN),
)
SYNCS_ALL = (*SYNCS, *EDITS_ALL, *(f"sync_{name}" for name in CHILDREN))


def person(*rights: str, username: str = "dana") -> Any:
    """Return a member of staff with these permissions (by codename)."""
    user = UserFactory.create(username=username, password=None)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


def browser_of(user: Any) -> Client:
    """Return a client that is logged in as this person."""
    client = Client()
    client.force_login(user)
    return client


def superuser() -> Any:
    """Return somebody who may do everything."""
    return UserFactory.create(username="root", is_superuser=True, password=None)
