"""An owner gives roles and lets people in, and cannot become, undo or outdo somebody above."""

import logging
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from config import roles
from tests.factories import UserFactory
from tests.staff import browser_of, superuser

pytestmark = [pytest.mark.django_db, pytest.mark.security]
MINE = "a password of my own"


@pytest.fixture(autouse=True)
def _roles(db: None) -> None:
    roles.give(apps)


@pytest.fixture
def owner() -> User:
    return member("olga", "Owner", password=MINE)


@pytest.fixture
def everything() -> Group:
    """A role that a superuser made, with every permission."""
    group = Group.objects.create(name="Everything")
    group.permissions.set(Permission.objects.all())
    return group


@pytest.fixture
def trail(caplog: pytest.LogCaptureFixture) -> Any:
    """The lines of the trail, by calling it."""
    caplog.set_level(logging.INFO, logger="concord.security")
    return lambda: [one.getMessage() for one in caplog.records if one.name == "concord.security"]


def member(name: str, *groups: str, **fields: Any) -> User:
    user: User = UserFactory.create(username=name, **{"password": None, **fields})
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def saves(client: Client, user: User, **typed: Any) -> Any:
    """Save a user's page with these boxes changed, as the browser sends it."""
    address = reverse("admin:auth_user_change", args=[user.pk])
    shown = client.get(address).context
    joined = {"date_joined_0": "2026-11-22", "date_joined_1": "10:00:00"}
    data: dict[str, Any] = {"username": user.username, "is_active": "on", "is_staff": "on", **joined}
    data["groups"] = [group.pk for group in user.groups.all()]
    for formset in shown["inline_admin_formsets"]:
        prefix = formset.formset.prefix
        data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    return client.post(address, {name: value for name, value in (data | typed).items() if value is not None})


def groups_of(user: User) -> list[str]:
    return sorted(group.name for group in user.groups.all())


# --- Roles ----------------------------------------------------------------------------------------


def test_an_owner_gives_a_role_to_somebody(owner: User, trail: Any) -> None:
    colleague = member("carl")

    saves(browser_of(owner), colleague, groups=[Group.objects.get(name="Viewer").pk], own_password=MINE)

    assert groups_of(colleague) == ["Viewer"]
    assert trail()[-1] == (
        'user_groups_changed user="olga" address="127.0.0.1" target="carl" gained=["Viewer"] lost=[]'
    )


def test_an_owner_joins_no_group_that_may_do_more(owner: User, everything: Group) -> None:
    answer = saves(browser_of(owner), owner, groups=[everything.pk], own_password=MINE)

    assert "is not one of the available choices" in answer.content.decode()
    assert groups_of(owner) == ["Owner"]


def test_the_roles_that_may_do_more_are_not_offered(owner: User, everything: Group) -> None:
    offered = browser_of(owner).get(reverse("admin:auth_user_change", args=[owner.pk])).content.decode()

    assert "Viewer" in offered
    assert "Everything" not in offered


def test_an_owner_makes_nobody_a_superuser_and_gives_no_right_beside_the_roles(owner: User) -> None:
    right = Permission.objects.get(codename="delete_user")

    answer = saves(
        browser_of(owner),
        owner,
        first_name="Olga",
        is_superuser="on",
        user_permissions=[right.pk],
        own_password=MINE,
    )

    owner.refresh_from_db()
    assert answer.status_code == 302
    assert owner.first_name == "Olga"
    assert not owner.is_superuser
    assert not owner.user_permissions.exists()


@pytest.mark.parametrize("page", ["change", "password_change", "delete"])
@pytest.mark.parametrize("is_active", [True, False])
def test_an_owner_changes_nobody_who_may_do_more(
    owner: User, everything: Group, page: str, is_active: bool
) -> None:
    root = superuser()
    above = member("abe", "Everything", is_active=is_active)
    beside = member("ben", is_active=is_active)
    beside.user_permissions.add(Permission.objects.get(codename="delete_user"))
    root.is_active = is_active
    root.save()

    for user in (root, above, beside):
        answer = browser_of(owner).post(
            reverse(f"admin:auth_user_{page}", args=[user.pk]), {"post": "yes", "own_password": MINE}
        )

        assert answer.status_code == 403
        assert User.objects.get(pk=user.pk).password == user.password


