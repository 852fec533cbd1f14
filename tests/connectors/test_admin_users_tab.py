"""The user's edit page: the tab Salesforce, the box Salesforce User, the button Save User."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from companies.models import CompanyLink
from connectors.models import Connection, RemoteUser, UserLink
from connectors.sandbox.server import SandboxServer
from connectors.users import mirror
from synclog.models import Entry
from tests import people
from tests.factories import CompanyFactory, ConnectionFactory, UserFactory
from tests.staff import browser_of, person

pytestmark = pytest.mark.django_db
BOX = "users-salesforce-0-remote_user"


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def client() -> Client:
    return browser_of(person("view_user", "change_user", username="olga"))


@pytest.fixture
def dana() -> Any:
    return UserFactory.create(username="dana", first_name="Dana", email="dana@example.com", password=None)


def address(user: Any) -> str:
    return f"/admin/auth/user/{user.pk}/change/"


def boxes(page: str) -> dict[str, str]:
    """Return what a browser would post of a page, as it was shown."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag) and 'type="submit"' not in tag:
            found[name[1]] = unescape(value[1]) if value else "on" if "checkbox" in tag else ""
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        if chosen:
            found[name] = chosen[1]
    return found


def shown(client: Client, user: Any, query: str = "") -> str:
    return client.get(address(user) + query).content.decode()


def save(client: Client, user: Any, **edits: str) -> Any:
    """Open the page, edit, press Save User."""
    return client.post(address(user), {**boxes(shown(client, user)), "_save": "1", **edits}, follow=True)


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def linked_to(user: Any) -> str:
    link = UserLink.objects.select_related("remote_user").filter(user=user).first()
    return link.remote_user.name if link else ""


def test_choosing_a_user_over_there_and_saving_links(client: Client, account: Connection, dana: Any) -> None:
    east = people.remote(account, "Sales East", email="east@example.com", profile="Field Sales")
    page = shown(client, dana)

    answer = save(client, dana, **{BOX: str(east.pk)})

    assert re.search(r"#users-salesforce[^>]*>\s*Salesforce\b", page)
    assert "Salesforce User" in page
    assert "Sales East · east@example.com · Field Sales" in page
    assert re.search(r"<button[^>]*_save[^>]*>\s*Save User", page)
    assert answer.status_code == 200
    link = UserLink.objects.get(user=dana)
    assert (link.remote_user, link.linked_by) == (east, "olga")


def test_each_link_is_told_in_the_log_and_in_the_users_history(
    client: Client, account: Connection, dana: Any
) -> None:
    save(client, dana, **{BOX: str(people.remote(account, "Sales East").pk)})
    save(client, dana, **{BOX: ""})

    said = list(Entry.objects.order_by("id").values_list("description", "login_user", "connection_id"))
    assert said == [
        ("Dana was linked to Sales East in Salesforce by olga.", "olga", account.pk),
        ("Dana was unlinked from Sales East in Salesforce by olga.", "olga", account.pk),
    ]
    history = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert "Added user link “dana is Sales East”." in history[0]
    assert "Deleted user link “dana is Sales East”." in history[1]
    assert {entry.object_id for entry in LogEntry.objects.all()} == {str(dana.pk)}


def test_a_blank_box_unlinks(client: Client, account: Connection, dana: Any) -> None:
    people.link(dana, people.remote(account, "Sales East"))

    save(client, dana, **{BOX: ""})

    assert linked_to(dana) == ""


def test_another_choice_takes_the_place_of_the_first(client: Client, account: Connection, dana: Any) -> None:
    people.link(dana, people.remote(account, "Sales East"))

    save(client, dana, **{BOX: str(people.remote(account, "Sales West").pk)})

    assert linked_to(dana) == "Sales West"
    assert UserLink.objects.count() == 1


def test_saving_something_else_leaves_the_link_and_the_log_alone(
    client: Client, account: Connection, dana: Any
) -> None:
    people.link(dana, people.remote(account, "Sales East"))

    save(client, dana, first_name="Dora")

    dana.refresh_from_db()
    assert (dana.first_name, linked_to(dana)) == ("Dora", "Sales East")
    assert not Entry.objects.exists()


def test_a_page_that_was_open_for_long_does_not_undo_a_colleagues_link(
    client: Client, account: Connection, dana: Any
) -> None:
    opened = boxes(shown(client, dana))
    people.link(dana, people.remote(account, "Sales East"))

    client.post(address(dana), {**opened, "first_name": "Dora"})

    assert linked_to(dana) == "Sales East"


def test_the_inactive_stand_last_and_say_so(client: Client, account: Connection, dana: Any) -> None:
    people.remote(account, "Aaron Kim", is_active=False)
    people.remote(account, "Zoe Zimmer")

    page = shown(client, dana)

    assert page.index("Zoe Zimmer") < page.index("Inactive: gets no new records") < page.index("Aaron Kim")
    assert "Aaron Kim · inactive" in page


def test_linking_to_an_inactive_user_is_allowed_and_said(
    client: Client, account: Connection, dana: Any
) -> None:
    aaron = people.remote(account, "Aaron Kim", is_active=False)

    answer = save(client, dana, **{BOX: str(aaron.pk)})

    assert linked_to(dana) == "Aaron Kim"
    assert "Aaron Kim is inactive in Salesforce: new records go to somebody else" in told(answer)


def test_two_of_ours_may_be_one_over_there_and_it_is_said(
    client: Client, account: Connection, dana: Any
) -> None:
    east = people.remote(account, "Sales East")
    people.link(UserFactory.create(username="eve", password=None), east)

    answer = save(client, dana, **{BOX: str(east.pk)})

    assert linked_to(dana) == "Sales East"
    assert "Sales East in Salesforce is linked to eve, too: one user" in told(answer)


