"""The grid of all users: how far the links reach, who gets the rest, and the list of proposals."""

from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django.utils.text import capfirst

from companies.models import CompanyLink
from connectors.models import Connection, ConnectionHealth, RemoteUser, UserLink
from connectors.sandbox.server import SandboxServer
from connectors.users import counts
from synclog.models import Entry
from tests import people, talk
from tests.factories import CompanyFactory, ConnectionFactory, UserFactory
from tests.staff import browser_of, person

pytestmark = pytest.mark.django_db
GRID = "/admin/auth/user/"
RIGHTS = ("view_user", "change_user", "view_company", "change_connection", "view_connection")


@pytest.fixture
def account() -> Connection:
    connection = ConnectionFactory.create()
    ConnectionHealth.objects.update(users_at=timezone.now() - timedelta(minutes=3))
    return connection


@pytest.fixture
def client() -> Client:
    """Olga looks: one of our users herself, not linked."""
    return browser_of(person(*RIGHTS, username="olga"))


def ours(username: str, **values: Any) -> Any:
    return UserFactory.create(username=username, password=None, **values)


def page(client: Client, query: str = "") -> str:
    answer = client.get(GRID + query)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def proposals(connection: Connection) -> str:
    return f"{GRID}proposals/{connection.pk}/"


def fetch(connection: Connection) -> str:
    return f"{GRID}fetch/{connection.pk}/"


def row(text: str, username: str) -> str:
    """Return a user's line of the grid."""
    start = text.index(f">{username}</span>")
    return text[start : text.index("</tr>", start)]


def fell_back(connection: Connection, which: str, number: int) -> None:
    for company in CompanyFactory.create_batch(number):
        CompanyLink.objects.create(connection=connection, record=company, owner_fallback=which)


def default(connection: Connection, user: Any) -> None:
    Connection.objects.filter(pk=connection.pk).update(default_representative=user)


def test_the_first_line_counts_who_is_linked_and_says_who_gets_the_rest(
    client: Client, account: Connection
) -> None:
    dana = ours("dana", first_name="Dana", last_name="Whitfield")
    people.link(dana, people.remote(account, "Dana W"))
    ours("gone", is_active=False)
    without = page(client)
    default(account, dana)

    with_default = page(client)

    assert "1 of 2 users is linked. New accounts" in without
    assert "of the other 1 go to the login's own user." in without
    assert "of the other 1 go to the default: Dana Whitfield." in with_default
    assert "fetched " in without
    assert "(3 min ago)" in without


def test_the_first_line_does_not_count_on_links_to_somebody_who_can_own_nothing(
    client: Client, account: Connection
) -> None:
    people.link(ours("dana"), people.remote(account, "Dana W"))
    people.link(ours("ann"), people.remote(account, "Left", is_active=False))
    people.link(ours("bob"), people.remote(account, "Refused", trouble="was refused as an owner"))

    text = page(client)

    assert "3 of 4 users are linked, 2 of them to somebody inactive or refused there." in text
    assert "of 3 users go to the login's own user." in text


def test_the_columns_carry_the_systems_words(client: Client, account: Connection) -> None:
    titles = [capfirst(str(header["text"])) for header in result_headers(client.get(GRID).context["cl"])]

    there = ["Salesforce ID", "Salesforce Name", "Salesforce Status"]
    assert titles == ["User", "Email", "Active", *there, "Companies"]


def test_a_linked_user_shows_id_name_and_standing(client: Client, account: Connection) -> None:
    east = people.remote(account, "Sales East", profile="Field Sales")
    people.link(ours("dana"), east)

    line = row(page(client), "dana")

    assert f"{account.base_url}/lightning/r/User/{east.remote_id}/view" in line
    assert "Sales East" in line
    assert "Field Sales" in line
    assert 'cc-linked"' in line
    assert "Linked and active" in line


