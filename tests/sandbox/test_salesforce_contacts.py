"""Contacts: their account, their names, their e-mail, and how they are found."""

from typing import Any

import pytest

from .conftest import Remote

Raw = dict[str, Any]
NOBODY = "0015g0000000001"


def errors(result: Raw) -> list[tuple[str, list[str]]]:
    return [(each["statusCode"], each["fields"]) for each in result.get("errors", [])]


def upsert(remote: Remote, *records: Raw, **more: Any) -> list[Raw]:
    numbered = [{"Concord_Id__c": f"P-{number}", **record} for number, record in enumerate(records)]
    answer = remote.upsert(numbered, address="Contact/Concord_Id__c", **more)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


@pytest.fixture
def account(remote: Remote) -> str:
    return remote.store({"Name": "Facebook", "Concord_Id__c": "C-1"})[0]


# The account


def test_the_account_must_live(remote: Remote, account: str) -> None:
    gone = remote.store({"Name": "Gone"})[0]
    remote.control("DELETE", f"salesforce/Account/{gone}")

    result = upsert(
        remote,
        {"LastName": "A", "AccountId": account[:15]},
        {"LastName": "B", "AccountId": NOBODY},
        {"LastName": "C", "AccountId": gone},
        {"LastName": "D", "AccountId": "0035g0000000001"},
    )

    dangling = [("INVALID_CROSS_REFERENCE_KEY", ["AccountId"])]
    assert [errors(each) for each in result] == [[], dangling, dangling, [("MALFORMED_ID", ["AccountId"])]]
    assert [each["AccountId"] for each in remote.stored("Contact")] == [account]


def test_a_single_contact_with_a_dead_account_is_refused_alike(remote: Remote) -> None:
    gone = remote.store({"Name": "Gone"})[0]
    remote.control("DELETE", f"salesforce/Account/{gone}")

    for key in (gone, NOBODY):
        answer = remote.call("POST", "/sobjects/Contact", json={"LastName": "A", "AccountId": key})
        error = answer.json()[0]
        assert answer.status_code == 400
        assert (error["errorCode"], error["fields"]) == ("INVALID_CROSS_REFERENCE_KEY", ["AccountId"])


def test_the_account_may_be_named_by_its_external_id(remote: Remote, account: str) -> None:
    gone = remote.store({"Name": "Gone", "Concord_Id__c": "C-2"})[0]
    remote.control("DELETE", f"salesforce/Account/{gone}")

    result = upsert(
        remote,
        {"LastName": "A", "Account": {"Concord_Id__c": "c-1"}},
        {"LastName": "B", "Account": {"Concord_Id__c": "C-2"}},
        {"LastName": "C", "Account": {"Concord_Id__c": "C-3"}},
        {"LastName": "D", "Account": {"Name": "Facebook"}},
    )

    assert [each["success"] for each in result] == [True, False, False, False]
    assert {each["errors"][0]["statusCode"] for each in result[1:]} == {"INVALID_FIELD"}
    assert "Foreign key external ID: C-3 not found" in result[2]["errors"][0]["message"]
    assert [each["AccountId"] for each in remote.stored("Contact")] == [account]


def test_a_contact_moves_to_another_account_and_to_none(remote: Remote, account: str) -> None:
    other = remote.store({"Name": "Other"})[0]
    key = upsert(remote, {"LastName": "A", "AccountId": account})[0]["id"]

    remote.call("PATCH", f"/sobjects/Contact/{key}", json={"AccountId": other})
    assert remote.stored("Contact")[0]["AccountId"] == other
    remote.call("PATCH", f"/sobjects/Contact/{key}", json={"AccountId": None})
    assert "AccountId" not in remote.stored("Contact")[0]


# Names, lengths, e-mail


