"""What Composite must accept and refuse."""

from typing import Any

import pytest

from .conftest import Remote

ROOT = "/services/data/v64.0"
Raw = dict[str, Any]


def part(reference_id: str, method: str, path: str, **more: Any) -> Raw:
    return {"referenceId": reference_id, "method": method, "url": f"{ROOT}{path}", **more}


def run(remote: Remote, *parts: Raw, **more: Any) -> list[Raw]:
    answer = remote.call("POST", "/composite", json={"compositeRequest": list(parts), **more})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["compositeResponse"])


def refusal(remote: Remote, body: Raw) -> int:
    return remote.call("POST", "/composite", json=body).status_code


def test_a_later_part_uses_an_earlier_answer(remote: Remote) -> None:
    made, contact, read = run(
        remote,
        part("made", "POST", "/sobjects/Account", body={"Name": "Facebook"}),
        part("contact", "POST", "/sobjects/Contact", body={"LastName": "Z", "AccountId": "@{made.id}"}),
        part("read", "GET", "/sobjects/Contact/@{contact.id}?fields=AccountId"),
    )

    assert (made["httpStatusCode"], contact["httpStatusCode"], read["httpStatusCode"]) == (201, 201, 200)
    assert read["body"]["AccountId"] == made["body"]["id"]
    assert set(made) == {"body", "httpHeaders", "httpStatusCode", "referenceId"}


def test_a_query_in_a_part_may_be_longer_than_an_address(remote: Remote) -> None:
    key = remote.store({"Name": "Facebook"})[0]
    names = ",".join(f"'Company {number}'" for number in range(3000))

    answer = run(
        remote, part("q", "GET", f"/query/?q=SELECT+Id+FROM+Account+WHERE+Name+IN+('Facebook',{names})")
    )[0]

    assert answer["httpStatusCode"] == 200
    assert [record["Id"] for record in answer["body"]["records"]] == [key]


def test_a_query_of_more_than_100000_characters_is_malformed(remote: Remote) -> None:
    answer = run(remote, part("q", "GET", f"/query?q=SELECT+Id+FROM+Account+WHERE+Name='{'x' * 100_000}'"))[0]

    assert answer["httpStatusCode"] == 400
    assert answer["body"][0]["errorCode"] == "MALFORMED_QUERY"


def test_what_depends_on_a_failed_part_is_halted_and_the_rest_stands(remote: Remote) -> None:
    bad, dependent, other = run(
        remote,
        part("bad", "POST", "/sobjects/Account", body={}),
        part("dependent", "POST", "/sobjects/Contact", body={"LastName": "Z", "AccountId": "@{bad.id}"}),
        part("other", "POST", "/sobjects/Account", body={"Name": "Other"}),
    )

    assert bad["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert (dependent["httpStatusCode"], dependent["body"][0]["errorCode"]) == (400, "PROCESSING_HALTED")
    assert other["httpStatusCode"] == 201


def test_all_or_none_takes_everything_back(remote: Remote) -> None:
    good, bad = run(
        remote,
        part("good", "POST", "/sobjects/Account", body={"Name": "Good"}),
        part("bad", "POST", "/sobjects/Account", body={}),
        allOrNone=True,
    )

    assert (good["httpStatusCode"], good["body"][0]["errorCode"]) == (400, "PROCESSING_HALTED")
    assert bad["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert remote.stored() == []


def test_five_collections_carry_a_thousand_records_in_one_counted_call(remote: Remote) -> None:
    def batch(number: int) -> Raw:
        keys = range(number * 200, number * 200 + 200)
        records = [
            {"attributes": {"type": "Account"}, "Name": f"N {key}", "Concord_Id__c": str(key)} for key in keys
        ]
        return part(
            f"b{number}", "PATCH", "/composite/sobjects/Account/Concord_Id__c", body={"records": records}
        )

    answers = run(remote, *(batch(number) for number in range(5)))

    assert all(each["success"] for answer in answers for each in answer["body"])
    assert remote.control("GET", "settings").json()["salesforce"]["api_used"] == 1


def test_more_than_25_parts_or_5_queries_are_refused(remote: Remote) -> None:
    limits = [part(f"r{number}", "GET", "/limits") for number in range(26)]
    queries = [part(f"r{number}", "GET", "/query?q=SELECT+Id+FROM+Account") for number in range(6)]

    assert len(run(remote, *limits[:25])) == 25
    assert len(run(remote, *queries[:5])) == 5
    assert refusal(remote, {"compositeRequest": limits}) == 400
    assert refusal(remote, {"compositeRequest": queries}) == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"compositeRequest": []},
        {"CompositeRequest": [part("a", "GET", "/limits")]},
        {"compositeRequest": [part("a-b", "GET", "/limits")]},
        {"compositeRequest": [part("a", "GET", "/limits"), part("a", "GET", "/limits")]},
        {"compositeRequest": [{"method": "GET", "url": f"{ROOT}/limits"}]},
        {"compositeRequest": [part("a", "GET", "/limits", Body={})]},
    ],
)
def test_a_malformed_composite_is_refused_as_a_whole(remote: Remote, body: Raw) -> None:
    assert refusal(remote, body) == 400


def test_an_address_outside_the_api_is_not_found(remote: Remote) -> None:
    outside = {"referenceId": "a", "method": "GET", "url": "/salesforce/services/data/v64.0/limits"}

    assert run(remote, outside)[0]["httpStatusCode"] == 404
    assert run(remote, part("a", "POST", "/composite", body={}))[0]["httpStatusCode"] == 400
