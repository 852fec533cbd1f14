"""What a colleague does on the pages of B2B Edition: forms, refusals, and who is told."""

import re

import pytest

from .conftest import Visitor, address_values, company_values, user_values

HOSTILE = "<script>alert(1)</script>\"'>&"
THEN = 1700611200  # 22 November 2023


def typed_user(**changes: str) -> dict[str, str]:
    """Return what the form of Mark Z sends with some of it changed."""
    held = {"firstName": "Mark", "lastName": "Z", "email": "markz@test.com", "phoneNumber": "444444444"}
    return {**held, "companyRoleId": "27605", **changes}


def typed_address(**changes: str) -> dict[str, str]:
    """Return what the form of an address sends."""
    return {
        "label": "Primary Location",
        "firstName": "Mark",
        "lastName": "Z",
        "addressLine1": "1 Main St",
        "city": "Melbourne",
        "countryCode": "AU",
        "stateName": "Victoria",
        **changes,
    }


def test_an_edited_user_is_changed_stamped_and_told(visitor: Visitor, facebook: int, mark: int) -> None:
    visitor.change("user", mark, updatedAt=THEN)
    visitor.hooks("store/company/user/updated")
    assert 'value="444444444"' in visitor.text(f"/company/{facebook}/users?do=user-edit&id={mark}")

    answer = visitor.does("user-edit", mark, **typed_user(lastName="Zuck", phoneNumber=""))

    assert answer.url.endswith(f"/company/{facebook}/users#user-{mark}")
    user = visitor.one("user", mark)
    assert [user["lastName"], user["phoneNumber"], user["role"]] == ["Zuck", "", 0]
    assert user["updatedAt"] > THEN
    assert visitor.heard() == ["store/company/user/updated"]


def test_a_form_saved_unchanged_changes_nothing(visitor: Visitor, facebook: int, mark: int) -> None:
    visitor.change("user", mark, updatedAt=THEN)
    visitor.hooks("store/company/user/updated")

    visitor.does("user-edit", mark, **typed_user())

    assert visitor.one("user", mark)["updatedAt"] == THEN
    assert visitor.heard() == []


def test_an_address_saved_unchanged_changes_nothing(visitor: Visitor, facebook: int) -> None:
    boxes = {"isShipping": True, "isDefaultShipping": True}
    more = {"countryCode": "AU", "stateCode": "VIC", "label": "Primary Location", **boxes}
    place = {"firstName": "Mark", "lastName": "Z", "addressLine1": "1 Main St", "city": "Melbourne"}
    key = visitor.store("address", **address_values(facebook, **place, **more))
    visitor.change("address", key, updatedAt=THEN)

    visitor.does("address-edit", key, **typed_address(isShipping="on", isDefaultShipping="on"))

    assert visitor.one("address", key)["updatedAt"] == THEN


def test_a_custom_role_can_be_given(visitor: Visitor, facebook: int, mark: int) -> None:
    role = visitor.store("role", name="Warehouse")
    visitor.store("user", **user_values(facebook, role=0))

    visitor.does("user-edit", mark, **typed_user(companyRoleId=str(role)))

    user = visitor.one("user", mark)
    assert [user["companyRoleId"], user["role"]] == [role, 2]


def test_a_user_is_added_and_the_store_told(visitor: Visitor, facebook: int) -> None:
    visitor.hooks("store/company/user/created")

    answer = visitor.does("user-add", facebook, **typed_user(email="new@example.com", companyRoleId="27607"))

    added = visitor.users_of(facebook)["new@example.com"]
    assert answer.url.endswith(f"#user-{added}")
    assert visitor.one("user", added)["role"] == 2
    assert visitor.heard() == ["store/company/user/created"]


def test_a_refused_form_says_why_and_keeps_what_was_typed(visitor: Visitor, facebook: int) -> None:
    typed = typed_user(firstName="Kept", email="MARKZ@test.com")

    taken = visitor.does("user-add", facebook, **typed)
    nameless = visitor.does("user-add", facebook, **typed_user(lastName="", email="x@example.com"))

    assert [taken.status_code, nameless.status_code] == [422, 422]
    assert "Email already exists. [&#x27;MARKZ@test.com&#x27;]" in taken.text
    assert 'value="Kept"' in taken.text
    assert "Last Name: This field is required." in nameless.text
    assert len(visitor.users_of(facebook)) == 1