def test_an_owner_changes_another_owner(owner: User) -> None:
    other = member("otto", "Owner")

    assert saves(browser_of(owner), other, first_name="Otto").status_code == 302


def test_a_superuser_does_all_of_it(everything: Group) -> None:
    root, colleague = superuser(), member("carl")
    root.set_password(MINE)
    root.save()

    saves(browser_of(root), colleague, is_superuser="on", groups=[everything.pk], own_password=MINE)

    colleague.refresh_from_db()
    assert colleague.is_superuser
    assert groups_of(colleague) == ["Everything"]


def test_who_may_change_roles_gives_them_no_right_that_they_lack(everything: Group) -> None:
    clerk = member("cleo", password=MINE)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_group", "change_group"]))
    mine = Group.objects.create(name="Mine")
    browser = browser_of(clerk)
    beyond = Permission.objects.get(codename="delete_user")

    added = browser.post(
        reverse("admin:auth_group_change", args=[mine.pk]),
        {"name": "Mine", "permissions": [beyond.pk], "own_password": MINE},
    )
    above = browser.post(reverse("admin:auth_group_change", args=[everything.pk]), {"name": "Nothing"})

    assert "is not one of the available choices" in added.content.decode()
    assert above.status_code == 403
    assert not mine.permissions.exists()


# --- One's own password -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [{"is_active": None}, {"is_staff": None}, {"groups": []}],
    ids=["deactivated", "kept out", "role taken"],
)
@pytest.mark.parametrize(
    ("password", "sentence"),
    [("", "Enter your own password"), ("a guess", "This is not your password.")],
    ids=["none", "wrong"],
)
def test_a_change_of_rights_takes_ones_own_password(
    owner: User, typed: dict[str, Any], password: str, sentence: str
) -> None:
    colleague = member("carl", "Viewer")

    answer = saves(browser_of(owner), colleague, **typed, own_password=password)

    colleague.refresh_from_db()
    assert sentence in answer.content.decode()
    assert (colleague.is_active, colleague.is_staff, groups_of(colleague)) == (True, True, ["Viewer"])


def test_a_change_of_the_name_takes_none(owner: User, trail: Any) -> None:
    colleague = member("carl", "Viewer")

    assert saves(browser_of(owner), colleague, first_name="Carl").status_code == 302
    assert next(line for line in trail() if "user_changed" in line).startswith(
        'user_changed user="olga" address="127.0.0.1" target="carl"'
    )


def test_a_change_of_a_role_takes_it_too_and_is_noted(trail: Any) -> None:
    root = UserFactory.create(username="root", is_superuser=True, password=MINE)
    address = reverse("admin:auth_group_change", args=[Group.objects.get(name="Viewer").pk])
    right = Permission.objects.get(codename="view_company")
    data = {"name": "Viewer", "permissions": [right.pk]}

    refused = browser_of(root).post(address, data)
    done = browser_of(root).post(address, {**data, "own_password": MINE})

    assert "Enter your own password" in refused.content.decode()
    assert done.status_code == 302
    assert 'group_permissions_changed user="root" address="127.0.0.1" target="Viewer"' in trail()[-1]


def test_the_own_password_is_not_shown_again_and_not_logged(
    owner: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    answer = saves(browser_of(owner), member("carl"), is_staff=None, username="", own_password=MINE)

    assert MINE not in answer.content.decode()
    assert MINE not in caplog.text


def test_a_new_user_has_no_password_and_no_rights(owner: User, trail: Any) -> None:
    browser_of(owner).post(reverse("admin:auth_user_add"), {"username": "nina", "password1": "x" * 20})

    nina = User.objects.get(username="nina")
    assert not nina.has_usable_password()
    assert not nina.is_staff
    assert not nina.groups.exists()
    assert trail()[-1].startswith('user_added user="olga" address="127.0.0.1" target="nina"')
