"""Records that a colleague deletes or merges away, and what a caller sees of it."""

from typing import Any
from urllib.parse import quote

import pytest

from .conftest import Remote

Raw = dict[str, Any]
SOQL = "SELECT Id, IsDeleted, MasterRecordId FROM {kind}"


def merge(remote: Remote, kind: str, master: str, *losers: str) -> Any:
    return remote.control("POST", f"salesforce/{kind}/{master}/merge", json={"losers": list(losers)})


def fates(remote: Remote, kind: str = "Account") -> dict[str, tuple[bool, str | None]]:
    answer = remote.query(SOQL.format(kind=kind), "/queryAll")
    return {row["Id"]: (row["IsDeleted"], row["MasterRecordId"]) for row in answer.json()["records"]}


def test_losers_are_deleted_and_name_their_master_who_keeps_its_values(remote: Remote) -> None:
    master, one, two = remote.store(
        {"Name": "Kept", "Phone": "1"},
        {"Name": "One", "Phone": "2", "Website": "one.example"},
        {"Name": "Two", "Fax": "3"},
    )
    remote.store({"LastName": "A", "AccountId": one}, {"LastName": "B", "AccountId": two}, entity="Contact")

    assert merge(remote, "Account", master, one, two).json() == {"id": master, "merged": [one, two]}

    assert fates(remote) == {master: (False, None), one: (True, master), two: (True, master)}
    kept = remote.stored()[0]
    assert (kept["Name"], kept["Phone"]) == ("Kept", "1")
    assert "Website" not in kept
    assert {contact["AccountId"] for contact in remote.stored("Contact")} == {master}


def test_contacts_are_merged_too(remote: Remote) -> None:
    master, loser, boss = remote.store(
        {"LastName": "A"}, {"LastName": "B"}, {"LastName": "C"}, entity="Contact"
    )
    remote.control("PUT", f"salesforce/Contact/{boss}", json={"ReportsToId": loser})

    assert merge(remote, "Contact", master, loser).status_code == 200

    assert fates(remote, "Contact") == {master: (False, None), loser: (True, master), boss: (False, None)}
    assert [each.get("ReportsToId") for each in remote.stored("Contact")] == [None, master]


def test_a_chain_of_merges_can_be_followed_link_by_link(remote: Remote) -> None:
    first, second, third = remote.store({"Name": "A"}, {"Name": "B"}, {"Name": "C"})

    merge(remote, "Account", second, first)
    merge(remote, "Account", third, second)

    assert fates(remote) == {first: (True, second), second: (True, third), third: (False, None)}


def test_a_master_may_be_deleted_later(remote: Remote) -> None:
    master, loser = remote.store({"Name": "A"}, {"Name": "B"})
    merge(remote, "Account", master, loser)

    remote.control("DELETE", f"salesforce/Account/{master}")

    assert fates(remote) == {master: (True, None), loser: (True, master)}


def test_a_master_below_its_loser_does_not_become_its_own_parent(remote: Remote) -> None:
    loser = remote.store({"Name": "Holding"})[0]
    children = remote.store({"Name": "A", "ParentId": loser}, {"Name": "B", "ParentId": loser})

    merge(remote, "Account", children[0], loser)

    assert [each.get("ParentId") for each in remote.stored()] == [None, children[0]]


@pytest.mark.parametrize("losers", [[], "x", [5], ["0015g0000000001"], None])
def test_a_merge_that_makes_no_sense_changes_nothing(remote: Remote, losers: Any) -> None:
    master, other = remote.store({"Name": "A"}, {"Name": "B"})
    body = {"losers": [other, *losers] if losers and isinstance(losers, list) else losers}

    answer = remote.control("POST", f"salesforce/Account/{master}/merge", json=body)

    assert answer.status_code in (400, 404)
    assert fates(remote) == {master: (False, None), other: (False, None)}


def test_only_accounts_and_contacts_are_merged(remote: Remote) -> None:
    one, two = [user["Id"] for user in remote.stored("User")][:2]

    assert merge(remote, "User", one, two).status_code == 400
    assert two in [user["Id"] for user in remote.stored("User")]