def test_the_full_name_follows_first_and_last_name(remote: Remote) -> None:
    key = upsert(remote, {"FirstName": "Mark", "LastName": "Z"})[0]["id"]
    read = {"params": {"fields": "Name"}}

    assert remote.call("GET", f"/sobjects/Contact/{key}", **read).json()["Name"] == "Mark Z"
    remote.call("PATCH", f"/sobjects/Contact/{key}", json={"LastName": "Zeta"})
    assert remote.call("GET", f"/sobjects/Contact/{key}", **read).json()["Name"] == "Mark Zeta"
    remote.call("PATCH", f"/sobjects/Contact/{key}", json={"FirstName": None})
    assert remote.call("GET", f"/sobjects/Contact/{key}", **read).json()["Name"] == "Zeta"


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"LastName": None}, "REQUIRED_FIELD_MISSING", "LastName"),
        ({"LastName": " "}, "REQUIRED_FIELD_MISSING", "LastName"),
        ({"LastName": "x" * 81}, "STRING_TOO_LONG", "LastName"),
        ({"FirstName": "x" * 41}, "STRING_TOO_LONG", "FirstName"),
        ({"Title": "x" * 129}, "STRING_TOO_LONG", "Title"),
        ({"Phone": "1" * 41}, "STRING_TOO_LONG", "Phone"),
        ({"Email": f"{'x' * 70}@example.com"}, "STRING_TOO_LONG", "Email"),
        ({"Email": "mark"}, "INVALID_EMAIL_ADDRESS", "Email"),
        ({"Email": "mark@localhost"}, "INVALID_EMAIL_ADDRESS", "Email"),
        ({"Email": "mark z@example.com"}, "INVALID_EMAIL_ADDRESS", "Email"),
        ({"Email": "mark@@example.com"}, "INVALID_EMAIL_ADDRESS", "Email"),
        ({"Name": "Mark Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE", "Name"),
        ({"MasterRecordId": NOBODY}, "INVALID_FIELD_FOR_INSERT_UPDATE", "MasterRecordId"),
        ({"Birthdate": "1984-13-40"}, "JSON_PARSER_ERROR", ""),
    ],
)
def test_what_a_contact_cannot_be_is_refused_on_create_and_on_update(
    remote: Remote, values: Raw, code: str, field: str
) -> None:
    key = remote.store({"LastName": "Here"}, entity="Contact")[0]
    body = {"records": [{"attributes": {"type": "Contact"}, "id": key, **values}]}

    made = upsert(remote, {"LastName": "A", **values})[0]
    changed = remote.call("PATCH", "/composite/sobjects", json=body).json()[0]

    for result in (made, changed):
        assert errors(result) == [(code, [field] if field else [])]
    assert [each["Name"] for each in remote.stored("Contact")] == ["Here"]


def test_one_address_may_belong_to_two_contacts(remote: Remote) -> None:
    result = upsert(
        remote, {"LastName": "A", "Email": "info@example.com"}, {"LastName": "B", "Email": "INFO@example.com"}
    )

    assert [each["success"] for each in result] == [True, True]
    assert [each["Email"] for each in remote.stored("Contact")] == ["info@example.com", "INFO@example.com"]


def test_an_upsert_by_email_finds_the_one_and_refuses_two(remote: Remote) -> None:
    first = remote.store({"LastName": "A", "Email": "a@example.com"}, entity="Contact")[0]
    record = {"LastName": "A", "Email": "A@example.com", "Title": "CEO"}

    found = remote.upsert([record], address="Contact/Email").json()[0]
    remote.store({"LastName": "B", "Email": "a@example.com"}, entity="Contact")
    several = remote.upsert([record], address="Contact/Email").json()[0]

    assert (found["id"], found["created"]) == (first, False)
    assert errors(several)[0][0] == "DUPLICATE_EXTERNAL_ID"


def test_a_box_that_nobody_ticked_is_false(remote: Remote) -> None:
    upsert(remote, {"LastName": "A"}, {"LastName": "B", "Concord_Primary__c": True})

    assert [each["Concord_Primary__c"] for each in remote.stored("Contact")] == [False, True]


def test_describe_tells_what_may_be_written(remote: Remote) -> None:
    told = {each["name"]: each for each in remote.call("GET", "/sobjects/Contact/describe").json()["fields"]}

    mailing = {f"Mailing{part}" for part in ("Street", "City", "State", "PostalCode", "Country")}
    free = {
        "AccountId",
        "FirstName",
        "LastName",
        "Title",
        "Department",
        "Email",
        "Phone",
        "MobilePhone",
        "OwnerId",
    }
    for name in mailing | free | {"Concord_Id__c", "Birthdate", "Description", "ReportsToId"}:
        assert (told[name]["createable"], told[name]["updateable"]) == (True, True)
    for name in ("Id", "Name", "IsDeleted", "MasterRecordId", "CreatedDate", "SystemModstamp"):
        assert (told[name]["createable"], told[name]["updateable"]) == (False, False)
    assert (told["LastName"]["nillable"], told["AccountId"]["nillable"]) == (False, True)
    assert (told["Email"]["idLookup"], told["Email"]["unique"]) == (True, False)
    assert (told["AccountId"]["referenceTo"], told["AccountId"]["relationshipName"]) == (
        ["Account"],
        "Account",
    )
    assert told["Concord_Primary__c"]["type"] == "boolean"


# Queries


def found(remote: Remote, where: str, fields: str = "Id, LastName") -> list[Raw]:
    answer = remote.query(f"SELECT {fields} FROM Contact WHERE {where} ORDER BY LastName")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["records"])


