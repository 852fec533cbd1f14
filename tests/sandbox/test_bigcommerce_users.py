"""Company users: unique e-mails, roles, customers behind them, and companies without an admin."""

from typing import Any

import pytest

from .conftest import StoreCaller, user_values


def refused(store: StoreCaller, company: int, **values: Any) -> tuple[int, Any]:
    answer = store.call("POST", "/users", json=user_values(company, **values))
    return answer.status_code, answer.json()["data"]["errMsg"]


def test_a_user_is_a_customer_of_the_core_store_too(store: StoreCaller) -> None:
    company = store.company(customerGroupId=12)

    answer = store.call("POST", "/users", json=user_values(company, phoneNumber="1", uuid="ERP 7"))

    ids = answer.json()["data"]
    detail = store.data(f"/users/{ids['userId']}")
    customer = store.stored("customer")[1]
    assert answer.json()["meta"]["message"] == "Success"
    assert (detail["customerId"], detail["uuid"]) == (ids["bcId"], "ERP 7")
    assert (detail["companyId"], detail["companyRoleName"]) == (str(company), "Junior buyer")
    assert detail["channelList"][0]["channelId"] == 1
    assert (customer["id"], customer["email"], customer["first_name"]) == (ids["bcId"], "ann@test.com", "Ann")
    assert (customer["customer_group_id"], customer["company"]) == (12, "Facebook")


@pytest.mark.parametrize(
    ("values", "reasons"),
    [
        ({"firstName": None}, {"first_name": ["This field is required."]}),
        ({"lastName": ""}, {"last_name": ["This field may not be blank."]}),
        ({"email": None}, {"email": ["This field is required."]}),
        ({"email": "nobody"}, {"email": ["Enter a valid email address."]}),
        ({"role": None}, {"non_field_errors": ["User must have a role."]}),
        ({"role": 5}, {"role": ['"5" is not a valid choice']}),
        ({"role": 3}, {"role": ['"3" is not a valid choice']}),
        ({"companyRoleId": 5}, {"company_role_id": ['The value "5" is not a valid role.']}),
        ({"lastName": "x" * 151}, {"last_name": ["Ensure this field has no more than 150 characters."]}),
        (
            {"channelIds": []},
            {"non_field_errors": ["At least one B2B storefront needs to be enabled for a Company user."]},
        ),
        ({"channelIds": [9]}, {"channel_ids": ['"9" is not a valid choice']}),
    ],
    ids=[
        "first",
        "last",
        "no-email",
        "email",
        "no-role",
        "role-5",
        "role-3",
        "custom",
        "long",
        "none",
        "channel",
    ],
)
def test_a_bad_value_is_named_in_the_second_shape(
    store: StoreCaller, values: dict[str, Any], reasons: dict[str, list[str]]
) -> None:
    assert refused(store, store.company(), **values) == (422, reasons)
    assert len(store.stored("user")) == 1


def test_null_is_another_reason_than_nothing(store: StoreCaller) -> None:
    body = {**user_values(store.company()), "firstName": None}

    answer = store.call("POST", "/users", json=body)

    assert answer.json()["data"]["errMsg"] == {"first_name": ["This field may not be null."]}
    assert answer.json()["meta"]["message"] == "Parameter Error"


def test_snake_case_keys_are_passed_over(store: StoreCaller) -> None:
    status, reasons = refused(store, store.company(), firstName=None, first_name="Ann")

    assert (status, list(reasons)) == (422, ["first_name"])


def test_a_company_that_is_not_there_takes_no_user(store: StoreCaller) -> None:
    assert refused(store, 99)[0] == 404


@pytest.mark.parametrize("email", ["markz@test.com", "MarkZ@TEST.com", "boss@test.com"])
def test_an_email_belongs_to_one_user_or_super_admin_of_the_store(store: StoreCaller, email: str) -> None:
    store.company()
    store.store("super_admin", email="boss@test.com")
    other = store.company(adminEmail="other@test.com")

    assert refused(store, other, email=email) == (422, f"Email already exists. ['{email}']")


def test_the_case_of_an_email_may_count(store: StoreCaller) -> None:
    store.settings(email_unique_ignores_case=False, email_filter_ignores_case=False)
    company = store.company()

    store.user(company, email="MARKZ@test.com")

    assert len(store.data("/users", email="markz@test.com")) == 1
    assert refused(store, company, email="markz@test.com")[0] == 422


def test_a_plain_customer_is_linked_and_their_orders_move(store: StoreCaller) -> None:
    customer = store.store("customer", email="ann@test.com", first_name="A", last_name="L", orderIds=[5])
    company = store.company()

    user = store.user(company)

    assert store.data(f"/users/{user}")["customerId"] == customer
    assert store.stored("company")[0]["movedOrderIds"] == [5]
    assert store.stored("customer")[0]["first_name"] == "Ann"


@pytest.mark.parametrize(
    "values", [{"firstName": "x" * 101}, {"phoneNumber": "5" * 51}], ids=["name", "phone"]
)
def test_what_the_core_store_finds_too_long_cannot_be_converted(
    store: StoreCaller, values: dict[str, Any]
) -> None:
    company = store.company()

    assert refused(store, company, **values) == (400, "Convert failed for the API call.")
    assert len(store.stored("user")) == len(store.stored("customer")) == 1


def test_several_storefronts_ask_which_are_enabled(store: StoreCaller) -> None:
    store.settings(channels={"1": "Main", "2": "Outlet"})
    company = store.company(channelIds=[1, 2])

    assert refused(store, company)[0] == 422
    user = store.user(company, channelIds=[2])
    assert [each["channelName"] for each in store.data(f"/users/{user}")["channelList"]] == ["Outlet"]
    assert [each["id"] for each in store.data("/users", channelId=2)] == [5000001, user]
    assert len(store.data("/users", channelId=1)) == 1


