"""The manual triggers: ticked rows, the row's own action, the button on the page."""

import uuid
from typing import Any

import pytest
from django.test import Client

from companies.models import Company, CompanyLink
from connectors.models import Connection, ConnectionHealth
from synclog.models import Run
from tests.factories import CompanyFactory, ConnectionFactory
from tests.staff import EDITS, READS, SYNCS, browser_of, person

pytestmark = pytest.mark.django_db
GRID = "/admin/companies/company/"


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS))


def companies(count: int) -> list[Company]:
    return list(Company.objects.bulk_create(CompanyFactory.build_batch(count)))


@pytest.fixture
def rest() -> Company:
    """One more than is ticked: whoever ticks the whole list is asked first."""
    return CompanyFactory.create()


def run_action(client: Client, chosen: list[Company], **more: Any) -> Any:
    data = {"action": "sync_salesforce", "_selected_action": [company.pk for company in chosen], "index": "0"}
    return client.post(more.pop("url", GRID), {**data, **more}, follow=True)


def pending() -> set[int]:
    return {link.record_id for link in CompanyLink.objects.filter(state="pending")}


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def test_ticked_rows_are_queued_and_the_counts_add_up(
    account: Connection, client: Client, rest: Company
) -> None:
    chosen = companies(50)
    for company, name in zip(chosen[:2], ["Acme", "Globex"], strict=True):
        Company.objects.filter(pk=company.pk).update(name=name)
        CompanyLink.objects.create(connection=account, record=company, enabled="no")

    answer = run_action(client, chosen)

    run = Run.objects.get()
    assert "50 chosen: 48 queued, 2 not enabled (Acme, Globex)." in told(answer)
    assert f'href="/admin/synclog/run/{run.pk}/change/">Follow this run' in told(answer)
    assert pending() == {company.pk for company in chosen[2:]}
    assert (run.requested, run.skipped, run.user_name, run.label) == (50, 2, "dana", "Sync with Salesforce")


def test_what_needs_a_choice_is_left_out_and_named(
    account: Connection, client: Client, rest: Company
) -> None:
    acme, globex = CompanyFactory.create(name="Acme"), CompanyFactory.create(name="Globex")
    CompanyLink.objects.create(connection=account, record=acme, state="failed", code="conflict")

    answer = run_action(client, [acme, globex])

    assert "2 chosen: 1 queued, 1 needs your choice (Acme)." in told(answer)
    assert pending() == {globex.pk}


def test_a_double_click_makes_one_run(account: Connection, client: Client, rest: Company) -> None:
    chosen, run = companies(3), str(uuid.uuid4())

    run_action(client, chosen, run=run)
    CompanyLink.objects.update(state="idle")
    answer = run_action(client, chosen, run=run)

    assert Run.objects.count() == 1
    assert "asked for already" in told(answer)
    assert pending() == set()


def test_the_grid_hands_out_a_fresh_run_id_each_time(account: Connection, client: Client) -> None:
    companies(1)

    one = client.get(GRID).context["action_form"]["run"].value()
    other = client.get(GRID).context["action_form"]["run"].value()

    assert one != other
    assert str(uuid.UUID(str(one))) == str(one)


def test_more_than_two_hundred_are_confirmed_first(account: Connection, client: Client) -> None:
    chosen = companies(204)
    states = [
        *[{"remote_id": f"id{number}"} for number in range(40)],
        *[{"enabled": "no"} for _ in range(12)],
        *[{"state": "failed", "code": "conflict"} for _ in range(2)],
    ]
    for company, fields in zip(chosen, states, strict=False):
        CompanyLink.objects.create(connection=account, record=company, **fields)

    answer = run_action(client, chosen[:1], select_across="1")
    html = " ".join(answer.content.decode().split())

    assert pending() == set()
    assert (
        'Sync 204 companies with Salesforce <span class="cc-env cc-env-rehearsal">REHEARSAL</span>?' in html
    )
    assert "<dt>150</dt><dd>to send</dd>" in html
    assert "<dt>40</dt><dd>already in sync" in html
    assert "<dt>12</dt><dd>not enabled" in html
    assert "<dt>2</dt><dd>need your choice" in html
    assert "About 2 calls." in html
    assert ">Sync 150 companies</button>" in html
    assert "Cancel" in html


