"""Addresses by the vendor's word: places and their states, defaults, creates alone and together.

Every call of every test here is held against the documentation when the test ends: see
the fixture `shop`. Source: BigCommerce docs, B2B "Addresses", read 2026-11.
"""

from typing import Any

import pytest

from companies.models import Company, Location
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from tests import b2b as store
from tests import buyers, seeded, talk
from tests.between import Between
from tests.factories import LocationFactory

pytestmark = pytest.mark.django_db

DOCK = {"label": "Dock", "street": "5 Dock Road", "city": "Oakland", "region": "CA", "postal_code": "94607"}
# Country, a state as people write it, and its full name; of every country whose states are checked.
STATES = [
    ("AR", "Córdoba", "Córdoba"), ("AU", "NSW", "New South Wales"), ("AT", "Tirol", "Tirol"),
    ("BR", "SP", "São Paulo"), ("CA", "ON", "Ontario"), ("CL", "Valparaíso", "Valparaíso"),
    ("DE", "BY", "Bayern"), ("IN", "MH", "Maharashtra"), ("ID", "Bali", "Bali"), ("IE", "Dublin", "Dublin"),
    ("IT", "MI", "Milano"), ("JP", "Osaka", "Osaka"), ("MY", "Selangor", "Selangor"),
    ("MM", "Yangon", "Yangon"), ("NZ", "Auckland", "Auckland"), ("PH", "Cebu", "Cebu"),
    ("QA", "Ad Dawhah", "Ad Dawhah"), ("RO", "CJ", "Cluj"), ("ZA", "Gauteng", "Gauteng"),
    ("ES", "Madrid", "Madrid"), ("CH", "ZH", "Zürich"), ("AE", "DU", "Dubai"), ("US", "CA", "California"),
]  # fmt: skip
COUNTRIES = [country for country, _, _ in STATES]
OTHERS = ["NL", "FR", "GB", "IL", "SA", "KR", "TR", "CI"]


@pytest.fixture
def facebook(shop: Connection, sandbox: SandboxServer) -> Company:
    """A company that is over there."""
    made = buyers.company(shop)
    seeded.there(shop, sandbox, made)
    return made


def place(company: Company, **fields: Any) -> Location:
    """Return a location of a company: a dock in Oakland where nothing else is said."""
    return LocationFactory.create(company=company, **{**DOCK, **fields})


def many(company: Company, count: int) -> list[Location]:
    """Return that many locations of a company."""
    return [place(company, label=f"Dock {n}", street=f"{n} Dock Road") for n in range(count)]


def there(sandbox: SandboxServer, location: Location) -> dict[str, Any]:
    """Return the one address of a location."""
    return store.mine(sandbox, "address", location)


def test_a_create_sends_the_documented_fields_and_no_more(
    shop: Connection, facebook: Company, between: Between
) -> None:
    dock = place(facebook, recipient="Dana Dock", phone="+1 510 555 0100", is_default_shipping=True)

    buyers.sync(shop, dock)

    assert between.bodies("POST /addresses") == [
        {
            "companyId": int(buyers.link(facebook, shop).remote_id),
            "firstName": "Dana",
            "lastName": "Dock",
            "addressLine1": "5 Dock Road",
            "city": "Oakland",
            "countryCode": "US",
            "stateName": "California",
            "stateCode": "CA",
            "zipCode": "94607",
            "phoneNumber": "+1 510 555 0100",
            "label": "Dock",
            "externalId": str(dock.public_id),
            "isBilling": True,
            "isShipping": True,
            "isDefaultBilling": False,
            "isDefaultShipping": True,
        }
    ]
    assert talk.shown(dock, shop)[0] == "In sync"


@pytest.mark.parametrize(
    ("recipient", "first", "last"),
    [
        ("", "Mark", "Z"),
        ("Dana Dock", "Dana", "Dock"),
        ("Dr. Dana van den Dock", "Dr. Dana van den", "Dock"),
        ("Receiving", "Receiving", "Facebook"),
        ("Facebook", "Facebook", "Dock"),
        ("شركة الأفق", "شركة", "الأفق"),
    ],
)
def test_an_address_has_a_first_and_a_last_name(
    shop: Connection, facebook: Company, sandbox: SandboxServer, recipient: str, first: str, last: str
) -> None:
    dock = place(facebook, recipient=recipient)

    buyers.sync(shop, dock)

    assert (there(sandbox, dock)["firstName"], there(sandbox, dock)["lastName"]) == (first, last)


def test_every_country_with_states_is_tried() -> None:
    assert " ".join(COUNTRIES) == ("AR AU AT BR CA CL DE IN ID IE IT JP MY MM NZ PH QA RO ZA ES CH AE US")


