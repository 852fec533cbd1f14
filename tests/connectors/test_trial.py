"""Test connection: every check green and red, and each red line says who does what where."""

import time
from typing import Any

import pytest

from connectors import health, trial
from connectors.errors import AuthFailed
from connectors.models import Connection, ConnectionHealth, Token
from connectors.sandbox.server import SandboxServer
from synclog.models import Entry
from tests import talk
from tests.desk import KEY, set_up
from tests.factories import CompanyFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.untested]

WHO = (
    "A Salesforce administrator",
    "whoever runs Concord",
    "on this page",
    "on the connection's page",
    "Copy both anew",
    "Compare ",
)
OTHER_ORG = "00D000000000002EAA"


def checks(connection: Connection, **options: Any) -> dict[str, dict[str, Any]]:
    """Test the connection; return its checklist by label."""
    found = Connection.objects.get(pk=connection.pk)
    return {item["label"]: item for item in trial.test(found, by="admin", **options).checks}


def red(connection: Connection, **options: Any) -> dict[str, str]:
    """Test; return the red lines. Each must say who does what."""
    lines = {
        label: item["text"] for label, item in checks(connection, **options).items() if item["ok"] is False
    }
    for text in lines.values():
        assert any(who in text for who in WHO) or "press Test connection" in text, text
        assert text.endswith(".")
    return lines


def edit(connection: Connection, **values: Any) -> None:
    Connection.objects.filter(pk=connection.pk).update(**values)


def field(sandbox: SandboxServer, name: str, change: dict[str, Any] | None) -> None:
    set_up(sandbox, fields={"Account": {name: change}})


def test_all_is_well(salesforce: Connection, sandbox: SandboxServer) -> None:
    found = checks(salesforce)

    assert {item["ok"] for item in found.values()} == {True}
    assert list(found)[:3] == ["Login", "Organisation", "API version"]
    assert found["Organisation"]["text"].startswith("Concord Rehearsal (00D")
    assert f"External id field on Account ({KEY})" in found
    assert found["Phone → Account.Phone"]["text"] == "Writable, up to 40 characters."
    assert found["Email → Account.Concord_Email__c"]["text"] == "Writable, up to 80 characters."
    assert talk.accounts(sandbox) == []


def test_what_a_test_learns_is_kept(salesforce: Connection) -> None:
    checks(salesforce)

    health = ConnectionHealth.objects.get(connection=salesforce)
    salesforce.refresh_from_db()
    assert salesforce.org_id.startswith("00D")
    assert len(salesforce.org_id) == 18
    assert health.org_name == "Concord Rehearsal"
    assert health.facts["Account"]["Concord_Email__c"]["length"] == 80
    assert health.usage["limit"] == 100_000
    assert health.tested_at is not None


@pytest.mark.parametrize("pause", ["login", "setup"])
def test_a_passed_test_ends_a_pause_that_waited_for_it(salesforce: Connection, pause: str) -> None:
    ConnectionHealth.objects.update(pause=pause, pause_reason="x")

    checks(salesforce)

    assert not ConnectionHealth.objects.get().is_paused()


def test_a_passed_test_does_not_end_a_persons_pause(salesforce: Connection) -> None:
    ConnectionHealth.objects.update(pause="person")

    checks(salesforce)

    assert ConnectionHealth.objects.get().pause == "person"


def test_a_failed_test_ends_no_pause_and_forgets_nothing(salesforce: Connection) -> None:
    checks(salesforce)
    ConnectionHealth.objects.update(pause="login", pause_reason="x")
    edit(salesforce, credentials={"client_id": "rehearsal-client", "client_secret": "wrong"})

    checks(salesforce)

    health = ConnectionHealth.objects.get()
    assert health.pause == "login"
    assert health.facts["Account"]
    assert health.org_name == "Concord Rehearsal"


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({"client_id": "wrong", "client_secret": "rehearsal-secret"}, "does not know the Client ID"),
        ({"client_id": "rehearsal-client", "client_secret": "wrong"}, "Client Secret is wrong"),
        ({}, "does not know the Client ID"),
    ],
)
def test_a_wrong_login_says_which_box(
    salesforce: Connection, credentials: dict[str, str], words: str
) -> None:
    edit(salesforce, credentials=credentials)

    found = checks(salesforce)

    assert words in found["Login"]["text"]
    assert [found[label]["ok"] for label in ("Organisation", "API version", "Fields of Account")] == [
        None
    ] * 3
    assert found["Organisation"]["text"] == "Not tried: Login failed."


