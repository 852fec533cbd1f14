"""Addresses of the rehearsed Salesforce org, written and read by raw calls."""

import base64
from typing import Any

from .conftest import Remote

Raw = dict[str, Any]


def fields(remote: Remote, name: str = "Account") -> dict[str, Raw]:
    answer = remote.call("GET", f"/sobjects/{name}/describe")
    assert answer.status_code == 200
    return {field["name"]: field for field in answer.json()["fields"]}


def create(remote: Remote, **address: Any) -> str:
    answer = remote.call("POST", "/sobjects/Account", json={"Name": "A", **address})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def change(remote: Remote, key: str, **address: Any) -> None:
    answer = remote.call("PATCH", f"/sobjects/Account/{key}", json=address)
    assert answer.status_code == 204, answer.text


def billing(remote: Remote, key: str) -> tuple[Any, Any, Any, Any]:
    """Country code and country, state code and state, as the API returns them."""
    row = remote.call("GET", f"/sobjects/Account/{key}").json()
    names = ("BillingCountryCode", "BillingCountry", "BillingStateCode", "BillingState")
    country_code, country, state_code, state = (row[name] for name in names)
    return country_code, country, state_code, state


def states_of(remote: Remote, country: str, prefix: str = "Billing") -> dict[str, str]:
    """Labels of a country's states by code, read from describe as a client has to."""
    told = fields(remote)
    state, controller = told[f"{prefix}StateCode"], told[told[f"{prefix}StateCode"]["controllerName"]]
    index = [each["value"] for each in controller["picklistValues"]].index(country)
    return {
        each["value"]: each["label"]
        for each in state["picklistValues"]
        if base64.b64decode(each["validFor"])[index // 8] & (0x80 >> index % 8)
    }


def refusal(answer: Any) -> tuple[str, str, list[str]]:
    assert answer.status_code == 400, answer.text
    error = answer.json()[0]
    return error["errorCode"], error["message"], error["fields"]