def test_each_standing_has_its_word_and_reason(client: Client, account: Connection) -> None:
    since = datetime(2025, 11, 20, 12, tzinfo=timezone.get_default_timezone())
    left = people.remote(account, "Left", is_active=False, inactive_since=since)
    refused = people.remote(account, "Refused", trouble="was refused as an owner")
    people.link(ours("ann"), left)
    people.link(ours("bob"), refused)
    people.remote(account, "Cara There", email="cara@example.com")
    ours("cara", email="cara@example.com")
    for number in range(2):
        people.remote(account, f"Dora {number}", email="dora@example.com")
    ours("dora", email="dora@example.com")

    text = page(client)

    assert "Linked but inactive" in row(text, "ann")
    assert "since 20 Nov" in row(text, "ann")
    assert "Linked but refused" in row(text, "bob")
    assert "was refused as an owner" in row(text, "bob")
    assert "Proposal" in row(text, "cara")
    assert "Cara There · same e-mail" in row(text, "cara")
    assert "Not linked" in row(text, "dora")
    assert "2 match: same e-mail" in row(text, "dora")


def test_the_number_of_companies_leads_to_them(client: Client, account: Connection) -> None:
    dana = ours("dana")
    CompanyFactory.create_batch(3, sales_representative=dana)
    CompanyFactory.create(name="Not Danas")
    line = row(page(client), "dana")
    url = f"/admin/companies/company/?sales_representative__id__exact={dana.pk}"

    found = client.get(url)

    assert f'href="{url}">3</a>' in line
    assert found.context["cl"].result_count == 3


def test_users_that_were_never_fetched_are_said_with_the_button(client: Client) -> None:
    ConnectionFactory.create()

    text = page(client)

    assert "Salesforce users were not fetched yet." in text
    assert "Fetch users" in text
    assert "users are linked" not in text


def test_without_a_connection_the_page_says_what_it_is_for(client: Client) -> None:
    assert "No enabled connection has users of its own." in page(client)


def test_a_default_who_left_is_the_worst_and_says_who_got_the_accounts(
    client: Client, account: Connection
) -> None:
    since = timezone.now() - timedelta(days=2)
    dana = ours("dana")
    people.link(dana, people.remote(account, "Left", is_active=False, inactive_since=since))
    default(account, dana)
    fell_back(account, "login", 12)
    fell_back(account, "default", 3)

    text = page(client)

    assert "The default representative (dana) is inactive in Salesforce since " in text
    assert ": 12 new accounts went to the login user." in text
    assert "Choose another" in text
    assert f"/admin/connectors/connection/{account.pk}/change/#company-configuration" in text
    assert 'href="/admin/companies/company/?owner=login@salesforce">Show the 12</a>' in text


@pytest.mark.parametrize(
    ("remote", "said"),
    [
        (None, "The default representative (dana) is not linked to a Salesforce user"),
        ({"trouble": "was refused as an owner"}, "The default representative (dana) was refused as an owner"),
    ],
)
def test_any_default_that_gets_nothing_is_said(
    client: Client, account: Connection, remote: dict[str, str] | None, said: str
) -> None:
    dana = ours("dana")
    default(account, dana)
    if remote is not None:
        people.link(dana, people.remote(account, "Dana W", **remote))

    text = page(client)

    assert said in text
    assert "new accounts" in text
    assert "go to the login user." in text
    assert "go to the login's own user" in text


def test_accounts_that_went_to_a_fallback_are_counted_though_all_is_well_now(
    client: Client, account: Connection
) -> None:
    dana = ours("dana")
    people.link(dana, people.remote(account, "Dana W"))
    default(account, dana)
    fell_back(account, "default", 2)
    fell_back(account, "login", 1)

    text = page(client)

    assert (
        "Not to their representative: 2 new accounts went to the default, 1 new account went to the login's"
        in text
    )
    assert "Show the 3" in text


def test_fallbacks_of_another_connection_are_not_counted(account: Connection) -> None:
    other = ConnectionFactory.create(slug="second", name="Second")
    fell_back(other, "login", 2)

    assert counts.fallbacks(account)["company"].total() == 0
    assert counts.fallbacks(other)["company"]["login"] == 2


