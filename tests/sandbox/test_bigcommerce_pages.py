"""The stand-in of B2B Edition for people: its lists, and Company Detail with all five tabs."""

import re

import pytest

from .conftest import NOBODY, Visitor, address_values, company_values, user_values

HOSTILE = "<script>alert(1)</script>\"'>&"
THEN = 1700611200  # 22 November 2023


def rows(text: str) -> list[str]:
    """Return the rows of a table as the words in them."""
    found = re.findall(r"<tr[^>]*>(<td.*?)</tr>", text, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


# Lists


def test_an_empty_store_says_what_to_do_in_concord(visitor: Visitor) -> None:
    assert "press Sync to B2B" in visitor.text("")
    assert "No company users yet" in visitor.text("/page/users")
    assert "No webhooks yet" in visitor.text("/page/webhooks")


def test_companies_are_listed_in_the_products_words(visitor: Visitor, facebook: int) -> None:
    visitor.store("user", **user_values(facebook))
    visitor.change("company", facebook, updatedAt=THEN)
    visitor.store("company", companyName="Waiting", companyStatus=0)

    listed = rows(visitor.text("/page/companies"))

    seen = "Approved office@facebook.example +1 555 0100 2 0 Nov 22nd 2023"
    assert listed[1] == f"Facebook {facebook} {seen}"
    assert "Pending" in listed[0]


def test_the_list_is_searched_and_shown_twenty_at_a_time(visitor: Visitor) -> None:
    visitor.several("company", *({"companyName": f"Company {number}"} for number in range(21)))

    first, last = visitor.text("/page/companies"), visitor.text("/page/companies?page=99")
    wide = visitor.text("/page/companies?view=50")
    searched = visitor.text("/page/companies?search=COMPANY+20")

    assert [len(rows(text)) for text in (first, last, wide, searched)] == [20, 1, 21, 1]
    assert "View 20" in first
    assert "page 1 of 2" in first
    assert "1 of 21 match" in searched
    assert "Nothing matches" in visitor.text("/page/companies?search=nobody")
    assert len(rows(visitor.text("/page/companies?view=7&page=x"))) == 20


def test_users_of_all_companies_lead_to_their_company(visitor: Visitor, facebook: int, mark: int) -> None:
    text = visitor.text("/page/users")

    assert f'href="/bigcommerce/user/{mark}"' in text
    assert f'href="/bigcommerce/company/{facebook}"' in text


def test_customers_tell_who_is_a_plain_shopper(visitor: Visitor, facebook: int) -> None:
    visitor.several(
        "customer", {"email": "shopper@example.com", "first_name": "Plain", "orderIds": [1, 2, 3]}
    )

    listed = rows(visitor.text("/page/customers"))

    plain, user = sorted(listed, key=lambda row: "markz" in row)
    assert "Facebook" not in plain
    assert " 3 " in plain
    assert "Facebook" in user


def test_webhooks_are_shown_without_the_values_of_their_headers(visitor: Visitor, facebook: int) -> None:
    secret = {"X-Concord-Secret": "opensesame"}
    visitor.several("hook", {"scope": "store/company/updated", "destination": NOBODY, "headers": secret})
    visitor.change("company", facebook, city="Melbourne")

    text = visitor.text("/page/webhooks")

    for word in ("store/company/updated", NOBODY, "X-Concord-Secret", "Last deliveries", "Waiting"):
        assert word in text
    assert f"company_id {facebook}" in text
    assert "opensesame" not in text


# Company Detail


def test_company_detail_has_the_tabs_of_the_product(visitor: Visitor, facebook: int) -> None:
    text = visitor.text(f"/company/{facebook}")

    tabs = re.findall(r"<li><a [^>]+>([^<]+)</a></li>", text)
    assert tabs == [
        "Basic Information",
        "Company User(s)",
        "Payment Methods",
        "Address Book",
        "User Roles",
    ]
    for path in re.findall(rf'href="/bigcommerce(/company/{facebook}[^"?]*)"', text):
        assert "Company Detail" in visitor.text(path)


def test_basic_information_has_every_field(visitor: Visitor, facebook: int) -> None:
    changes = {"country": "AU", "state": "Victoria", "city": "Melbourne", "zipCode": "3000"}
    more = {"uuid": "C000000288", "customerGroupId": 12, "extraFields": {"ERP ID": "E-1"}}
    visitor.change("company", facebook, **changes, **more)

    text = visitor.text(f"/company/{facebook}")

    words = ("office@facebook.example", "Melbourne", "Victoria", "3000", "Australia", "C000000288")
    for word in (*words, "ERP ID", "E-1", "Wholesale", "Main storefront", ">Approved</option>"):
        assert word in text


def test_the_user_list_is_that_of_the_product(visitor: Visitor, facebook: int, mark: int) -> None:
    role = visitor.store("role", name="Warehouse")
    visitor.store("user", **user_values(facebook, email="s@test.com", role=1))
    visitor.store("user", **user_values(facebook, role=None, companyRoleId=role))
    visitor.change("user", mark, updatedAt=THEN)

    text = visitor.text(f"/company/{facebook}/users")

    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', text)
    assert heads == ["User Name", "Phone Number", "Email", "Role", "Updated At", "Action"]
    for word in ("Refresh", ">Add<", "Search company user", "View 20"):
        assert word in text
    listed = rows(text)
    assert listed[2] == f"Mark Z {mark} 444444444 markz@test.com Primary Admin Nov 22nd 2023 Edit Delete"
    assert "Warehouse" in listed[0]
    assert "Senior buyer" in listed[1]


def test_the_next_admin_is_the_primary_one_when_the_first_is_none_any_more(
    visitor: Visitor, facebook: int, mark: int
) -> None:
    for name in ("one", "two"):
        visitor.store("user", **user_values(facebook, email=f"{name}@test.com", role=0))

    visitor.change("user", mark, role=1)

    roles = {re.findall(r"\S+@\S+", row)[0]: row for row in rows(visitor.text(f"/company/{facebook}/users"))}
    assert "Primary Admin" in roles["one@test.com"]
    assert "Primary" not in roles["two@test.com"]
    assert "Senior buyer" in roles["markz@test.com"]


@pytest.mark.parametrize(
    ("stamp", "day"),
    [
        (1698796800, "Nov 1st 2023"),
        (1698883200, "Nov 2nd 2023"),
        (1698969600, "Nov 3rd 2023"),
        (1699056000, "Nov 4th 2023"),
        (1699660800, "Nov 11th 2023"),
        (1699747200, "Nov 12th 2023"),
        (1699833600, "Nov 13th 2023"),
        (1700524800, "Nov 21st 2023"),
        (10**15, "1000000000000000"),
    ],
)
def test_days_are_written_as_the_product_does(visitor: Visitor, facebook: int, stamp: int, day: str) -> None:
    visitor.change("company", facebook, updatedAt=stamp)

    assert rows(visitor.text("/page/companies"))[0].endswith(day)


def test_payment_methods_say_that_there_are_none(visitor: Visitor, facebook: int) -> None:
    assert "No payment methods in the rehearsal" in visitor.text(f"/company/{facebook}/payment-methods")


def test_user_roles_tell_their_ids_and_who_has_them(visitor: Visitor, facebook: int) -> None:
    role = visitor.store("role", name="Warehouse")

    listed = rows(visitor.text(f"/company/{facebook}/roles"))

    assert listed[0] == "Admin Predefined 27605 1"
    assert listed[3] == f"Warehouse Custom {role} 0"


def test_the_address_book_marks_its_defaults(visitor: Visitor, facebook: int) -> None:
    more = {"label": "Primary Location", "externalId": "L-1", "isBilling": True, "isDefaultBilling": True}
    visitor.store("address", **address_values(facebook, **more))

    text = visitor.text(f"/company/{facebook}/addresses")

    words = ("Primary Location", "1 Hacker Way", "Menlo Park California", "United States", "L-1")
    for word in (*words, "Default billing"):
        assert word in text
    assert "Default shipping" not in text


def test_a_user_of_hundreds_is_found_at_the_consoles_address(
    visitor: Visitor, facebook: int, mark: int
) -> None:
    visitor.several("user", *(user_values(facebook, email=f"u{number}@test.com") for number in range(199)))

    answer = visitor.page(f"/user/{mark}")

    assert answer.url.endswith(f"/company/{facebook}/users?page=10#user-{mark}")
    assert f'<tr id="user-{mark}">' in answer.text
    assert "200 in all · page 10 of 10" in answer.text


def test_an_address_is_found_at_the_consoles_address(visitor: Visitor, facebook: int) -> None:
    key = visitor.store("address", **address_values(facebook))

    answer = visitor.page(f"/address/{key}")

    assert answer.url.endswith(f"/company/{facebook}/addresses#address-{key}")
    assert f'id="address-{key}"' in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/company/999",
        "/user/999",
        "/address/999",
        "/company/x%2F..%2F",
        "/company/1/nothing",
        "/page/nothing",
    ],
)
def test_what_is_not_there_any_more_is_said_on_a_page(visitor: Visitor, path: str) -> None:
    answer = visitor.page(path)

    assert answer.status_code == 404
    assert "There is no " in answer.text
    assert "/bigcommerce/page/companies" in answer.text


