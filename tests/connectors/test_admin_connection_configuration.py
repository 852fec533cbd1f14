"""Company Configuration: what is sent by itself, in which status, and who owns what nobody else owns."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from companies.models import Company, CompanyLink
from connectors.models import Connection, ConnectionHealth, RemoteUser
from contacts.models import Contact, ContactLink
from synclog.models import Run
from tests import people
from tests.connection_pages import RUNS_IT, boxes, text, told, url
from tests.factories import B2BFactory, CompanyFactory, ConnectionFactory, UserFactory
from tests.staff import READS, browser_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Connection:
    return ConnectionFactory.create()


@pytest.fixture
def client() -> Client:
    return browser_of(person(*RUNS_IT))


def stored(account: Connection) -> Connection:
    return Connection.objects.get(pk=account.pk)


def changed_companies(account: Connection, number: int, **values: Any) -> None:
    for _ in range(number):
        company = CompanyFactory.create(**values)
        CompanyLink.objects.create(
            connection=account, record=company, remote_id=f"id{company.pk}", changed=["phone"]
        )


def changed_contact(account: Connection) -> ContactLink:
    company = CompanyFactory.create()
    CompanyLink.objects.create(connection=account, record=company, remote_id=f"id{company.pk}")
    contact = Contact.objects.create(company=company, first_name="Mark", last_name="Z")
    return ContactLink.objects.create(connection=account, record=contact, remote_id="003", changed=["phone"])


def switch(client: Client, account: Connection, **edits: Any) -> Any:
    """Save the page with these edits; return the answer, not followed."""
    return client.post(url(account), boxes(client, account, **edits))


# The switch and the statuses


def test_there_is_a_switch_for_each_kind_of_record_that_the_system_takes(
    account: Connection, client: Client
) -> None:
    html = text(client.get(url(account)))

    assert "Enable B2B Company Synchronization" in html
    assert "Enable B2B Contact Synchronization" in html
    assert "Enable B2B Location Synchronization" not in html


def test_each_switch_stands_alone(account: Connection, client: Client) -> None:
    switch(client, account, auto_contact="yes")

    assert stored(account).auto_push == {"company": False, "contact": True}


def test_every_status_but_rejected_is_sent_by_itself_until_someone_says_otherwise(
    account: Connection, client: Client
) -> None:
    form = client.get(url(account)).context["adminform"].form

    assert form["statuses_company"].value() == ["pending", "active", "blocked", "inactive"]


def test_rejected_is_shown_as_never_and_cannot_be_chosen(account: Connection, client: Client) -> None:
    html = text(client.get(url(account)))
    answer = switch(client, account, statuses_company=["active", "rejected"])

    assert "Rejected (never)" in html
    assert answer.status_code == 200
    assert "rejected is not one of the available choices" in text(answer)
    assert stored(account).auto_statuses == {}


def test_the_chosen_statuses_decide_what_a_save_sends(account: Connection, client: Client) -> None:
    switch(client, account, auto_company="yes", statuses_company=["active"])

    pending = CompanyFactory.create(status=Company.Status.PENDING)
    active = CompanyFactory.create(status=Company.Status.ACTIVE)

    assert stored(account).auto_statuses == {"company": ["active"]}
    assert [link.record_id for link in CompanyLink.objects.filter(state="pending")] == [active.pk]
    assert not CompanyLink.objects.filter(record=pending).exists()


def test_yes_without_any_status_is_refused_since_it_would_send_nothing(
    account: Connection, client: Client
) -> None:
    answer = switch(client, account, auto_company="yes", statuses_company=[])

    assert "Tick at least one status, or choose No above" in text(answer)
    assert stored(account).auto_push == {}


def test_a_save_that_edits_nothing_writes_nothing(account: Connection, client: Client) -> None:
    before = Connection.objects.values().get()

    switch(client, account)

    assert Connection.objects.values().get() == before


# Turned on: what was changed before


def test_turning_it_on_asks_whether_to_send_what_was_changed_before(
    account: Connection, client: Client
) -> None:
    changed_companies(account, 31)

    answer = client.post(url(account), boxes(client, account, auto_company="yes"), follow=True)

    html = text(answer)
    assert "Send these 31 now to Salesforce" in html
    assert "REHEARSAL" in html
    assert "31 companies" in html
    assert "About 1 call to Salesforce." in html
    assert ">Send 31</button>" in html
    assert ">Only from now on</a>" in html
    assert not CompanyLink.objects.filter(state="pending").exists()


def test_turning_it_on_asks_about_what_was_never_sent_with_both_counts(
    account: Connection, client: Client
) -> None:
    changed_companies(account, 3)
    CompanyFactory.create_batch(2)
    CompanyLink.objects.create(connection=account, record=CompanyFactory.create())  # enabled, never sent

    answer = client.post(url(account), boxes(client, account, auto_company="yes"), follow=True)

    html = text(answer)
    assert "Send these 6 now to Salesforce" in html
    assert "<b>3 companies</b> changed and not sent" in html
    assert "<b>3 companies</b> never sent" in html
    assert ">Send 6</button>" in html
    assert ">Send only the 3 changed</button>" in html
    assert not CompanyLink.objects.filter(state="pending").exists()


def test_what_was_never_sent_goes_with_what_was_changed(account: Connection, client: Client) -> None:
    changed_companies(account, 1)
    never = CompanyFactory.create()
    Connection.objects.update(auto_push={"company": True})

    answer = client.post(url(account, "send"), {"entity": "company"}, follow=True)

    assert "2 companies chosen: 2 queued." in told(answer)
    assert CompanyLink.objects.filter(state="pending").count() == 2
    assert CompanyLink.objects.get(record=never).state == "pending"


def test_only_what_was_changed_is_sent_where_that_was_chosen(account: Connection, client: Client) -> None:
    changed_companies(account, 1)
    CompanyFactory.create()
    Connection.objects.update(auto_push={"company": True})

    answer = client.post(url(account, "send"), {"entity": "company", "what": "changed"}, follow=True)

    assert "1 company chosen: 1 queued." in told(answer)
    assert CompanyLink.objects.filter(state="pending").count() == 1
    assert CompanyLink.objects.count() == 1


def test_never_sent_counts_only_what_automatic_sync_would_send(account: Connection, client: Client) -> None:
    CompanyFactory.create()
    CompanyFactory.create(status=Company.Status.REJECTED)
    CompanyFactory.create(sync_enabled=False)
    for values in ({"enabled": "no"}, {"state": "failed", "code": "invalid"}, {"state": "pending"}):
        CompanyLink.objects.create(connection=account, record=CompanyFactory.create(), **values)

    html = text(client.post(url(account), boxes(client, account, auto_company="yes"), follow=True))

    assert "Send this one now to Salesforce" in html
    assert "<b>1 company</b> never sent" in html
    assert "1 more company was never sent, but has a status that is not sent automatically" in html


@pytest.fixture
def store() -> Connection:
    """A store, to which nothing goes that nobody enabled: one company is, two are not."""
    made = B2BFactory.create()
    CompanyFactory.create_batch(2)
    rejected = CompanyFactory.create(status=Company.Status.REJECTED)
    for company in (CompanyFactory.create(), rejected):
        CompanyLink.objects.create(connection=made, record=company)
    return made


def test_what_nobody_enabled_is_counted_apart_and_needs_a_button_of_its_own(
    store: Connection, client: Client
) -> None:
    html = text(client.post(url(store), boxes(client, store, auto_company="yes"), follow=True))

    assert "Send these 3 now to Better B2B" in html
    assert "<b>1 company</b> never sent</li>" in html
    assert "<b>2 companies</b> never sent, and not enabled for Better B2B yet" in html
    assert ">Send 1</button>" in html
    assert 'value="all" data-once>Enable and send all 3</button>' in html


@pytest.mark.parametrize(("what", "number"), [("", 1), ("all", 3)])
def test_what_nobody_enabled_is_sent_where_that_was_chosen(
    store: Connection, client: Client, what: str, number: int
) -> None:
    Connection.objects.update(auto_push={"company": True})

    client.post(url(store, "send"), {"entity": "company", "what": what})

    assert CompanyLink.objects.filter(state="pending").count() == number
    assert Run.objects.get().requested == number


def test_what_belongs_to_a_company_that_is_kept_back_is_left_with_it(
    store: Connection, client: Client
) -> None:
    rejected = Company.objects.get(status=Company.Status.REJECTED)
    Contact.objects.create(company=rejected, first_name="Mark", last_name="Z")
    Connection.objects.update(auto_push={"contact": True})

    answer = client.post(url(store, "send"), {"entity": "contact", "what": "all"}, follow=True)

    assert "Nothing was left to send" in told(answer)
    assert not ContactLink.objects.exists()


def test_companies_that_go_first_are_counted(account: Connection, client: Client) -> None:
    Contact.objects.create(company=CompanyFactory.create(), first_name="Mark", last_name="Z")
    Connection.objects.update(auto_push={"contact": True})

    answer = client.post(url(account, "send"), {"entity": "contact"}, follow=True)

    assert "1 contact chosen: 1 queued. 1 company of theirs was never sent: it goes first." in told(answer)
    assert Run.objects.get().requested == 2


def test_where_nobody_enabled_any_the_only_button_enables_them(store: Connection, client: Client) -> None:
    CompanyLink.objects.all().delete()

    html = text(client.post(url(store), boxes(client, store, auto_company="yes"), follow=True))

    assert ">Enable and send 3</button>" in html
    assert "data-once>Send " not in html


def test_asking_sends_nothing_and_only_from_now_on_leads_back(account: Connection, client: Client) -> None:
    changed_companies(account, 2)
    Connection.objects.update(auto_push={"company": True})

    html = text(client.get(url(account, "send"), {"entity": "company"}))

    assert f'href="{url(account)}">Only from now on</a>' in html
    assert not CompanyLink.objects.filter(state="pending").exists()
    assert not Run.objects.exists()


def test_send_makes_one_run_whose_counts_add_up(account: Connection, client: Client) -> None:
    changed_companies(account, 3)
    changed_contact(account)
    Connection.objects.update(auto_push={"company": True, "contact": True})

    answer = client.post(url(account, "send"), {"entity": ["company", "contact"]}, follow=True)

    run = Run.objects.get()
    assert (run.requested, run.kind, run.user_name) == (4, "click", "dana")
    assert CompanyLink.objects.filter(state="pending", run=run.pk).count() == 3
    assert ContactLink.objects.filter(state="pending", run=run.pk).count() == 1
    assert "3 companies and 1 contact chosen: 4 queued." in told(answer)
    assert "Follow this run" in told(answer)


def test_only_what_is_changed_enabled_and_in_a_chosen_status_is_sent(
    account: Connection, client: Client
) -> None:
    changed_companies(account, 1)
    changed_companies(account, 2, status=Company.Status.REJECTED)
    changed_companies(account, 1, sync_enabled=False)
    CompanyLink.objects.create(connection=account, record=CompanyFactory.create(), remote_id="same")
    CompanyLink.objects.create(
        connection=account, record=CompanyFactory.create(), remote_id="no", changed=["phone"], enabled="no"
    )
    CompanyLink.objects.create(
        connection=account, record=CompanyFactory.create(), state="failed", changed=["phone"]
    )
    Connection.objects.update(auto_push={"company": True})

    asked = text(client.get(url(account, "send"), {"entity": "company"}))
    client.post(url(account, "send"), {"entity": "company"})

    assert "Send this one now to Salesforce" in asked
    assert "2 more companies were changed, but have a status that is not sent automatically" in asked
    assert CompanyLink.objects.filter(state="pending").count() == 1
    assert Run.objects.get().requested == 1


def test_a_question_that_is_asked_about_nothing_is_answered(account: Connection, client: Client) -> None:
    assert "Nothing is left to send" in text(client.get(url(account, "send"), {"entity": "company"}))


def test_a_double_click_makes_one_run(account: Connection, client: Client) -> None:
    changed_companies(account, 1)
    Connection.objects.update(auto_push={"company": True})
    click = {"entity": "company", "run": "7d444840-9dc0-11d1-b245-5ffdce74fad2"}

    client.post(url(account, "send"), click)
    again = client.post(url(account, "send"), click, follow=True)

    assert "This was asked for already; nothing was sent twice." in told(again)
    assert Run.objects.count() == 1


def test_what_was_sent_meanwhile_is_not_sent_again(account: Connection, client: Client) -> None:
    Connection.objects.update(auto_push={"company": True})

    html = text(client.get(url(account, "send"), {"entity": "company"}))
    answer = client.post(url(account, "send"), {"entity": "company"}, follow=True)

    assert "Nothing is left to send to Salesforce" in html
    assert "Nothing was left to send" in told(answer)


def test_a_paused_connection_says_that_they_wait(account: Connection, client: Client) -> None:
    changed_companies(account, 1)
    Connection.objects.update(auto_push={"company": True})
    ConnectionHealth.objects.update(pause="login")

    assert "is paused (login refused): they wait" in text(
        client.get(url(account, "send"), {"entity": "company"})
    )


@pytest.mark.parametrize("edits", [{"auto_company": "no"}, {"name": "Salesforce EMEA"}])
def test_nothing_is_asked_where_nothing_was_turned_on(
    account: Connection, client: Client, edits: dict[str, str]
) -> None:
    changed_companies(account, 1)
    Connection.objects.update(auto_push={"company": True})

    assert "/send/" not in switch(client, account, **edits)["Location"]


def test_nothing_is_asked_where_nothing_was_changed_before(account: Connection, client: Client) -> None:
    assert "/send/" not in switch(client, account, auto_company="yes")["Location"]


def test_who_may_not_sync_is_told_the_number_and_can_send_nothing(account: Connection) -> None:
    changed_companies(account, 2)
    setter = browser_of(person("view_connection", "change_connection", "sync_contact"))

    saved = setter.post(url(account), boxes(setter, account, auto_company="yes"), follow=True)
    sent = setter.post(url(account, "send"), {"entity": "company"})

    assert "2 companies changed before and were not sent." in told(saved)
    assert sent.status_code == 403
    assert setter.get(url(account, "send"), {"entity": "company"}).status_code == 403
    assert not CompanyLink.objects.filter(state="pending").exists()


def test_who_may_only_sync_cannot_answer_for_the_connection(account: Connection) -> None:
    changed_companies(account, 1)
    Connection.objects.update(auto_push={"company": True})
    clerk = browser_of(person("view_connection", "sync_company"))

    assert clerk.post(url(account, "send"), {"entity": "company"}).status_code == 403
    assert clerk.get(url(account, "send"), {"entity": "company"}).status_code == 403


def test_sending_needs_the_pages_own_token(account: Connection) -> None:
    changed_companies(account, 1)
    Connection.objects.update(auto_push={"company": True})
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person(*RUNS_IT))

    assert strict.post(url(account, "send"), {"entity": "company"}).status_code == 403


# The default representative


def representatives(client: Client, account: Connection) -> list[str]:
    form = client.get(url(account)).context["adminform"].form
    return [str(label) for value, label in form.fields["default_representative"].choices if value]


def linked(account: Connection, username: str, **remote: Any) -> Any:
    user = UserFactory.create(username=username, password=None)
    people.link(user, people.remote(account, f"{username} over there", **remote))
    return user


def test_without_a_linked_user_it_says_so_and_where_to_link_one(account: Connection, client: Client) -> None:
    html = text(client.get(url(account)))

    assert "No user is linked to an active Salesforce user." in html
    assert '<a href="/admin/auth/user/">Link users</a>' in html


def test_who_may_not_see_users_gets_no_link_that_would_answer_403(account: Connection) -> None:
    setter = browser_of(person("view_connection", "change_connection"))

    html = text(setter.get(url(account)))

    assert "No user is linked to an active Salesforce user." in html
    assert "Link users" not in html


def test_only_active_users_who_are_linked_and_active_over_there_can_be_chosen(
    account: Connection, client: Client
) -> None:
    linked(account, "good")
    linked(account, "left_there", is_active=False)
    linked(account, "refused", trouble="may not own accounts")
    gone = linked(account, "left_here")
    gone.is_active = False
    gone.save()
    other = ConnectionFactory.create(slug="other", name="Other")
    linked(other, "elsewhere")
    UserFactory.create(username="nobody", password=None)

    assert representatives(client, account) == ["good · good over there"]


def test_the_choice_is_stored_and_can_be_taken_back(account: Connection, client: Client) -> None:
    dora = linked(account, "dora")

    switch(client, account, default_representative=str(dora.pk))
    chosen = stored(account).default_representative
    switch(client, account, default_representative="")

    assert chosen == dora
    assert stored(account).default_representative is None


def test_a_stranger_cannot_be_chosen(account: Connection, client: Client) -> None:
    stranger = UserFactory.create(username="stranger", password=None)

    answer = switch(client, account, default_representative=str(stranger.pk))

    assert answer.status_code == 200
    assert stored(account).default_representative is None


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda user: RemoteUser.objects.update(is_active=False), "inactive in Salesforce"),
        (lambda user: RemoteUser.objects.all().delete(), "not linked to a Salesforce user"),
        (lambda user: RemoteUser.objects.update(trouble="may not own accounts"), "may not own accounts"),
        (
            lambda user: get_user_model().objects.filter(pk=user.pk).update(is_active=False),
            "no longer active here",
        ),
    ],
)
def test_one_who_qualifies_no_more_is_shown_with_the_reason_and_stays_through_a_save(
    account: Connection, client: Client, spoil: Any, words: str
) -> None:
    dora = linked(account, "dora")
    Connection.objects.update(default_representative=dora)
    spoil(dora)

    shown = representatives(client, account)
    html = text(client.get(url(account)))
    switch(client, account, name="Renamed")

    assert shown == [f"dora · {words}"]
    assert f"dora can&#x27;t own anything in Salesforce now: {words}" in html
    assert stored(account).default_representative == dora


def test_since_when_somebody_is_inactive_is_said(account: Connection, client: Client) -> None:
    dora = linked(account, "dora", is_active=False, inactive_since=timezone.now() - timedelta(days=2))
    Connection.objects.update(default_representative=dora)

    assert "inactive in Salesforce since " in representatives(client, account)[0]


def test_a_name_with_markup_is_shown_as_text(account: Connection, client: Client) -> None:
    dora = linked(account, "dora", is_active=False)
    dora.first_name = "<img src=x>"
    dora.save()
    Connection.objects.update(default_representative=dora)

    assert "<img src=x>" not in client.get(url(account)).content.decode()


# Who only reads


def test_somebody_who_only_reads_sees_the_answers_and_no_boxes(account: Connection) -> None:
    Connection.objects.update(auto_push={"company": True}, auto_statuses={"company": ["active"]})

    html = text(browser_of(person(*READS)).get(url(account)))

    assert 'id="company-configuration"' in html
    assert '<dt>Enable B2B Company Synchronization</dt><dd dir="auto">Yes</dd>' in html
    assert '<dt>Enable B2B Contact Synchronization</dt><dd dir="auto">No</dd>' in html
    assert '<dt>Company statuses sent by themselves</dt><dd dir="auto">Active</dd>' in html
    assert 'name="auto_company"' not in html
    assert 'name="default_representative"' not in html