def test_a_state_goes_with_its_code_where_states_are_checked(
    shop: Connection, facebook: Company, sandbox: SandboxServer
) -> None:
    docks = {
        country: place(facebook, label=country, country=country, region=typed) for country, typed, _ in STATES
    }

    buyers.sync(shop, *docks.values())

    rows = {country: there(sandbox, dock) for country, dock in docks.items()}
    assert [(one, row["countryCode"], row["stateName"]) for one, row in rows.items()] == [
        (country, country, name) for country, _, name in STATES
    ]
    assert all(row["stateCode"] for row in rows.values())
    assert {talk.shown(dock, shop)[0] for dock in docks.values()} == {"In sync"}


def test_a_state_whose_code_the_store_spells_otherwise_is_asked_for_once(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between
) -> None:
    docks = [place(facebook, label=f"Dock {n}", country="JP", region="Osaka") for n in range(3)]

    buyers.sync(shop, *docks)

    assert {there(sandbox, dock)["stateCode"] for dock in docks} == {"JP-27"}
    assert len(between.calls("GET /states")) == 1


def test_a_missing_state_is_said_before_any_call(
    shop: Connection, facebook: Company, between: Between
) -> None:
    docks = [place(facebook, label=country, country=country, region="") for country in COUNTRIES]

    buyers.sync(shop, *docks)

    assert between.writes() == []
    assert [list(buyers.link(dock, shop).errors) for dock in docks] == [["region"]] * len(COUNTRIES)


def test_no_code_of_a_state_goes_to_other_countries(
    shop: Connection, facebook: Company, between: Between
) -> None:
    others = [(country, region) for country in OTHERS for region in ("", "Zuid-Holland", "ZH")]
    docks = [
        place(facebook, label=f"{one} {region}", country=one, region=region, postal_code="")
        for one, region in others
    ]

    buyers.sync(shop, *docks)

    bodies = [body for bulk in between.bodies("POST /addresses/bulk") for body in bulk]
    bodies += between.bodies("POST /addresses")
    assert not [body for body in bodies if "stateCode" in body]
    assert sorted(body["countryCode"] for body in bodies) == sorted(one for one, _ in others)
    assert {talk.shown(dock, shop)[0] for dock in docks} == {"In sync"}


def test_a_state_that_nobody_knows_is_told_of_the_field(shop: Connection, facebook: Company) -> None:
    dock = place(facebook, region="Calisota")

    buyers.sync(shop, dock)

    assert talk.shown(dock, shop)[0] == "Failed"
    assert buyers.link(dock, shop).errors == {
        "region": "B2B does not know what stands in State or Province. Correct it and save."
    }


@pytest.mark.parametrize(
    ("country", "region", "code"), [("CA", "Ontario", "ON"), ("NL", "", None), ("DE", "BY", "BY")]
)
def test_a_place_that_moves_takes_country_and_state_along(
    shop: Connection,
    facebook: Company,
    sandbox: SandboxServer,
    between: Between,
    country: str,
    region: str,
    code: str,
) -> None:
    dock = place(facebook)
    seeded.there(shop, sandbox, dock)

    buyers.change(dock, country=country, region=region)
    buyers.sync(shop, dock)

    (body,) = between.bodies("PUT /addresses/{}")
    assert body["countryCode"] == country
    assert body.get("stateCode") == code
    assert there(sandbox, dock)["countryCode"] == country
    assert there(sandbox, dock)["stateCode"] == (code or "")


def test_an_update_sends_what_differs(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between
) -> None:
    dock = place(facebook, phone="+1 510 555 0100")
    seeded.there(shop, sandbox, dock)

    buyers.change(dock, phone="", postal_code="94608")
    buyers.sync(shop, dock)

    assert between.bodies("PUT /addresses/{}") == [{"phoneNumber": "", "zipCode": "94608"}]


def test_a_second_line_comes_and_goes(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between
) -> None:
    dock = place(facebook, street="5 Dock Road\nGate 7\nLeft door")
    buyers.sync(shop, dock)
    assert (there(sandbox, dock)["addressLine1"], there(sandbox, dock)["addressLine2"]) == (
        "5 Dock Road",
        "Gate 7, Left door",
    )

    buyers.change(dock, street="6 Dock Road")
    buyers.sync(shop, dock)

    assert (there(sandbox, dock)["addressLine1"], there(sandbox, dock)["addressLine2"]) == ("6 Dock Road", "")


def test_the_same_again_makes_no_call(shop: Connection, facebook: Company, between: Between) -> None:
    dock = place(facebook)
    buyers.sync(shop, dock)
    between.forget()

    run = talk.send(shop, [dock])

    assert (run.unchanged, between.routes()) == (1, [])


@pytest.mark.parametrize("clears", [True, False])
def test_a_default_mark_that_moves_leaves_one_default(
    shop: Connection, facebook: Company, sandbox: SandboxServer, clears: bool
) -> None:
    store.set_up(sandbox, new_default_clears_old=clears)
    first, second = place(facebook, label="First", is_default_billing=True), place(facebook, label="Second")
    seeded.there(shop, sandbox, first, second)

    buyers.change(second, is_default_billing=True)
    first.refresh_from_db()
    buyers.sync(shop, first, second)

    marks = {row["label"]: row["isDefaultBilling"] for row in store.rows(sandbox, "address")}
    assert marks == {"First": False, "Second": True}