def test_the_last_user_is_not_deleted(visitor: Visitor, facebook: int, mark: int) -> None:
    asked = visitor.text(f"/company/{facebook}/users?do=user-delete&id={mark}")

    answer = visitor.does("user-delete", mark)

    assert "Delete company user?" in asked
    assert answer.status_code == 422
    assert "The last user in company can not be deleted." in answer.text
    assert list(visitor.users_of(facebook)) == ["markz@test.com"]


def test_a_deleted_user_is_gone_and_the_customer_stays(visitor: Visitor, facebook: int) -> None:
    key = visitor.store("user", **user_values(facebook))
    visitor.hooks("store/company/user/deleted")

    answer = visitor.does("user-delete", key)

    assert answer.url.endswith(f"/company/{facebook}/users")
    assert visitor.page(f"/user/{key}").status_code == 404
    assert "ann@test.com" in [row["email"] for row in visitor.stored("customer")]
    assert visitor.heard() == ["store/company/user/deleted"]


def test_a_changed_status_is_told(visitor: Visitor, facebook: int) -> None:
    visitor.hooks("store/company/statusUpdated")

    visitor.does("company-status", facebook, companyStatus="2")
    refused = visitor.does("company-status", facebook, companyStatus="7")

    assert visitor.one("company", facebook)["companyStatus"] == 2
    assert visitor.heard() == ["store/company/statusUpdated"]
    assert refused.status_code == 422
    assert "&quot;7&quot; is not a valid choice" in refused.text


def test_an_edited_company_keeps_the_fields_that_a_merchant_asks_for(visitor: Visitor, facebook: int) -> None:
    needed = {"resource": "company", "fieldName": "Tax id", "isRequired": True}
    erp, tax = visitor.stored("extra_field")[0]["id"], visitor.several("extra_field", needed)[0]
    visitor.hooks("store/company/updated")
    typed = {
        "companyName": "Meta",
        "companyEmail": "office@facebook.example",
        "companyPhone": "+61 3 9000 0000",
        "country": "AU",
        f"extra-{erp}": "E-1",
    }

    refused = visitor.does("company-edit", facebook, **typed)
    visitor.does("company-edit", facebook, **typed, **{f"extra-{tax}": "T-1"})
    visitor.does("company-edit", facebook, **{**typed, "city": "Perth", f"extra-{tax}": "T-1"})

    assert "Tax id is required." in refused.text
    company = visitor.one("company", facebook)
    assert [company["companyName"], company["country"], company["city"]] == ["Meta", "Australia", "Perth"]
    assert company["extraFields"] == {"ERP ID": "E-1", "Tax id": "T-1"}
    assert visitor.heard() == ["store/company/updated"] * 2


def test_a_company_is_added_with_its_first_admin(visitor: Visitor) -> None:
    answer = visitor.does("company-add", **company_values())

    key = visitor.stored("company")[0]["id"]
    assert answer.url.endswith(f"/company/{key}")
    assert "Primary Admin" in visitor.text(f"/company/{key}/users")


def test_a_company_goes_only_after_a_yes(visitor: Visitor, facebook: int) -> None:
    visitor.store("address", **address_values(facebook))
    visitor.hooks("store/company/deleted")

    asked = visitor.text(f"/company/{facebook}?do=company-delete&id={facebook}")
    assert "1 company user and 1 address" in asked
    assert len(visitor.stored("company")) == 1

    visitor.does("company-delete", facebook)

    assert [visitor.stored(kind) for kind in ("company", "user", "address")] == [[], [], []]
    assert visitor.heard() == ["store/company/deleted"]
    assert visitor.page(f"/company/{facebook}").status_code == 404


