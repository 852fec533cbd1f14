"""What sObject Collections must accept and refuse."""

import gzip
import json
from typing import Any

import pytest

from .conftest import Remote

Raw = dict[str, Any]


def record(number: int, **more: Any) -> Raw:
    return {"Concord_Id__c": f"C-{number}", "Name": f"Company {number}", **more}


def codes(result: Raw) -> list[str]:
    assert result["success"] is False
    assert "id" not in result
    return [error["statusCode"] for error in result["errors"]]


def refused_code(answer: Any, status: int = 400) -> str:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body, list)
    assert "statusCode" not in body[0]
    return str(body[0]["errorCode"])


def test_200_records_arrive_in_one_call_in_their_order(remote: Remote) -> None:
    answer = remote.upsert([record(number) for number in range(200)])

    assert answer.status_code == 200
    assert [set(each) for each in answer.json()] == [{"id", "success", "errors", "created"}] * 200
    ids = [each["id"] for each in answer.json()]
    assert [each["Id"] for each in remote.stored()] == ids
    assert remote.stored()[7]["Name"] == "Company 7"


def test_the_same_key_again_updates_and_keeps_what_is_not_sent(remote: Remote) -> None:
    first = remote.upsert([record(1, Phone="1", Website="a.example")]).json()[0]

    second = remote.upsert([{"Concord_Id__c": "c-1", "Phone": None}]).json()[0]

    assert second == {"id": first["id"], "success": True, "errors": [], "created": False}
    stored = remote.stored()[0]
    assert stored["Website"] == "a.example"
    assert stored["Concord_Id__c"] == "C-1"
    assert "Phone" not in stored


def test_201_records_are_refused_as_a_whole(remote: Remote) -> None:
    answer = remote.upsert([record(number) for number in range(201)])

    assert refused_code(answer) == "EXCEEDED_ID_LIMIT"
    assert remote.stored() == []


def test_no_record_at_all_is_refused(remote: Remote) -> None:
    assert remote.upsert([]).status_code == 400


def test_an_id_beside_the_external_id_is_refused(remote: Remote) -> None:
    key = remote.store({"Name": "Globex"})[0]

    result = remote.upsert([record(1, Id=key), record(2)]).json()

    assert codes(result[0]) == ["INVALID_FIELD"]
    assert result[1]["created"] is True


def test_a_record_without_its_external_id_is_refused_alone(remote: Remote) -> None:
    result = remote.upsert([{"Name": "No key"}, {"Name": "Empty key", "Concord_Id__c": ""}, record(2)]).json()

    assert [each["success"] for each in result] == [False, False, True]
    assert codes(result[0]) == ["MISSING_ARGUMENT"]


@pytest.mark.parametrize("attributes", [None, {}, {"Type": "Account"}, {"type": ""}, "Account"])
def test_a_record_without_its_type_refuses_the_call(remote: Remote, attributes: Any) -> None:
    records = [{"attributes": attributes, **record(1)}]

    answer = remote.call("PATCH", "/composite/sobjects/Account/Concord_Id__c", json={"records": records})

    assert refused_code(answer) == "JSON_PARSER_ERROR"


def test_a_record_of_another_type_than_the_address_refuses_the_call(remote: Remote) -> None:
    answer = remote.upsert(
        [record(1), {"attributes": {"type": "Contact"}, "LastName": "A", "Concord_Id__c": "x"}]
    )

    assert answer.status_code == 400
    assert remote.stored() == []


@pytest.mark.parametrize("envelope", ["Records", "RECORDS", "record"])
def test_the_key_records_is_found_in_its_own_case_only(remote: Remote, envelope: str) -> None:
    body = {envelope: [{"attributes": {"type": "Account"}, **record(1)}]}

    answer = remote.call("PATCH", "/composite/sobjects/Account/Concord_Id__c", json=body)

    assert refused_code(answer) == "JSON_PARSER_ERROR"
    assert remote.stored() == []


@pytest.mark.parametrize("key", ["AllOrNone", "allornone", "all_or_none"])
def test_the_key_all_or_none_is_found_in_its_own_case_only(remote: Remote, key: str) -> None:
    more: Raw = {key: False}

    assert refused_code(remote.upsert([record(1)], **more)) == "JSON_PARSER_ERROR"


def test_the_key_attributes_is_found_in_its_own_case_only(remote: Remote) -> None:
    body = {"records": [{"Attributes": {"type": "Account"}, **record(1)}]}

    answer = remote.call("PATCH", "/composite/sobjects/Account/Concord_Id__c", json=body)

    assert refused_code(answer) == "JSON_PARSER_ERROR"


def test_an_unknown_field_refuses_the_call(remote: Remote) -> None:
    answer = remote.upsert([record(1), record(2, Colour__c="red")])

    assert refused_code(answer) == "INVALID_FIELD"
    assert "No such column 'Colour__c'" in answer.json()[0]["message"]
    assert remote.stored() == []