def test_contacts_are_found_by_address_account_and_owner(remote: Remote, account: str) -> None:
    other = remote.store({"Name": "Globex"})[0]
    remote.store(
        {"LastName": "A", "Email": "A.One@Example.com", "AccountId": account},
        {"LastName": "B", "Email": "b@example.com", "AccountId": other},
        {"LastName": "C"},
        entity="Contact",
    )
    owner = remote.stored()[0]["OwnerId"]

    def names(where: str) -> str:
        return "".join(row["LastName"] for row in found(remote, where))

    assert names("Email IN ('a.one@example.COM', 'nobody@example.com')") == "A"
    assert names("Email = 'B@EXAMPLE.COM'") == "B"
    assert names("Email LIKE '%@example.com'") == "AB"
    assert names("Email = null") == "C"
    assert names(f"AccountId IN ('{account}', '{other[:15]}')") == "AB"
    assert names(f"AccountId = '{account}' AND Email != null") == "A"
    assert names("Account.Name = 'facebook'") == "A"
    assert names("Account.Name IN ('FACEBOOK', 'globex') AND Email LIKE 'b%'") == "B"
    assert names("Account.Concord_Id__c = 'c-1'") == "A"
    assert names(f"Account.OwnerId = '{owner}'") == "AB"
    assert names("Account.Owner.IsActive = true") == "AB"


def test_the_account_is_shown_beside_its_contact(remote: Remote, account: str) -> None:
    remote.store({"LastName": "A", "AccountId": account}, {"LastName": "B"}, entity="Contact")

    with_account, without = found(
        remote, "LastName != null", "Id, Name, Account.Name, Account.OwnerId, Account.Owner.Name"
    )

    assert with_account["Account"]["Name"] == "Facebook"
    assert with_account["Account"]["attributes"]["type"] == "Account"
    assert with_account["Account"]["Owner"]["Name"] == "Remote Colleague"
    assert without["Account"] is None


# The duplicate rule


def test_a_blocking_rule_refuses_a_second_contact_with_the_address(remote: Remote) -> None:
    remote.settings(contact_duplicate_rule="block")
    remote.store({"LastName": "A", "Email": "a@example.com"}, entity="Contact")
    passing = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    body = {"LastName": "B", "Email": "A@Example.com"}

    answer = remote.call("POST", "/sobjects/Contact", json=body, headers=passing)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "DUPLICATES_DETECTED")
    assert answer.json()[0]["duplicateResult"]["allowSave"] is False
    assert len(remote.stored("Contact")) == 1


def test_an_alerting_rule_names_the_match_and_lets_pass_on_request(remote: Remote) -> None:
    remote.settings(contact_duplicate_rule="alert")
    key = remote.store({"LastName": "A", "Email": "a@example.com"}, entity="Contact")[0]
    record = {
        "attributes": {"type": "Contact"},
        "LastName": "B",
        "Email": "A@example.com",
        "Concord_Id__c": "P",
    }

    def send(header: str) -> Raw:
        answer = remote.call(
            "PATCH",
            "/composite/sobjects/Contact/Concord_Id__c",
            json={"records": [record]},
            headers={"Sforce-Duplicate-Rule-Header": header},
        )
        return dict(answer.json()[0])

    error = send("allowSave=false; includeRecordDetails=true")["errors"][0]
    assert (error["statusCode"], error["duplicateResult"]["allowSave"]) == ("DUPLICATES_DETECTED", True)
    match = error["duplicateResult"]["matchResults"][0]["matchRecords"][0]["record"]
    assert (match["Id"], match["Email"]) == (key, "a@example.com")
    assert send("allowSave=true")["created"] is True


def test_the_rules_of_accounts_and_contacts_are_two(remote: Remote) -> None:
    remote.settings(duplicate_rule="block")
    remote.store({"LastName": "A", "Email": "a@example.com"}, entity="Contact")

    same_person = remote.call("POST", "/sobjects/Contact", json={"LastName": "A", "Email": "a@example.com"})
    remote.settings(duplicate_rule="off", contact_duplicate_rule="block")
    no_address = remote.call("POST", "/sobjects/Contact", json={"LastName": "A"})
    remote.store({"Name": "Globex"})
    same_company = remote.call("POST", "/sobjects/Account", json={"Name": "Globex"})

    assert [each.status_code for each in (same_person, no_address, same_company)] == [201, 201, 201]


def test_an_edit_that_keeps_the_address_meets_no_rule(remote: Remote) -> None:
    person = {"LastName": "A", "Email": "a@example.com"}
    key = remote.store(person, person, entity="Contact")[0]
    remote.settings(contact_duplicate_rule="block")

    assert remote.call("PATCH", f"/sobjects/Contact/{key}", json={"Title": "CEO"}).status_code == 204
