"""Companies by the vendor's word: what is sent, in which order, and what is survived.

Every call of every test here is held against the documentation when the test ends: see
the fixture `shop`. Source: BigCommerce docs, B2B "Companies", read 2026-11.
"""

from typing import Any

import pytest

from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from tests import b2b as store
from tests import buyers, seeded, talk
from tests.between import Between

pytestmark = pytest.mark.django_db

MADE = ["POST /companies", "PUT /companies/{}"]


def of_companies(between: Between) -> list[str]:
    """Return the writes to companies, in order."""
    return [call for call in between.writes() if "/companies" in call]


def pairs(record: dict[str, Any], key: str = "extraFields") -> dict[str, str]:
    """Return extra fields as a request has them, by name."""
    return {pair["fieldName"]: pair["fieldValue"] for pair in record.get(key, [])}


def test_a_create_sends_the_documented_fields_and_no_more(shop: Connection, between: Between) -> None:
    facebook = buyers.company(shop, legal_street="1 Hacker Way\nBuilding 20")
    mark = buyers.lead(facebook)

    buyers.sync(shop, facebook)

    assert between.bodies("POST /companies") == [
        {
            "companyName": "Facebook",
            "companyEmail": "office@facebook.example",
            "companyPhone": "+1 650 555 0100",
            "addressLine1": "1 Hacker Way",
            "addressLine2": "Building 20",
            "city": "Menlo Park",
            "state": "California",
            "country": "United States",
            "zipCode": "94025",
            "adminFirstName": "Mark",
            "adminLastName": "Z",
            "adminEmail": mark.email,
            "acceptCreationEmail": False,
        }
    ]


def test_what_is_blank_is_left_out(shop: Connection, between: Between) -> None:
    bare = buyers.company(shop, legal_street="", legal_city="", legal_region="", legal_postal_code="")

    buyers.sync(shop, bare)

    (body,) = between.bodies("POST /companies")
    assert not {
        "addressLine1",
        "addressLine2",
        "city",
        "state",
        "zipCode",
        "adminPhoneNumber",
        "extraFields",
    } & set(body)
    assert talk.shown(bare, shop)[0] == "In sync"


def test_a_create_is_followed_by_our_id_and_a_look(shop: Connection, between: Between) -> None:
    facebook = buyers.company(shop)

    buyers.sync(shop, facebook)

    company_id = buyers.link(facebook, shop).remote_id
    assert of_companies(between) == MADE
    (put,) = between.calls("PUT /companies/{}")
    assert put.body == {"uuid": str(facebook.public_id)}
    after = between.heard[between.heard.index(put) + 1 :]
    assert next(one for one in after if one.method == "GET").path.endswith(f"/companies/{company_id}")


def test_a_store_that_keeps_the_id_of_a_create_is_fine(shop: Connection, sandbox: SandboxServer) -> None:
    store.set_up(sandbox, post_stores_uuid=True)
    facebook = buyers.company(shop)

    buyers.sync(shop, facebook)

    assert store.named(sandbox, "Facebook")["uuid"] == str(facebook.public_id)


def test_a_uuid_of_ours_is_one_for_a_store_that_checks(shop: Connection, sandbox: SandboxServer) -> None:
    store.set_up(sandbox, company_uuid="uuid")
    facebook = buyers.company(shop)

    buyers.sync(shop, facebook)

    assert store.named(sandbox, "Facebook")["uuid"] == str(facebook.public_id)
    assert talk.shown(facebook, shop)[0] == "In sync"


@pytest.mark.parametrize("born", [0, 1, 2, 3])
def test_new_companies_get_our_status_whatever_they_are_born_with(
    shop: Connection, sandbox: SandboxServer, between: Between, born: int
) -> None:
    wanted = {"pending": 0, "active": 1, "blocked": 3, "inactive": 3}
    store.set_up(sandbox, initial_company_status=born)
    made = {status: buyers.company(shop, f"Is {status}", status=status) for status in wanted}

    buyers.sync(shop, *made.values())

    for status, there in wanted.items():
        company = store.named(sandbox, f"Is {status}")
        assert company["companyStatus"] == there
        calls = [one for one in between.calls("PUT /companies/{}/status") if f"/{company['id']}/" in one.path]
        assert [one.body["companyStatus"] for one in calls] in ([], [there])
    assert {talk.shown(one, shop)[0] for one in made.values()} == {"In sync"}


@pytest.mark.parametrize(
    ("before", "after", "there"),
    [
        ("active", "blocked", 3),
        ("pending", "active", 1),
        ("active", "rejected", 2),
        ("inactive", "pending", 0),
    ],
)
def test_a_status_goes_by_a_call_of_its_own(
    shop: Connection, sandbox: SandboxServer, between: Between, before: str, after: str, there: int
) -> None:
    facebook = buyers.company(shop, status=before)
    seeded.there(shop, sandbox, facebook)

    buyers.change(facebook, status=after)
    buyers.sync(shop, facebook)

    assert between.bodies("PUT /companies/{}/status") == [{"companyStatus": there}]
    assert of_companies(between) == ["PUT /companies/{}/status"]
    assert store.named(sandbox, "Facebook")["companyStatus"] == there


