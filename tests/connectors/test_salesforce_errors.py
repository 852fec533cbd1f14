"""Every code of the vendor's error table, through HTTP: who is to blame, and what a person reads.

The table here is the fact sheet's section 2.9, copied by hand, not the connector's own.
"""

import json
import re
from typing import Any

import pytest

from companies.models import CompanyLink
from connectors import errors
from connectors.protocol import GONE, Outcome, Status
from connectors.sandbox.server import SandboxServer
from connectors.systems.salesforce.errors import faults
from tests import talk, wires
from tests.desk import Desk, asked, at, change, remote_deletes, salesforce, sent, set_up
from tests.factories import CompanyFactory, ConnectionFactory


def listed(text: str) -> list[str]:
    return text.split()


CONFIG = listed(
    "API_DISABLED_FOR_ORG INVALID_OPERATION_WITH_EXPIRED_PASSWORD LOGIN_DURING_RESTRICTED_TIME INVALID_TYPE "
    "LOGIN_DURING_RESTRICTED_DOMAIN INVALID_FIELD INVALID_FIELD_FOR_INSERT_UPDATE "
    "INSUFFICIENT_ACCESS_OR_READONLY INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY STORAGE_LIMIT_EXCEEDED "
    "TXN_SECURITY_METERING_ERROR TXN_SECURITY_NO_ACCESS"
)
TRANSIENT = listed(
    "UNABLE_TO_LOCK_ROW SERVER_UNAVAILABLE REQUEST_RUNNING_TOO_LONG QUERY_TIMEOUT UNKNOWN_EXCEPTION "
    "API_CURRENTLY_DISABLED INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE RECORD_IN_USE_BY_WORKFLOW "
    "ENTITY_IS_LOCKED TooManyLockFailure"
)
NEIGHBOUR = ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "PROCESSING_HALTED"]
WRAPPED = ["CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER"]
DATA = listed(
    "REQUIRED_FIELD_MISSING STRING_TOO_LONG FIELD_CUSTOM_VALIDATION_EXCEPTION "
    "FIELD_FILTER_VALIDATION_EXCEPTION FIELD_INTEGRITY_EXCEPTION INVALID_EMAIL_ADDRESS "
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST NUMBER_OUTSIDE_VALID_RANGE INVALID_TYPE_ON_FIELD_IN_RECORD "
    "INVALID_CURRENCY_ISO MALFORMED_ID JSON_PARSER_ERROR CIRCULAR_DEPENDENCY"
)
OWNER = ["INACTIVE_OWNER_OR_USER", "OP_WITH_INVALID_USER_TYPE_EXCEPTION", "TRANSFER_REQUIRES_READ"]
QUOTA = ["REQUEST_LIMIT_EXCEEDED", "LIMIT_EXCEEDED"]
GONES = ["ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY"]
KNOWN = [*CONFIG, *TRANSIENT, *NEIGHBOUR, *WRAPPED, *DATA, *OWNER, *QUOTA, *GONES, "DUPLICATE_VALUE"]
RAW_CODE = re.compile(r"[A-Z]{2,}_[A-Z_]{3,}")


def refused(sandbox: SandboxServer, code: str, **fault: Any) -> Outcome:
    """Return the outcome of the one of two records that is refused with this code."""
    talk.break_it(sandbox, {"fault": f"record:{code}", "match": {"Name": "Bad"}, **fault})
    bad, good = sent(sandbox, change("k1", "Bad"), change("k2", "Good"))
    assert good.status is Status.CREATED
    return bad


@pytest.mark.parametrize("code", [*CONFIG, *DATA, *OWNER, *WRAPPED])
def test_what_a_person_must_mend_is_rejected_in_plain_words(sandbox: SandboxServer, code: str) -> None:
    outcome = refused(sandbox, code, fields=["Phone"], message="not this way")

    assert outcome.status is Status.REJECTED
    assert outcome.code == code
    assert list(outcome.errors) == ["phone"]
    _is_plain(outcome.message)
    _is_plain(outcome.errors["phone"])