def test_the_page_counts_what_keeps_its_owner(client: Client, account: Connection, dana: Any) -> None:
    for number in range(3):
        company = CompanyFactory.create(sales_representative=dana)
        remote_id = f"0015g00000{number:05}AAA" if number else ""
        CompanyLink.objects.create(connection=account, record=company, remote_id=remote_id)

    assert "Existing 2 accounts keep their owner." in shown(client, dana)


def test_a_proposal_is_shown_and_not_applied(client: Client, account: Connection, dana: Any) -> None:
    east = people.remote(account, "Dana W", email="DANA@example.com.invalid")

    page = shown(client, dana)
    save(client, dana)

    assert "Proposal, same e-mail" in page
    assert f"?take={east.pk}#users-salesforce" in unescape(page)
    assert linked_to(dana) == ""


def test_a_proposal_is_taken_into_the_box_and_linked_when_saved(
    client: Client, account: Connection, dana: Any
) -> None:
    east = people.remote(account, "Dana W", email="dana@example.com")
    taken = shown(client, dana, f"?take={east.pk}")

    client.post(f"{address(dana)}?take={east.pk}", {**boxes(taken), "_save": "1"})

    assert boxes(taken)[BOX] == str(east.pk)
    assert linked_to(dana) == "Dana W"


def test_taking_alone_saves_nothing(client: Client, account: Connection, dana: Any) -> None:
    shown(client, dana, f"?take={people.remote(account, 'Dana W').pk}")

    assert linked_to(dana) == ""


@pytest.mark.parametrize("query", ["?take=999999", "?take=x", "?take=-1", "?take=²"])
def test_a_wrong_address_is_no_error(client: Client, account: Connection, dana: Any, query: str) -> None:
    assert client.get(address(dana) + query).status_code == 200


def test_the_user_of_another_connection_is_refused(client: Client, account: Connection, dana: Any) -> None:
    other = ConnectionFactory.create(slug="second", name="Second")
    stranger = people.remote(other, "Stranger")

    answer = save(client, dana, **{BOX: str(stranger.pk)})

    assert linked_to(dana) == ""
    assert "This one is not in the list any more. Choose again." in answer.content.decode()


def test_two_of_a_kind_have_a_tab_each_with_their_names(
    client: Client, account: Connection, dana: Any
) -> None:
    other = ConnectionFactory.create(slug="second", name="Second")
    one, two = people.remote(account, "Sales East"), people.remote(other, "Sales West")

    page = shown(client, dana)
    save(client, dana, **{BOX: str(one.pk), "users-second-0-remote_user": str(two.pk)})

    assert "Salesforce · Salesforce" in page
    assert "Salesforce · Second" in page
    assert {link.remote_user for link in UserLink.objects.all()} == {one, two}


def test_a_connection_that_is_switched_off_has_no_tab(client: Client, account: Connection, dana: Any) -> None:
    Connection.objects.update(enabled=False)

    assert "users-salesforce" not in shown(client, dana)


def test_who_may_only_look_sees_the_link_and_can_not_change_it(account: Connection, dana: Any) -> None:
    east = people.remote(account, "Sales East")
    people.link(dana, east)
    viewer = browser_of(person("view_user", username="vera"))
    page = shown(viewer, dana)

    answer = viewer.post(address(dana), {BOX: "", f"initial-{BOX}": str(east.pk)})

    assert "Sales East" in page
    assert f'name="{BOX}"' not in page
    assert "Save User" not in page
    assert answer.status_code == 403
    assert linked_to(dana) == "Sales East"


def test_djangos_own_parts_of_the_page_still_work(client: Client, account: Connection, dana: Any) -> None:
    dana.set_password("a long one for once")
    dana.save()

    assert client.get(f"/admin/auth/user/{dana.pk}/password/").status_code == 200
    save(client, dana, last_name="Whitfield")

    dana.refresh_from_db()
    assert dana.last_name == "Whitfield"
    assert dana.check_password("a long one for once")


def test_a_new_user_is_added_as_before(account: Connection) -> None:
    client = browser_of(person("view_user", "change_user", "add_user"))
    word = "correct-horse-battery"
    boxes_ = {"username": "nina", "usable_password": "true", "password1": word, "password2": word}

    answer = client.post("/admin/auth/user/add/", boxes_)

    assert answer.status_code == 302
    assert "users-salesforce" in client.get(answer["Location"]).content.decode()


def test_hostile_names_are_escaped_and_cut(client: Client, account: Connection, dana: Any) -> None:
    east = people.remote(account, "<script>alert(1)</script>" + "W" * 220, email="dana@example.com")
    people.link(dana, east)

    page = shown(client, dana)

    assert "<script>alert(1)" not in page
    assert "W" * 200 not in page


def test_the_page_asks_for_few_statements_however_many_users_there_are(
    client: Client, account: Connection, dana: Any, django_assert_max_num_queries: Any
) -> None:
    rows = [RemoteUser(connection=account, remote_id=f"0055g{n:010}AAA", name=f"P {n}") for n in range(1_000)]
    RemoteUser.objects.bulk_create(rows)

    with django_assert_max_num_queries(30):
        page = shown(client, dana)

    assert page.count("<option") > 1_000


@pytest.mark.django_db(transaction=True)
def test_the_list_is_the_one_of_the_live_system(
    client: Client, salesforce: Connection, sandbox: SandboxServer, dana: Any
) -> None:
    before = shown(client, dana)
    mirror.refresh(Connection.objects.get(), by="olga")

    page = shown(client, dana)

    assert "Salesforce users were not fetched yet" in before
    assert "not fetched yet" not in page
    assert "João Silva · joao.silva@example.com · Field Sales" in page
    assert "Automated" not in page