def test_an_app_without_a_run_as_user_names_it(salesforce: Connection, sandbox: SandboxServer) -> None:
    set_up(sandbox, run_as_user=False)

    assert red(salesforce) == {
        "Login": (
            "Salesforce refused the login: the app has no Run As user. A Salesforce administrator sets it in "
            "the app's policies; then press Test connection."
        )
    }


@pytest.mark.parametrize(
    ("error", "message", "words"),
    [
        ("invalid_grant", "request not supported on this domain", "Enter the My Domain URL"),
        ("invalid_grant", "user hasn't approved this consumer", "may not use the app"),
        ("invalid_grant", "authentication failure", "login history"),
        ("inactive_user", "user is inactive", "activates it"),
        ("inactive_org", "organization is not active", "locked or closed"),
        ("invalid_app_access", "user is not admin approved to access this app", "may not use the app"),
        ("unsupported_grant_type", "grant type not supported", "client credentials flow"),
        ("invalid_client", "invalid client credentials", "Copy both anew"),
        ("foo_bar", "something new", "Concord does not know why"),
        ("rate_limit_exceeded", "too many", "Wait some minutes"),
        ("unknown_error", "retry your request", "Wait some minutes"),
    ],
)
def test_every_refused_login_has_its_words(
    salesforce: Connection, sandbox: SandboxServer, error: str, message: str, words: str
) -> None:
    talk.break_it(sandbox, {"fault": f"token:400:{error}", "message": message})

    found = red(salesforce)

    assert list(found) == ["Login"]
    assert words in found["Login"]
    assert error not in found["Login"]


