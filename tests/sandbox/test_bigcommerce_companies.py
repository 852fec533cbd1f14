"""Companies one at a time: what one needs, what a change does, and what goes with it."""

from typing import Any

import pytest

from .conftest import StoreCaller, company_values


def refused(store: StoreCaller, **values: Any) -> tuple[int, str]:
    answer = store.call("POST", "/companies", json=company_values(**values))
    assert answer.json()["data"] == {}
    return answer.status_code, answer.json()["meta"]["message"]


def test_a_company_comes_with_its_first_user_an_admin(store: StoreCaller) -> None:
    answer = store.call("POST", "/companies", json=company_values(adminPhoneNumber="444444444"))

    company = answer.json()["data"]
    (user,) = store.data("/users", companyId=company["companyId"])
    assert answer.json()["code"] == 200
    assert company.keys() == {"companyId", "customerId", "customerGroupId"}
    assert (user["email"], user["role"], user["companyRoleName"]) == ("markz@test.com", 0, "Admin")
    assert (user["phoneNumber"], user["customerId"]) == ("444444444", company["customerId"])
    assert store.data(f"/users/customer/{company['customerId']}")["id"] == user["id"]
    assert store.data("/addresses") == []


@pytest.mark.parametrize(
    "name",
    [
        "companyName",
        "companyPhone",
        "companyEmail",
        "country",
        "adminFirstName",
        "adminLastName",
        "adminEmail",
    ],
)
@pytest.mark.parametrize("how", ["left out", "empty"])
def test_a_required_field_is_asked_for(store: StoreCaller, name: str, how: str) -> None:
    status, message = refused(store, **{name: None if how == "left out" else ""})

    assert status == 422
    words = "".join(f" {each.lower()}" if each.isupper() else each for each in name)
    assert message == f"The {words} is required."
    assert store.stored("company") == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"companyName": "x" * 201}, "company_name: Ensure this field has no more than 200 characters."),
        ({"companyPhone": "5" * 51}, "company_phone: Ensure"),
        ({"companyEmail": "nobody"}, "Email is not correct."),
        ({"companyEmail": f"{'x' * 190}@example.com"}, "company_email: Ensure"),
        ({"adminEmail": "a@b"}, "Email is not correct."),
        ({"adminEmail": f"{'x' * 90}@example.com"}, "admin_email: Ensure"),
        ({"adminFirstName": "x" * 101}, "admin_first_name: Ensure"),
        ({"city": ""}, "The city is required."),
        ({"state": ""}, "The state is required."),
        ({"adminPhoneNumber": ""}, "The admin phone number is required."),
        ({"city": "x" * 101}, "city: Ensure"),
        ({"zipCode": "9" * 51}, "zip_code: Ensure"),
        ({"addressLine1": "x" * 201}, "address_line1: Ensure"),
        ({"companyName": ["Facebook"]}, "company_name: Not a valid string."),
        ({"customerGroupId": 999}, "customer_group_id: Customer group does not exist."),
        ({"customerGroupId": "many"}, "customer_group_id: A valid integer is required."),
        ({"channelIds": [7]}, 'channel_ids: "7" is not a valid choice'),
        ({"channelIds": []}, "channel_ids: At least one B2B storefront"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_bad_value_is_named_in_snake_case(store: StoreCaller, values: dict[str, Any], words: str) -> None:
    status, message = refused(store, **values)

    assert status == 422
    assert message.startswith(words)


def test_all_bad_fields_are_named_at_once_where_the_store_does_so(store: StoreCaller) -> None:
    store.settings(company_error_shape="fields")

    body = store.call("POST", "/companies", json={"companyName": "", "country": "US"}).json()

    assert body["meta"]["message"] == "Parameter Error"
    assert body["data"]["errMsg"]["company_name"] == ["This field may not be blank."]
    assert body["data"]["errMsg"]["admin_email"] == ["This field is required."]


@pytest.mark.parametrize(
    ("country", "state", "kept"),
    [
        ("US", "California", ("United States", "California")),
        ("united states", "california", ("United States", "California")),
        ("United States of America", "Texas", ("United States", "Texas")),
        ("DE", "Bayern", ("Germany", "Bayern")),
        ("France", "Bretagne", ("France", "Bretagne")),
        ("US", None, ("United States", "")),
    ],
    ids=["code", "name", "long-name", "german", "unchecked", "none"],
)
def test_country_and_state_are_kept_as_full_names(
    store: StoreCaller, country: str, state: str | None, kept: tuple[str, str]
) -> None:
    company = store.data(f"/companies/{store.company(country=country, state=state)}")

    assert (company["country"], company["state"]) == kept


@pytest.mark.parametrize(
    ("country", "state"),
    [("US", "CA"), ("US", "Bayern"), ("Atlantis", None), ("XX", None), ("IT", "Lombardia e Veneto")],
    ids=["code", "foreign", "no-country", "no-code", "no-state"],
)
def test_a_place_that_is_none_is_refused(store: StoreCaller, country: str, state: str | None) -> None:
    assert refused(store, country=country, state=state)[0] == 422


def test_a_state_can_be_required_of_companies_too(store: StoreCaller) -> None:
    store.settings(company_state_required=True)

    assert refused(store, country="US") == (422, "The state is required.")
    store.company(country="FR")


def test_two_companies_may_have_one_name_and_one_email(store: StoreCaller) -> None:
    first, second = store.company(), store.company(adminEmail="other@test.com")

    assert first != second
    store.settings(unique_company_email=True)
    assert refused(store, adminEmail="third@test.com", companyEmail="OFFICE@facebook.example")[0] == 409


@pytest.mark.parametrize("status", [400, 409, 422])
def test_an_admin_who_belongs_elsewhere_is_refused(store: StoreCaller, status: int) -> None:
    store.settings(admin_email_taken_status=status)
    store.company()
    store.store("super_admin", email="boss@test.com")

    assert refused(store, companyName="B") == (status, "Email already exists. ['markz@test.com']")
    assert refused(store, companyName="B", adminEmail="BOSS@test.com")[0] == status
    assert len(store.stored("company")) == len(store.stored("customer")) == 1


def test_a_plain_customer_becomes_the_admin_and_brings_the_orders(store: StoreCaller) -> None:
    customer = store.store("customer", email="MarkZ@test.com", first_name="M", last_name="Z", orderIds=[7, 8])

    answer = store.call("POST", "/companies", json=company_values())

    assert answer.json()["data"]["customerId"] == customer
    assert store.stored("company")[0]["movedOrderIds"] == [7, 8]
    assert len(store.stored("customer")) == 1
    assert store.data("/companies", bcOrderId=7)[0]["companyName"] == "Facebook"
    assert store.data("/companies", orderId=9) == []


@pytest.mark.parametrize("status", [0, 1, 2, 3])
def test_a_new_company_has_the_status_of_the_settings(store: StoreCaller, status: int) -> None:
    store.settings(initial_company_status=status)

    company = store.company()

    assert store.data(f"/companies/{company}")["companyStatus"] == str(status)


def test_a_uuid_is_passed_over_by_post_and_kept_by_put(store: StoreCaller) -> None:
    company = store.company(uuid="ERP-123")
    before = store.data(f"/companies/{company}")["uuid"]

    store.call("PUT", f"/companies/{company}", json={"uuid": "ERP-123"})

    assert (before, store.data(f"/companies/{company}")["uuid"]) == ("", "ERP-123")


def test_a_uuid_may_have_to_be_one(store: StoreCaller) -> None:
    store.settings(company_uuid="uuid", post_stores_uuid=True)
    real = "3f2b0c5e-2d8e-4a53-9a83-0f5e6f1b7a11"
    company = store.company(uuid=real)

    answer = store.call("PUT", f"/companies/{company}", json={"uuid": "ERP-123"})

    assert answer.json()["meta"]["message"] == "uuid: Must be a valid UUID."
    assert store.data(f"/companies/{company}")["uuid"] == real


def test_a_change_is_partial_and_passes_over_what_it_does_not_know(store: StoreCaller) -> None:
    company = store.company(city="Menlo Park", state="California")
    changes = {
        "companyName": "Meta",
        "companyStatus": 2,
        "adminEmail": "new@test.com",
        "company_phone": "9",
        "parentCompany": 5,
    }

    answer = store.call("PUT", f"/companies/{company}", json=changes)

    after = store.data(f"/companies/{company}")
    assert answer.json()["data"] == {"companyId": company}
    assert (after["companyName"], after["companyStatus"], after["parentCompany"]) == ("Meta", "1", {})
    assert (after["companyPhone"], after["city"]) == ("+1 555 0100", "Menlo Park")
    assert store.data("/users")[0]["email"] == "markz@test.com"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"companyName": ""}, "The company name is required."),
        ({"companyName": None}, "The company name is required."),
        ({"companyEmail": "nobody"}, "Email is not correct."),
        ({"city": ""}, "The city is required."),
        ({"state": "CA"}, "state: State does not exist."),
        ({"state": "Bayern"}, "state: State does not exist."),
        ({"extraFields": []}, "extra_fields: This list may not be empty."),
    ],
    ids=["blank", "null", "email", "city", "code", "foreign", "extra"],
)
def test_a_change_meets_the_same_rules(store: StoreCaller, changes: dict[str, Any], words: str) -> None:
    company = store.company()

    answer = store.call("PUT", f"/companies/{company}", json=changes)

    assert (answer.status_code, answer.json()["meta"]["message"]) == (422, words)
    assert store.data(f"/companies/{company}")["companyName"] == "Facebook"