@pytest.mark.parametrize("code", [*TRANSIENT, *NEIGHBOUR, *QUOTA, "INVALID_SESSION_ID"])
def test_what_passes_by_itself_is_tried_again(sandbox: SandboxServer, code: str) -> None:
    outcome = refused(sandbox, code)

    assert (outcome.status, outcome.code, outcome.tries) == (Status.TRANSIENT, code, None)
    assert "tried again by itself" in outcome.message
    _is_plain(outcome.message)


@pytest.mark.parametrize("code", WRAPPED)
@pytest.mark.parametrize(
    "cause",
    ["UNABLE_TO_LOCK_ROW, unable to obtain", "System.LimitException: Apex CPU", "Rate Limiting: wait"],
)
def test_a_trigger_that_met_a_lock_is_tried_again(sandbox: SandboxServer, code: str, cause: str) -> None:
    assert refused(sandbox, code, message=f"AccountTrigger: {cause}").status is Status.TRANSIENT


def test_an_unknown_code_is_tried_twice_and_then_a_persons(sandbox: SandboxServer) -> None:
    outcome = refused(sandbox, "FOO_LIMIT")

    assert (outcome.status, outcome.tries) == (Status.TRANSIENT, 2)
    assert outcome.message == "Salesforce answered FOO_LIMIT, which Concord does not know."


@pytest.mark.django_db(transaction=True)
def test_the_engine_hands_an_unknown_code_to_a_person_after_two_tries(sandbox: SandboxServer) -> None:
    connection = ConnectionFactory.create(base_url=f"{sandbox.url}/salesforce")
    company = CompanyFactory.create()
    talk.break_it(sandbox, {"fault": "record:FOO_LIMIT"})
    seen = []

    talk.request(connection, [company])
    for _ in range(3):
        talk.drain(connection)
        CompanyLink.objects.filter(state="pending").update(not_before="2020-01-01T00:00:00Z")
        seen.append(talk.link_of(company).state)

    assert seen == ["pending", "failed", "failed"]
    assert "FOO_LIMIT, which Concord does not know" in talk.link_of(company).message
    assert talk.count(sandbox, "collections_upsert") == 2


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("REQUIRED_FIELD_MISSING", "Salesforce needs Phone. Fill it in and save."),
        (
            "INVALID_EMAIL_ADDRESS",
            "Salesforce does not take what stands in Phone as an e-mail address. Correct it and save.",
        ),
        (
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Concord's Run As user may not write Phone. A Salesforce administrator gives it edit access to "
            "the field (field-level security).",
        ),
    ],
)
def test_a_sentence_names_the_field_as_the_console_does(sandbox: SandboxServer, code: str, text: str) -> None:
    outcome = refused(sandbox, code, fields=["Phone"])

    assert outcome.errors == {"phone": text}
    assert outcome.message == text


def test_the_limit_that_salesforce_names_is_said(sandbox: SandboxServer) -> None:
    message = "Account Phone: data value too large: 0123 (max length=40)"

    outcome = refused(sandbox, "STRING_TOO_LONG", fields=["Phone"], message=message)

    assert outcome.errors["phone"] == "Phone is too long; Salesforce takes 40 characters. Shorten it."


def test_a_required_field_of_theirs_names_its_administrator(sandbox: SandboxServer) -> None:
    outcome = refused(sandbox, "REQUIRED_FIELD_MISSING", fields=["Region__c"])

    assert outcome.errors == {}
    assert "Region__c" in outcome.message
    assert "A Salesforce administrator" in outcome.message


def test_a_validation_rule_speaks_for_itself(sandbox: SandboxServer) -> None:
    outcome = refused(
        sandbox, "FIELD_CUSTOM_VALIDATION_EXCEPTION", fields=["Phone"], message="Use the hotline."
    )

    assert outcome.message == "A validation rule of your Salesforce refused Phone: Use the hotline."


