"""What one record at a time must accept and refuse."""

from typing import Any
from urllib.parse import quote

import pytest

from .conftest import Remote

Raw = dict[str, Any]


def refused_code(answer: Any, status: int = 400) -> str:
    assert answer.status_code == status, answer.text
    assert isinstance(answer.json(), list)
    return str(answer.json()[0]["errorCode"])


def test_a_record_is_created_read_changed_and_deleted(remote: Remote) -> None:
    made = remote.call("POST", "/sobjects/Account/", json={"Name": "Facebook", "Phone": "1"})
    assert made.status_code == 201
    key = made.json()["id"]
    assert made.json() == {"id": key, "success": True, "errors": []}

    read = remote.call("GET", f"/sobjects/Account/{key}").json()
    assert read["attributes"] == {"type": "Account", "url": f"/services/data/v64.0/sobjects/Account/{key}"}
    assert (read["Name"], read["Id"], read["IsDeleted"]) == ("Facebook", key, False)

    changed = remote.call("PATCH", f"/sobjects/Account/{key}", json={"Phone": None})
    assert (changed.status_code, changed.content) == (204, b"")
    assert remote.call("GET", f"/sobjects/Account/{key}", params={"fields": "Phone"}).json()["Phone"] is None

    assert remote.call("DELETE", f"/sobjects/Account/{key}").status_code == 204
    assert remote.stored() == []


def test_ids_have_18_characters_with_a_true_checksum_and_15_are_taken(remote: Remote) -> None:
    key = remote.store({"Name": "A"})[0]

    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    blocks = [key[start : start + 5] for start in (0, 5, 10)]
    bits = [sum(2**place for place, char in enumerate(block) if "A" <= char <= "Z") for block in blocks]
    assert key[15:] == "".join(alphabet[each] for each in bits)
    assert remote.call("GET", f"/sobjects/Account/{key[:15]}").json()["Id"] == key


def test_upsert_by_external_id_tells_created_from_updated(remote: Remote) -> None:
    first = remote.call("PATCH", "/sobjects/Account/Concord_Id__c/C-1", json={"Name": "A"})
    second = remote.call("PATCH", "/sobjects/Account/Concord_Id__c/c-1", json={"Name": "B"})

    key = first.json()["id"]
    assert (first.status_code, first.json()["created"]) == (201, True)
    assert second.status_code == 200
    assert second.json() == {"id": key, "success": True, "errors": [], "created": False}


def test_an_encoded_key_is_one_key(remote: Remote) -> None:
    key = "a/b c?d#é"

    made = remote.call("PATCH", f"/sobjects/Account/Concord_Id__c/{quote(key, safe='')}", json={"Name": "A"})

    assert made.status_code == 201
    assert remote.stored()[0]["Concord_Id__c"] == key


def test_a_key_that_looks_like_a_blocked_file_is_not_found(remote: Remote) -> None:
    answer = remote.call("PATCH", "/sobjects/Account/Concord_Id__c/a@email.inc", json={"Name": "A"})

    assert refused_code(answer, 404) == "NOT_FOUND"


def test_update_only_does_not_create(remote: Remote) -> None:
    options: Raw = {"params": {"updateOnly": "true"}, "json": {"Name": "A"}}

    answer = remote.call("PATCH", "/sobjects/Account/Concord_Id__c/C-1", **options)

    assert answer.status_code == 404
    assert remote.stored() == []


@pytest.mark.parametrize("extra", [{"Concord_Id__c": "C-1"}, {"Id": "0015g0000000001"}])
def test_the_key_stands_in_the_address_only(remote: Remote, extra: Raw) -> None:
    answer = remote.call("PATCH", "/sobjects/Account/Concord_Id__c/C-1", json={"Name": "A", **extra})

    assert refused_code(answer) == "INVALID_FIELD"


