"""Test connection says of a B2B store what works, and of what does not, who does what where."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.addresses import STRICT
from connectors.errors import RateLimited
from connectors.kinds import UnfitError, secrets
from connectors.protocol import Account, Check
from connectors.sandbox.server import SandboxServer
from connectors.systems.bigcommerce import logins
from connectors.systems.bigcommerce.client import CORE_URL, core_url
from connectors.systems.bigcommerce.guide import setup_guide
from connectors.systems.bigcommerce.kind import KIND
from tests import b2b
from tests.b2b_desk import CREDENTIALS, Desk, store

KEY_FIELD: dict[str, Any] = {"resource": "company", "fieldName": "Concord ID", "isUnique": True}


@pytest.fixture(autouse=True)
def no_limit(sandbox: SandboxServer) -> None:
    b2b.set_up(sandbox, requests_per_window=100_000)


def checks(sandbox: SandboxServer, **options: Any) -> dict[str, Check]:
    with store(sandbox, **options) as connector:
        return {check.label: check for check in connector.test_connection().checks}


def red(sandbox: SandboxServer, **options: Any) -> list[str]:
    return [label for label, check in checks(sandbox, **options).items() if check.ok is False]


def test_a_store_that_is_set_up_passes_and_is_known_by_its_hash(sandbox: SandboxServer) -> None:
    b2b.makes(sandbox, "extra_field", KEY_FIELD)

    with store(sandbox, settings={"key_field": "Concord ID"}) as connector:
        identity = connector.test_connection()

    assert identity.ok
    assert identity.org_id == "rehearsal"
    assert identity.facts["company"]["extraFields.Concord ID"]["unique"] is True
    assert {role["name"] for role in identity.facts["roles"].values()} == {
        "Admin",
        "Senior buyer",
        "Junior buyer",
    }


@pytest.mark.parametrize("bodies", ["envelope", "message", "html"])
def test_a_wrong_token_is_the_logins_red_line_and_nothing_else_is_tried(
    sandbox: SandboxServer, bodies: str
) -> None:
    b2b.set_up(sandbox, undocumented_bodies=bodies)

    found = checks(sandbox, credentials={"access_token": "another-token-1"})

    assert found["Login"].ok is False
    assert "access token" in found["Login"].text
    assert {check.ok for label, check in found.items() if label != "Login"} == {None}


def test_a_wrong_store_hash_is_said_although_b2b_says_500(sandbox: SandboxServer) -> None:
    found = checks(sandbox, credentials={"store_hash": "wrong1"})

    assert found["Store"].ok is False
    assert "wrong store hash" in found["Store"].text


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_missing_scope_for_b2b_is_named(sandbox: SandboxServer, status: int) -> None:
    b2b.set_up(sandbox, scopes=["customers"], missing_scope_status=status)

    found = checks(sandbox)

    said = next(check for check in found.values() if check.ok is False)
    assert "B2B Edition: modify" in said.text or status == 401


def test_a_missing_scope_for_customers_is_named(sandbox: SandboxServer) -> None:
    b2b.set_up(sandbox, scopes=["b2b"])

    found = checks(sandbox)

    assert [label for label, check in found.items() if check.ok is False] == ["Customers"]
    assert "Customers: modify" in found["Customers"].text


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"isUnique": False}, "is not unique"),
        ({"visibleToEnduser": True}, "visible to buyers"),
        ({"fieldType": 2}, "number field"),
        ({"maximumLength": "20"}, "takes 20 characters"),
    ],
)
def test_a_key_field_that_would_not_serve_is_a_task_for_the_owner(
    sandbox: SandboxServer, wrong: dict[str, Any], word: str
) -> None:
    b2b.makes(sandbox, "extra_field", {**KEY_FIELD, "visibleToEnduser": False, **wrong})

    found = checks(sandbox, settings={"key_field": "Concord ID"})["Extra field for Concord's id"]

    assert found.ok is False
    assert word in found.text
    assert "The store's owner" in found.copy


def test_a_key_field_that_is_not_there_is_a_task_for_the_owner(sandbox: SandboxServer) -> None:
    found = checks(sandbox, settings={"key_field": "Concord ID"})["Extra field for Concord's id"]

    assert found.ok is False
    assert "adds it" in found.text


def test_a_required_extra_field_that_nothing_fills_is_a_red_line(sandbox: SandboxServer) -> None:
    for resource in ("company", "user", "address"):
        b2b.makes(
            sandbox, "extra_field", {"resource": resource, "fieldName": f"Of {resource}", "isRequired": True}
        )
    b2b.makes(
        sandbox,
        "extra_field",
        {"resource": "company", "fieldName": "Free", "isRequired": True, "defaultValue": "x"},
    )

    assert red(sandbox) == [f"Required extra field Of {name}" for name in ("company", "user", "address")]


def test_an_extra_field_of_the_settings_must_be_there(sandbox: SandboxServer) -> None:
    b2b.makes(sandbox, "extra_field", {"resource": "company", "fieldName": "VAT"})

    found = red(sandbox, settings={"tax_id_field": "VAT", "job_title_field": "Title"})

    assert found == ["Extra field for Job Title"]


def test_dependent_companies_need_a_price_list(sandbox: SandboxServer) -> None:
    assert red(sandbox, settings={"companies_kind": "dependent"}) == ["Companies"]
    assert red(sandbox, settings={"companies_kind": "dependent", "catalog_id": "5"}) == []


@pytest.mark.parametrize(
    ("channels", "setting", "is_red"),
    [
        ({"1": "Main"}, "", False),
        ({"1": "Main"}, "1", True),
        ({"1": "Main", "2": "Outlet"}, "", True),
        ({"1": "Main", "2": "Outlet"}, "1,2", False),
        ({"1": "Main", "2": "Outlet"}, "1,7", True),
    ],
)
def test_channels_fit_the_stores_storefronts(
    sandbox: SandboxServer, channels: dict[str, str], setting: str, is_red: bool
) -> None:
    b2b.set_up(sandbox, channels=channels)

    assert (red(sandbox, settings={"channel_ids": setting}) == ["Channels"]) is is_red


def test_an_overload_is_no_failed_login(sandbox: SandboxServer) -> None:
    b2b.break_it(sandbox, {"fault": "status:429"})

    found = checks(sandbox)

    assert "press Test connection" in found["Login"].text


def test_a_test_tells_of_the_limit_and_writes_nothing(sandbox: SandboxServer) -> None:
    desk = Desk()

    checks(sandbox, desk=desk)

    assert desk.windows[-1].allocated == 100_000
    assert desk.began == []


def test_no_secret_is_shown(sandbox: SandboxServer) -> None:
    found = checks(sandbox, credentials={"access_token": "another-token-1"})

    assert not [check for check in found.values() if "another-token-1" in f"{check.text} {check.copy}"]
    assert set(secrets(logins.LOGINS, {**CREDENTIALS, "hook_secret": "ours"})) == {
        "rehearsal-token", "rehearsal-secret", "ours",
    }  # fmt: skip


def test_the_guide_names_what_this_connection_needs() -> None:
    text = setup_guide({"key_field": "ERP key", "job_title_field": "Title"})

    assert "“ERP key”, text, unique, not visible to buyers" in text
    assert "Company user: “Title”" in text
    assert "B2B Edition: modify" in text
    assert max(len(line) for line in text.splitlines()) <= 110


@pytest.mark.parametrize(
    ("base", "setting", "core"),
    [
        ("https://api-b2b.bigcommerce.com", "", CORE_URL),
        ("https://api-b2b.bigcommerce.com", "https://proxy.example/", "https://proxy.example"),
        ("http://127.0.0.1:8100/bigcommerce/", CORE_URL, "http://127.0.0.1:8100/bigcommerce"),
        ("http://127.0.0.1:8100/bigcommerce", "", "http://127.0.0.1:8100/bigcommerce"),
        ("https://b2b.example", "https://core.example", "https://core.example"),
    ],
)
def test_a_rehearsal_never_calls_the_real_stores_api(base: str, setting: str, core: str) -> None:
    account = Account(base, {}, {"core_url": setting}, {}, 1, "rehearsal", STRICT)

    assert core_url(account) == core


READERS: list[tuple[Callable[[str], str], str, str]] = [
    (logins.store_hash, "https://api.bigcommerce.com/stores/8x2kd9/v3/", "8x2kd9"),
    (logins.store_hash, "store-8x2kd9.mybigcommerce.com", "8x2kd9"),
    (logins.numbers, "1, 2;2", "1,2"),
    (logins.number, "0", "0"),
    (logins.field_name, "ERP ID", "ERP ID"),
    (logins.pattern, "https://x.example/{company}", "https://x.example/{company}"),
]


@pytest.mark.parametrize(
    ("read", "typed", "kept"), READERS, ids=[f"{one[0].__name__} {one[1]}" for one in READERS]
)
def test_a_box_takes_what_people_paste(read: Callable[[str], str], typed: str, kept: str) -> None:
    assert read(typed) == kept


WRONG: list[tuple[Callable[[str], str], str]] = [
    (logins.store_hash, "!"),
    (logins.token, "with blank"),
    (logins.token, "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl"),
    (logins.numbers, "1,x"),
    (logins.number, "-1"),
    (logins.field_name, "a:b"),
    (logins.address, "ftp://x"),
    (logins.pattern, "https://x.example/7"),
]


@pytest.mark.parametrize(("read", "typed"), WRONG, ids=[f"{one[0].__name__} {one[1]}" for one in WRONG])
def test_a_box_refuses_what_can_not_be_used(read: Callable[[str], str], typed: str) -> None:
    with pytest.raises(UnfitError) as caught:
        read(typed)

    assert str(caught.value).endswith(".")
    assert "c2lnbmF0dXJl" not in str(caught.value)


@given(st.text())
def test_no_text_breaks_the_box_of_the_store_hash(text: str) -> None:
    with suppress(UnfitError):
        assert logins.store_hash(text).isascii()


def test_every_default_is_one_of_its_choices() -> None:
    for item in KIND.settings:
        assert not item.choices or item.default in dict(item.choices), item.name


def test_users_who_own_records_are_none_of_b2bs(sandbox: SandboxServer) -> None:
    with store(sandbox) as connector, pytest.raises(NotImplementedError):
        list(connector.list_users())


def test_an_overload_while_reading_fields_is_raised(sandbox: SandboxServer) -> None:
    b2b.break_it(sandbox, {"fault": "status:429"})

    with store(sandbox) as connector, pytest.raises(RateLimited):
        connector.facts()


def test_a_list_is_read_to_its_end_each_record_once(sandbox: SandboxServer) -> None:
    known = {"companyEmail": "x@x.example", "companyPhone": "5", "country": "Canada"}
    b2b.makes(sandbox, "company", *({"companyName": f"C{number}", **known} for number in range(230)))
    desk = Desk()

    with store(sandbox, desk) as connector:
        found = [str(one["companyId"]) for one in connector.client.listed("/companies", "companyId")]

    assert (len(found), len(set(found)), desk.ticks) == (230, 230, 3)


def test_a_smaller_page_is_asked_for_where_the_store_allows_less(sandbox: SandboxServer) -> None:
    b2b.set_up(sandbox, max_limit=30)
    known = {"companyEmail": "x@x.example", "companyPhone": "5", "country": "Canada"}
    b2b.makes(sandbox, "company", *({"companyName": f"C{number}", **known} for number in range(60)))

    with store(sandbox) as connector:
        found = [str(one["companyId"]) for one in connector.client.listed("/companies", "companyId")]

    assert len(set(found)) == len(found) == 60
