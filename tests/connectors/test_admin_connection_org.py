"""A login of another organisation, on the connection's page: nothing is sent, and a person decides."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from companies.models import CompanyLink
from connectors.models import Connection, ConnectionHealth, Slot
from tests.connection_pages import RUNS_IT, boxes, text, told, url
from tests.factories import CompanyFactory, ConnectionFactory
from tests.staff import READS, browser_of, person

pytestmark = [pytest.mark.django_db, pytest.mark.untested]

OLD, NEW = "00D000000000001EAA", "00D000000000002EAA"
MEANT = {"org": NEW, "understood": "yes"}


@pytest.fixture
def account() -> Connection:
    """Return a connection whose last test found another organisation; two ids point to the old one."""
    connection = ConnectionFactory.create(org_id=OLD)
    for number in range(2):
        CompanyLink.objects.create(
            connection=connection, record=CompanyFactory.create(), remote_id=f"001{number}"
        )
    ConnectionHealth.objects.update(
        other_org=NEW, pause="login", pause_reason="This login belongs to another."
    )
    return connection


@pytest.fixture
def client() -> Client:
    return browser_of(person(*RUNS_IT))


def start_over(account: Connection) -> str:
    return url(account, "start-over")


def is_untouched(account: Connection) -> bool:
    return Connection.objects.get(pk=account.pk).org_id == OLD and CompanyLink.objects.linked().count() == 2


def test_the_page_says_whose_login_it_is_what_is_at_stake_and_offers_both_ways(
    account: Connection, client: Client
) -> None:
    html = text(client.get(url(account)))

    assert (
        f"This login belongs to another Salesforce organisation (<code>{NEW}</code>) than before "
        f"(<code>{OLD}</code>).</strong> 2 reference ids point to the old one. Nothing is sent."
    ) in html
    assert '<a class="cc-button" href="#login">Keep the old login</a>' in html
    assert f'<a class="cc-button" href="{start_over(account)}">Start over with the new one</a>' in html


def test_keep_the_old_login_leads_to_the_boxes_and_says_what_to_do_there(
    account: Connection, client: Client
) -> None:
    html = text(client.get(url(account)))

    assert '<span id="login"></span>' in html
    assert "To keep the old login: enter it here again, save, and press Test connection." in html


def test_a_real_test_that_finds_another_organisation_shows_the_choice(
    salesforce: Connection, client: Client
) -> None:
    Connection.objects.update(org_id=OLD)

    answer = client.post(url(salesforce, "test"), follow=True)

    assert "belongs to another Salesforce organisation" in text(answer)
    assert "Start over with the new one" in text(answer)


def test_asking_names_what_would_be_forgotten_and_changes_nothing(
    account: Connection, client: Client
) -> None:
    html = text(client.get(start_over(account)))

    assert "<dt>2</dt><dd>reference ids of companies</dd>" in html
    assert "Nothing is changed in Salesforce, in neither of the two organisations." in html
    assert "REHEARSAL" in html
    assert is_untouched(account)


def test_a_ticked_confirmation_starts_over(account: Connection, client: Client) -> None:
    answer = client.post(start_over(account), MEANT, follow=True)

    assert Connection.objects.get().org_id == NEW
    assert not CompanyLink.objects.linked().exists()
    assert "2 reference ids are forgotten here, nothing was changed over there." in told(answer)
    assert "belongs to another" not in text(answer)
    assert "Not tested yet" in text(answer)


def test_without_the_tick_nothing_happens(account: Connection, client: Client) -> None:
    answer = client.post(start_over(account), {"org": NEW})

    assert "Tick the box if you mean it. Nothing was changed." in text(answer)
    assert is_untouched(account)


def test_another_organisation_than_the_page_named_is_not_taken(account: Connection, client: Client) -> None:
    ConnectionHealth.objects.update(other_org="00D000000000003EAA")

    answer = client.post(start_over(account), MEANT, follow=True)

    assert "Test it again. Nothing was changed." in told(answer)
    assert is_untouched(account)


def test_while_records_are_being_sent_it_says_try_again(account: Connection, client: Client) -> None:
    soon = timezone.now() + timedelta(minutes=1)
    Slot.objects.create(connection=account, number=0, lease=uuid.uuid4(), expires_at=soon)

    answer = client.post(start_over(account), MEANT)

    assert "Try again in a moment. Nothing was changed." in text(answer)
    assert is_untouched(account)


def test_where_the_login_is_the_right_one_there_is_nothing_to_ask(
    account: Connection, client: Client
) -> None:
    ConnectionHealth.objects.update(other_org="")

    asked = client.get(start_over(account), follow=True)
    done = client.post(start_over(account), MEANT, follow=True)

    assert "belongs to the organisation it always had" in told(asked)
    assert "Nothing was changed." in told(done)
    assert "Start over with the new one" not in text(done)
    assert is_untouched(account)


def test_a_new_login_waits_for_its_own_test(account: Connection, client: Client) -> None:
    client.post(url(account), boxes(client, account, credential_client_secret="the old one"))

    assert ConnectionHealth.objects.get().other_org == ""


def test_somebody_who_only_reads_sees_the_trouble_and_no_choice(account: Connection) -> None:
    reader = browser_of(person(*READS))

    html = text(reader.get(url(account)))

    assert "belongs to another Salesforce organisation" in html
    assert "Start over with the new one" not in html
    assert "Keep the old login" not in html


def test_without_the_right_to_change_the_connection_it_is_refused(account: Connection) -> None:
    reader = browser_of(person(*READS, "sync_company", "sync_contact"))

    assert reader.get(start_over(account)).status_code == 403
    assert reader.post(start_over(account), MEANT).status_code == 403
    assert is_untouched(account)


def test_starting_over_needs_the_pages_own_token(account: Connection) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person(*RUNS_IT))

    assert strict.post(start_over(account), MEANT).status_code == 403
    assert is_untouched(account)
