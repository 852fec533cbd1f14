"""Values at their limits and beyond, in every script, of every country.

Source: BigCommerce docs, B2B "Companies", "Users", "Addresses": lengths; read 2026-11.
"""

from typing import Any

import pycountry
import pytest

from companies.models import Company
from connectors import registry
from connectors.models import Connection, Synced
from connectors.sandbox.server import SandboxServer
from contacts.models import Contact
from tests import b2b as store
from tests import buyers, seeded, talk
from tests.between import Between
from tests.connectors.test_conformance import STRANGE
from tests.factories import CompanyFactory, ContactFactory, LocationFactory

pytestmark = pytest.mark.django_db

COMPANY_LIMITS = {
    "name": ("companyName", 200),
    "email": ("companyEmail", 200),
    "phone": ("companyPhone", 50),
    "legal_street": ("addressLine1", 200),
    "legal_city": ("city", 100),
    "legal_region": ("state", 50),
    "legal_postal_code": ("zipCode", 50),
}
USER_LIMITS = {
    "first_name": ("firstName", 100),  # what the store's own customers take
    "last_name": ("lastName", 100),
    "email": ("email", 150),
    "phone": ("phoneNumber", 50),
}
ADDRESS_LIMITS = {
    "street": ("addressLine1", 200),
    "city": ("city", 100),
    "region": ("stateName", 150),
    "postal_code": ("zipCode", 50),
    "phone": ("phoneNumber", 50),
}


def text(field: str, length: int) -> str:
    """Return a text of that many characters, an e-mail where the field wants one."""
    end = "@long.example" if field == "email" else ""
    return "ä" * (length - len(end)) + end if not end else "a" * (length - len(end)) + end


def limits(known: dict[str, tuple[str, int]]) -> list[tuple[str, str, int, bool]]:
    """Return each limit twice: just fitting, and one above it."""
    both = [(field, remote, limit, over) for field, (remote, limit) in known.items() for over in (0, 1)]
    return [
        (field, remote, limit + over, not over)
        for field, remote, limit, over in both
        if not (over and field.endswith("postal_code"))  # ours has no more
    ]


def judged(shop: Connection, between: Between, record: Synced, field: str, *, fits: bool) -> None:
    """Assert that a record arrived, or that nobody was called and its field is told of."""
    link = buyers.link(record, shop)
    if fits:
        assert talk.shown(record, shop)[0] == "In sync"
        return
    assert between.writes() == []
    assert list(link.errors) == [field]
    assert "Shorten" in link.errors[field]


@pytest.mark.parametrize(("field", "remote", "length", "fits"), limits(COMPANY_LIMITS))
def test_a_company_is_refused_here_from_one_above_the_limit(
    shop: Connection,
    sandbox: SandboxServer,
    between: Between,
    field: str,
    remote: str,
    length: int,
    fits: bool,
) -> None:
    value = text(field, length)
    made = buyers.company(shop, **{"legal_country": "NL", field: value})

    buyers.sync(shop, made)

    judged(shop, between, made, field, fits=fits)
    assert [row[remote] for row in store.rows(sandbox, "company")] == ([value] if fits else [])


@pytest.mark.parametrize("length", [100, 101])
@pytest.mark.parametrize("field", ["first_name", "last_name", "email", "phone"])
def test_a_first_user_is_refused_here_from_one_above_the_limit(
    shop: Connection, sandbox: SandboxServer, between: Between, field: str, length: int
) -> None:
    made = buyers.company(shop)
    size = length - 50 if field == "phone" else length  # the store's own customers take 50
    Contact.objects.filter(company=made).update(**{field: text(field, size)})

    buyers.sync(shop, made)

    judged(shop, between, made, "primary_contact", fits=length == 100)
    assert len(store.rows(sandbox, "user")) == (1 if length == 100 else 0)


@pytest.mark.parametrize(("field", "remote", "length", "fits"), limits(USER_LIMITS))
def test_a_user_is_refused_here_from_one_above_the_limit(
    shop: Connection,
    sandbox: SandboxServer,
    between: Between,
    field: str,
    remote: str,
    length: int,
    fits: bool,
) -> None:
    facebook = _placed(shop, sandbox)
    value = text(field, length)
    someone = ContactFactory.create(**{"company": facebook, "email": "anna@facebook.example", field: value})

    buyers.sync(shop, someone)

    judged(shop, between, someone, field, fits=fits)
    found = [row[remote] for row in store.rows(sandbox, "user") if row["uuid"] == str(someone.public_id)]
    assert found == ([value] if fits else [])


