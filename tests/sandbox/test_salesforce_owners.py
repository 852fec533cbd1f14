"""Who may own a record, by every way of writing one."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from .conftest import Remote

Raw = dict[str, Any]
KINDS = [("Account", "Name"), ("Contact", "LastName")]


def user_id(remote: Remote, alias: str) -> str:
    return next(str(each["Id"]) for each in remote.stored("User") if each["Alias"] == alias)


def single_create(remote: Remote, kind: str, values: Raw) -> Raw | None:
    return request_error(remote.call("POST", f"/sobjects/{kind}", json=values))


def single_upsert(remote: Remote, kind: str, values: Raw) -> Raw | None:
    return request_error(remote.call("PATCH", f"/sobjects/{kind}/Concord_Id__c/C-1", json=values))


def collections_create(remote: Remote, kind: str, values: Raw) -> Raw | None:
    body = {"records": [{"attributes": {"type": kind}, **values}]}
    return record_error(remote.call("POST", "/composite/sobjects", json=body))


def collections_upsert(remote: Remote, kind: str, values: Raw) -> Raw | None:
    record = {"Concord_Id__c": "C-1", **values}
    return record_error(remote.upsert([record], address=f"{kind}/Concord_Id__c"))


def composite_create(remote: Remote, kind: str, values: Raw) -> Raw | None:
    part = {"method": "POST", "url": f"/services/data/v64.0/sobjects/{kind}", "referenceId": "a"}
    answer = remote.call("POST", "/composite", json={"compositeRequest": [{**part, "body": values}]})
    inner = answer.json()["compositeResponse"][0]
    return None if inner["httpStatusCode"] < 300 else dict(inner["body"][0])


def request_error(answer: requests.Response) -> Raw | None:
    return None if answer.status_code < 300 else dict(answer.json()[0])


def record_error(answer: requests.Response) -> Raw | None:
    result = answer.json()[0]
    if result["success"]:
        return None
    error = dict(result["errors"][0])
    return {**error, "errorCode": error["statusCode"]}


WAYS = [single_create, single_upsert, collections_create, collections_upsert, composite_create]
Way = Callable[[Remote, str, Raw], Raw | None]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("kind", "name"), KINDS)
@pytest.mark.parametrize(
    ("alias", "code"),
    [
        ("left", "INACTIVE_OWNER_OR_USER"),
        ("auto", "OP_WITH_INVALID_USER_TYPE_EXCEPTION"),
        ("rdelg", "OP_WITH_INVALID_USER_TYPE_EXCEPTION"),
        ("nobody", "INVALID_CROSS_REFERENCE_KEY"),
    ],
)
def test_an_owner_who_cannot_own_is_refused(
    remote: Remote, way: Way, kind: str, name: str, alias: str, code: str
) -> None:
    key = "0055g0000000000" if alias == "nobody" else user_id(remote, alias)

    error = way(remote, kind, {name: "A", "OwnerId": key})

    assert error is not None
    assert (error["errorCode"], error["fields"]) == (code, ["OwnerId"])
    assert remote.stored(kind) == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_an_owner_who_can_own_is_taken_and_none_means_the_login(
    remote: Remote, way: Way, kind: str, name: str
) -> None:
    assert way(remote, kind, {name: "A", "OwnerId": user_id(remote, "dwhit")[:15]}) is None
    assert remote.stored(kind)[0]["OwnerId"] == user_id(remote, "dwhit")

    remote.control("DELETE", f"salesforce/{kind}/{remote.stored(kind)[0]['Id']}")
    assert way(remote, kind, {name: "B"}) is None
    assert remote.stored(kind)[0]["OwnerId"] == user_id(remote, "concord")


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_an_update_to_a_bad_owner_is_refused_and_keeps_the_old_one(
    remote: Remote, kind: str, name: str
) -> None:
    key = remote.store({name: "A", "OwnerId": user_id(remote, "east")}, entity=kind)[0]
    left = user_id(remote, "left")

    single = request_error(remote.call("PATCH", f"/sobjects/{kind}/{key}", json={"OwnerId": left}))
    body = {"records": [{"attributes": {"type": kind}, "id": key, "OwnerId": left}]}
    listed = record_error(remote.call("PATCH", "/composite/sobjects", json=body))

    message = f"operation performed with inactive user [{left}] as owner of {kind.lower()}"
    for error in (single, listed):
        assert error is not None
        assert (error["errorCode"], error["message"]) == ("INACTIVE_OWNER_OR_USER", message)
    assert remote.stored(kind)[0]["OwnerId"] == user_id(remote, "east")


def test_an_owner_cannot_be_blank(remote: Remote) -> None:
    key = remote.store({"Name": "A"})[0]

    error = request_error(remote.call("PATCH", f"/sobjects/Account/{key}", json={"OwnerId": None}))

    assert error is not None
    assert (error["errorCode"], error["fields"]) == ("INVALID_CROSS_REFERENCE_KEY", ["OwnerId"])


def test_a_record_of_somebody_who_left_can_still_be_changed(remote: Remote) -> None:
    key = remote.store({"Name": "A", "OwnerId": user_id(remote, "east")})[0]
    remote.control("PUT", f"salesforce/User/{user_id(remote, 'east')}", json={"IsActive": False})

    assert remote.call("PATCH", f"/sobjects/Account/{key}", json={"Phone": "1"}).status_code == 204
    assert remote.stored()[0]["OwnerId"] == user_id(remote, "east")


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_a_user_without_read_access_cannot_be_given_a_record(remote: Remote, kind: str, name: str) -> None:
    remote.settings(users_without_read=["hmeye"])
    hannah = user_id(remote, "hmeye")

    error = single_create(remote, kind, {name: "A", "OwnerId": hannah})

    assert error is not None
    assert (error["errorCode"], error["fields"]) == ("TRANSFER_REQUIRES_READ", ["OwnerId"])
    remote.settings(users_without_read=[])
    assert single_create(remote, kind, {name: "A", "OwnerId": hannah}) is None


@pytest.mark.parametrize("wrong", [["nobody"], "hmeye", [5]])
def test_users_without_read_are_named_by_an_alias_there_is(remote: Remote, wrong: object) -> None:
    body = {"salesforce": {"users_without_read": wrong}}

    assert remote.control("POST", "settings", json=body).status_code == 400


def test_owners_are_read_through_the_relationship(remote: Remote) -> None:
    east = user_id(remote, "east")
    account = remote.store({"Name": "A", "OwnerId": east})[0]
    remote.store({"LastName": "Z", "AccountId": account}, entity="Contact")

    row = remote.query("SELECT Id, OwnerId, Owner.Name, Owner.IsActive FROM Account").json()["records"][0]
    soql = "SELECT Id, Owner.Alias, Account.OwnerId, Account.Owner.Name FROM Contact WHERE Account.OwnerId = "
    child = remote.query(f"{soql}'{east}'").json()["records"][0]

    assert (row["OwnerId"], row["Owner"]["Name"], row["Owner"]["IsActive"]) == (east, "Sales East", True)
    assert (child["Account"]["OwnerId"], child["Account"]["Owner"]["Name"]) == (east, "Sales East")
    assert child["Owner"]["Alias"] == "remote"
