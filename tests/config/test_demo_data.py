"""demo_data: the same companies everywhere, three of them bad, and never where it isn't wanted."""

import json
import time
from pathlib import Path

import pytest
import requests
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from companies.models import Company, CompanyLink, LocationLink
from config.demo import storefront
from config.demo.companies import DUPLICATE_NAME, demo_companies
from connectors import push
from connectors.models import Connection
from connectors.sandbox import keeping
from connectors.sandbox.server import SandboxServer
from contacts.models import Contact, ContactLink
from tests import b2b
from tests.factories import B2BFactory, CompanyFactory, ConnectionFactory

LIMITS = {
    "name": 255,
    "legal_name": 255,
    "email": 80,
    "phone": 40,
    "website": 255,
    "tax_id": 50,
    "legal_street": 255,
    "legal_city": 40,
    "legal_region": 80,
    "legal_postal_code": 20,
}


@pytest.fixture
def own_var(settings: Settings, tmp_path: Path) -> Path:
    """Keep the seed file of this test apart."""
    settings.VAR_DIR = tmp_path
    return tmp_path


def add(number: int, *options: str, url: str = "http://127.0.0.1:1") -> None:
    call_command("demo_data", "--companies", str(number), "--sandbox-url", url, *options, verbosity=0)


def test_every_clean_company_fits_salesforce_and_is_unique() -> None:
    companies = demo_companies(2000, clean=True)

    for company in companies:
        company.clean_fields(exclude=["sales_representative"])
        assert company.phone_e164
        assert company.legal_country
        assert company.website.endswith(".example")
        assert company.email.isascii()
        assert company.email.partition("@")[2] == company.website.removeprefix("https://")
    for field, longest in LIMITS.items():
        assert max(len(getattr(company, field)) for company in companies) <= longest
    for field in ("name", "website", "email", "public_id"):
        assert len({getattr(company, field) for company in companies}) == len(companies)


def test_more_companies_begin_with_the_same_ones() -> None:
    few, many = demo_companies(40, clean=True), demo_companies(90, clean=True)

    assert [(c.public_id, c.name, c.phone) for c in few] == [
        (c.public_id, c.name, c.phone) for c in many[:40]
    ]


@pytest.mark.parametrize("number", [3, 8, 9, 60])
def test_exactly_three_are_bad(number: int) -> None:
    companies = demo_companies(number, clean=False)
    too_long = [company for company in companies if len(company.name) > 255]
    refused = [company for company in companies if not is_mailbox(company)]
    twice = [company for company in companies if company.name == DUPLICATE_NAME]

    assert [len(company.name) for company in too_long] == [300]
    assert len(refused) == len(twice) == 1
    assert len({id(company) for company in (*too_long, *refused, *twice)}) == 3


def is_mailbox(company: Company) -> bool:
    try:
        company.clean_fields(exclude=[f.name for f in Company._meta.fields if f.name != "email"])
    except ValidationError:
        return False
    return True


@pytest.mark.django_db
def test_rows_are_written_and_nothing_is_requested(own_var: Path) -> None:
    add(10)

    connection = Connection.objects.get()
    assert Company.objects.filter(source=Company.Source.DEMO).count() == 10
    assert not CompanyLink.objects.exists()
    assert (connection.slug, connection.environment) == ("salesforce", "rehearsal")
    assert connection.base_url == "http://127.0.0.1:1/salesforce"
    assert connection.pushes_automatically("company")
    assert connection.health.failures == 0
    assert authenticate(username="admin", password="admin") is not None


@pytest.mark.django_db
def test_a_second_call_adds_nothing(own_var: Path) -> None:
    add(10)
    add(10)
    add(20)

    assert (Company.objects.count(), Connection.objects.count()) == (10, 1)


@pytest.mark.django_db
def test_ten_thousand_companies_take_seconds(own_var: Path) -> None:
    started = time.monotonic()

    add(10_000, "--clean")

    assert Company.objects.count() == 10_000
    assert time.monotonic() - started < 60  # 3 s measured; only a query per row would take this long