@pytest.mark.parametrize(("field", "remote", "length", "fits"), limits(ADDRESS_LIMITS))
def test_an_address_is_refused_here_from_one_above_the_limit(
    shop: Connection,
    sandbox: SandboxServer,
    between: Between,
    field: str,
    remote: str,
    length: int,
    fits: bool,
) -> None:
    facebook = _placed(shop, sandbox)
    value = text(field, length)
    dock = LocationFactory.create(**{"company": facebook, "country": "NL", field: value})

    buyers.sync(shop, dock)

    judged(shop, between, dock, field, fits=fits)
    assert [row[remote] for row in store.rows(sandbox, "address")] == ([value] if fits else [])


STREETS = [
    ("a" * 200 + "\n" + "b" * 200, True),
    ("a" * 201 + "\nb", False),
    ("a\n" + "b" * 201, False),
    ("a\n" + "b" * 99 + "\n" + "c" * 99, True),  # the second line takes all that is left, with a comma
    (" ".join(["word"] * 60), True),  # one line, parted between two words
]


@pytest.mark.parametrize(("street", "fits"), STREETS, ids=lambda value: str(value)[:12])
def test_each_line_of_a_street_has_its_own_limit(
    shop: Connection, sandbox: SandboxServer, between: Between, street: str, fits: bool
) -> None:
    facebook = _placed(shop, sandbox)
    dock = LocationFactory.create(company=facebook, country="NL", street=street)
    other = buyers.company(shop, "Globex", legal_street=street)

    buyers.sync(shop, dock)
    judged(shop, between, dock, "street", fits=fits)
    between.forget()
    buyers.sync(shop, other)
    judged(shop, between, other, "legal_street", fits=fits)

    for row in [*store.rows(sandbox, "address"), *store.rows(sandbox, "company")]:
        words = f"{row['addressLine1']} {row['addressLine2']}".replace(",", "").split()
        assert words in (street.split(), buyers.PLACE["legal_street"].split())


NAMES = [
    ("a" * 100 + " " + "b" * 100, True),
    ("a" * 101 + " b", False),
    ("a " + "b" * 101, False),
    ("a" * 101, False),
]


@pytest.mark.parametrize(
    ("recipient", "fits"), NAMES, ids=lambda value: str(value)[:6] + str(len(str(value)))
)
def test_each_half_of_a_name_has_its_own_limit(
    shop: Connection, sandbox: SandboxServer, between: Between, recipient: str, fits: bool
) -> None:
    facebook = _placed(shop, sandbox)
    dock = LocationFactory.create(company=facebook, country="NL", recipient=recipient)

    buyers.sync(shop, dock)

    judged(shop, between, dock, "recipient", fits=fits)


