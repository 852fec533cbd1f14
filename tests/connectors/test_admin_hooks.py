"""The section of a connection's page that tells how Concord learns of changes over there."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from companies.models import Company
from connectors import hooks, pull, trial
from connectors.models import Connection, ConnectionHealth, Cursor, Listener, Stray
from connectors.sandbox.server import SandboxServer
from tests import b2b as store
from tests.factories import B2BFactory
from tests.staff import READS, browser_of, person

pytestmark = pytest.mark.django_db
EDITS = (*READS, "change_connection", "view_connection")


@pytest.fixture
def editor(db: None) -> Client:
    """Return somebody who may change connections."""
    return browser_of(person(*EDITS))


def page(client: Client, connection: Connection) -> str:
    answer = client.get(reverse("admin:connectors_connection_change", args=[connection.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def press(client: Client, what: str, connection: Connection) -> str:
    """Press a button; return the message on the page that follows."""
    url = reverse(f"admin:connectors_connection_{what}", args=[connection.pk])
    answer: Any = client.post(url, follow=True)
    assert answer.status_code == 200, answer.status_code
    return " ".join(str(message) for message in answer.context["messages"])


def test_a_system_that_is_not_read_has_no_such_section(editor: Client, salesforce: Connection) -> None:
    assert "cc-inbound" not in page(editor, salesforce)


def test_a_new_connection_says_how_it_looks_and_what_webhooks_would_give(
    editor: Client, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://concord.example"
    connection = B2BFactory.create()

    text = page(editor, connection)

    assert "Concord looks for changes in B2B every 5 minutes, and through all records once a night." in text
    assert "With webhooks B2B tells of them as they happen." in text
    assert f"https://concord.example/webhooks/bigcommerce/{connection.public_id}/" in text
    assert "Register webhooks" in text
    assert "none yet" in text


def test_the_page_says_what_is_asked_of_the_signature(editor: Client) -> None:
    connection = B2BFactory.create()
    listener = Listener.objects.create(connection=connection)

    not_yet = page(editor, connection)
    listener.signed_at = timezone.now()
    listener.save()
    seen = page(editor, connection)
    Connection.objects.update(settings={"require_signature": "yes"})
    forced = page(editor, connection)
    Connection.objects.update(settings={}, credentials={"store_hash": "abc", "access_token": "t" * 20})
    Listener.objects.update(signed_at=None)
    unchecked = page(editor, connection)

    assert "Not signed yet: Concord&#x27;s own secret in their header decides." in not_yet
    assert "Required: they come signed, and unsigned ones are refused." in seen
    assert "Required by the setting Require signatures" in forced
    assert "Not checked: its client secret is not stored with the login." in unchecked


def test_without_an_address_of_our_own_the_button_is_replaced_by_what_to_do(
    editor: Client, settings: Any
) -> None:
    settings.PUBLIC_URL = ""
    connection = B2BFactory.create(environment="production")

    text = page(editor, connection)

    assert "Register webhooks" not in text
    assert "Concord does not know its own address. Concord&#x27;s operator sets PUBLIC_URL" in text
    assert "No webhook was registered." in press(editor, "hooks", connection)


def test_registering_repairing_and_removing_by_the_buttons(
    editor: Client, b2b: Connection, sandbox: SandboxServer, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://concord.example"

    registered = press(editor, "hooks", b2b)
    listening = page(editor, b2b)
    store.changes(sandbox, "hook", store.rows(sandbox, "hook")[0]["id"], is_active=False)
    b2b.refresh_from_db()
    hooks.look(b2b)
    broken = page(editor, b2b)
    repaired = press(editor, "hooks", b2b)
    removed = press(editor, "unhook", b2b)

    assert registered == repaired == "B2B tells Concord of all 10 kinds of changes."
    assert "all 10 listen" in listening
    assert "Repair webhooks" in listening
    assert "Switched off over there" in broken
    assert removed.startswith("10 webhooks were removed. Concord looks for changes in B2B every 5 minutes")
    assert store.rows(sandbox, "hook") == []
    assert "Register webhooks" in page(editor, b2b)


def test_no_secret_stands_on_the_page_or_in_a_message(editor: Client, b2b: Connection, settings: Any) -> None:
    settings.PUBLIC_URL = "https://concord.example"
    told = press(editor, "hooks", b2b)
    secret = Listener.objects.get().secret["value"]

    text = page(editor, b2b) + told

    assert len(secret) == 64
    assert secret not in text
    assert "rehearsal-secret" not in text


def test_a_store_that_does_not_let_us_listen_is_told_in_words(
    editor: Client, b2b: Connection, sandbox: SandboxServer, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://concord.example"
    trial.test(Connection.objects.get(), by="tester")  # so it is known whose store it is
    store.set_up(sandbox, scopes=["customers"])

    text = press(editor, "hooks", b2b)

    assert text.startswith("No webhook was registered. The API account may not be told of changes in B2B.")


def test_fetch_brings_what_changed(editor: Client, b2b: Connection, sandbox: SandboxServer) -> None:
    b2b.directions = {"company": "both"}
    b2b.save()
    store.makes(sandbox, "company", {"companyName": "Facebook"})

    text = press(editor, "fetch", b2b)
    pull.drain(b2b.pk)

    assert text == "B2B is asked for what changed since the last look. What comes in stands in the log."
    assert Company.objects.get().name == "Facebook"


def test_fetch_says_when_there_is_nothing_to_fetch_or_nobody_to_ask(editor: Client, b2b: Connection) -> None:
    nothing = press(editor, "fetch", b2b)
    b2b.directions = {"company": "both"}
    b2b.save()
    ConnectionHealth.objects.update(pause="person")
    paused = press(editor, "fetch", b2b)

    assert nothing.startswith("Nothing is linked to B2B yet and nothing comes from there")
    assert paused == "Better B2B is paused. B2B is asked for changes as soon as it goes on."


def test_a_list_that_is_not_believed_is_a_question_on_the_page(editor: Client, b2b: Connection) -> None:
    Cursor.objects.create(connection=b2b, entity="company", value="x", doubted=404, checked_at=timezone.now())

    asked = page(editor, b2b)
    told = press(editor, "believe", b2b)
    after = page(editor, b2b)

    assert "<strong>404 companies</strong> that are linked here were missing in B2B's list" in asked
    assert told.startswith("B2B is asked for each of them by its id.")
    assert "404 companies" not in after


def test_what_is_not_here_is_listed_with_its_reason_and_escaped(editor: Client, b2b: Connection) -> None:
    for number in range(7):
        Stray.objects.create(
            connection=b2b, entity="contact", remote_id=str(number), reason="invalid",
            message=f"User {number} (<b>Mark</b>) in B2B was not taken over.",
        )  # fmt: skip

    text = page(editor, b2b)

    assert "7 records are not here" in text
    assert "User 6 (&lt;b&gt;Mark&lt;/b&gt;) in B2B was not taken over." in text
    assert "And 2 more." in text


def test_who_may_only_look_sees_the_section_without_buttons(b2b: Connection) -> None:
    reader = browser_of(person(*READS, username="reader"))

    text = page(reader, b2b)

    assert "Changes in B2B" in text
    assert "Fetch from B2B</button>" not in text
    for what in ("fetch", "hooks", "unhook", "believe"):
        url = reverse(f"admin:connectors_connection_{what}", args=[b2b.pk])
        assert reader.post(url).status_code == 403
        assert reader.get(url).status_code == 405