def test_an_unknown_external_id_field_is_not_found(remote: Remote) -> None:
    answer = remote.upsert([record(1)], address="Account/Nope__c")

    assert refused_code(answer, 404) == "NOT_FOUND"
    assert answer.json()[0]["message"] == (
        "Provided external ID field does not exist or is not accessible: Nope__c"
    )


def test_a_field_that_is_no_key_cannot_be_upserted_by(remote: Remote) -> None:
    assert refused_code(remote.upsert([record(1)], address="Account/Name"), 404) == "NOT_FOUND"


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"Name": "x" * 256}, "STRING_TOO_LONG", "Name"),
        ({"Phone": "1" * 41}, "STRING_TOO_LONG", "Phone"),
        ({"BillingCity": "x" * 41}, "STRING_TOO_LONG", "BillingCity"),
        ({"Concord_Email__c": "john@localhost"}, "INVALID_EMAIL_ADDRESS", "Concord_Email__c"),
        ({"Concord_Email__c": "john doe@example.com"}, "INVALID_EMAIL_ADDRESS", "Concord_Email__c"),
        ({"Concord_Email__c": "j@" + "x" * 80 + ".com"}, "STRING_TOO_LONG", "Concord_Email__c"),
        ({"Name": None}, "REQUIRED_FIELD_MISSING", "Name"),
        ({"Name": "  "}, "REQUIRED_FIELD_MISSING", "Name"),
        ({"SystemModstamp": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE", "SystemModstamp"),
        ({"OwnerId": "nobody"}, "MALFORMED_ID", "OwnerId"),
        ({"OwnerId": "0055g00000000009AA"}, "MALFORMED_ID", "OwnerId"),
        ({"OwnerId": "0015g0000000000"}, "MALFORMED_ID", "OwnerId"),
        ({"OwnerId": "0055g0000000000"}, "INVALID_CROSS_REFERENCE_KEY", "OwnerId"),
        ({"AnnualRevenue": 1e18}, "NUMBER_OUTSIDE_VALID_RANGE", "AnnualRevenue"),
    ],
)
def test_what_a_field_does_not_take_refuses_its_record_alone(
    remote: Remote, values: Raw, code: str, field: str
) -> None:
    answer = remote.upsert([record(1), record(2, **values), record(3)])

    assert answer.status_code == 200
    good, bad, other = answer.json()
    assert (good["success"], other["success"]) == (True, True)
    assert codes(bad) == [code]
    assert bad["errors"][0]["fields"] == [field]


def test_a_too_long_value_is_named_with_its_limit(remote: Remote) -> None:
    error = remote.upsert([record(1, Name="x" * 300)]).json()[0]["errors"][0]

    assert error["message"] == f"Account Name: data value too large: {'x' * 300} (max length=255)"


def test_255_characters_of_any_script_fit(remote: Remote) -> None:
    names = ["é" * 255, "شركة " * 50 + "شركةا", "<script>" * 31, "💶" * 255]

    result = remote.upsert([record(number, Name=name) for number, name in enumerate(names)]).json()

    assert all(each["success"] for each in result)
    assert [each["Name"] for each in remote.stored()] == names


@pytest.mark.parametrize(
    "values", [{"Name": 5}, {"Name": ["x"]}, {"AnnualRevenue": "much"}, {"NumberOfEmployees": True}]
)
def test_a_value_of_the_wrong_json_type_refuses_the_call(remote: Remote, values: Raw) -> None:
    assert refused_code(remote.upsert([record(1, **values)])) == "JSON_PARSER_ERROR"


def test_a_key_twice_in_one_call_fails_the_repetition(remote: Remote) -> None:
    result = remote.upsert([record(1), record(2), {"Concord_Id__c": "c-1", "Name": "Again"}]).json()

    assert [each["success"] for each in result] == [True, True, False]
    assert codes(result[2]) == ["DUPLICATE_VALUE"]
    assert [each["Name"] for each in remote.stored()] == ["Company 1", "Company 2"]


def test_a_key_that_several_accounts_have_is_not_guessed(remote: Remote) -> None:
    remote.settings(enforce_unique=False)
    keys = remote.store({"Name": "A", "Concord_Id__c": "C-1"}, {"Name": "B", "Concord_Id__c": "C-1"})

    result = remote.upsert([record(1)]).json()[0]

    assert codes(result) == ["DUPLICATE_EXTERNAL_ID"]
    assert all(key in result["errors"][0]["message"] for key in keys)


def test_all_or_none_rolls_back_and_says_so_on_the_others(remote: Remote) -> None:
    answer = remote.upsert([record(1), record(2, Name="x" * 300), record(3)], allOrNone=True)

    assert answer.status_code == 200
    assert [codes(each)[0] for each in answer.json()] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "STRING_TOO_LONG",
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    ]
    assert remote.stored() == []
    assert remote.upsert([record(1)]).json()[0]["created"] is True


def test_upsert_by_id_creates_with_null_and_updates_with_an_id(remote: Remote) -> None:
    key = remote.store({"Name": "Globex"})[0]

    result = remote.upsert(
        [{"Id": None, "Name": "New"}, {"Id": key[:15], "Phone": "7"}], address="Account/Id"
    ).json()

    assert [each["created"] for each in result] == [True, False]
    assert result[1]["id"] == key


