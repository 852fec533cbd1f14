"""Requests that no page sends: whoever asks is refused in words, and never by a failure of ours."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import FieldError
from django.db import connection, connections, transaction
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from companies.models import Company
from config import zone
from connectors.models import Connection
from synclog import statements
from synclog.strict_admin import StrictAdmin
from tests.factories import CompanyFactory, ConnectionFactory
from tests.staff import browser_of, superuser

from .test_rights import Desk, desk, patterns  # noqa: F401 - the fixture

pytestmark = [pytest.mark.django_db, pytest.mark.security]

NAMES = (
    "q", "p", "o", "all", "e", "state", "owner", "linked", "term", "page", "_popup", "_to_field", "_facets",
    "_changelist_filters", "from_date", "to_date", "from_time", "to_time", "message", "connection", "run",
    "object", "level", "outcome", "action_type", "tokens", "company", "company__id__exact",
    "groups__id__exact",
    "is_active", "is_active__exact", "created_at_from_0", "created_at_to_1", "pk", "id", "ids", "name",
    "name__regex", "legal_street__regex", "credentials__regex", "credentials__startswith", "password",
    "remote_links__remote_user__name", "app_label", "model_name", "field_name", "back", "kind", "entity",
    "choice", "_selected_action", "action", "select_across", "sales_representative", "direction", "user",
    "take", "_sync",
)  # fmt: skip
LONG = "9" * 5_000  # Python reads no number of more than 4,300 digits
VALUES = (
    "", "abc", "(", "%", "_", "0", "-1", "99", "999999999999999999999999", "\x00", "a\x00b", "1\x00",
    "٣",
    "null", "None", "true", "9999-12-31", "0001-01-01", "2026-02-30", "23:59:60", "../../etc/passwd",
    "' OR 1=1 --", "<script>alert(1)</script>", "{{7*7}}", "😀", "مرحبا", "1e400", "[]", "a" * 3_000,
    "00000000-0000-0000-0000-000000000000", "1,2,3", "company", "contact", "contacts", "companies",
    LONG, f"{LONG}-family", "a" * 31 + "\x00",
)  # fmt: skip
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
names = st.sampled_from(NAMES) | text.filter(bool)
values = st.sampled_from(VALUES) | text
COOKIES = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, "messages", zone.COOKIE)


def failures(address: str, parameters: dict[str, str], cookies: dict[str, str]) -> list[int]:
    """Ask by GET and by POST; return the statuses that say that we failed. Nothing of it stays."""
    found = []
    for method in ("get", "post"):
        client = Client(raise_request_exception=False)
        with transaction.atomic():
            answer = getattr(client, method)(address, parameters, headers={"cookie": written(cookies)})
            transaction.set_rollback(True)
        found += [answer.status_code] if answer.status_code >= 500 else []
    return found


def written(cookies: dict[str, str]) -> str:
    """Write cookies as a header can carry them: each byte as the number that servers read it by."""
    return "; ".join(
        f'{name}="' + "".join(f"\\{byte:03o}" for byte in value.encode()) + '"'
        for name, value in cookies.items()
    )


def odd(desk: Desk, named: tuple[str, str], part: str) -> str:  # noqa: F811
    """Return an address with `part` in the place of each of its arguments."""
    arguments = {argument for known in desk.examples.values() for argument in known}
    return Desk({"": dict.fromkeys(arguments, quote(part, safe=""))}).address(*named)


# Who asks, how many drawn requests, and how many of the listed ones of each address: another third each.
@pytest.mark.parametrize(
    ("who", "drawn", "turns"),
    [
        ("anonymous", 10, 1),
        ("viewer", 10, 1),
        ("superuser", 10, 1),
        pytest.param("superuser", 100, 3, marks=pytest.mark.slow),
    ],
)
def test_no_address_parameter_or_cookie_makes_the_console_fail(
    desk: Desk,  # noqa: F811
    who: str,
    drawn: int,
    turns: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    plain = [desk.address(name, pattern) for name, pattern in patterns().items()]
    patterned = list(patterns().items())
    addresses = st.sampled_from(plain) | st.builds(odd, st.just(desk), st.sampled_from(patterned), values)
    session = {settings.SESSION_COOKIE_NAME: desk.sessions[who]} if who in desk.sessions else {}

    @hypothesis_settings(
        max_examples=drawn, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(
        address=addresses,
        parameters=st.dictionaries(names, values, max_size=4),
        cookies=st.just({}) | st.dictionaries(st.sampled_from(COOKIES), values, max_size=2),
    )
    def asks(address: str, parameters: dict[str, str], cookies: dict[str, str]) -> None:
        assert failures(address, parameters, session | cookies) == [], (address, parameters, cookies)

    asks()
    odd_ones = [odd(desk, named, VALUES[number % len(VALUES)]) for number, named in enumerate(patterned)]
    wrong = [
        (place, name, value)
        for number, (address, odd_one) in enumerate(zip(plain, odd_ones, strict=True))
        for place, name, value in _asked(number, address, odd_one, turns)
        if failures(place, {name: value}, session)
    ]
    assert wrong == []


def _asked(number: int, address: str, odd_one: str, turns: int) -> list[tuple[str, str, str]]:
    """Return that many names and values for an address or its odd one, others for the next address."""
    every = [
        (place, NAMES[(number * 7 + turn * 11) % len(NAMES)], VALUES[(number * 5 + turn * 3) % len(VALUES)])
        for turn, place in enumerate((address, address, odd_one))
    ]
    return [every[(number + turn) % len(every)] for turn in range(turns)]


@pytest.mark.parametrize(
    "address",
    [
        "/admin/companies/company/?name__regex=(",
        "/admin/companies/company/?legal_street__regex=(a%2B)%2B$",
        "/admin/companies/company/?legal_street=Market",
        "/admin/connectors/connection/?credentials__regex=^g",
        "/admin/connectors/connection/?credentials__startswith=g",
        "/admin/auth/user/?password__startswith=pbkdf2",
        "/admin/contacts/contact/?company__sales_representative__password__startswith=p",
        "/admin/companies/company/?q=%00",
        "/admin/companies/company/?state=%00",
        "/admin/companies/company/?%00=1",
    ],
)
def test_what_no_filter_declares_is_refused(address: str) -> None:
    answer = browser_of(superuser()).get(address)

    assert answer.status_code == 400
    assert "something that no page offers" in answer.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "/admin/synclog/entry/?to_date=9999-12-31",
        "/admin/synclog/entry/?from_date=0001-01-01&to_time=23:59",
        "/admin/search/?s=a&page=0",
        "/admin/search/?s=a&page=99",
        "/admin/contacts/contact/add/?company=abc",
        "/admin/companies/company/add/?sales_representative=99999999999999999999999999",
        "/admin/companies/company/?p=99999999999999999999",
        "/admin/companies/company/?p=-1",
        "/admin/companies/company/?o=-1.x.999",
    ],
)
def test_nonsense_in_an_address_is_no_failure(address: str) -> None:
    CompanyFactory.create()

    assert browser_of(superuser()).get(address).status_code < 500


@pytest.mark.parametrize("length", [3, 32])  # a key of less than eight characters is never looked up
def test_a_nul_in_the_session_cookie_is_refused(length: int) -> None:
    cookie = f'{settings.SESSION_COOKIE_NAME}="{"a" * (length - 1)}\\000"'

    answer = Client(raise_request_exception=False).get("/admin/", headers={"cookie": cookie})

    assert answer.status_code == 400


@pytest.mark.parametrize("part", ["abc", "0", "9" * 30, LONG])
def test_the_history_of_what_is_no_record_is_not_there(part: str) -> None:
    browser = browser_of(superuser())
    browser.raise_request_exception = False

    for kind in (
        "connectors/connection",
        "companies/company",
        "contacts/contact",
        "auth/user",
        "synclog/run",
    ):
        assert browser.get(f"/admin/{kind}/{part}/history/").status_code in (302, 404), kind


def test_a_number_longer_than_python_reads_chooses_nothing() -> None:
    company, user = CompanyFactory.create(), superuser()
    account = ConnectionFactory.create()
    browser = browser_of(user)
    browser.raise_request_exception = False
    form = {"name": company.name, "status": "active", "sync_enabled": "on", "association": "1"}

    taken = browser.get(f"/admin/auth/user/{user.pk}/change/", {"take": LONG})
    synced = browser.post(f"/admin/companies/company/{company.pk}/change/", {**form, "_sync": LONG})

    assert (taken.status_code, synced.status_code) == (200, 302)
    assert account.name in taken.content.decode()


def test_a_tick_that_is_no_record_chooses_nothing() -> None:
    CompanyFactory.create()
    form = {"action": "delete_selected", "_selected_action": "abc", "index": "0"}

    answer = browser_of(superuser()).post("/admin/companies/company/", form)

    assert answer.status_code in (302, 400)
    assert Company.objects.count() == 1


@pytest.mark.parametrize("choice", ["%", "abc", "9" * 30])
def test_a_choice_that_is_no_record_is_refused(choice: str) -> None:
    company = CompanyFactory.create()

    answer = browser_of(superuser()).post(
        f"/admin/companies/company/{company.pk}/change/", {"sales_representative": choice}
    )

    assert answer.status_code == 400


def test_every_admin_allows_only_what_it_declares() -> None:
    assert [model for model, one in admin.site._registry.items() if not isinstance(one, StrictAdmin)] == []


@pytest.mark.parametrize("lookup", ["exact", "regex", "startswith", "contains", "in", "gt", "length__gt"])
def test_what_is_encrypted_cannot_be_looked_for(lookup: str) -> None:
    with pytest.raises(FieldError):
        Connection.objects.filter(**{f"credentials__{lookup}": "g"}).exists()


def test_what_is_encrypted_can_be_asked_whether_it_is_there() -> None:
    assert not Connection.objects.filter(credentials__isnull=True).exists()


def test_a_search_takes_six_words_and_says_so() -> None:
    company = CompanyFactory.create(name="one two three four five six")
    html = browser_of(superuser()).get("/admin/companies/company/", {"q": f"{company.name} seven"})

    page = html.content.decode()
    assert "A search takes 6 words and 100 characters" in page
    assert company.name in page


def test_a_long_search_is_cut_to_a_hundred_characters(django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(60):
        answer = browser_of(superuser()).get("/admin/companies/company/", {"q": "x" * 5_000})

    assert answer.status_code == 200


def test_only_processes_that_serve_pages_stop_a_statement() -> None:
    code = "import {what}, django; django.setup(); from django.db import connection as c; k = c.cursor(); "
    code += "k.execute('show statement_timeout'); print(k.fetchone()[0])"

    web, worker = (_printed(code.format(what=what)) for what in ("config.wsgi", "config.celery"))

    assert (web, worker) == ("10s", "0")


def _printed(code: str) -> str:
    chosen = connection.settings_dict
    url = os.environ["DATABASE_URL"]
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    environment.pop("CONCORD_SERVES_PAGES", None)  # set by a test that serves pages
    assert chosen["ENGINE"].endswith("postgresql")
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120,
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_takes_too_long_is_stopped_and_told_in_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, logger="django.request")
    client = browser_of(superuser())
    client.raise_request_exception = False
    other = connections.create_connection("default")

    with other.cursor() as held, connection.cursor() as mine:
        held.execute("BEGIN; LOCK TABLE companies_company IN ACCESS EXCLUSIVE MODE")
        mine.execute("SET statement_timeout = '1s'")
        answer = client.get("/admin/companies/company/")
        mine.execute("SET statement_timeout = 0")
    other.close()

    assert answer.status_code == 503
    assert "This took too long and was stopped" in answer.content.decode()


def test_who_asks_for_very_many_records_gets_more_time_only_where_there_is_a_limit() -> None:
    with connection.cursor() as cursor:
        statements.allow_longer()
        cursor.execute("show statement_timeout")
        unlimited = cursor.fetchone()
        cursor.execute("SET LOCAL statement_timeout = '10s'")
        statements.allow_longer()
        cursor.execute("show statement_timeout")

        assert (unlimited, cursor.fetchone()) == (("0",), ("2min",))