def test_what_a_person_must_mend_outweighs_what_passes(sandbox: SandboxServer) -> None:
    said = [{"statusCode": "UNABLE_TO_LOCK_ROW"}, {"statusCode": "STRING_TOO_LONG", "fields": ["Phone"]}]

    outcome = _answered([{"success": False, "errors": said}])

    assert (outcome.status, outcome.code) == (Status.REJECTED, "STRING_TOO_LONG")


@pytest.mark.parametrize("code", GONES)
def test_a_linked_record_that_is_not_there_is_gone(sandbox: SandboxServer, code: str) -> None:
    (remote_id,) = talk.remote_creates(sandbox, {"Name": "Acme"})
    talk.break_it(sandbox, {"fault": f"record:{code}"})

    (outcome,) = sent(sandbox, change("k1", remote_id=remote_id))

    assert (outcome.status, outcome.code, outcome.remote_id) == (Status.REJECTED, GONE, remote_id)


def test_a_deleted_account_is_gone_without_any_fault(sandbox: SandboxServer) -> None:
    (remote_id,) = talk.remote_creates(sandbox, {"Name": "Acme"})
    with salesforce(sandbox) as connector:
        remote_deletes(sandbox, remote_id)

        (outcome,) = connector.push("company", [change("k1", remote_id=remote_id)])

    assert outcome.code == GONE
    assert "Deleted in Salesforce" in outcome.message


def test_a_missing_owner_is_not_taken_for_a_missing_account(sandbox: SandboxServer) -> None:
    (remote_id,) = talk.remote_creates(sandbox, {"Name": "Acme"})
    talk.break_it(sandbox, {"fault": "record:INVALID_CROSS_REFERENCE_KEY", "fields": ["OwnerId"]})

    (outcome,) = sent(sandbox, change("k1", remote_id=remote_id))

    assert outcome.status is Status.REJECTED
    assert outcome.code != GONE
    assert "OwnerId" in outcome.message


def test_a_unique_value_of_another_field_is_the_persons(sandbox: SandboxServer) -> None:
    (other,) = talk.remote_creates(sandbox, {"Name": "Other"})
    message = f"duplicate value found: Concord_Tax_Id__c duplicates value on record with id: {other[:15]}"

    outcome = refused(sandbox, "DUPLICATE_VALUE", message=message)

    assert outcome.status is Status.REJECTED
    assert outcome.errors == {"tax_id": "Tax ID stands on another account in Salesforce already."}


@pytest.mark.parametrize("code", CONFIG)
def test_a_set_up_code_on_every_record_pauses_the_connection(sandbox: SandboxServer, code: str) -> None:
    talk.break_it(sandbox, {"fault": f"record:{code}", "fields": ["Phone"]})

    with pytest.raises(errors.Misconfigured) as caught:
        sent(sandbox, change("k1", "One"), change("k2", "Two"))

    assert caught.value.code == code
    _is_plain(caught.value.message)
    assert "Press Test connection" in caught.value.message or "press Test connection" in caught.value.message


def test_a_set_up_code_on_the_only_record_rejects_that(sandbox: SandboxServer) -> None:
    talk.break_it(sandbox, {"fault": "record:INSUFFICIENT_ACCESS_OR_READONLY"})

    (outcome,) = sent(sandbox, change("k1", "One"))

    assert outcome.status is Status.REJECTED


def test_a_quota_on_every_record_pauses_the_connection(sandbox: SandboxServer) -> None:
    talk.break_it(sandbox, {"fault": "record:REQUEST_LIMIT_EXCEEDED"})

    with pytest.raises(errors.RateLimited):
        sent(sandbox, change("k1", "One"), change("k2", "Two"))


# What refuses the whole call.