@pytest.mark.django_db
def test_real_companies_keep_demo_data_out() -> None:
    CompanyFactory.create()

    with pytest.raises(CommandError, match="not demo data"):
        add(10)


@pytest.mark.django_db
def test_production_keeps_demo_data_out(settings: Settings) -> None:
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="production"):
        add(10)


@pytest.mark.django_db
def test_a_rehearsal_takes_demo_data_without_a_login_that_everybody_knows(settings: Settings) -> None:
    settings.DEVELOPMENT = False

    add(10)

    assert Company.objects.count() == 10
    assert authenticate(username="admin", password="admin") is None


@pytest.mark.django_db
def test_a_real_connection_keeps_demo_data_out() -> None:
    ConnectionFactory.create(environment=Connection.Environment.PRODUCTION)

    with pytest.raises(CommandError, match="no rehearsal"):
        add(10)


@pytest.mark.django_db
def test_too_few_for_the_bad_ones_are_refused() -> None:
    with pytest.raises(CommandError, match="--clean"):
        add(2)


@pytest.mark.django_db
def test_a_running_sandbox_gets_the_two_accounts_once(own_var: Path, sandbox: SandboxServer) -> None:
    add(10, url=sandbox.url)
    add(10, url=sandbox.url)

    accounts = requests.get(f"{sandbox.url}/_control/salesforce/Account", timeout=5).json()
    assert [account["Name"] for account in accounts] == [DUPLICATE_NAME] * 2


@pytest.mark.django_db
def test_a_later_sandbox_finds_the_two_accounts_in_the_file(own_var: Path) -> None:
    add(10)

    server = SandboxServer(port=0)
    assert keeping.load(server.app, own_var / "rehearsal.json") == 2
    assert keeping.load(server.app, own_var / "rehearsal.json") == 0


@pytest.mark.django_db(transaction=True)
def test_seven_of_ten_arrive_and_each_bad_one_says_why(own_var: Path, sandbox: SandboxServer) -> None:
    add(10)
    keeping.load(sandbox.app, own_var / "rehearsal.json")
    Connection.objects.update(base_url=f"{sandbox.url}/salesforce")

    with pytest.raises(SystemExit):
        call_command("sync", "salesforce", "company", "--wait", "--timeout", "30")

    failed = CompanyLink.objects.filter(state="failed").order_by("code")
    assert Company.objects.filter(links__state="idle").count() == 7
    assert sorted(link.code for link in failed) == ["INVALID_EMAIL_ADDRESS", "conflict", "invalid"]
    assert all(link.message or link.errors for link in failed)


@pytest.mark.django_db
def test_a_clean_demo_leaves_no_accounts(own_var: Path) -> None:
    (own_var / "rehearsal.json").write_text("{}")

    add(10, "--clean")

    assert not (own_var / "rehearsal.json").exists()


def test_a_kept_rehearsal_comes_back_with_its_ids(tmp_path: Path) -> None:
    before, after = SandboxServer(port=0), SandboxServer(port=0)
    ids = before.app.systems["salesforce"].create("Account", [{"Name": "Kept"}, {"Name": "Deleted"}])
    before.app.systems["salesforce"].delete("Account", ids[1])

    keeping.keep(before.app, tmp_path / "kept.json")
    keeping.load(after.app, tmp_path / "kept.json")

    rows = after.app.systems["salesforce"].listing("Account", with_deleted=True)
    assert [(row["Id"], row["IsDeleted"]) for row in rows] == [(ids[0], False), (ids[1], True)]


@pytest.mark.parametrize(
    "text", ["no json", "[]", json.dumps({"salesforce": {"Nothing": [{}]}}), '{"x": {"y": []}}']
)
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)

    with pytest.raises(keeping.UnreadableFileError, match=r"broken\.json"):
        keeping.load(SandboxServer(port=0).app, path)


# With people: a store beside Salesforce