def test_the_confirmed_number_is_sent(account: Connection, client: Client) -> None:
    chosen = companies(204)

    answer = run_action(client, chosen[:1], select_across="1", confirmed="204")

    assert "204 chosen: 204 queued." in told(answer)
    assert len(pending()) == 204


def test_another_number_than_the_confirmed_one_is_asked_again(account: Connection, client: Client) -> None:
    chosen = companies(205)

    answer = run_action(client, chosen[:1], select_across="1", confirmed="204")

    assert "The list has changed since you looked" in answer.content.decode()
    assert ">Sync 205 companies</button>" in answer.content.decode()
    assert pending() == set()


def test_select_all_asks_even_for_few_and_keeps_the_filter(account: Connection, client: Client) -> None:
    active, blocked = CompanyFactory.create(), CompanyFactory.create(status="blocked")
    url = f"{GRID}?status__exact=blocked"

    asked = run_action(client, [blocked], select_across="1", url=url)
    run_action(client, [blocked], select_across="1", confirmed="1", url=url)

    assert ">Sync 1 company</button>" in asked.content.decode()
    assert pending() == {blocked.pk}
    assert active.pk not in pending()


def test_the_whole_list_is_asked_about_however_it_was_ticked(account: Connection, client: Client) -> None:
    chosen = companies(3)

    asked = run_action(client, chosen)
    before = pending()
    sent = run_action(client, chosen, confirmed="3")

    assert "Sync 3 companies with Salesforce" in " ".join(asked.content.decode().split())
    assert before == set()
    assert "3 chosen: 3 queued." in told(sent)


def test_the_whole_of_a_filtered_list_is_asked_about_too(
    account: Connection, client: Client, rest: Company
) -> None:
    Company.objects.bulk_create(blocked := CompanyFactory.build_batch(2, status="blocked"))

    asked = run_action(client, blocked, url=f"{GRID}?status__exact=blocked")

    assert ">Sync 2 companies</button>" in asked.content.decode()
    assert pending() == set()


def test_the_only_record_of_a_list_is_sent_as_by_its_own_button(account: Connection, client: Client) -> None:
    assert "1 chosen: 1 queued." in told(run_action(client, companies(1)))


def test_a_paused_connection_is_told_with_the_click(
    account: Connection, client: Client, rest: Company
) -> None:
    ConnectionHealth.objects.update(pause="login", pause_reason="The login was refused.")

    answer = run_action(client, companies(2))

    assert "Salesforce is paused (login refused): they wait, none is lost." in told(answer)
    assert len(pending()) == 2


def test_the_rows_own_action_sends_that_row_and_returns_to_the_grid(
    account: Connection, client: Client
) -> None:
    one, _ = companies(2)
    url = f"{GRID}{one.pk}/sync/{account.pk}/"

    answer = client.post(url, {"run": str(uuid.uuid4())}, headers={"referer": f"http://testserver{GRID}?p=2"})

    assert pending() == {one.pk}
    assert answer.headers["Location"] == f"http://testserver{GRID}?p=2"


def test_a_foreign_referer_is_not_returned_to(account: Connection, client: Client) -> None:
    url = f"{GRID}{companies(1)[0].pk}/sync/{account.pk}/"

    answer = client.post(url, headers={"referer": "https://evil.example/"})

    assert answer.headers["Location"] == GRID


def test_a_record_is_found_by_its_public_id(account: Connection, client: Client) -> None:
    company = CompanyFactory.create(name="Facebook")

    client.post(f"{GRID}{company.public_id}/sync/{account.pk}/")

    assert pending() == {company.pk}
    assert "Facebook" in client.get(f"{GRID}{company.public_id}/change/").content.decode()