def test_an_address_is_added_changed_and_deleted(visitor: Visitor, facebook: int) -> None:
    told = [f"store/company/address/{deed}" for deed in ("created", "updated", "deleted")]
    visitor.hooks(*told)

    visitor.does("address-add", facebook, **typed_address(isBilling="on", isDefaultBilling="on"))
    key = visitor.stored("address")[0]["id"]
    visitor.does("address-edit", key, **typed_address(city="Geelong", isBilling="on"))

    changed = visitor.one("address", key)
    assert [changed["city"], changed["stateCode"], changed["isDefaultBilling"]] == ["Geelong", "VIC", False]
    visitor.does("address-delete", key)
    assert visitor.stored("address") == []
    assert visitor.heard() == told


def test_a_default_without_its_kind_is_refused_in_the_products_words(visitor: Visitor, facebook: int) -> None:
    answer = visitor.does("address-add", facebook, **typed_address(isDefaultBilling="on"))

    assert answer.status_code == 422
    assert "Check is default fields and corresponding field." in answer.text
    assert re.search(r'name="isDefaultBilling" checked', answer.text)
    assert visitor.stored("address") == []


@pytest.mark.parametrize(
    "deed", ["user-edit", "user-delete", "company-status", "company-delete", "delivery-repeat", "explode"]
)
def test_a_button_for_what_is_not_there_says_so_and_changes_nothing(
    visitor: Visitor, facebook: int, deed: str
) -> None:
    answer = visitor.does(deed, 999)

    assert answer.status_code == 404
    assert "Nothing was changed" in answer.text
    assert len(visitor.stored("company")) == 1


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}]
)
def test_a_form_of_another_site_does_nothing(
    visitor: Visitor, facebook: int, headers: dict[str, str]
) -> None:
    answer = visitor.sends(
        {"token": visitor.token(), "deed": "company-delete", "id": str(facebook)}, **headers
    )

    assert answer.status_code == 403
    assert len(visitor.stored("company")) == 1


def test_a_form_without_the_pages_token_does_nothing(visitor: Visitor, facebook: int) -> None:
    answer = visitor.sends({"token": "guessed", "deed": "company-delete", "id": str(facebook)})

    assert answer.status_code == 403
    assert len(visitor.stored("company")) == 1


def test_opening_a_form_of_another_company_here_opens_none(
    visitor: Visitor, facebook: int, mark: int
) -> None:
    other = visitor.store("company", companyName="Globex")

    here, there = (visitor.text(f"/company/{key}/users?do=user-edit&id={mark}") for key in (facebook, other))

    assert "Edit Company User" in here
    assert "Edit Company User" not in there


def test_a_button_makes_trouble_for_the_api_and_not_for_the_pages(visitor: Visitor) -> None:
    visitor.sends({"token": visitor.token(), "prank": "down"})

    api = visitor.call("GET", "/companies")
    assert api.status_code == 503
    assert "Calls are answered 503" in visitor.text("/page/companies")


def test_a_shopper_is_added_once(visitor: Visitor) -> None:
    typed = {"first_name": "Plain", "last_name": "Shopper", "email": "shopper@example.com"}
    visitor.does("customer-add", **typed)

    again = visitor.does("customer-add", **typed)

    assert again.status_code == 422
    assert "Email already exists." in again.text
    assert [row["email"] for row in visitor.stored("customer")] == ["shopper@example.com"]


def test_a_delivery_is_sent_again_and_a_webhook_deleted_with_a_button(
    visitor: Visitor, facebook: int
) -> None:
    hook = visitor.hooks("store/company/updated")[0]
    visitor.change("company", facebook, city="Melbourne")

    visitor.does("delivery-repeat", visitor.stored("delivery")[0]["id"])
    visitor.does("hook-delete", hook)

    assert len({each["messageId"] for each in visitor.stored("delivery")}) == 1
    assert len(visitor.stored("delivery")) == 2
    assert visitor.stored("hook") == []


def test_a_hostile_refused_form_is_text(visitor: Visitor, facebook: int) -> None:
    answer = visitor.does("user-add", facebook, **typed_user(firstName=HOSTILE, email=HOSTILE))

    assert answer.status_code == 422
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text