def raised(sandbox: SandboxServer, fault: str, **more: Any) -> errors.ConnectorError:
    """Return what a write raises that is refused as a whole."""
    talk.break_it(sandbox, {"fault": fault, "match": {"route": "collections_*"}, **more})
    with pytest.raises(errors.ConnectorError) as caught:
        sent(sandbox, change("k1", "One"), change("k2", "Two"))
    _is_plain(caught.value.message)
    return caught.value


@pytest.mark.parametrize("code", CONFIG)
def test_a_refused_call_for_the_set_up_is_for_an_administrator(sandbox: SandboxServer, code: str) -> None:
    problem = raised(sandbox, "status:403", code=code, message="No such column 'X__c' on entity 'Account'")

    assert type(problem) is errors.Misconfigured
    assert "dministrator" in problem.message


@pytest.mark.parametrize("code", [*TRANSIENT, *NEIGHBOUR])
def test_a_refused_call_that_passes_is_transient(sandbox: SandboxServer, code: str) -> None:
    problem = raised(sandbox, "status:400", code=code, message=code)

    assert type(problem) is errors.Transient


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 507, 408, 425])
def test_every_outage_is_transient(sandbox: SandboxServer, status: int) -> None:
    problem = raised(sandbox, f"status:{status}", code="X" if status in (502, 504) else "")

    assert type(problem) is errors.Transient


@pytest.mark.parametrize(("status", "halves"), [(500, True), (413, True), (503, False), (502, False)])
def test_only_what_a_smaller_call_may_heal_is_tried_at_once(
    sandbox: SandboxServer, status: int, halves: bool
) -> None:
    problem = raised(sandbox, f"status:{status}")

    assert isinstance(problem, errors.Transient)
    assert problem.halves is halves


@pytest.mark.parametrize("fault", ["status:429", "status:420", "status:503"])
def test_the_seconds_that_they_ask_for_are_kept(sandbox: SandboxServer, fault: str) -> None:
    problem = raised(sandbox, fault, retry_after=17)

    assert isinstance(problem, errors.Transient)
    assert problem.retry_after_s == 17
    assert isinstance(problem, errors.RateLimited) is (fault != "status:503")


def test_a_429_without_a_code_is_a_limit(sandbox: SandboxServer) -> None:
    assert isinstance(raised(sandbox, "status:429", code="X", message="slow down"), errors.RateLimited)


def test_the_daily_quota_is_looked_at_every_ten_minutes(sandbox: SandboxServer) -> None:
    problem = raised(sandbox, "rate_limit")

    assert isinstance(problem, errors.RateLimited)
    assert problem.retry_after_s == 600
    assert problem.message == "Today's Salesforce calls are used up (shared with your other integrations)."


def test_too_many_long_calls_slow_down_and_are_no_used_up_day(sandbox: SandboxServer) -> None:
    problem = raised(sandbox, "rate_limit:concurrent", retry_after=30)

    assert type(problem) is errors.Transient
    assert (problem.retry_after_s, problem.halves) == (30, False)
    assert "long calls" in problem.message


def test_a_missing_key_field_is_said_as_that(sandbox: SandboxServer) -> None:
    set_up(sandbox, fields={"Account": {"Concord_Id__c": {"externalId": False, "idLookup": False}}})

    with pytest.raises(errors.Misconfigured) as caught:
        sent(sandbox, change("k1", "One"))

    assert "external id field" in caught.value.message
    _is_plain(caught.value.message)


def test_a_retired_version_is_for_a_person(sandbox: SandboxServer) -> None:
    with pytest.raises(errors.Misconfigured):
        sent(sandbox, change("k1", "One"), settings={"api_version": "30.0"})


@pytest.mark.parametrize("status", [414, 431])
def test_a_call_that_is_too_long_is_tried_smaller(sandbox: SandboxServer, status: int) -> None:
    problem = raised(sandbox, f"status:{status}", code="X")

    assert isinstance(problem, errors.Transient)
    assert problem.halves