@pytest.mark.parametrize("click", ["sync", "enable", "disable", "unlink"])
def test_looking_at_a_click_changes_nothing(account: Connection, client: Client, click: str) -> None:
    company = CompanyFactory.create()
    CompanyLink.objects.create(connection=account, record=company, remote_id="x", enabled="no")
    before = CompanyLink.objects.values().get()

    assert client.get(f"{GRID}{company.pk}/{click}/{account.pk}/").status_code == 405
    assert CompanyLink.objects.values().get() == before


@pytest.mark.parametrize("rights", [READS, EDITS])
@pytest.mark.parametrize("click", ["sync", "enable", "disable", "unlink", "choose"])
def test_a_click_needs_the_right_to_sync(account: Connection, rights: tuple[str, ...], click: str) -> None:
    company = CompanyFactory.create()
    client = browser_of(person(*rights))

    assert client.post(f"{GRID}{company.pk}/{click}/{account.pk}/", {"choice": "create"}).status_code == 403
    assert not CompanyLink.objects.exists()
    assert not Run.objects.exists()


def test_the_action_needs_the_right_to_sync_even_when_it_is_posted_by_hand(account: Connection) -> None:
    chosen = companies(2)
    client = browser_of(person(*EDITS))

    run_action(client, chosen)

    assert pending() == set()


def test_a_click_needs_its_csrf_token(account: Connection) -> None:
    company = CompanyFactory.create()
    client = Client(enforce_csrf_checks=True)
    client.force_login(person(*SYNCS))

    assert client.post(f"{GRID}{company.pk}/sync/{account.pk}/").status_code == 403
    assert pending() == set()


def test_a_refusal_is_said_in_words(account: Connection) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person(*READS))

    without_token = client.post(f"{GRID}1/sync/{account.pk}/").content.decode()
    without_right = client.get("/admin/connectors/connection/add/").content.decode()
    nothing_there = client.get("/nothing/").content.decode()

    assert "This page was open too long" in without_token
    assert "Your login lacks the right for it" in without_right
    assert "There is nothing at this address" in nothing_there


def test_strangers_send_nothing(account: Connection) -> None:
    company = CompanyFactory.create()

    assert Client().post(f"{GRID}{company.pk}/sync/{account.pk}/").status_code == 302
    assert pending() == set()


def test_an_unknown_record_or_connection_is_not_found(account: Connection, client: Client) -> None:
    company = CompanyFactory.create()

    assert client.post(f"{GRID}{company.pk}/sync/{account.pk + 1}/").status_code == 404
    assert client.post(f"{GRID}{company.pk + 1}/sync/{account.pk}/").status_code == 404
    assert client.post(f"{GRID}{uuid.uuid4()}/sync/{account.pk}/").status_code == 404
    assert client.post(f"{GRID}{'x' * 36}/sync/{account.pk}/").status_code == 404


def test_a_switched_off_record_says_by_whom_and_can_be_enabled(account: Connection, client: Client) -> None:
    company = CompanyFactory.create(name="Facebook")

    off = client.post(f"{GRID}{company.pk}/disable/{account.pk}/", follow=True)
    shown = client.get(GRID).content.decode()
    on = client.post(f"{GRID}{company.pk}/enable/{account.pk}/", follow=True)

    assert "Facebook is switched off for Salesforce" in told(off)
    assert "switched off by dana" in shown
    assert "Facebook is enabled for Salesforce" in told(on)
    assert CompanyLink.objects.get().enabled == "yes"
    assert pending() == set()


def test_a_very_long_name_does_not_flood_the_message(account: Connection, client: Client) -> None:
    company = CompanyFactory.create(name="x" * 500, legal_name="")

    off = client.post(f"{GRID}{company.pk}/disable/{account.pk}/", follow=True)

    assert len(told(off)) < 200


def test_somebody_who_may_not_see_runs_is_offered_none(account: Connection, rest: Company) -> None:
    client = browser_of(person("view_company", "sync_company"))

    answer = run_action(client, companies(2))

    assert "2 chosen: 2 queued." in told(answer)
    assert "Follow this run" not in told(answer)
