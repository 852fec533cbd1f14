"""What SOQL must answer and refuse."""

from typing import Any

import pytest

from .conftest import Remote


@pytest.fixture
def four(remote: Remote) -> list[str]:
    """Four accounts with different gaps."""
    return remote.store(
        {"Name": "Facebook", "Website": "facebook.com", "AnnualRevenue": 5, "Concord_Id__c": "C-1"},
        {"Name": "O'Neil \\ Sons", "Website": "http://oneil.example", "NumberOfEmployees": 7},
        {"Name": "100% Wool_Co", "AnnualRevenue": 10},
        {"Name": "facebook", "Phone": "1"},
    )


def found(remote: Remote, where: str, path: str = "/query") -> list[str]:
    answer = remote.query(f"SELECT Id FROM Account WHERE {where}", path)
    assert answer.status_code == 200, answer.text
    return [record["Id"] for record in answer.json()["records"]]


def refused(remote: Remote, soql: str) -> tuple[str, str]:
    answer = remote.query(soql)
    assert answer.status_code == 400, answer.text
    return answer.json()[0]["errorCode"], answer.json()[0]["message"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Name = 'FACEBOOK'", [0, 3]),
        ("Name IN ('facebook', 'nobody')", [0, 3]),
        ("Concord_Id__c IN ('c-1','x') OR Name IN ('100% wool_co')", [0, 2]),
        ("Name NOT IN ('facebook')", [1, 2]),
        ("Name != 'Facebook'", [1, 2]),
        ("Website != 'facebook.com'", [1, 2, 3]),
        ("Name = 'O\\'Neil \\\\ Sons'", [1]),
        ("Name LIKE 'face%'", [0, 3]),
        ("Name LIKE '100\\%%'", [2]),
        ("Name LIKE '%l\\_C_'", [2]),
        ("Website = null", [2, 3]),
        ("Website != null AND AnnualRevenue = null", [1]),
        ("Website = ''", [2, 3]),
        ("AnnualRevenue > 5", [2]),
        ("AnnualRevenue >= 5 AND AnnualRevenue <= 10", [0, 2]),
        ("NOT Name LIKE 'face%'", [1, 2]),
        ("(NOT (Name = 'facebook')) AND (AnnualRevenue = 10 OR NumberOfEmployees = 7)", [1, 2]),
        ("IsDeleted = false", [0, 1, 2, 3]),
        (
            "CreatedDate > 2020-01-01T00:00:00Z AND SystemModstamp < 2100-01-01T00:00:00.000+00:00",
            [0, 1, 2, 3],
        ),
        ("Owner.Alias = 'remote' AND Phone = '1'", [3]),
    ],
)
def test_a_condition_finds_exactly_what_it_says(
    remote: Remote, four: list[str], where: str, expected: list[int]
) -> None:
    assert found(remote, where) == [four[index] for index in expected]


def test_ids_are_found_in_both_lengths(remote: Remote, four: list[str]) -> None:
    assert found(remote, f"Id IN ('{four[0][:15]}', '{four[1]}')") == four[:2]
    assert found(remote, f"Id = '{four[2]}' OR OwnerId = '{four[2]}'") == [four[2]]


def test_the_answer_has_the_documented_shape(remote: Remote, four: list[str]) -> None:
    soql = "select id, name, owner.name FROM account WHERE Concord_Id__c = 'C-1'"

    body = remote.query(soql).json()

    assert (body["totalSize"], body["done"]) == (1, True)
    record = body["records"][0]
    assert record["attributes"] == {
        "type": "Account",
        "url": f"/services/data/v64.0/sobjects/Account/{four[0]}",
    }
    assert list(record) == ["attributes", "Id", "Name", "Owner"]
    assert record["Owner"]["Name"] == "Remote Colleague"


def test_rows_come_in_the_asked_order(remote: Remote, four: list[str]) -> None:
    soql = "SELECT Id FROM Account ORDER BY AnnualRevenue DESC NULLS LAST, Name LIMIT 3"

    records = remote.query(soql).json()["records"]

    assert [record["Id"] for record in records] == [four[2], four[0], four[3]]


def test_offset_skips(remote: Remote, four: list[str]) -> None:
    records = remote.query("SELECT Id FROM Account ORDER BY Id LIMIT 2 OFFSET 1").json()["records"]

    assert [record["Id"] for record in records] == four[1:3]


def test_counts(remote: Remote, four: list[str]) -> None:
    whole = remote.query("SELECT COUNT() FROM Account WHERE Website != null").json()
    column = remote.query("SELECT COUNT(Id) FROM Account").json()

    assert whole == {"totalSize": 2, "done": True, "records": []}
    assert column["records"][0]["expr0"] == 4