def test_a_custom_role_wins_and_is_told_as_role_2(store: StoreCaller) -> None:
    role = store.store("role", name="Approver")
    user = store.user(store.company(), role=0, companyRoleId=role)

    before = store.data(f"/users/{user}")
    store.call("PUT", f"/users/{user}", json={"role": 2})

    after = store.data(f"/users/{user}")
    assert (before["role"], before["companyRoleId"], before["companyRoleName"]) == (2, role, "Approver")
    assert (after["role"], after["companyRoleName"]) == (2, "Junior buyer")


def test_a_role_can_come_by_its_id_alone(store: StoreCaller) -> None:
    admin = store.data("/companies/roles")[0]["id"]

    user = store.user(store.company(), role=None, companyRoleId=admin)

    assert store.data(f"/users/{user}")["role"] == 0


def test_the_welcome_mail_follows_the_call_and_then_the_settings(store: StoreCaller) -> None:
    company = store.company()
    store.user(company, email="a@test.com")
    store.user(company, email="b@test.com", acceptWelcomeEmail=True)
    store.settings(user_welcome_default=True)
    store.user(company, email="c@test.com")

    assert [user["welcomed"] for user in store.stored("user")] == [False, False, True, True]


def test_a_change_is_partial_answers_the_whole_user_and_reaches_the_customer(store: StoreCaller) -> None:
    company = store.company()
    user = store.user(company)
    changes = {"firstName": "Anna", "email": "anna@test.com", "companyId": 99, "originChannelId": 7}

    answer = store.call("PUT", f"/users/{user}", json=changes)

    body, customer = answer.json()["data"], store.stored("customer")[1]
    assert (body["firstName"], body["lastName"], body["companyId"]) == ("Anna", "Lee", str(company))
    assert (customer["first_name"], customer["email"]) == ("Anna", "anna@test.com")
    assert store.stored("user")[1]["originChannelId"] == 1


@pytest.mark.parametrize(
    ("changes", "status", "reasons"),
    [
        ({"email": "nobody"}, 422, {"email": ["Enter a valid email address."]}),
        ({"email": "markz@test.com"}, 422, "Email already exists. ['markz@test.com']"),
        ({"email": "shopper@test.com"}, 400, "Convert failed for the API call."),
        ({"role": 5}, 422, {"role": ['"5" is not a valid choice']}),
        ({"lastName": None}, 422, {"last_name": ["This field may not be null."]}),
        ({"channelIds": []}, 422, None),
    ],
    ids=["email", "taken", "shopper", "role", "null", "channels"],
)
def test_a_change_meets_the_same_rules(
    store: StoreCaller, changes: dict[str, Any], status: int, reasons: Any
) -> None:
    store.store("customer", email="shopper@test.com", first_name="S", last_name="H")
    user = store.user(store.company())

    answer = store.call("PUT", f"/users/{user}", json=changes)

    assert answer.status_code == status
    assert reasons is None or answer.json()["data"]["errMsg"] == reasons
    assert store.data(f"/users/{user}")["email"] == "ann@test.com"


def test_a_user_may_write_their_own_email_another_way(store: StoreCaller) -> None:
    user = store.user(store.company())

    assert store.call("PUT", f"/users/{user}", json={"email": "Ann@Test.com"}).status_code == 200


@pytest.mark.parametrize("path", ["/users/99", "/users/customer/99", "/users/x"])
def test_a_user_who_is_not_there_is_a_404(store: StoreCaller, path: str) -> None:
    answer = store.call("GET", path)

    assert answer.status_code == 404
    assert answer.json()["data"]["errMsg"] == "User matching query does not exist."


def test_a_deleted_user_leaves_the_customer_to_be_linked_again(store: StoreCaller) -> None:
    company = store.company()
    user = store.user(company)
    before = store.data(f"/users/{user}")["customerId"]

    answer = store.call("DELETE", f"/users/{user}")

    assert answer.json()["data"] == {"userId": user}
    assert len(store.stored("customer")) == 2
    assert store.data(f"/users/{store.user(company)}")["customerId"] == before


def test_the_last_user_of_a_company_stays(store: StoreCaller) -> None:
    store.company()
    (user,) = store.data("/users")

    answer = store.call("DELETE", f"/users/{user['id']}")

    assert answer.status_code == 422
    assert answer.json()["data"]["errMsg"] == "The last user in company can not be deleted."


def test_a_company_without_an_admin_is_inactive_until_there_is_one(store: StoreCaller) -> None:
    company = store.company()
    user = store.user(company)
    (admin,) = [each["id"] for each in store.data("/users") if each["id"] != user]

    store.call("DELETE", f"/users/{admin}")
    without = store.data(f"/companies/{company}")["companyStatus"]
    store.call("PUT", f"/users/{user}", json={"role": 0})

    assert (without, store.data(f"/companies/{company}")["companyStatus"]) == ("3", "1")


def test_a_new_admin_does_not_approve_what_a_person_set_inactive(store: StoreCaller) -> None:
    company = store.company()
    store.call("PUT", f"/companies/{company}/status", json={"companyStatus": 3})

    store.user(company, role=0)

    assert store.data(f"/companies/{company}")["companyStatus"] == "3"


def test_a_company_can_stay_active_without_an_admin(store: StoreCaller) -> None:
    store.settings(adminless_becomes_inactive=False)
    company = store.company()
    (admin,) = store.data("/users")

    store.call("PUT", f"/users/{admin['id']}", json={"role": 1})

    assert store.data(f"/companies/{company}")["companyStatus"] == "1"
