"""What the org tells about itself."""

from typing import Any

import pytest

from .conftest import Remote


def fields(remote: Remote, name: str) -> dict[str, dict[str, Any]]:
    answer = remote.call("GET", f"/sobjects/{name}/describe")
    assert answer.status_code == 200
    return {field["name"]: field for field in answer.json()["fields"]}


@pytest.mark.parametrize(
    ("sobject", "lengths"),
    [
        (
            "Account",
            {
                "Name": 255,
                "BillingStreet": 255,
                "BillingCity": 40,
                "BillingState": 80,
                "BillingPostalCode": 20,
                "BillingCountry": 80,
                "Phone": 40,
                "Website": 255,
                "Concord_Id__c": 255,
                "Concord_Email__c": 80,
                "Concord_Legal_Name__c": 255,
                "Concord_Tax_Id__c": 50,
                "Concord_Reseller_Id__c": 50,
                "Concord_Customer_Class__c": 100,
                "Concord_Status__c": 40,
            },
        ),
        ("Contact", {"LastName": 80, "FirstName": 40, "Email": 80, "Title": 128, "Concord_Id__c": 255}),
        ("User", {"Username": 80, "Email": 128, "LastName": 80, "FederationIdentifier": 512, "Alias": 8}),
    ],
)
def test_lengths_are_those_recorded(remote: Remote, sobject: str, lengths: dict[str, int]) -> None:
    told = fields(remote, sobject)

    assert {name: told[name]["length"] for name in lengths} == lengths


@pytest.mark.parametrize("sobject", ["Account", "Contact"])
def test_the_external_id_field_is_one(remote: Remote, sobject: str) -> None:
    field = fields(remote, sobject)["Concord_Id__c"]

    assert {"externalId", "unique", "idLookup", "createable", "updateable"} <= {
        key for key, value in field.items() if value is True
    }
    assert (field["type"], field["caseSensitive"]) == ("string", False)


def test_types_and_flags(remote: Remote) -> None:
    account = fields(remote, "Account")

    assert (account["Name"]["nillable"], account["Phone"]["nillable"]) == (False, True)
    assert account["Concord_Email__c"]["type"] == "email"
    assert account["OwnerId"]["referenceTo"] == ["User"]
    assert account["SystemModstamp"]["updateable"] is False
    assert fields(remote, "Contact")["Name"]["createable"] is False


def test_describe_answers_304_until_the_org_changes(remote: Remote) -> None:
    first = remote.call("GET", "/sobjects/Account/describe")
    headers = {"If-Modified-Since": first.headers["Last-Modified"]}

    assert remote.call("GET", "/sobjects/Account/describe", headers=headers).status_code == 304
    remote.settings(state_country_picklists=False)
    again = remote.call("GET", "/sobjects/Account/describe", headers=headers)

    assert again.status_code == 200
    assert "BillingCountryCode" not in {field["name"] for field in again.json()["fields"]}


def test_an_administrator_can_remove_add_and_change_fields(remote: Remote) -> None:
    remote.settings(
        fields={
            "Account": {
                "Concord_Id__c": {"unique": False, "externalId": False, "idLookup": False},
                "Concord_Tax_Id__c": None,
                "Concord_Status__c": {"updateable": False},
                "Crm_Key__c": {"length": 20, "externalId": True, "unique": True, "idLookup": True},
            }
        }
    )

    told = fields(remote, "Account")
    assert told["Concord_Id__c"]["unique"] is False
    assert "Concord_Tax_Id__c" not in told
    assert told["Crm_Key__c"]["length"] == 20
    record = {"Name": "A", "Crm_Key__c": "K-1"}
    assert remote.upsert([record], address="Account/Concord_Id__c").status_code == 404
    key = remote.upsert([record], address="Account/Crm_Key__c").json()[0]["id"]
    locked = remote.call("PATCH", f"/sobjects/Account/{key}", json={"Concord_Status__c": "active"})
    assert locked.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_the_list_of_objects_and_the_limits(remote: Remote) -> None:
    remote.settings(api_limit=15_000, api_used=14_000)

    listed = {each["name"]: each["keyPrefix"] for each in remote.call("GET", "/sobjects").json()["sobjects"]}
    limits = remote.call("GET", "/limits").json()

    assert {"Account": "001", "Contact": "003", "User": "005"}.items() <= listed.items()
    assert limits["DailyApiRequests"] == {"Max": 15_000, "Remaining": 998}
    assert remote.call("GET", "/sobjects/Nope/describe").status_code == 404


def test_used_up_calls_are_refused_by_the_count_itself(remote: Remote) -> None:
    remote.settings(api_limit=10, api_used=9)

    assert remote.call("GET", "/limits").status_code == 200
    refused = remote.call("GET", "/limits")

    assert refused.status_code == 403
    assert refused.json() == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]
    assert refused.headers["Sforce-Limit-Info"] == "api-usage=10/10"