@pytest.mark.parametrize(
    ("query", "number"),
    [("fallback", 5), ("login", 2), ("default", 3), ("login@salesforce", 2), ("login@second", 0), ("?", 6)],
)
def test_the_companies_grid_shows_who_went_to_somebody_else(
    client: Client, account: Connection, query: str, number: int
) -> None:
    fell_back(account, "login", 2)
    fell_back(account, "default", 3)
    fell_back(account, "", 1)

    answer = client.get(f"/admin/companies/company/?owner={query}")

    assert answer.status_code == 200
    assert answer.context["cl"].result_count == number


@pytest.mark.parametrize(
    ("query", "names"), [("yes", ["ann"]), ("trouble", ["bob", "cara"]), ("no", ["olga"]), ("", None)]
)
def test_the_list_is_filtered_by_who_is_linked(
    client: Client, account: Connection, query: str, names: list[str] | None
) -> None:
    people.link(ours("ann"), people.remote(account, "A"))
    people.link(ours("bob"), people.remote(account, "B", is_active=False))
    people.link(ours("cara"), people.remote(account, "C", trouble="was refused"))

    found = client.get(f"{GRID}?linked={query}").context["cl"].result_list

    assert [user.username for user in found] == (names or ["ann", "bob", "cara", "olga"])


def test_a_user_is_found_by_the_name_over_there(client: Client, account: Connection) -> None:
    people.link(ours("ann"), people.remote(account, "Zebra Crossing"))

    found = client.get(f"{GRID}?q=zebra").context["cl"].result_list

    assert [user.username for user in found] == ["ann"]


