"""Lists of companies: documented filters only, pages that shift, types that wobble."""

from typing import Any

import pytest

from .conftest import StoreCaller


def names(store: StoreCaller, **query: Any) -> list[str]:
    return [company["companyName"] for company in store.data("/companies", **query)]


def seed(store: StoreCaller, *wanted: str) -> list[int]:
    """Create companies, each changed a second after the one before."""
    keys = [store.store("company", companyName=name) for name in wanted]
    for number, key in enumerate(keys):
        stamps = {"createdAt": 1000 + number, "updatedAt": 2000 + number}
        store.control("PUT", f"bigcommerce/company/{key}", json=stamps)
    return keys


def test_a_list_has_ten_unless_told_otherwise_and_counts_all(store: StoreCaller) -> None:
    seed(store, *(f"C{number:02}" for number in range(12)))

    first = store.call("GET", "/companies").json()

    assert len(first["data"]) == 10
    assert first["meta"]["pagination"] == {"totalCount": 12, "limit": 10, "offset": 0}
    assert names(store, offset=10) == ["C01", "C00"]
    assert names(store, offset=99) == []


def test_a_limit_too_high_or_too_low_is_refused(store: StoreCaller) -> None:
    statuses = [
        store.call("GET", "/companies", params={"limit": each}).status_code for each in (250, 251, 0, "many")
    ]

    assert statuses == [200, 413, 422, 422]


def test_pages_shift_when_a_record_on_an_earlier_one_changes(store: StoreCaller) -> None:
    keys = seed(store, "A", "B", "C", "D")
    first = names(store, limit=2, sortBy="updatedAt", orderBy="ASC")

    store.control("PUT", f"bigcommerce/company/{keys[0]}", json={"updatedAt": 3000})

    assert first == ["A", "B"]
    assert names(store, limit=2, offset=2, sortBy="updatedAt", orderBy="ASC") == ["D", "A"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["beta", "Gamma", "Alpha"]),
        ({"orderBy": "ASC"}, ["Alpha", "Gamma", "beta"]),
        ({"sortBy": "companyName", "orderBy": "ASC"}, ["Alpha", "beta", "Gamma"]),
        ({"sortBy": "companyName"}, ["Gamma", "beta", "Alpha"]),
        ({"sortBy": "nothing"}, ["beta", "Gamma", "Alpha"]),
        ({"q": "AMM"}, ["Gamma"]),
        ({"minModified": 2001}, ["beta", "Gamma"]),
        ({"maxModified": 2001}, ["Gamma", "Alpha"]),
        ({"minCreated": 1002}, ["beta"]),
        ({"maxCreated": 1000}, ["Alpha"]),
        ({"companyStatus": 3}, ["Gamma"]),
        ({"bcGroupId": 12}, ["beta"]),
    ],
    ids=lambda value: "-".join(map(str, value.values())) or "none" if isinstance(value, dict) else "",
)
def test_a_documented_parameter_filters_or_sorts(
    store: StoreCaller, query: dict[str, Any], found: list[str]
) -> None:
    keys = seed(store, "Alpha", "Gamma", "beta")
    store.control("PUT", f"bigcommerce/company/{keys[1]}", json={"companyStatus": 3, "updatedAt": 2001})
    store.control("PUT", f"bigcommerce/company/{keys[2]}", json={"customerGroupId": 12, "updatedAt": 2002})

    assert names(store, **query) == found


@pytest.mark.parametrize("name", ["name", "companyName", "uuid", "email", "companyEmail", "phone", "id"])
def test_an_undocumented_parameter_filters_nothing(store: StoreCaller, name: str) -> None:
    seed(store, "A", "B")

    assert len(names(store, **{name: "no such value"})) == 2


def test_bounds_of_time_can_leave_themselves_out(store: StoreCaller) -> None:
    seed(store, "A", "B")
    store.settings(bounds_inclusive=False)

    assert names(store, minModified=2000) == ["B"]
    assert names(store, maxModified=2001) == ["A"]


def test_a_customer_finds_their_company(store: StoreCaller) -> None:
    seed(store, "A", "B")
    customer = store.stored("user")[1]["customerId"]

    assert names(store, customerId=customer) == ["B"]
    assert names(store, customerId=999) == []


@pytest.mark.parametrize("status", ["4", "7", "Approved"])
def test_a_status_that_is_none_is_refused(store: StoreCaller, status: str) -> None:
    assert store.call("GET", "/companies", params={"companyStatus": status}).status_code == 422


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"extraFields": "ERP ID:12"}, ["A", "B"]),
        ({"extraFields": "ERP ID:12", "extraFieldFilterType": "exact-match"}, ["A"]),
        ({"extraFields": "ERP ID:1:2", "extraFieldFilterType": "exact-match"}, ["C"]),
        ({"extraFields": ["ERP ID:12", "Region:north"]}, ["B"]),
        ({"extraFields": "Nothing:12"}, []),
    ],
    ids=["search", "exact", "colon", "and", "unknown"],
)
def test_extra_fields_find_companies(store: StoreCaller, query: dict[str, Any], found: list[str]) -> None:
    store.store("extra_field", resource="company", fieldName="Region")
    for name, key, region in (("A", "12", "South"), ("B", "123", "North"), ("C", "1:2", "North")):
        store.store("company", companyName=name, extraFields={"ERP ID": key, "Region": region})

    assert names(store, sortBy="companyName", orderBy="ASC", **query) == found


def test_extra_fields_are_listed_only_when_asked_for(store: StoreCaller) -> None:
    store.store("company", companyName="A", extraFields={"ERP ID": "12"})

    without, with_them = (
        store.data("/companies", **query)[0]["extraFields"] for query in ({}, {"isIncludeExtraFields": "1"})
    )

    assert without == []
    assert with_them == [
        {
            "fieldName": "ERP ID",
            "fieldValue": "12",
            "labelName": "ERP ID",
            "isRequired": "0",
            "dataType": "0",
            "fieldType": "text",
        }
    ]


def test_types_differ_between_list_and_detail(store: StoreCaller) -> None:
    key = store.store("company", companyName="A", companyPhone="5550100", customerGroupId=12)

    listed, detail = store.data("/companies")[0], store.data(f"/companies/{key}")

    assert (listed["companyStatus"], detail["companyStatus"]) == ("1", "1")
    assert (listed["bcGroupId"], detail["bcGroupId"]) == (12, "12")
    assert (listed["companyPhone"], detail["companyPhone"]) == (5550100, "5550100")
    assert detail["updatedAt"] == str(listed["updatedAt"])


def test_types_can_be_steady(store: StoreCaller) -> None:
    key = store.store("company", companyName="A", companyPhone="5550100")
    store.settings(types_wobble=False)

    listed, detail = store.data("/companies")[0], store.data(f"/companies/{key}")

    assert detail["updatedAt"] == listed["updatedAt"]
    assert (listed["companyPhone"], listed["companyStatus"]) == ("5550100", "1")


def test_an_address_of_a_company_is_in_its_list_entry_and_no_admin(store: StoreCaller) -> None:
    store.company(city="Menlo Park", addressLine1="1 Hacker Way", zipCode="94025", state="California")

    (listed,) = store.data("/companies")

    assert (listed["city"], listed["addressLine1"], listed["zipCode"]) == (
        "Menlo Park",
        "1 Hacker Way",
        "94025",
    )
    assert not [key for key in listed if key.startswith("admin")]