# Hostile texts


def test_hostile_texts_are_text_on_every_page(visitor: Visitor) -> None:
    field = visitor.several("extra_field", {"resource": "company", "fieldName": HOSTILE})[0]
    company = {
        **company_values(),
        "companyName": HOSTILE,
        "companyPhone": HOSTILE,
        "city": HOSTILE,
        "adminFirstName": HOSTILE,
        "extraFields": {HOSTILE: HOSTILE},
    }
    key = visitor.several("company", company)[0]
    place = visitor.several(
        "address", address_values(key, label=HOSTILE, addressLine1=HOSTILE, externalId=HOSTILE)
    )[0]
    visitor.several("role", {"name": HOSTILE})
    visitor.several("customer", {"email": HOSTILE, "first_name": HOSTILE})
    visitor.several(
        "hook", {"scope": HOSTILE, "destination": f"{NOBODY}/{HOSTILE}", "headers": {HOSTILE: "x"}}
    )
    user = visitor.users_of(key)["markz@test.com"]
    tabs = [f"/company/{key}{tab}" for tab in ("", "/users", "/addresses", "/roles", "/payment-methods")]
    forms = [
        f"{tabs[0]}?do=company-edit&id={key}",
        f"{tabs[0]}?do=company-delete&id={key}",
        f"{tabs[1]}?do=user-edit&id={user}",
        f"{tabs[1]}?do=user-delete&id={user}",
        f"{tabs[2]}?do=address-edit&id={place}",
        f"{tabs[2]}?do=address-delete&id={place}",
    ]
    lists = [f"/page/{name}" for name in ("companies", "users", "customers", "webhooks")]

    for path in (*tabs, *forms, *lists, f"{lists[0]}?search=x{HOSTILE}"):
        answer = visitor.page(path)
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert "&lt;script&gt;" in answer.text, path
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert f'name="extra-{field}"' in visitor.text(forms[0])


def test_a_name_of_any_script_keeps_its_direction(visitor: Visitor, facebook: int) -> None:
    visitor.change("company", facebook, companyName="شركة الأفق")

    assert re.search(r'dir="auto">شركة الأفق<', visitor.text("/page/companies"))
    assert re.search(r'dir="auto">شركة الأفق<', visitor.text(f"/company/{facebook}"))


def test_a_text_without_end_is_cut_off(visitor: Visitor) -> None:
    visitor.several("role", {"name": "x" * 5000})
    key = visitor.several("company", {"companyName": "A"})[0]

    assert "x" * 400 not in visitor.text(f"/company/{key}/roles")