def test_an_external_id_of_several_records_is_300_with_their_addresses(remote: Remote) -> None:
    remote.settings(enforce_unique=False)
    keys = remote.store({"Name": "A", "Concord_Id__c": "C-1"}, {"Name": "B", "Concord_Id__c": "C-1"})

    for method, body in (("GET", None), ("PATCH", {"Name": "C"})):
        answer = remote.call(method, "/sobjects/Account/Concord_Id__c/C-1", json=body)
        assert answer.status_code == 300
        assert answer.json() == [f"/services/data/v64.0/sobjects/Account/{key}" for key in keys]
    assert [each["Name"] for each in remote.stored()] == ["A", "B"]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("Account/Nope__c/1", "Provided external ID field does not exist or is not accessible: Nope__c"),
        ("Account/nonsense", "Provided external ID field does not exist or is not accessible: nonsense"),
        ("Account/0015g0000000001", "The requested resource does not exist"),
        ("Account/Concord_Id__c/nobody", "The requested resource does not exist"),
        ("Nope/0015g0000000001", "The requested resource does not exist"),
    ],
)
def test_what_is_not_there_is_404(remote: Remote, address: str, message: str) -> None:
    answer = remote.call("GET", f"/sobjects/{address}")

    assert refused_code(answer, 404) == "NOT_FOUND"
    assert answer.json()[0]["message"] == message


def test_a_malformed_id_is_400(remote: Remote) -> None:
    assert refused_code(remote.call("GET", "/sobjects/Account/0035g0000000001")) == "MALFORMED_ID"


def test_a_deleted_record_is_404_with_its_own_code(remote: Remote) -> None:
    key = remote.store({"Name": "A"})[0]
    remote.call("DELETE", f"/sobjects/Account/{key}")

    answer = remote.call("PATCH", f"/sobjects/Account/{key}", json={"Name": "B"})

    assert refused_code(answer, 404) == "ENTITY_IS_DELETED"
    assert answer.json()[0]["message"] == "entity is deleted"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "REQUIRED_FIELD_MISSING"),
        ({"Name": ""}, "REQUIRED_FIELD_MISSING"),
        ({"Name": "x" * 256}, "STRING_TOO_LONG"),
        ({"Name": "A", "Colour__c": 1}, "INVALID_FIELD"),
        ({"Name": "A", "Id": "0015g0000000001"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Name": "A", "CreatedDate": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Name": "A", "Concord_Email__c": "nobody"}, "INVALID_EMAIL_ADDRESS"),
    ],
)
def test_a_record_that_breaks_a_rule_is_400(remote: Remote, body: Raw, code: str) -> None:
    assert refused_code(remote.call("POST", "/sobjects/Account", json=body)) == code
    assert remote.stored() == []


def test_a_required_field_is_named(remote: Remote) -> None:
    error = remote.call("POST", "/sobjects/Account", json={}).json()[0]

    assert error["message"] == "Required fields are missing: [Name]"
    assert error["fields"] == ["Name"]


def test_a_restricted_picklist_takes_its_own_values_only(remote: Remote) -> None:
    free = remote.call("POST", "/sobjects/Account", json={"Name": "A", "Industry": "Alchemy"})
    remote.settings(fields={"Account": {"Industry": {"restrictedPicklist": True}}})
    bound = remote.call("POST", "/sobjects/Account", json={"Name": "A", "Industry": "Alchemy"})

    assert free.status_code == 201
    assert refused_code(bound) == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def test_a_wrong_method_is_405_and_says_which_are_right(remote: Remote) -> None:
    answer = remote.call("PUT", "/sobjects/Account")

    assert refused_code(answer, 405) == "METHOD_NOT_ALLOWED"
    assert answer.headers["Allow"] == "GET,POST"


def test_too_long_an_address_is_414_and_too_long_headers_431(remote: Remote) -> None:
    address = remote.query("SELECT Id FROM Account WHERE Name = '" + "x" * 16_384 + "'")
    headers = remote.call("GET", "/limits", headers={"X-Long": "x" * 16_384})
    fits = remote.query("SELECT Id FROM Account WHERE Name = '" + "x" * 15_000 + "'")

    assert (address.status_code, headers.status_code, fits.status_code) == (414, 431, 200)