def test_create_and_update_by_collections(remote: Remote) -> None:
    made = remote.call(
        "POST", "/composite/sobjects", json={"records": [{"attributes": {"type": "Account"}, **record(1)}]}
    ).json()
    assert set(made[0]) == {"id", "success", "errors"}

    # The sheet shows `id` here and `Id` elsewhere: a field's name counts, not its case.
    for name in ("id", "Id"):
        body = {"records": [{"attributes": {"type": "Account"}, name: made[0]["id"], "Phone": name}]}
        assert remote.call("PATCH", "/composite/sobjects", json=body).json()[0]["success"] is True
        assert remote.stored()[0]["Phone"] == name


def test_the_same_value_in_a_unique_field_names_the_other_record(remote: Remote) -> None:
    keys = remote.store({"Name": "A", "Concord_Id__c": "C-1"}, {"Name": "B"})
    body = {"records": [{"attributes": {"type": "Account"}, "id": keys[1], "Concord_Id__c": "c-1"}]}

    result = remote.call("PATCH", "/composite/sobjects", json=body).json()[0]

    assert codes(result) == ["DUPLICATE_VALUE"]
    assert result["errors"][0]["message"] == (
        f"duplicate value found: Concord_Id__c duplicates value on record with id: {keys[0][:15]}"
    )


def test_update_tells_deleted_unknown_and_malformed_ids_apart(remote: Remote) -> None:
    key, other = remote.store({"Name": "Gone"}, {"Name": "Here"})
    remote.control("DELETE", f"salesforce/Account/{key}")
    wrong_checksum = other[:15] + ("AAA" if not other.endswith("AAA") else "BBB")
    ids = [key, "0015g0000000000", "Account 7", wrong_checksum, None]
    records = [{"attributes": {"type": "Account"}, "id": each, "Phone": "1"} for each in ids]

    result = remote.call("PATCH", "/composite/sobjects", json={"records": records}).json()

    assert [codes(each)[0] for each in result] == [
        "ENTITY_IS_DELETED",
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
        "MALFORMED_ID",
        "MISSING_ARGUMENT",
    ]


def alternating(runs: int) -> list[Raw]:
    kinds = (
        {"attributes": {"type": "Account"}, "Name": "A"},
        {"attributes": {"type": "Contact"}, "LastName": "B"},
    )
    return [kinds[number % 2] for number in range(runs)]


def test_ten_runs_of_types_are_taken_and_eleven_refused(remote: Remote) -> None:
    ten = remote.call("POST", "/composite/sobjects", json={"records": alternating(10)})
    eleven = remote.call("POST", "/composite/sobjects", json={"records": alternating(11)})

    assert all(each["success"] for each in ten.json())
    assert eleven.status_code == 400
    assert len(remote.stored()) == 5


def test_delete_and_get_by_ids(remote: Remote) -> None:
    first, second = remote.store({"Name": "A"}, {"Name": "B"})

    gone = remote.call("DELETE", "/composite/sobjects", params={"ids": f"{first},0015g0000000000"}).json()
    read = remote.call(
        "POST", "/composite/sobjects/Account", json={"ids": [first, second], "fields": ["Name"]}
    )

    assert gone[0] == {"id": first, "success": True, "errors": []}
    assert codes(gone[1]) == ["INVALID_CROSS_REFERENCE_KEY"]
    assert read.json()[0] is None
    assert read.json()[1]["Name"] == "B"


def test_a_gzipped_body_is_read_and_a_broken_one_refused(remote: Remote) -> None:
    body = json.dumps({"records": [{"attributes": {"type": "Account"}, **record(1)}]}).encode()
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    address = "/composite/sobjects/Account/Concord_Id__c"

    good = remote.call("PATCH", address, data=gzip.compress(body), headers=headers)
    cut = remote.call("PATCH", address, data=gzip.compress(body)[:-9], headers=headers)
    none = remote.call("PATCH", address, data=body, headers=headers)

    assert good.json()[0]["created"] is True
    assert (refused_code(cut), refused_code(none)) == ("JSON_PARSER_ERROR", "JSON_PARSER_ERROR")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"records": [NaN]}', b"\xff", b'{"records": {}}'])
def test_a_body_that_cannot_be_read_is_refused(remote: Remote, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}

    answer = remote.call("PATCH", "/composite/sobjects/Account/Concord_Id__c", data=body, headers=headers)

    assert refused_code(answer) == "JSON_PARSER_ERROR"


def test_another_content_type_is_refused(remote: Remote) -> None:
    answer = remote.call("POST", "/composite/sobjects", data="x", headers={"Content-Type": "text/plain"})

    assert refused_code(answer, 415) == "UNSUPPORTED_MEDIA_TYPE"


def test_one_call_counts_once_however_many_records(remote: Remote) -> None:
    first = remote.upsert([record(number) for number in range(200)]).headers["Sforce-Limit-Info"]
    second = remote.upsert([record(1)]).headers["Sforce-Limit-Info"]

    assert (first, second) == ("api-usage=1/100000", "api-usage=2/100000")