def test_a_rejected_company_is_never_made(shop: Connection, between: Between) -> None:
    facebook = buyers.company(shop, status="rejected")

    buyers.sync(shop, facebook)

    assert between.writes() == []
    assert talk.shown(facebook, shop)[0] == "Not enabled"


@pytest.mark.parametrize(
    ("trouble", "status"), [(500, "pending"), (503, "blocked"), (429, "pending"), (0, "blocked")]
)
def test_who_may_not_buy_is_not_left_approved_nor_called_in_sync(
    shop: Connection, sandbox: SandboxServer, between: Between, status: str, trouble: int
) -> None:
    facebook = buyers.company(shop, status=status)
    if trouble:
        between.answers("PUT /companies/{}/status", trouble, {})
    else:
        between.loses("PUT /companies/{}/status", arrives=False)

    buyers.sync(shop, facebook)
    assert talk.shown(facebook, shop)[0] == "Waiting"
    assert buyers.link(facebook, shop).remote_id
    buyers.settle(shop)

    assert store.named(sandbox, "Facebook")["companyStatus"] == {"pending": 0, "blocked": 3}[status]
    assert talk.shown(facebook, shop)[0] == "In sync"
    assert len(between.calls("POST /companies")) == 1


LOST: dict[str, dict[str, str]] = {
    "POST /companies": {},
    "PUT /companies/{}": {},
    "PUT /companies/{}/status": {"status": "blocked"},
    "GET /companies/{}": {},
}
HOW = [("cut", True), ("cut", False), ("html", True), ("garbage", True), ("500", True), ("503", False)]
# Each call is lost behind and before its effect; a create in every way, each other call in one more.
POST, PUT, STATUS, GET = LOST
BROKEN = [(PUT, "html"), (STATUS, "garbage"), (GET, "500"), (PUT, "503")]
LOSSES = [
    *((POST, *way, "") for way in HOW),
    (POST, "cut", True, "ERP ID"),
    *((call, *way, "") for call in (PUT, STATUS, GET) for way in HOW[:2]),
    *((call, how, how != "503", "") for call, how in BROKEN),
]


@pytest.mark.parametrize(("call", "how", "arrives", "key_field"), LOSSES)
def test_an_answer_that_is_lost_makes_one_company_and_everything_arrives(
    shop: Connection,
    sandbox: SandboxServer,
    between: Between,
    call: str,
    how: str,
    arrives: bool,
    key_field: str,
) -> None:
    if key_field:
        _with_key(shop, sandbox)
    facebook = buyers.company(shop, **LOST[call])
    between.breaks(call, how, arrives=arrives)

    buyers.sync(shop, facebook)
    buyers.settle(shop)

    there = store.named(sandbox, "Facebook")
    assert there["uuid"] == str(facebook.public_id)
    assert there["companyStatus"] == (3 if LOST[call] else 1)
    assert there["extraFields"] == ({"ERP ID": str(facebook.public_id)} if key_field else {})
    assert buyers.link(facebook, shop).remote_id == str(there["id"])
    assert [user["email"] for user in store.rows(sandbox, "user")] == [buyers.lead(facebook).email]
    assert talk.shown(facebook, shop)[0] == talk.shown(buyers.lead(facebook), shop)[0] == "In sync"


def _with_key(shop: Connection, sandbox: SandboxServer) -> None:
    store.makes(sandbox, "extra_field", {"resource": "company", "fieldName": "ERP ID", "isUnique": True})
    buyers.set_up(shop, key_field="ERP ID")