@pytest.mark.parametrize("count", [9, 10, 11, 25])
def test_many_go_together_ten_at_most_and_each_knows_its_own_id(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between, count: int
) -> None:
    between.edits("POST /addresses/bulk", lambda body: {**body, "data": body["data"][::-1]})
    docks = many(facebook, count)

    run = talk.send(shop, docks)

    assert run.created == count == len(store.rows(sandbox, "address"))
    for dock in docks:
        assert buyers.link(dock, shop).remote_id == str(there(sandbox, dock)["id"])
    assert max(len(body) for body in between.bodies("POST /addresses/bulk")) <= 10
    assert len(between.writes()) < count


@pytest.mark.parametrize("atomic", [True, False])
def test_bad_ones_in_a_bulk_fail_alone_and_by_field(
    shop: Connection, facebook: Company, sandbox: SandboxServer, atomic: bool
) -> None:
    store.set_up(sandbox, bulk_atomic=atomic)
    docks = many(facebook, 6)
    buyers.change(docks[1], region="Calisota")
    buyers.change(docks[4], region="Nowhere")

    run = talk.send(shop, docks)

    assert (run.created, run.rejected) == (4, 2)
    assert [list(buyers.link(dock, shop).errors) for dock in docks] == [
        [],
        ["region"],
        [],
        [],
        ["region"],
        [],
    ]
    assert sorted(row["label"] for row in store.rows(sandbox, "address")) == [
        "Dock 0",
        "Dock 2",
        "Dock 3",
        "Dock 5",
    ]


def test_locations_of_several_companies_go_each_to_their_own(
    shop: Connection, facebook: Company, sandbox: SandboxServer
) -> None:
    globex = buyers.company(shop, "Globex")
    seeded.there(shop, sandbox, globex)
    docks = [place(facebook), place(globex), place(facebook, label="B"), place(globex, label="B")]

    buyers.sync(shop, *docks)

    for dock in docks:
        assert str(there(sandbox, dock)["companyId"]) == buyers.link(dock.company, shop).remote_id


HOW = [("cut", True), ("cut", False), ("html", True), ("garbage", True), ("500", True), ("503", False)]


# One alone is lost in every way; what is read of an answer is read alike where many go together.
LOSSES = [
    *(("POST /addresses", 1, *way) for way in HOW),
    *(("POST /addresses/bulk", 12, *way) for way in (*HOW[:2], ("garbage", True))),
]


@pytest.mark.parametrize(("call", "count", "how", "arrives"), LOSSES)
def test_an_answer_that_is_lost_makes_each_address_once(
    shop: Connection,
    facebook: Company,
    sandbox: SandboxServer,
    between: Between,
    call: str,
    count: int,
    how: str,
    arrives: bool,
) -> None:
    docks = many(facebook, count)
    between.breaks(call, how, arrives=arrives)

    buyers.sync(shop, *docks)
    buyers.settle(shop)

    for dock in docks:
        assert there(sandbox, dock)["addressLine1"] == dock.street
        assert talk.shown(dock, shop)[0] == "In sync"
    assert len(store.rows(sandbox, "address")) == count


@pytest.mark.parametrize("how", ["exact", "contains", "ignored"])
def test_a_lost_create_is_found_whatever_the_filter_does(
    shop: Connection, facebook: Company, sandbox: SandboxServer, between: Between, how: str
) -> None:
    store.set_up(sandbox, external_id_filter=how)
    strangers = [
        {"companyName": "Facebook", "label": f"S{n}", "firstName": "S", "lastName": "T", "addressLine1": "x",
         "city": "y", "countryCode": "NL"}
        for n in range(15)
    ]  # fmt: skip
    store.makes(sandbox, "address", *strangers)
    dock = place(facebook)
    between.loses("POST /addresses")

    buyers.sync(shop, dock)
    buyers.settle(shop)

    assert len(store.rows(sandbox, "address")) == 16
    assert buyers.link(dock, shop).remote_id == str(there(sandbox, dock)["id"])


def test_the_search_is_by_our_id_and_what_it_finds_is_compared(
    shop: Connection, facebook: Company, between: Between
) -> None:
    dock = place(facebook)

    buyers.sync(shop, dock)

    asked = [dict(one.query) for one in between.calls("GET /addresses")]
    assert {one.get("externalId[]") for one in asked} == {str(dock.public_id)}


def test_a_deleted_address_is_told_as_gone(
    shop: Connection, facebook: Company, sandbox: SandboxServer
) -> None:
    dock = place(facebook)
    seeded.there(shop, sandbox, dock)
    store.deletes(sandbox, "address", buyers.link(dock, shop).remote_id)

    buyers.change(dock, postal_code="94608")
    buyers.sync(shop, dock)

    assert talk.shown(dock, shop)[0] == "Gone over there"
    assert store.rows(sandbox, "address") == []