def test_several_accounts_behind_one_id_are_said_and_not_tried_for_ever() -> None:
    urls = json.dumps(["/services/data/v64.0/sobjects/Account/001x"]).encode()

    problem = _raised_by(wires.answer(urls, status="300 Multiple Choices"))

    assert type(problem) is errors.ConnectorError  # a lone record is blamed for it
    assert "Several accounts" in problem.message


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>We are down for maintenance</body></html>",
        b'[{"id":"0015g000',
        b"null",
        b"17",
        b'"yes"',
        b"true",
        b"{}",
        b"[]",
        b"[1, 2]",
        b"[null, null]",
        b'{"compositeResponse": 5}',
        b'[{"success": true}, {"success": true}]',
        b'[{"id": "nonsense", "success": true}, {"id": "nonsense", "success": true}]',
        b'[{"success": false, "errors": []}, {"success": false}]',
        b'[{"success": "true", "id": "0015g00000Xgxd8AAB"}, {}]',
        b"[" * 2000,
        b'{"a": NaN}',
        b"\xff\xfe\x00",
    ],
)
def test_an_answer_of_another_shape_is_looked_at_again(body: bytes) -> None:
    for problem in (_raised_by(wires.answer(body)), _raised_by(NOTHING_FOUND, wires.answer(body))):
        assert type(problem) is errors.Transient
        assert problem.code == "garbage"
        _is_plain(problem.message)


@pytest.mark.parametrize(
    "part",
    [
        {"httpStatusCode": 200, "referenceId": "other", "body": {"records": [], "done": True}},
        {"httpStatusCode": "200", "referenceId": "q0", "body": {"records": [], "done": True}},
        {"httpStatusCode": 200, "referenceId": "q0", "body": {"records": [{}], "done": True}},
        {"httpStatusCode": 200, "referenceId": "q0", "body": {"records": 5, "done": True}},
        {"httpStatusCode": 200, "referenceId": "q0", "body": {"records": [], "done": False}},
        {"httpStatusCode": 200, "referenceId": "q0", "body": None},
    ],
)
def test_a_query_answer_of_another_shape_never_means_that_nothing_was_found(part: dict[str, Any]) -> None:
    problem = _raised_by(wires.answer(json.dumps({"compositeResponse": [part]}).encode()))

    assert (type(problem), problem.code) == (errors.Transient, "garbage")


def test_a_refused_query_inside_composite_is_that_problem() -> None:
    part = {
        "httpStatusCode": 400,
        "referenceId": "q0",
        "body": [{"errorCode": "INVALID_FIELD", "message": "No such column 'Foo__c' on entity 'Account'."}],
    }

    problem = _raised_by(wires.answer(json.dumps({"compositeResponse": [part]}).encode()))

    assert type(problem) is errors.Misconfigured
    assert "Foo__c" in problem.message


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("404 Not Found", errors.Misconfigured),
        ("401 Unauthorized", errors.AuthFailed),
        ("403 Forbidden", errors.ConnectorError),
        ("502 Bad Gateway", errors.Transient),
        ("200 OK", errors.Transient),
    ],
)
def test_an_html_page_is_read_by_its_status(status: str, kind: type[errors.ConnectorError]) -> None:
    page = wires.answer(b"<html>edge</html>", status=status, Content_Type="text/html")

    assert type(_raised_by(page, TOKEN, page)) is kind  # a 401 asks for another token


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_no_redirect_is_followed_and_no_token_leaves(status: str) -> None:
    with wires.serving(wires.answer()) as elsewhere:
        problem = _raised_by(wires.answer(b"", status=status, Location=elsewhere.url))

        assert elsewhere.asked == []
    assert isinstance(problem, errors.Misconfigured | errors.Transient)
    assert "127.0.0.1" in problem.message


