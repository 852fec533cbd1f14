"""An owner gives roles, and cannot become or undo a superuser."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from config import roles
from tests.factories import UserFactory
from tests.staff import browser_of, superuser

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(db: None) -> User:
    roles.give(apps)
    user: User = UserFactory.create(username="olga", password=None)
    user.groups.add(Group.objects.get(name="Owner"))
    return user


def saves(client: Client, user: User, **typed: Any) -> Any:
    """Save a user's page with these boxes changed, as the browser sends it."""
    address = reverse("admin:auth_user_change", args=[user.pk])
    shown = client.get(address).context
    joined = {"date_joined_0": "2026-11-22", "date_joined_1": "10:00:00"}
    data: dict[str, Any] = {"username": user.username, "is_active": "on", "is_staff": "on", **joined, **typed}
    for formset in shown["inline_admin_formsets"]:
        prefix = formset.formset.prefix
        data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    return client.post(address, data)


def test_an_owner_gives_a_role_to_somebody(owner: User) -> None:
    colleague = UserFactory.create(username="carl", password=None)

    saves(browser_of(owner), colleague, groups=[Group.objects.get(name="Viewer").pk])

    assert [group.name for group in colleague.groups.all()] == ["Viewer"]


def test_an_owner_makes_nobody_a_superuser_and_gives_no_right_beside_the_roles(owner: User) -> None:
    right = Permission.objects.get(codename="delete_user")

    answer = saves(
        browser_of(owner), owner, first_name="Olga", is_superuser="on", user_permissions=[right.pk]
    )

    owner.refresh_from_db()
    assert answer.status_code == 302
    assert owner.first_name == "Olga"
    assert not owner.is_superuser
    assert not owner.user_permissions.exists()


@pytest.mark.parametrize("page", ["change", "password_change", "delete"])
def test_an_owner_changes_no_superuser(owner: User, page: str) -> None:
    root = superuser()

    answer = browser_of(owner).post(reverse(f"admin:auth_user_{page}", args=[root.pk]), {"post": "yes"})

    assert answer.status_code == 403
    assert User.objects.get(pk=root.pk).password == root.password


def test_a_superuser_does_both(db: None) -> None:
    root, colleague = superuser(), UserFactory.create(username="carl", password=None)

    saves(browser_of(root), colleague, is_superuser="on")

    colleague.refresh_from_db()
    assert colleague.is_superuser