def test_an_edit_behind_a_lost_create_arrives_too(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    _with_key(shop, sandbox)
    facebook = buyers.company(shop)
    between.loses("POST /companies")
    buyers.sync(shop, facebook)

    buyers.change(facebook, name="Meta", phone="+1 650 555 0199", status="blocked")
    buyers.sync(shop, facebook)
    buyers.settle(shop)

    (there,) = store.rows(sandbox, "company")
    assert (there["companyName"], there["companyPhone"], there["companyStatus"]) == (
        "Meta",
        "+1 650 555 0199",
        3,
    )


def test_a_rename_behind_a_lost_create_asks_rather_than_makes_a_second_one(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    facebook = buyers.company(shop)
    between.loses("POST /companies")
    buyers.sync(shop, facebook)

    buyers.change(facebook, name="Meta")
    buyers.settle(shop)

    (there,) = store.rows(sandbox, "company")
    word, _ = talk.shown(facebook, shop)
    assert word in ("In sync", "Needs your choice")
    assert word != "In sync" or there["companyName"] == "Meta"


def test_the_key_field_is_searched_exactly_and_carries_our_id(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    _with_key(shop, sandbox)
    facebook = buyers.company(shop)

    buyers.sync(shop, facebook)

    (body,) = between.bodies("POST /companies")
    assert pairs(body) == {"ERP ID": str(facebook.public_id)}
    asked = [dict(one.query) for one in between.calls("GET /companies")]
    searched = [one for one in asked if "extraFields" in one]
    assert {one["extraFields"] for one in searched} == {f"ERP ID:{facebook.public_id}"}
    assert {one["extraFieldFilterType"] for one in searched} == {"exact-match"}


def test_a_list_that_was_not_filtered_is_not_believed(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    """An unsupported filter answers with everybody: the first of them is some stranger."""
    _with_key(shop, sandbox)
    strangers = store.makes(sandbox, "company", *({"companyName": f"Stranger {n}"} for n in range(12)))
    everybody: list[Any] = [{"companyId": int(one), "companyName": "Stranger"} for one in strangers]
    between.answers(
        "GET /companies",
        200,
        {
            "code": 200,
            "data": everybody,
            "meta": {"pagination": {"totalCount": 12, "limit": 100, "offset": 0}},
        },
        times=None,
    )
    someone = {"id": 1, "email": "x@y.example", "companyId": 1}
    between.answers("GET /users", 200, {"code": 200, "data": [someone]}, times=None)
    facebook = buyers.company(shop)

    buyers.sync(shop, facebook)

    assert buyers.link(facebook, shop).remote_id == str(store.named(sandbox, "Facebook")["id"])
    assert {row["uuid"] for row in store.rows(sandbox, "company")} == {"", str(facebook.public_id)}


def test_an_update_sends_what_differs(shop: Connection, sandbox: SandboxServer, between: Between) -> None:
    facebook = buyers.company(shop)
    seeded.there(shop, sandbox, facebook)

    buyers.change(facebook, phone="+1 650 555 0111")
    buyers.sync(shop, facebook)

    assert [one.body for one in between.calls("PUT /companies/{}")] == [{"companyPhone": "+1 650 555 0111"}]
    assert of_companies(between) == ["PUT /companies/{}"]


def test_the_same_again_makes_no_call(shop: Connection, between: Between) -> None:
    facebook = buyers.company(shop)
    buyers.sync(shop, facebook)
    between.forget()

    run = talk.send(shop, [facebook])

    assert (run.unchanged, between.routes()) == (1, [])


def test_what_can_not_be_emptied_is_said_and_the_rest_goes(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    facebook = buyers.company(shop, legal_street="1 Hacker Way\nBuilding 20")
    seeded.there(shop, sandbox, facebook)

    buyers.change(facebook, legal_city="", legal_street="2 Hacker Way", legal_postal_code="")
    buyers.sync(shop, facebook)

    there = store.named(sandbox, "Facebook")
    assert (there["addressLine1"], there["addressLine2"], there["zipCode"]) == ("2 Hacker Way", "", "")
    assert there["city"] == "Menlo Park"
    told = " ".join(talk.told(facebook))
    assert "City can't be emptied in B2B" in told


def test_required_extra_fields_go_along_with_every_update(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    field = {"resource": "company", "fieldName": "Branch", "isRequired": True, "defaultValue": "Retail"}
    facebook = buyers.company(shop)
    seeded.there(shop, sandbox, facebook)
    store.makes(sandbox, "extra_field", field)
    buyers.learn(shop)
    company_id = store.named(sandbox, "Facebook")["id"]
    store.changes(sandbox, "company", company_id, extraFields={"Branch": "Wholesale"})

    buyers.change(facebook, phone="+1 650 555 0111")
    buyers.sync(shop, facebook)

    assert [pairs(body) for body in between.bodies("PUT /companies/{}")] == [{"Branch": "Wholesale"}]
    assert store.named(sandbox, "Facebook")["extraFields"] == {"Branch": "Wholesale"}


def test_a_required_extra_field_that_nothing_fills_is_said_before_any_write(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    store.makes(sandbox, "extra_field", {"resource": "company", "fieldName": "Branch", "isRequired": True})
    buyers.learn(shop)
    facebook = buyers.company(shop)

    buyers.sync(shop, facebook)

    assert between.writes() == []
    word, why = talk.shown(facebook, shop)
    assert word == "Failed"
    assert "Branch" in why


@pytest.mark.parametrize("default", ["", "9 to 5"])
def test_a_required_extra_field_of_users_counts_for_the_first_user(
    shop: Connection, sandbox: SandboxServer, between: Between, default: str
) -> None:
    field = {"resource": "user", "fieldName": "Shift", "isRequired": True, "defaultValue": default}
    store.makes(sandbox, "extra_field", field)
    buyers.learn(shop)
    facebook = buyers.company(shop)

    buyers.sync(shop, facebook)

    if default:
        assert [pairs(body, "userExtraFields") for body in between.bodies("POST /companies")] == [
            {"Shift": default}
        ]
        assert talk.shown(facebook, shop)[0] == "In sync"
    else:
        assert between.calls("POST /companies") == []
        assert "Shift" in talk.shown(facebook, shop)[1]