def test_an_inactive_or_strange_owner_is_refused_with_its_id(remote: Remote) -> None:
    users = {user["Alias"]: user for user in remote.stored("User")}

    def own(alias: str) -> Any:
        return remote.call("POST", "/sobjects/Account", json={"Name": "A", "OwnerId": users[alias]["Id"]})

    assert own("east").status_code == 201
    left = own("left")
    assert refused_code(left) == "INACTIVE_OWNER_OR_USER"
    expected = f"operation performed with inactive user [{users['left']['Id']}] as owner of account"
    assert left.json()[0]["message"] == expected
    assert refused_code(own("auto")) == "OP_WITH_INVALID_USER_TYPE_EXCEPTION"


def test_the_owner_is_the_login_unless_said_otherwise(remote: Remote) -> None:
    remote.call("POST", "/sobjects/Account", json={"Name": "A"})

    users = {user["Id"]: user["Alias"] for user in remote.stored("User")}
    assert users[remote.stored()[0]["OwnerId"]] == "concord"


def test_a_user_cannot_be_written(remote: Remote) -> None:
    answer = remote.call("POST", "/sobjects/User", json={"LastName": "A"})

    assert refused_code(answer, 403) == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_a_contact_finds_its_account_by_external_id(remote: Remote) -> None:
    key = remote.store({"Name": "A", "Concord_Id__c": "C-42"})[0]
    body = {"LastName": "Z", "FirstName": "Mark", "Account": {"Concord_Id__c": "C-42"}}

    made = remote.call("POST", "/sobjects/Contact", json=body)
    lost = remote.call("POST", "/sobjects/Contact", json={**body, "Account": {"Concord_Id__c": "C-43"}})

    assert made.status_code == 201
    contact = remote.stored("Contact")[0]
    assert (contact["AccountId"], contact["Name"]) == (key, "Mark Z")
    assert refused_code(lost) == "INVALID_FIELD"
    assert "C-43" in lost.json()[0]["message"]


def test_the_full_name_of_a_contact_is_read_only(remote: Remote) -> None:
    answer = remote.call("POST", "/sobjects/Contact", json={"LastName": "Z", "Name": "Mark Z"})

    assert refused_code(answer) == "INVALID_FIELD_FOR_INSERT_UPDATE"


# Duplicate rules


def test_a_blocking_duplicate_rule_cannot_be_passed(remote: Remote) -> None:
    remote.settings(duplicate_rule="block")
    remote.store({"Name": "Globex"})
    passing = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}

    answer = remote.call("POST", "/sobjects/Account", json={"Name": "globex"}, headers=passing)

    assert refused_code(answer) == "DUPLICATES_DETECTED"
    assert answer.json()[0]["message"] == "Use one of these records?"
    assert answer.json()[0]["duplicateResult"]["allowSave"] is False


def test_an_alerting_duplicate_rule_names_the_match_and_lets_pass_on_request(remote: Remote) -> None:
    remote.settings(duplicate_rule="alert")
    key = remote.store({"Name": "Globex", "Website": "globex.example"})[0]
    record = {"attributes": {"type": "Account"}, "Name": "Globex", "Concord_Id__c": "C-1"}
    address = "/composite/sobjects/Account/Concord_Id__c"

    def send(header: str) -> Raw:
        headers = {"Sforce-Duplicate-Rule-Header": header}
        answer = remote.call("PATCH", address, json={"records": [record]}, headers=headers)
        return dict(answer.json()[0])

    stopped = send("allowSave=false; includeRecordDetails=true")
    error = stopped["errors"][0]
    assert error["statusCode"] == "DUPLICATES_DETECTED"
    assert error["duplicateResult"]["allowSave"] is True
    match = error["duplicateResult"]["matchResults"][0]["matchRecords"][0]["record"]
    assert (match["Id"], match["Website"]) == (key, "globex.example")
    assert send("allowSave=true")["created"] is True


def test_an_edit_that_keeps_the_name_meets_no_duplicate_rule(remote: Remote) -> None:
    keys = remote.store({"Name": "Globex"}, {"Name": "Globex"})
    remote.settings(duplicate_rule="block")

    assert remote.call("PATCH", f"/sobjects/Account/{keys[0]}", json={"Phone": "1"}).status_code == 204