@pytest.mark.parametrize(
    "soql",
    [
        "",
        "SELECT FROM Account",
        "SELECT Id Account",
        "SELECT Id FROM Account WHERE",
        "SELECT Id FROM Account WHERE Name = 'open",
        "SELECT Id FROM Account WHERE Name = 'O'Neil'",
        "SELECT Id FROM Account WHERE Name IN ()",
        "SELECT Id FROM Account WHERE Name = 'a' AND Phone = 'b' OR Fax = 'c'",
        "SELECT Id FROM Account LIMIT 'x'",
        "SELECT Id FROM Account; DROP",
        "SELECT * FROM Account",
        "SELECT Id FROM Account WHERE Name = 'bad \\q'",
    ],
)
def test_what_is_not_soql_is_malformed(remote: Remote, soql: str) -> None:
    assert refused(remote, soql)[0] == "MALFORMED_QUERY"


def test_an_unknown_column_is_named(remote: Remote) -> None:
    for soql in ("SELECT Colour__c FROM Account", "SELECT Id FROM Account WHERE Colour__c = 'x'"):
        code, message = refused(remote, soql)
        assert code == "INVALID_FIELD"
        assert message.startswith("No such column 'Colour__c' on entity 'Account'.")


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Id, id FROM Account", "INVALID_FIELD"),
        ("SELECT Nobody.Name FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE AnnualRevenue = '5'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE CreatedDate > '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR"),
    ],
)
def test_what_makes_no_sense_is_refused(remote: Remote, soql: str, code: str) -> None:
    assert refused(remote, soql)[0] == code


def test_pages_follow_each_other_to_the_end(remote: Remote) -> None:
    remote.store(*({"Name": f"Company {number}"} for number in range(450)))
    headers = {"Sforce-Query-Options": "batchSize=200"}

    page = remote.query("SELECT Id, Name FROM Account", headers=headers).json()
    names = [record["Name"] for record in page["records"]]
    sizes = [len(page["records"])]
    while not page["done"]:
        assert page["totalSize"] == 450
        assert page["nextRecordsUrl"].startswith("/services/data/v64.0/query/01g")
        page = remote.session.get(remote.base + page["nextRecordsUrl"], timeout=20).json()
        names += [record["Name"] for record in page["records"]]
        sizes.append(len(page["records"]))

    assert sizes == [200, 200, 50]
    assert names == [f"Company {number}" for number in range(450)]


@pytest.mark.parametrize(("wanted", "given"), [("1", 200), ("100000", 400), ("x", 400)])
def test_a_page_has_between_200_and_2000_rows(remote: Remote, wanted: str, given: int) -> None:
    remote.store(*({"Name": f"Company {number}"} for number in range(400)))

    page = remote.query(
        "SELECT Id FROM Account", headers={"Sforce-Query-Options": f"batchSize={wanted}"}
    ).json()

    assert len(page["records"]) == given


def test_an_expired_cursor_is_refused(remote: Remote) -> None:
    remote.store(*({"Name": f"Company {number}"} for number in range(201)))
    page = remote.query("SELECT Id FROM Account", headers={"Sforce-Query-Options": "batchSize=200"}).json()
    remote.fault("expire_cursors", times=1)

    answer = remote.session.get(remote.base + page["nextRecordsUrl"], timeout=20)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_query_all_tells_deleted_from_merged(remote: Remote) -> None:
    kept, lost, gone = remote.store({"Name": "Kept"}, {"Name": "Lost"}, {"Name": "Gone"})
    remote.control("POST", f"salesforce/Account/{kept}/merge", json={"loser": lost})
    remote.control("DELETE", f"salesforce/Account/{gone}")
    soql = "SELECT Id, IsDeleted, MasterRecordId FROM Account"

    living = remote.query(soql).json()["records"]
    all_of_them = remote.query(soql, "/queryAll").json()["records"]

    assert [record["Id"] for record in living] == [kept]
    shown = [(each["Id"], each["IsDeleted"], each["MasterRecordId"]) for each in all_of_them]
    assert shown == [(kept, False, None), (lost, True, kept), (gone, True, None)]


def test_a_merge_moves_the_contacts(remote: Remote) -> None:
    kept, lost = remote.store({"Name": "Kept"}, {"Name": "Lost"})
    remote.store({"LastName": "Z", "AccountId": lost}, entity="Contact")

    remote.control("POST", f"salesforce/Account/{kept}/merge", json={"loser": lost})

    assert remote.stored("Contact")[0]["AccountId"] == kept


def test_replication_lists_changed_and_deleted_ids(remote: Remote) -> None:
    here, gone = remote.store({"Name": "A"}, {"Name": "B"})
    remote.control("DELETE", f"salesforce/Account/{gone}")
    span = {"start": "2026-01-01T00:00:00Z", "end": "2099-01-01T00:00:00Z"}

    too_old = remote.call(
        "GET", "/sobjects/Account/updated", params={**span, "start": "2001-01-01T00:00:00Z"}
    )
    assert too_old.json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"

    recent: dict[str, Any] = {**span, "start": remote.stored()[0]["CreatedDate"].replace("+0000", "Z")}
    updated = remote.call("GET", "/sobjects/Account/updated", params=recent).json()
    deleted = remote.call("GET", "/sobjects/Account/deleted", params=recent).json()
    assert updated["ids"] == [here]
    assert [each["id"] for each in deleted["deletedRecords"]] == [gone]