@pytest.mark.parametrize("kind", ["Account", "Contact"])
@pytest.mark.parametrize("fate", ["merged", "deleted"])
def test_a_write_to_what_is_gone_says_so_by_every_way(remote: Remote, kind: str, fate: str) -> None:
    name = "Name" if kind == "Account" else "LastName"
    here, gone = remote.store({name: "A"}, {name: "B"}, entity=kind)
    if fate == "merged":
        merge(remote, kind, here, gone)
    else:
        remote.control("DELETE", f"salesforce/{kind}/{gone}")
    record = {"attributes": {"type": kind}, "id": gone, "Description": "x"}

    single = remote.call("PATCH", f"/sobjects/{kind}/{gone}", json={"Description": "x"})
    removed = remote.call("DELETE", f"/sobjects/{kind}/{gone}")
    read = remote.call("GET", f"/sobjects/{kind}/{gone}")
    listed = remote.call("PATCH", "/composite/sobjects", json={"records": [record]}).json()[0]
    by_id = remote.upsert([{"Id": gone, "Description": "x"}], address=f"{kind}/Id").json()[0]

    for answer in (single, removed, read):
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "ENTITY_IS_DELETED")
        assert answer.json()[0]["message"] == "entity is deleted"
    for result in (listed, by_id):
        assert result["success"] is False
        assert result["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"
        assert result["errors"][0]["message"] == "entity is deleted"


@pytest.mark.parametrize(("kind", "key"), [("Account", "0015g0000000001"), ("Contact", "0035g0000000001")])
def test_a_write_to_what_never_was_says_something_else(remote: Remote, kind: str, key: str) -> None:
    record = {"attributes": {"type": kind}, "id": key, "Description": "x"}

    single = remote.call("PATCH", f"/sobjects/{kind}/{key}", json={"Description": "x"})
    listed = remote.call("PATCH", "/composite/sobjects", json={"records": [record]}).json()[0]

    assert (single.status_code, single.json()[0]["errorCode"]) == (404, "NOT_FOUND")
    error = listed["errors"][0]
    assert error["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"
    assert error["message"] == "invalid cross reference id"


def test_the_key_of_a_record_that_is_gone_makes_a_new_one(remote: Remote) -> None:
    master, loser = remote.store({"Name": "A"}, {"Name": "B", "Concord_Id__c": "C-1"})
    merge(remote, "Account", master, loser)

    result = remote.upsert([{"Concord_Id__c": "C-1", "Name": "B"}]).json()[0]

    assert (result["success"], result["created"]) == (True, True)
    assert result["id"] not in (master, loser)


def test_query_all_inside_composite_tells_the_fate_and_query_never_does(remote: Remote) -> None:
    master, loser = remote.store({"Name": "A"}, {"Name": "B"})
    merge(remote, "Account", master, loser)
    soql = quote(f"{SOQL.format(kind='Account')} WHERE Id IN ('{loser}', '{master}')")
    parts = [
        {"method": "GET", "url": f"/services/data/v64.0/{path}?q={soql}", "referenceId": path}
        for path in ("queryAll", "query")
    ]

    answered = remote.call("POST", "/composite", json={"compositeRequest": parts}).json()["compositeResponse"]

    every, living = (part["body"]["records"] for part in answered)
    assert {row["Id"]: row["MasterRecordId"] for row in every} == {master: None, loser: master}
    assert [row["Id"] for row in living] == [master]


def test_living_records_are_asked_for_by_all_words_and_the_dead_never_come(remote: Remote) -> None:
    here, gone = remote.store({"Name": "A"}, {"Name": "A"})
    remote.control("DELETE", f"salesforce/Account/{gone}")

    for where in ("Name = 'A'", f"Id IN ('{gone}', '{here}')", "IsDeleted = true", "Name LIKE '%'"):
        rows = remote.query(f"SELECT Id FROM Account WHERE {where}").json()["records"]
        assert gone not in [row["Id"] for row in rows]


def test_a_record_deleted_while_pages_are_read_is_shown_to_nobody(remote: Remote) -> None:
    keys = remote.store(*({"Name": f"Company {number}"} for number in range(201)))
    page = remote.query("SELECT Id FROM Account", headers={"Sforce-Query-Options": "batchSize=200"}).json()
    remote.control("DELETE", f"salesforce/Account/{keys[200]}")

    rest = remote.session.get(remote.base + page["nextRecordsUrl"], timeout=20).json()

    assert (rest["records"], rest["done"]) == ([], True)


def test_an_account_takes_its_contacts_along(remote: Remote) -> None:
    account, other = remote.store({"Name": "A"}, {"Name": "B"})
    child, stays = remote.store(
        {"LastName": "Child", "AccountId": account},
        {"LastName": "Stays", "AccountId": other},
        entity="Contact",
    )

    assert remote.call("DELETE", f"/sobjects/Account/{account}").status_code == 204

    assert fates(remote, "Contact") == {child: (True, None), stays: (False, None)}
    error = remote.call("PATCH", f"/sobjects/Contact/{child}", json={"Title": "x"}).json()[0]
    assert error["errorCode"] == "ENTITY_IS_DELETED"