def store() -> Connection:
    return Connection.objects.select_related("health").get(slug=storefront.SLUG)


def sold() -> list[Company]:
    return storefront.sold_to(Company.objects.order_by("pk"))


@pytest.mark.django_db
def test_with_people_there_is_a_store_whose_companies_nobody_enabled_yet(own_var: Path) -> None:
    add(60, "--people")

    connection = store()
    assert connection.base_url == "http://127.0.0.1:1/bigcommerce"
    assert (connection.kind, connection.environment) == ("bigcommerce", "rehearsal")
    assert connection.pushes_automatically("location")
    assert not connection.associates_automatically("company")
    assert not CompanyLink.objects.exists()


@pytest.mark.django_db
def test_without_people_there_is_no_store(own_var: Path) -> None:
    add(10)

    assert [row.slug for row in Connection.objects.all()] == ["salesforce"]


@pytest.mark.django_db
def test_the_store_sells_to_twelve_companies_none_of_them_rejected(own_var: Path) -> None:
    add(60, "--people")

    companies = sold()
    assert len(companies) == 12
    assert {str(company.legal_country) for company in companies} <= set(storefront.SOLD_TO)
    assert "rejected" not in {company.status for company in companies}


@pytest.mark.django_db
@pytest.mark.parametrize(("options", "lacking"), [((), 1), (("--clean",), 0)])
def test_one_company_of_the_store_lacks_its_primary_contact_unless_all_is_clean(
    own_var: Path, options: tuple[str, ...], lacking: int
) -> None:
    add(60, "--people", *options)

    without = Company.objects.exclude(contacts__is_primary=True)
    assert list(without) == sold()[-1:][:lacking]


@pytest.mark.django_db
@pytest.mark.parametrize(("options", "customers"), [((), 1), (("--clean",), 0)])
def test_one_contact_is_a_plain_customer_of_the_store_unless_all_is_clean(
    own_var: Path, sandbox: SandboxServer, options: tuple[str, ...], customers: int
) -> None:
    add(60, "--people", *options, url=sandbox.url)
    add(60, "--people", *options, url=sandbox.url)

    found = b2b.rows(sandbox, "customer")
    assert len(found) == customers
    for row in found:
        assert Contact.objects.get(email=row["email"]).company in sold()
    assert {row["fieldName"] for row in b2b.rows(sandbox, "extra_field")} >= {"Concord ID", "Tax ID"}


@pytest.mark.django_db(transaction=True)
def test_the_stores_first_day_leaves_two_that_need_somebody_and_what_waits_for_them(
    own_var: Path, sandbox: SandboxServer
) -> None:
    b2b.set_up(sandbox, requests_per_window=3_000)  # its paces are tried elsewhere
    add(60, "--people", url=sandbox.url)

    storefront.first_day(store())
    push.drain(store().pk)

    *others, lacking = sold()
    assert {link.record for link in CompanyLink.objects.filter(state="idle")} == set(others)
    assert list(CompanyLink.objects.get(state="failed").errors) == ["primary_contact"]
    asked = ContactLink.objects.get(state="failed")
    assert (asked.code, [way["label"] for way in asked.ways]) == ("conflict", ["Link"])
    for links, least in ((ContactLink.objects, 20), (LocationLink.objects, 10)):
        assert {link.record.company for link in links.filter(state="pending")} == {lacking}
        assert links.filter(state="idle").exclude(remote_id="").count() >= least
    assert len(b2b.rows(sandbox, "company")) == len(others)


@pytest.mark.django_db
def test_a_small_demo_has_a_store_too(own_var: Path) -> None:
    add(9, "--people")

    storefront.first_day(store())

    assert CompanyLink.objects.filter(connection=store(), state="pending").count() == len(sold()) == 5


@pytest.mark.django_db
def test_a_real_store_keeps_demo_data_out() -> None:
    B2BFactory.create(environment=Connection.Environment.PRODUCTION)

    with pytest.raises(CommandError, match="no rehearsal"):
        add(10)
