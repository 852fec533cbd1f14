"""The troubles a rehearsal can make, seen from the caller's side of the socket."""

import threading
import time
from typing import Any

import pytest
import requests

from connectors.sandbox.server import SandboxServer

from .conftest import Remote

Raw = dict[str, Any]


def record(number: int, **more: Any) -> Raw:
    return {"Concord_Id__c": f"C-{number}", "Name": f"Company {number}", **more}


def test_a_status_is_answered_so_many_times_and_counted(remote: Remote) -> None:
    remote.fault("status:503", times=2, retry_after=7)

    answers = [remote.call("GET", "/limits") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].json()[0]["errorCode"] == "SERVER_UNAVAILABLE"
    assert answers[0].headers["Retry-After"] == "7"
    assert remote.control("GET", "faults").json()[0]["fired"] == 2


@pytest.mark.parametrize(
    ("order", "status", "code", "message"),
    [
        ({"fault": "status:429", "retry_after": 1}, 429, "REQUEST_LIMIT_EXCEEDED", ""),
        ({"fault": "status:500"}, 500, "UNKNOWN_EXCEPTION", ""),
        ({"fault": "rate_limit"}, 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        ({"fault": "rate_limit:concurrent"}, 403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests"),
        ({"fault": "status:403", "code": "API_DISABLED_FOR_ORG"}, 403, "API_DISABLED_FOR_ORG", "not enabled"),
        (
            {"fault": "status:401", "message": "This session is not valid for use with the REST API"},
            401,
            "INV",
            "",
        ),
    ],
)
def test_a_refusal_looks_like_the_vendors(
    remote: Remote, order: Raw, status: int, code: str, message: str
) -> None:
    remote.fault(**order)

    answer = remote.call("GET", "/limits")

    assert answer.status_code == status
    assert answer.json()[0]["errorCode"].startswith(code)
    assert message in answer.json()[0]["message"]


def test_used_up_calls_show_in_the_header(remote: Remote) -> None:
    remote.fault("rate_limit", times=1)

    assert remote.call("GET", "/limits").headers["Sforce-Limit-Info"] == "api-usage=100000/100000"


def test_a_lost_answer_leaves_the_record_behind(remote: Remote) -> None:
    remote.fault("drop_after_commit", times=1)

    with pytest.raises(requests.ConnectionError):
        remote.upsert([record(1)])

    assert [each["Name"] for each in remote.stored()] == ["Company 1"]


def test_a_broken_line_before_the_commit_leaves_nothing(remote: Remote) -> None:
    remote.fault("drop_before_commit", times=1)

    with pytest.raises(requests.ConnectionError):
        remote.upsert([record(1)])

    assert remote.stored() == []


def test_a_lost_line_waits_for_a_write_unless_told_otherwise(remote: Remote) -> None:
    remote.fault("drop_after_commit", times=1)

    assert remote.query("SELECT Id FROM Account").status_code == 200
    remote.fault("drop_before_commit", times=1, match={"route": "query"})
    with pytest.raises(requests.ConnectionError):
        remote.query("SELECT Id FROM Account")


def test_a_composite_that_writes_is_a_write(remote: Remote) -> None:
    remote.fault("drop_after_commit", times=1)
    part = {"referenceId": "a", "url": "/services/data/v64.0/sobjects/Account", "body": {"Name": "A"}}

    with pytest.raises(requests.ConnectionError):
        remote.call("POST", "/composite", json={"compositeRequest": [{**part, "method": "POST"}]})

    assert len(remote.stored()) == 1


def test_a_hung_call_is_never_answered_and_commits_nothing(remote: Remote) -> None:
    remote.fault("hang", times=1)

    with pytest.raises(requests.ReadTimeout):
        remote.call("POST", "/sobjects/Account", json={"Name": "A"}, timeout=0.3)

    assert remote.stored() == []
    assert remote.control("GET", "calls").json()["last"][-1]["status"] == 0


def test_a_slow_answer_comes_late_and_was_obeyed_at_once(remote: Remote) -> None:
    remote.fault("slow:5", times=1)

    with pytest.raises(requests.ReadTimeout):
        remote.call("POST", "/sobjects/Account", json={"Name": "A"}, timeout=0.3)

    assert len(remote.stored()) == 1


def test_latency_is_added_to_every_answer(remote: Remote) -> None:
    remote.control("POST", "settings", json={"latency_ms": 60})
    started = time.monotonic()

    remote.call("GET", "/limits")

    assert time.monotonic() - started >= 0.06


def test_a_dripping_answer_beats_a_time_out_per_read(remote: Remote) -> None:
    remote.fault("drip:0.02", times=1)
    started = time.monotonic()

    answer = remote.call("GET", "/limits", timeout=1)

    assert answer.json()["DailyApiRequests"]["Max"] == 100_000
    assert time.monotonic() - started > 1


@pytest.mark.parametrize("fault", ["garbage", "html"])
def test_an_answer_that_is_no_json_commits_nothing(remote: Remote, fault: str) -> None:
    remote.fault(fault, times=1)

    answer = remote.upsert([record(1)])

    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert remote.stored() == []


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [("token:500", 500, None), ("token:400:invalid_grant", 400, "invalid_grant")],
)
def test_a_token_fault_strikes_the_login_only(
    remote: Remote, fault: str, status: int, error: str | None
) -> None:
    remote.fault(fault)

    answer = remote.token()

    assert answer.status_code == status
    assert error is None or answer.json()["error"] == error
    assert remote.call("GET", "/limits").status_code == 200


def test_other_faults_leave_the_login_alone_unless_they_name_it(remote: Remote) -> None:
    remote.fault("status:503")
    assert remote.token().status_code == 200

    remote.fault("status:503", match={"route": "token"})
    assert remote.token().status_code == 503


def test_one_record_fails_by_its_value_and_the_others_arrive(remote: Remote) -> None:
    remote.fault("record:UNABLE_TO_LOCK_ROW", match={"Name": "Company 2"}, times=1)

    first = remote.upsert([record(1), record(2), record(3)]).json()
    second = remote.upsert([record(2)]).json()

    assert [each["success"] for each in first] == [True, False, True]
    error = first[1]["errors"][0]
    assert error["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert error["message"].startswith("unable to obtain exclusive access to this record")
    assert second[0]["success"] is True


def test_records_fail_by_chance_the_same_way_for_the_same_seed(remote: Remote) -> None:
    outcomes = []
    for _ in range(2):
        remote.control("POST", "reset")
        remote.log_in()
        remote.fault("record:UNKNOWN_EXCEPTION", probability=0.5, seed=7)
        answer = remote.upsert([record(number) for number in range(50)]).json()
        outcomes.append([each["success"] for each in answer])

    assert outcomes[0] == outcomes[1]
    assert 10 < sum(outcomes[0]) < 40


def test_a_record_fault_carries_the_words_and_fields_it_was_given(remote: Remote) -> None:
    remote.fault("record:FIELD_CUSTOM_VALIDATION_EXCEPTION", message="Phone is a must", fields=["Phone"])

    single = remote.call("POST", "/sobjects/Account", json={"Name": "A"})
    error = remote.upsert([record(1)]).json()[0]["errors"][0]

    assert single.status_code == 400
    assert single.json()[0]["errorCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert (error["message"], error["fields"]) == ("Phone is a must", ["Phone"])


def test_a_call_fault_can_look_for_a_record_in_the_body(remote: Remote) -> None:
    remote.fault("status:500", match={"Name": "Poison", "route": "collections_*"})

    assert remote.upsert([record(1)]).status_code == 200
    assert remote.upsert([record(1), record(2, Name="Poison")]).status_code == 500


@pytest.mark.parametrize(
    "order",
    [
        {"fault": "nonsense"},
        {"fault": "status"},
        {"fault": "status:many"},
        {"fault": "slow:x"},
        {"fault": "hang", "system": "nowhere"},
        {"fault": "hang", "tmes": 1},
        {"fault": "hang", "times": "5"},
        {"fault": "hang", "match": "route"},
        {"fault": 5},
    ],
)
def test_an_order_that_makes_no_sense_is_refused_and_orders_nothing(remote: Remote, order: Raw) -> None:
    good = {"system": "salesforce", "fault": "hang"}

    answer = remote.control("POST", "faults", json=[good, {"system": "salesforce", **order}])

    assert answer.status_code == 400
    assert "error" in answer.json()
    assert remote.control("GET", "faults").json() == []


def test_cleared_faults_strike_no_more(remote: Remote) -> None:
    remote.fault("status:503")

    remote.control("DELETE", "faults")

    assert remote.call("GET", "/limits").status_code == 200


def test_stop_hangs_up_on_those_left_without_an_answer() -> None:
    server = SandboxServer()
    server.start()
    remote = Remote(server.url)
    remote.fault("hang", match={"route": "versions"})
    ended = threading.Event()

    def ask() -> None:
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{remote.base}/services/data", timeout=30)
        ended.set()

    caller = threading.Thread(target=ask)
    caller.start()
    deadline = time.monotonic() + 10
    while not remote.control("GET", "calls").json()["counts"] and time.monotonic() < deadline:
        pass
    server.stop()

    assert ended.wait(5)
    caller.join()