def test_the_status_has_a_call_of_its_own(store: StoreCaller) -> None:
    company = store.company()

    good = store.call("PUT", f"/companies/{company}/status", json={"companyStatus": 3})
    bad = [
        store.call("PUT", f"/companies/{company}/status", json={"companyStatus": each})
        for each in (4, "x", None, True)
    ]

    assert good.json()["data"] == {"companyId": company}
    assert store.data(f"/companies/{company}")["companyStatus"] == "3"
    assert [answer.status_code for answer in bad] == [422] * 4
    assert bad[0].json()["meta"]["message"] == '"4" is not a valid choice'


@pytest.mark.parametrize("key", ["99", "abc", "-1"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_company_that_is_not_there_is_a_404(store: StoreCaller, method: str, key: str) -> None:
    answer = store.call(method, f"/companies/{key}", json={})

    assert (answer.status_code, answer.json()["meta"]["message"]) == (404, "This resource is not found.")


def test_a_deleted_company_takes_users_and_addresses_along_and_frees_the_emails(store: StoreCaller) -> None:
    company = store.company()
    store.address(company)

    answer = store.call("DELETE", f"/companies/{company}")

    assert (answer.status_code, answer.json()["data"]) == (200, {})
    assert [store.stored(kind) for kind in ("company", "user", "address")] == [[], [], []]
    assert len(store.stored("customer")) == 1
    store.company()


def test_the_users_of_a_deleted_company_can_stay(store: StoreCaller) -> None:
    store.settings(users_on_company_delete="keep")
    store.call("DELETE", f"/companies/{store.company()}")

    assert [user["email"] for user in store.data("/users")] == ["markz@test.com"]
    assert refused(store, companyName="Again")[0] == 422


def test_independent_companies_share_groups_and_have_no_catalog(store: StoreCaller) -> None:
    company = store.company(customerGroupId=12, catalogId=5)
    detail = store.data(f"/companies/{company}")

    catalog = store.call("PUT", f"/companies/{company}/catalogs", json={"catalogId": "5"})

    assert (detail["bcGroupId"], detail["bcGroupName"], detail["catalogId"]) == ("12", "Wholesale", None)
    assert catalog.status_code == 405
    store.call("DELETE", f"/companies/{company}")
    assert len(store.stored("group")) == 2


def test_a_new_group_of_a_company_does_not_move_its_users(store: StoreCaller) -> None:
    company = store.company(customerGroupId=11)
    store.call("PUT", f"/companies/{company}", json={"customerGroupId": 12})
    stayed = store.stored("customer")[0]["customer_group_id"]

    store.settings(group_moves_users=True)
    store.call("PUT", f"/companies/{company}", json={"customerGroupId": 0})

    assert (stayed, store.stored("customer")[0]["customer_group_id"]) == (11, 0)
    assert store.data(f"/companies/{company}")["bcGroupId"] == "0"


def test_dependent_companies_need_a_catalog_and_own_a_group(store: StoreCaller) -> None:
    store.settings(store_kind="dependent")

    assert refused(store) == (422, "The catalog id is required.")
    company = store.company(catalogId=5, customerGroupId=11)
    detail = store.data(f"/companies/{company}")
    assert detail["bcGroupName"].startswith("Facebook ")
    assert (detail["catalogId"], detail["bcGroupId"] == "11") == (5, False)
    store.call("PUT", f"/companies/{company}", json={"customerGroupId": 12})
    assert store.data(f"/companies/{company}")["bcGroupId"] == detail["bcGroupId"]
    catalog = store.call("PUT", f"/companies/{company}/catalogs", json={"catalogId": "6"})
    assert catalog.status_code == 200
    store.call("DELETE", f"/companies/{company}")
    assert [group["name"] for group in store.stored("group")] == ["Retail", "Wholesale"]


def test_a_dependent_store_with_several_storefronts_takes_price_lists(store: StoreCaller) -> None:
    store.settings(store_kind="dependent", channels={"1": "Main", "2": "Outlet"})
    company = store.company(channelIds=[1, 2])

    lists = {"priceListAssign": [{"channelId": 2, "priceListId": 9}]}
    store.call("PUT", f"/companies/{company}", json=lists)

    (assigned,) = store.data(f"/companies/{company}")["priceListAssign"]
    assert (assigned["channelName"], assigned["priceListId"]) == ("Outlet", 9)


def test_no_welcome_goes_out_unless_asked_for(store: StoreCaller) -> None:
    store.company()
    store.company(adminEmail="second@test.com", acceptCreationEmail=True)

    assert [user["welcomed"] for user in store.stored("user")] == [False, True]