def test_the_number_of_statements_does_not_grow_with_the_rows(
    client: Client, account: Connection, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        user = ours(f"user{number}", email=f"u{number}@example.com")
        remote = people.remote(account, f"Remote {number}", email=f"u{number}@example.com")
        if number % 2:
            people.link(user, remote)

    with django_assert_max_num_queries(24):
        text = page(client)

    assert text.count("Linked and active") >= 30
    assert text.count("same e-mail") >= 30


def test_two_of_a_kind_have_columns_and_lines_with_their_names(client: Client, account: Connection) -> None:
    ConnectionFactory.create(slug="second", name="Second")

    text = page(client)

    assert "Salesforce ID · Second" in text
    assert "Salesforce Status · Salesforce" in text
    assert "Sync with Salesforce · Salesforce" in text
    assert "Salesforce users were not fetched yet." in text


def test_hostile_names_are_escaped_and_cut(client: Client, account: Connection) -> None:
    evil = people.remote(account, "<img src=x onerror=alert(1)>" + "م" * 200)
    people.link(ours("dana"), evil)

    text = client.get(GRID).content.decode()

    assert "<img src=x" not in text
    assert "م" * 130 not in text


def test_who_may_only_look_gets_no_buttons_and_is_refused(account: Connection) -> None:
    people.remote(account, "Olga There", email="vera@concord.example")
    viewer = browser_of(person("view_user", username="vera"))

    text = page(viewer)

    assert "Sync with Salesforce" not in text
    assert "Link 1 proposal" not in text
    assert "Choose a default" not in text
    assert viewer.post(fetch(account)).status_code == 403
    assert viewer.get(proposals(account)).status_code == 403
    assert viewer.post(proposals(account)).status_code == 403


def test_fetching_is_a_post_and_of_a_known_connection(client: Client, account: Connection) -> None:
    assert client.get(fetch(account)).status_code == 405
    assert client.post(f"{GRID}fetch/{account.pk + 1}/").status_code == 404
    Connection.objects.update(enabled=False)
    assert client.post(fetch(account)).status_code == 404


def test_the_proposals_are_listed_with_their_reasons(client: Client, account: Connection) -> None:
    people.remote(account, "Cara There", email="cara@example.com", profile="Field Sales")
    ours("cara", email="cara@example.com")
    people.remote(account, "Dora There", username="dora@example.com.uat")
    ours("dora", email="dora@example.com")
    people.remote(account, "Emil There", federation_id="emil", is_active=False)
    ours("emil")

    grid = page(client)
    text = unescape(client.get(proposals(account)).content.decode())

    assert "Link 3 proposals…" in grid
    assert "Cara There" in text
    assert "cara@example.com · Field Sales" in text
    assert text.count(" checked>") == 1
    assert text.index("same e-mail") < text.index("same username but for a suffix")
    assert text.index("same username but for a suffix") < text.index("same federation id")
    assert "inactive in Salesforce: gets no new records" in text
    assert ">Link 1 user</button>" in text
    assert not UserLink.objects.exists()


def test_what_was_ticked_is_linked_logged_and_kept_in_the_history(
    client: Client, account: Connection
) -> None:
    there = {name: people.remote(account, name, federation_id=name) for name in ("cara", "dora", "emil")}
    here = {name: ours(name, first_name=name.title()) for name in there}
    ticked = [f"{here[name].pk}:{there[name].pk}" for name in ("cara", "dora")]

    answer = client.post(proposals(account), {"pair": ticked}, follow=True)

    links = UserLink.objects.select_related("user", "remote_user")
    assert {(link.user.username, link.remote_user.name) for link in links} == {("cara",) * 2, ("dora",) * 2}
    assert {link.linked_by for link in links} == {"olga"}
    assert "2 users linked in Salesforce." in told(answer)
    assert list(Entry.objects.order_by("id").values_list("description", "login_user")) == [
        ("Cara was linked to cara in Salesforce by olga.", "olga"),
        ("Dora was linked to dora in Salesforce by olga.", "olga"),
    ]
    assert {entry.object_id for entry in LogEntry.objects.all()} == {
        str(here[n].pk) for n in ("cara", "dora")
    }


def test_only_what_is_still_proposed_is_linked(client: Client, account: Connection) -> None:
    east, cara = people.remote(account, "East"), ours("cara")
    forged = f"{cara.pk}:{east.pk}"

    answer = client.post(proposals(account), {"pair": [forged, "x", "1:2:3"]}, follow=True)

    assert not UserLink.objects.exists()
    assert "3 were left out: not proposed any more. Look again." in told(answer)


def test_nothing_ticked_links_nobody_and_says_so(client: Client, account: Connection) -> None:
    answer = client.post(proposals(account), {}, follow=True)

    assert "Nobody was ticked, so nobody was linked." in told(answer)


def test_a_list_without_proposals_leads_back(client: Client, account: Connection) -> None:
    answer = client.get(proposals(account), follow=True)

    assert "Nobody is proposed for Salesforce." in told(answer)


def test_hundreds_of_proposals_are_listed_in_parts(client: Client, account: Connection) -> None:
    RemoteUser.objects.bulk_create(
        RemoteUser(connection=account, remote_id=f"0055g{n:010}AAA", name=f"P {n}", federation_id=f"user-{n}")
        for n in range(230)
    )
    User.objects.bulk_create(User(username=f"user-{n}", password="!") for n in range(230))

    text = client.get(proposals(account)).content.decode()

    assert text.count('type="checkbox"') == 200
    assert "30 more are proposed after these." in text


@pytest.mark.django_db(transaction=True)
def test_the_button_fetches_from_the_live_system(
    client: Client, salesforce: Connection, sandbox: SandboxServer
) -> None:
    answer = client.post(fetch(salesforce), follow=True)

    assert RemoteUser.objects.count() == 13
    assert "13 users fetched from Salesforce: 13 new, 3 inactive." in told(answer)
    assert "were not fetched yet" not in answer.content.decode()
    assert Entry.objects.filter(login_user="olga", code="users").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_failure_stays_on_the_page_until_it_goes_again(
    client: Client, salesforce: Connection, sandbox: SandboxServer
) -> None:
    client.post(fetch(salesforce))
    talk.break_it(sandbox, {"fault": "status:503"})

    failed = client.post(fetch(salesforce), follow=True)
    later = page(client)
    talk.mend(sandbox)
    client.post(fetch(salesforce))

    assert failed.status_code == 200
    assert "The users of Salesforce were not fetched: " in told(failed)
    assert "Salesforce users could not be fetched again: this list was fetched " in later
    assert "could not be fetched again" not in page(client)
