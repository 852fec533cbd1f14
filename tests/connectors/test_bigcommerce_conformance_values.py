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


def limits(known: dict[str, tuple[str, int]], *, fits: bool) -> dict[str, tuple[str, str]]:
    """Return for each field its remote name and a value: just fitting, or one character above the limit."""
    return {
        field: (remote, text(field, limit + (not fits)))
        for field, (remote, limit) in known.items()
        if fits or not field.endswith("postal_code")  # ours has no more
    }


def judged(shop: Connection, between: Between, record: Synced, field: str, *, fits: bool) -> None:
    """Assert that a record arrived, or that nobody was called and its field is told of."""
    link = buyers.link(record, shop)
    if fits:
        assert talk.shown(record, shop)[0] == "In sync"
        return
    assert between.writes() == []
    assert list(link.errors) == [field]
    assert "Shorten" in link.errors[field]


def stored(sandbox: SandboxServer, entity: str, record: Synced, remote: str) -> list[str]:
    """Return what a field of a record holds in the store; nothing where it is not there."""
    key = "externalId" if entity == "address" else "uuid"
    return [row[remote] for row in store.rows(sandbox, entity) if row[key] == str(record.public_id)]


@pytest.mark.parametrize("fits", [True, False])
def test_companies_are_refused_here_from_one_above_each_limit(
    shop: Connection, sandbox: SandboxServer, between: Between, fits: bool
) -> None:
    tried = limits(COMPANY_LIMITS, fits=fits)
    made = {
        field: buyers.company(shop, **{"name": f"Long {field}", "legal_country": "NL", field: value})
        for field, (_, value) in tried.items()
    }

    buyers.sync(shop, *made.values())

    for field, (remote, value) in tried.items():
        judged(shop, between, made[field], field, fits=fits)
        assert stored(sandbox, "company", made[field], remote) == ([value] if fits else [])


@pytest.mark.parametrize("length", [100, 101])
def test_first_users_are_refused_here_from_one_above_each_limit(
    shop: Connection, sandbox: SandboxServer, between: Between, length: int
) -> None:
    sizes = {"first_name": length, "last_name": length, "email": length, "phone": length - 50}
    made = {field: buyers.company(shop, f"Long {field}") for field in sizes}
    for field, size in sizes.items():  # the store's own customers take phones of 50
        Contact.objects.filter(company=made[field]).update(**{field: text(field, size)})

    buyers.sync(shop, *made.values())

    for company in made.values():
        judged(shop, between, company, "primary_contact", fits=length == 100)
    assert len(store.rows(sandbox, "user")) == (len(sizes) if length == 100 else 0)


@pytest.mark.parametrize("fits", [True, False])
def test_users_are_refused_here_from_one_above_each_limit(
    shop: Connection, sandbox: SandboxServer, between: Between, fits: bool
) -> None:
    facebook = _placed(shop, sandbox)
    tried = limits(USER_LIMITS, fits=fits)
    made = {
        field: ContactFactory.create(**{"company": facebook, field: value})
        for field, (_, value) in tried.items()
    }

    buyers.sync(shop, *made.values())

    for field, (remote, value) in tried.items():
        judged(shop, between, made[field], field, fits=fits)
        assert stored(sandbox, "user", made[field], remote) == ([value] if fits else [])


@pytest.mark.parametrize("fits", [True, False])
def test_addresses_are_refused_here_from_one_above_each_limit(
    shop: Connection, sandbox: SandboxServer, between: Between, fits: bool
) -> None:
    facebook = _placed(shop, sandbox)
    tried = limits(ADDRESS_LIMITS, fits=fits)
    made = {
        field: LocationFactory.create(
            **{"company": facebook, "country": "NL", "street": f"{number} Gracht", field: value}
        )
        for number, (field, (_, value)) in enumerate(tried.items())
    }

    buyers.sync(shop, *made.values())

    for field, (remote, value) in tried.items():
        judged(shop, between, made[field], field, fits=fits)
        assert stored(sandbox, "address", made[field], remote) == ([value] if fits else [])


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


def test_strange_values_arrive_as_they_are(
    shop: Connection, sandbox: SandboxServer, between: Between
) -> None:
    values = {what: value for what, value in STRANGE.items() if what != "NUL"}  # PostgreSQL holds none
    companies, people, docks = [], [], []
    for number, value in enumerate(values.values()):
        company = buyers.company(shop, name=value, legal_city=value, legal_country="NL")
        mailbox = f"n{number}@x.example"
        person = ContactFactory.create(company=company, first_name=value, last_name=value, email=mailbox)
        dock = LocationFactory.create(
            company=company, label=value, city=value, country="NL", recipient=f"{value} Z"
        )
        companies.append(company)
        people.append(person)
        docks.append(dock)
    for records in (companies, people, docks):
        buyers.sync(shop, *records)
    between.forget()

    runs = [talk.send(shop, records) for records in (companies, people, docks)]

    there = {
        what: [
            store.mine(sandbox, kind, one)
            for kind, one in zip(("company", "user", "address"), three, strict=True)
        ]
        for what, *three in zip(values, companies, people, docks, strict=True)
    }
    arrived = {
        what: {company["companyName"], company["city"], user["firstName"], user["lastName"], address["label"]}
        for what, (company, user, address) in there.items()
    }
    assert arrived == {what: {value.strip()} for what, value in values.items()}
    names = {what: f"{address['firstName']} {address['lastName']}" for what, (_, _, address) in there.items()}
    one_line = {
        what: value.strip() if what == "zero width" else " ".join(value.split())
        for what, value in values.items()
    }
    assert names == {what: f"{line} Z" for what, line in one_line.items()}
    assert [run.unchanged for run in runs] == [len(values)] * 3
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


def test_countries_with_several_names_arrive(shop: Connection, sandbox: SandboxServer) -> None:
    codes = ["TR", "KR", "CZ", "VN", "BO", "CI", "GB", "RU", "CD", "MK", "TW", "PS"]
    made = {code: buyers.company(shop, f"In {code}", legal_country=code, legal_region="") for code in codes}

    buyers.sync(shop, *made.values())

    assert {code: talk.shown(one, shop)[0] for code, one in made.items()} == dict.fromkeys(codes, "In sync")
    assert len(store.rows(sandbox, "company")) == len(codes)


STATES = [
    ("US", "CA", "California"), ("US", "california", "california"), ("CA", "on", "Ontario"),
    ("DE", "BY", "Bayern"), ("BR", "SP", "São Paulo"), ("AE", "DU", "Dubai"), ("IN", "MH", "Maharashtra"),
    ("NL", "ZH", "Zuid-Holland"),
]  # fmt: skip


def test_a_companys_state_goes_by_its_name(shop: Connection, between: Between) -> None:
    made = {
        f"{country} {typed}": buyers.company(
            shop, f"In {country} {typed}", legal_country=country, legal_region=typed
        )
        for country, typed, _ in STATES
    }

    buyers.sync(shop, *made.values())

    bodies = [
        body for call in between.calls("POST /companies", "POST /companies/bulk") for body in call.records
    ]
    sent = {body["companyName"]: body["state"] for body in bodies}
    assert sent == {f"In {country} {typed}": name for country, typed, name in STATES}
    assert {talk.shown(one, shop)[0] for one in made.values()} == {"In sync"}


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
