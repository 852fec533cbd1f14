"""The people of the org: who they are, how they are listed, how an administrator changes them."""

from typing import Any

import pytest

from .conftest import TIMEOUT_S, Remote

MIRROR = (
    "SELECT Id, Name, FirstName, LastName, Email, Username, FederationIdentifier, IsActive, UserType, "
    "Profile.Name, SystemModstamp FROM User WHERE UserType = 'Standard'"
)
Raw = dict[str, Any]


def user(remote: Remote, alias: str) -> Raw:
    return next(each for each in remote.stored("User") if each["Alias"] == alias)


def test_standard_users_are_listed_with_profile_and_state(remote: Remote) -> None:
    answer = remote.query(MIRROR)

    assert answer.status_code == 200, answer.text
    rows = answer.json()["records"]
    assert {row["UserType"] for row in rows} == {"Standard"}
    assert {row["IsActive"] for row in rows} == {True, False}
    assert len({row["Profile"]["Name"] for row in rows}) >= 3
    assert rows[0]["Profile"]["attributes"]["type"] == "Profile"
    east = next(row for row in rows if row["Username"] == "east@example.com")
    assert (east["Id"], east["Name"]) == (user(remote, "east")["Id"], "Sales East")


def test_the_org_holds_what_makes_matching_hard(remote: Remote) -> None:
    people = remote.stored("User")

    standard = [each for each in people if each["UserType"] == "Standard"]
    assert any(each["Email"].endswith(".invalid") for each in standard)
    assert any(not each["Username"].endswith(".com") for each in standard)
    assert any("FederationIdentifier" not in each for each in standard)
    assert {"AutomatedProcess", "CsnOnly", "PowerPartner"} <= {each["UserType"] for each in people}
    assert len({each["Username"] for each in people}) == len(people)


def test_ids_of_the_seeded_users_are_the_same_on_every_first_day(remote: Remote) -> None:
    before = {each["Alias"]: each["Id"] for each in remote.stored("User")}
    remote.control("POST", "reset")

    assert {each["Alias"]: each["Id"] for each in remote.stored("User")} == before


def test_many_users_come_page_by_page_each_once(remote: Remote) -> None:
    remote.store(
        *({"LastName": f"Person {number}", "Email": f"p{number}@example.com"} for number in range(450)),
        entity="User",
    )
    headers = {"Sforce-Query-Options": "batchSize=200"}

    page = remote.query(MIRROR, headers=headers).json()
    total, rows = page["totalSize"], page["records"]
    while not page["done"]:
        address = remote.base + page["nextRecordsUrl"]
        page = remote.session.get(address, timeout=TIMEOUT_S).json()
        rows += page["records"]

    assert total == len(rows) == len({row["Id"] for row in rows}) > 450
    assert {row["UserType"] for row in rows} == {"Standard"}


def test_a_new_user_needs_only_a_name_and_an_address(remote: Remote) -> None:
    remote.store({"FirstName": "Ada", "LastName": "Byron", "Email": "ada@example.com"}, entity="User")

    made = next(each for each in remote.stored("User") if each["LastName"] == "Byron")
    assert (made["Name"], made["Username"], made["IsActive"]) == ("Ada Byron", "ada@example.com", True)
    assert made["UserType"] == "Standard"
    assert remote.query(f"SELECT Profile.Name FROM User WHERE Id = '{made['Id']}'").json()["records"][0][
        "Profile"
    ]["Name"]


def test_an_administrator_changes_a_user(remote: Remote) -> None:
    key = user(remote, "east")["Id"]
    changes = {"IsActive": False, "Email": "e@example.org", "UserType": "Guest", "FirstName": "Old"}

    assert remote.control("PUT", f"salesforce/User/{key}", json=changes).status_code == 200

    changed = user(remote, "east")
    assert {name: changed[name] for name in changes} == changes
    assert changed["Name"] == "Old East"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Username": "west@example.com"}, "DUPLICATE_VALUE"),
        ({"UserType": "Wizard"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Email": "nobody"}, "INVALID_EMAIL_ADDRESS"),
        ({"LastName": None}, "REQUIRED_FIELD_MISSING"),
        ({"ProfileId": "00e5g0000000000"}, "INVALID_CROSS_REFERENCE_KEY"),
    ],
)
def test_what_a_user_cannot_be_is_refused(remote: Remote, changes: Raw, code: str) -> None:
    before = user(remote, "east")

    answer = remote.control("PUT", f"salesforce/User/{before['Id']}", json=changes)

    assert answer.json()["error"]["errorCode"] == code
    assert user(remote, "east") == before


def test_a_user_is_never_deleted(remote: Remote) -> None:
    key = user(remote, "east")["Id"]

    assert remote.control("DELETE", f"salesforce/User/{key}").status_code == 400
    assert user(remote, "east")["IsActive"] is True


def test_profiles_are_an_object_of_their_own(remote: Remote) -> None:
    found = remote.query("SELECT Id, Name FROM Profile WHERE Name = 'standard user'").json()["records"]

    assert [row["Name"] for row in found] == ["Standard User"]
    assert found[0]["Id"].startswith("00e")
    assert remote.call("POST", "/sobjects/Profile", json={"Name": "Mine"}).status_code == 403