def test_what_is_far_too_long_is_refused_with_words_and_never_cut(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    made = CompanyFactory.build(name="ä" * 500)

    rendered = registry.mapping(shop, "company").render(made, lead=ContactFactory.build(company=made))

    assert rendered.errors["name"] == "Company Name has 500 characters; B2B takes 200. Shorten it by 300."


@pytest.mark.parametrize("what", STRANGE)
def test_strange_values_arrive_as_they_are(
    shop: Connection, sandbox: SandboxServer, between: Between, what: str
) -> None:
    value = STRANGE[what].replace("\x00", "")  # PostgreSQL holds no NUL
    one_line = " ".join(value.split()) if what != "zero width" else value
    facebook = buyers.company(shop, name=value, legal_city=value, legal_country="NL")
    someone = ContactFactory.create(company=facebook, first_name=value, last_name=value, email="a@x.example")
    dock = LocationFactory.create(
        company=facebook, label=value, city=value, country="NL", recipient=f"{value} Z"
    )
    for record in (facebook, someone, dock):
        buyers.sync(shop, record)
    between.forget()

    runs = [talk.send(shop, [record]) for record in (facebook, someone, dock)]

    company, user, address = (
        store.mine(sandbox, kind, record)
        for kind, record in (("company", facebook), ("user", someone), ("address", dock))
    )
    assert [
        company["companyName"],
        company["city"],
        user["firstName"],
        user["lastName"],
        address["label"],
    ] == ([value.strip()] * 5)
    assert f"{address['firstName']} {address['lastName']}" == f"{one_line.strip()} Z"
    assert [run.unchanged for run in runs] == [1, 1, 1]
    assert between.writes() == []


def test_nul_never_leaves(shop: Connection) -> None:
    made = CompanyFactory.build(name="Ac\x00me", phone="\x00")

    rendered = registry.mapping(shop, "company").render(made)

    assert (rendered.payload["companyName"], rendered.payload["companyPhone"]) == ("Acme", None)
    assert "phone" in rendered.errors


def test_every_country_has_a_name_or_a_code_that_the_store_knows(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    mapping = registry.mapping(shop, "company")
    codes = [country.alpha_2 for country in pycountry.countries]

    sent = {
        code: mapping.render(CompanyFactory.build(legal_country=code, legal_region="")).payload["country"]
        for code in codes
    }

    assert all(len(name) >= 2 for name in sent.values())
    assert len(set(sent.values())) == len(codes)
    assert {code for code, name in sent.items() if not _is_known(name)} == set()


def _is_known(name: str) -> bool:
    found = pycountry.countries.get(name=name) or pycountry.countries.get(common_name=name)
    return found is not None or pycountry.countries.get(alpha_2=name) is not None


@pytest.mark.parametrize("country", ["TR", "KR", "CZ", "VN", "BO", "CI", "GB", "RU", "CD", "MK", "TW", "PS"])
def test_countries_with_several_names_arrive(
    shop: Connection, sandbox: SandboxServer, between: Between, country: str
) -> None:
    made = buyers.company(shop, legal_country=country, legal_region="")

    buyers.sync(shop, made)

    assert talk.shown(made, shop)[0] == "In sync"
    assert len(store.rows(sandbox, "company")) == 1


STATES = [
    ("US", "CA", "California"), ("US", "california", "california"), ("CA", "on", "Ontario"),
    ("DE", "BY", "Bayern"), ("BR", "SP", "São Paulo"), ("AE", "DU", "Dubai"), ("IN", "MH", "Maharashtra"),
    ("NL", "ZH", "Zuid-Holland"),
]  # fmt: skip


@pytest.mark.parametrize(("country", "typed", "name"), STATES)
def test_a_companys_state_goes_by_its_name(
    shop: Connection, between: Between, country: str, typed: str, name: str
) -> None:
    made = buyers.company(shop, legal_country=country, legal_region=typed)

    buyers.sync(shop, made)

    assert [body["state"] for body in between.bodies("POST /companies")] == [name]
    assert talk.shown(made, shop)[0] == "In sync"


@pytest.mark.parametrize("shape", ["message", "fields"])
def test_a_state_that_the_store_wants_is_told_of_the_field(
    shop: Connection, sandbox: SandboxServer, shape: str
) -> None:
    store.set_up(sandbox, company_state_required=True, company_error_shape=shape)
    made = buyers.company(shop, legal_region="")

    buyers.sync(shop, made)

    assert buyers.link(made, shop).errors == {
        "legal_region": "State or Province is empty; B2B needs it. Fill it in and save."
    }


BARE: dict[str, Any] = {"phone": "", "email": "", "legal_country": ""}


def test_all_that_a_company_lacks_is_said_at_once(shop: Connection, between: Between) -> None:
    bare = CompanyFactory.create(**BARE)

    buyers.sync(shop, bare)

    assert set(buyers.link(bare, shop).errors) == {"phone", "email", "legal_country", "primary_contact"}
    assert between.writes() == []


@pytest.mark.parametrize("lacks", ["first_name", "last_name", "email"])
def test_all_that_a_user_lacks_is_said_before_any_write(
    shop: Connection, sandbox: SandboxServer, between: Between, lacks: str
) -> None:
    facebook = _placed(shop, sandbox)
    someone = ContactFactory.create(company=facebook)
    Contact.objects.filter(pk=someone.pk).update(**{lacks: ""})

    buyers.sync(shop, someone)

    assert list(buyers.link(someone, shop).errors) == [lacks]
    assert between.writes() == []


def _placed(shop: Connection, sandbox: SandboxServer) -> Company:
    made = buyers.company(shop)
    seeded.there(shop, sandbox, made)
    return made