@pytest.mark.parametrize(
    "fault", ["html", "garbage", "status:503", "drop_before_commit", "drop_after_commit"]
)
def test_trouble_in_the_look_up_writes_nothing(sandbox: SandboxServer, fault: str) -> None:
    talk.break_it(sandbox, {"fault": fault, "match": {"route": "composite"}})
    desk = Desk()

    with pytest.raises(errors.Transient):
        sent(sandbox, change("k1", "One"), desk=desk)

    assert talk.accounts(sandbox) == []
    assert desk.began == []


def test_what_was_answered_stands_when_a_later_call_fails(sandbox: SandboxServer) -> None:
    (remote_id,) = talk.remote_creates(sandbox, {"Name": "Old"})
    talk.break_it(sandbox, {"fault": "status:503", "match": {"route": "collections_upsert"}})
    told: list[Outcome] = []

    with salesforce(sandbox) as connector, pytest.raises(errors.Transient):
        told.extend(
            connector.push("company", [change("k1", "Old", remote_id=remote_id, Phone="1"), change("k2")])
        )

    with salesforce(sandbox) as connector:
        pushed = connector.push(
            "company", [change("k1", "Old", remote_id=remote_id, Phone="2"), change("k2")]
        )
        assert next(pushed).status is Status.UPDATED
        with pytest.raises(errors.Transient):
            next(pushed)


def test_a_long_strange_code_is_cut() -> None:
    (fault,) = faults([{"errorCode": "X" * 5000, "message": "m", "fields": "Name"}])

    assert len(fault.code) == 100
    assert fault.fields == ()


def test_no_secret_stands_in_what_is_raised(sandbox: SandboxServer) -> None:
    desk = Desk()
    with salesforce(sandbox, desk) as connector:
        list(connector.push("company", [change("k1", "One")]))
        token = desk.source.value if desk.source else ""
        echo = f"session {token} and rehearsal-secret are not welcome"
        talk.break_it(sandbox, {"fault": "status:400", "code": "FOO", "message": echo})
        with pytest.raises(errors.ConnectorError) as caught:
            list(connector.push("company", [change("k2", "Two")]))

        assert token
        texts = [
            str(caught.value),
            repr(caught.value),
            repr(connector),
            repr(connector.account),
            repr(desk.began),
        ]
    assert not [text for text in texts if token in text]


def test_a_token_never_stands_in_a_recorded_body(sandbox: SandboxServer) -> None:
    sent(sandbox, change("k1", "One"))

    assert "rehearsal-secret" not in json.dumps(asked(sandbox))


NOTHING_FOUND = wires.answer(
    json.dumps(
        {
            "compositeResponse": [
                {"httpStatusCode": 200, "referenceId": "q0", "body": {"records": [], "done": True}}
            ]
        }
    ).encode()
)
TOKEN = wires.answer(
    b'{"access_token": "00Dxx0000000001!secret", "id": "https://x/id/00Dxx0000000001AAA/005x"}'
)


def _raised_by(*scripts: wires.Script) -> errors.ConnectorError:
    """Return what a push of two raises that gets these answers after the login."""
    pair = [change("k1", "One"), change("k2", "Two")]
    with (
        wires.serving(TOKEN, *scripts) as wire,
        at(wire.url) as connector,
        pytest.raises(errors.ConnectorError) as caught,
    ):
        list(connector.push("company", pair))
    return caught.value


def _answered(answers: list[dict[str, Any]]) -> Outcome:
    """Return the first outcome of a write that is answered so."""
    with (
        wires.serving(TOKEN, NOTHING_FOUND, wires.answer(json.dumps(answers).encode())) as wire,
        at(wire.url) as connector,
    ):
        changes = [change(f"k{place}") for place in range(len(answers))]
        return next(connector.push("company", changes))


def _is_plain(text: str) -> None:
    assert text.endswith((".", "this way"))
    assert not RAW_CODE.search(text), text
    assert "{" not in text