def test_another_path_of_the_host_is_no_login(salesforce: Connection, sandbox: SandboxServer) -> None:
    edit(salesforce, base_url=f"{sandbox.url}/nowhere")

    assert "There is no Salesforce login at this address" in red(salesforce)["Login"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://nowhere.invalid", "nonsense"])
def test_an_address_where_nobody_answers_names_both_who_can_help(salesforce: Connection, url: str) -> None:
    edit(salesforce, base_url=url)

    text = red(salesforce)["Login"]

    assert "My Domain URL" in text
    assert "whoever runs Concord" in text


@pytest.mark.parametrize(
    "url",
    ["https://login.salesforce.com", "https://test.salesforce.com/", "https://acme.lightning.force.com"],
)
def test_an_address_that_all_share_is_refused_without_a_call(salesforce: Connection, url: str) -> None:
    edit(salesforce, base_url=url)

    assert "is not your My Domain URL" in red(salesforce)["Login"]


def test_a_page_instead_of_a_login_names_the_address(salesforce: Connection, sandbox: SandboxServer) -> None:
    talk.break_it(sandbox, {"fault": "html", "match": {"route": "token"}})

    assert "My Domain URL" in red(salesforce)["Login"]


def test_a_hung_server_does_not_keep_a_person_waiting(salesforce: Connection, hung_port: int) -> None:
    edit(salesforce, base_url=f"http://127.0.0.1:{hung_port}")
    started = time.monotonic()

    found = red(salesforce, call_timeout_s=0.5)

    assert time.monotonic() - started < 5
    assert "No answer from Salesforce" in found["Login"]
    assert trial.CALL_TIMEOUT_S <= 20


def test_a_server_that_hangs_after_the_login_is_left_at_once(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    talk.break_it(sandbox, {"fault": "hang", "match": {"route": "userinfo"}})

    found = checks(salesforce, call_timeout_s=0.5)

    assert found["Login"]["ok"] is True
    assert found["Organisation"]["ok"] is False
    assert found["API version"]["ok"] is None


def test_an_outage_is_no_task_for_a_person(salesforce: Connection, sandbox: SandboxServer) -> None:
    talk.break_it(sandbox, {"fault": "token:503"})

    assert "Wait some minutes" in red(salesforce)["Login"]


def test_an_app_without_the_identity_scope_still_tells_its_organisation(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    talk.break_it(sandbox, {"fault": "status:403", "code": "FOO", "match": {"route": "userinfo"}})

    assert checks(salesforce)["Organisation"]["text"].startswith("Concord Rehearsal (00D")


@pytest.mark.parametrize(
    ("version", "said"), [("99.0", "the newest is 68.0"), ("20.0", "not offered"), ("x", "x is not")]
)
def test_a_version_that_is_not_offered_is_named(salesforce: Connection, version: str, said: str) -> None:
    edit(salesforce, settings={"api_version": version})

    found = checks(salesforce)

    assert found["API version"]["ok"] is False
    assert said in found["API version"]["text"]
    assert "on this page" in found["API version"]["text"]
    assert found["Fields of Account"]["ok"] is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (None, "creates the field"),
        ({"externalId": False}, "ticks External ID"),
        ({"externalId": False, "idLookup": False, "unique": False}, "ticks External ID and Unique"),
        ({"unique": False}, "ticks Unique"),
        ({"updateable": False}, "edit access"),
        ({"createable": False}, "edit access"),
        ({"length": 18}, "length 255"),
        ({"type": "double", "length": 0}, "makes it Text"),
    ],
)
def test_an_external_id_field_that_would_not_serve_is_red(
    salesforce: Connection, sandbox: SandboxServer, change: dict[str, Any] | None, words: str
) -> None:
    field(sandbox, KEY, change)

    found = red(salesforce)

    assert list(found) == [f"External id field on Account ({KEY})"]
    assert words in found[f"External id field on Account ({KEY})"]
    assert checks(salesforce)[f"External id field on Account ({KEY})"]["copy"]


def test_another_name_of_the_external_id_field_is_looked_for(salesforce: Connection) -> None:
    edit(salesforce, settings={"external_id_field": "Other_Id__c"})

    where = ("Account", "Contact")
    assert list(red(salesforce)) == [f"External id field on {sobject} (Other_Id__c)" for sobject in where]


@pytest.mark.parametrize(
    ("name", "label", "change", "words"),
    [
        (
            "Concord_Email__c",
            "Email",
            None,
            "or empty its name on the connection's page: then Email is not sent",
        ),
        ("Concord_Tax_Id__c", "Tax ID", {"updateable": False}, "edit access"),
        ("Concord_Tax_Id__c", "Tax ID", {"createable": False}, "edit access"),
        ("Phone", "Phone", None, "access to it"),
        ("Concord_Status__c", "Status", {"type": "boolean", "length": 0}, "makes it a text field"),
        ("Concord_Reseller_Id__c", "Reseller ID", {"type": "double", "length": 0}, "makes it a text field"),
    ],
)
def test_a_mapped_field_that_cannot_be_written_is_red(
    salesforce: Connection,
    sandbox: SandboxServer,
    name: str,
    label: str,
    change: dict[str, Any] | None,
    words: str,
) -> None:
    field(sandbox, name, change)

    found = red(salesforce)

    assert list(found) == [f"{label} → Account.{name}"]
    assert words in found[f"{label} → Account.{name}"]


def test_a_field_that_is_not_sent_is_not_checked(salesforce: Connection, sandbox: SandboxServer) -> None:
    field(sandbox, "Concord_Email__c", None)
    edit(salesforce, settings={"email_field": ""})

    assert red(salesforce) == {}


def test_two_fields_that_go_to_one_are_red(salesforce: Connection) -> None:
    edit(salesforce, settings={"tax_id_field": "concord_reseller_id__c"})

    assert list(red(salesforce)) == ["One field each: Concord_Reseller_Id__c"]


def test_a_required_field_that_nothing_of_ours_fills_is_red(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    field(sandbox, "Region__c", {"label": "Region", "type": "string", "length": 40, "nillable": False})

    assert list(red(salesforce)) == ["Required field Region__c of Account"]


def test_a_required_field_that_we_send_is_no_trouble(salesforce: Connection, sandbox: SandboxServer) -> None:
    field(sandbox, "Phone", {"nillable": False})

    assert red(salesforce) == {}


@pytest.mark.parametrize(("status", "code"), [("404", "NOT_FOUND"), ("403", "INSUFFICIENT_ACCESS")])
def test_a_user_who_may_not_see_accounts_is_named(
    salesforce: Connection, sandbox: SandboxServer, status: str, code: str
) -> None:
    talk.break_it(sandbox, {"fault": f"status:{status}", "code": code, "match": {"route": "describe"}})

    text = red(salesforce)["Fields of Account"]

    assert "gives Concord's Run As user access to the object Account" in text


def test_a_used_up_day_is_said(salesforce: Connection, sandbox: SandboxServer) -> None:
    talk.break_it(sandbox, {"fault": "rate_limit", "match": {"route": "describe"}})

    assert "calls are used up" in red(salesforce)["Fields of Account"]


def test_another_organisation_than_before_is_refused(salesforce: Connection, sandbox: SandboxServer) -> None:
    checks(salesforce)
    before = Connection.objects.get()
    set_up(sandbox, org_id=OTHER_ORG, org_name="Somebody else")
    field(sandbox, "Phone", {"length": 7})

    found = checks(salesforce)

    text = found["Same organisation as before"]["text"]
    assert found["Same organisation as before"]["ok"] is False
    assert OTHER_ORG in text
    assert before.org_id in text
    health = ConnectionHealth.objects.get()
    assert (health.pause, health.org_name) == ("login", "Concord Rehearsal")
    assert health.facts["Account"]["Phone"]["length"] == 40
    assert Connection.objects.get().org_id == before.org_id


def test_nothing_is_sent_to_another_organisation_even_untested(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    checks(salesforce)
    set_up(sandbox, org_id=OTHER_ORG)
    talk.break_it(sandbox, {"fault": "expire_tokens", "times": 1})

    talk.send(salesforce, [company])

    assert talk.accounts(sandbox) == []
    health = ConnectionHealth.objects.get()
    assert health.pause == "login"
    assert "another Salesforce organisation" in health.pause_reason


def test_a_resumed_connection_does_not_use_the_token_of_a_test_elsewhere(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    company = CompanyFactory.create()
    checks(salesforce)
    set_up(sandbox, org_id=OTHER_ORG)
    checks(salesforce)
    ConnectionHealth.objects.update(pause="", pause_reason="")

    talk.send(salesforce, [company])

    assert talk.accounts(sandbox) == []


def test_a_test_logs_in_anew_and_leaves_its_token(salesforce: Connection, sandbox: SandboxServer) -> None:
    checks(salesforce)
    checks(salesforce)
    talk.send(salesforce, [CompanyFactory.create()])

    assert talk.count(sandbox, "token") == 2
    assert Token.objects.get().value["access_token"]


def test_a_test_is_told_in_the_log_by_whom(salesforce: Connection, sandbox: SandboxServer) -> None:
    set_up(sandbox, run_as_user=False)

    checks(salesforce)

    entry = Entry.objects.get(code="test")
    assert (entry.level, entry.login_user) == (Entry.Level.ERROR, "admin")
    assert entry.description == "Salesforce was tested: Login failed."


def test_no_secret_stands_in_the_checklist(salesforce: Connection, sandbox: SandboxServer) -> None:
    talk.break_it(sandbox, {"fault": "token:400:invalid_client", "message": "rehearsal-secret is wrong"})

    assert "rehearsal-secret" not in str(checks(salesforce))


def test_a_pause_for_the_login_says_what_is_missing_once_the_login_works(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    health.failed(salesforce, AuthFailed("Salesforce refused the login."), batch=1)
    field(sandbox, "Concord_Tax_Id__c", None)

    checks(salesforce)

    fares = ConnectionHealth.objects.get(connection=salesforce)
    assert fares.pause == "setup"
    assert fares.pause_reason.startswith("Tax ID → Account.Concord_Tax_Id__c: ")
