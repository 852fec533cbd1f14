"""The History of companies, locations and contacts: who changed what, from what to what."""

from typing import Any

import pytest
from django.test import Client
from simple_history.utils import update_change_reason

from tests.factories import CompanyFactory, ContactFactory, LocationFactory
from tests.staff import READS_ALL, SYNCS_ALL, browser_of, person

pytestmark = pytest.mark.django_db
FACTORIES = [CompanyFactory, ContactFactory, LocationFactory]


def address(record: Any, what: str) -> str:
    return f"/admin/{record._meta.app_label}/{record._meta.model_name}/{record.pk}/{what}/"


@pytest.fixture
def client() -> Client:
    return browser_of(person(*SYNCS_ALL))


def test_a_change_is_told_from_what_to_what_and_by_whom(client: Client) -> None:
    facebook = CompanyFactory.create(name="Facebook", status="active")
    form = {"name": "Meta", "status": "blocked", "legal_country": "US"}

    client.post(address(facebook, "change"), form)
    html = client.get(address(facebook, "history")).content.decode()

    assert "dana" in html
    for text in ("Company Name", "Facebook", "Meta", "Active", "Blocked"):
        assert text in html


@pytest.mark.parametrize("factory", FACTORIES)
def test_each_kind_of_record_has_its_history(client: Client, factory: Any) -> None:
    record = factory.create()

    answer = client.get(address(record, "history"))

    assert answer.status_code == 200
    assert "Created" in answer.content.decode()


@pytest.mark.parametrize("factory", FACTORIES)
def test_nobody_writes_an_old_version_back(factory: Any) -> None:
    record = factory.create()
    old = record.history.latest().pk
    reader = browser_of(person(*READS_ALL))

    answer = reader.post(f"{address(record, 'history')}{old}/")

    assert answer.status_code == 404
    assert record.history.count() == 1


def test_moving_the_primary_is_told(client: Client) -> None:
    mark = ContactFactory.create()
    ana = ContactFactory.create(company=mark.company)

    client.post(address(ana, "primary"))
    html = client.get(address(ana, "history")).content.decode()

    assert "Primary" in html
    assert "dana" in html


def test_hostile_values_are_escaped(client: Client) -> None:
    facebook = CompanyFactory.create()
    facebook.name = "<script>alert(1)</script>"
    facebook.save()
    update_change_reason(facebook, "<img src=x onerror=alert(1)>")

    html = client.get(address(facebook, "history")).content.decode()

    assert "<script>alert(1)" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_a_record_is_found_by_its_public_id(client: Client) -> None:
    facebook = CompanyFactory.create(name="Facebook")

    answer = client.get(f"/admin/companies/company/{facebook.public_id}/history/")

    assert "Facebook" in answer.content.decode()


def test_somebody_without_rights_sees_no_history() -> None:
    facebook = CompanyFactory.create()

    assert browser_of(person()).get(address(facebook, "history")).status_code == 403
