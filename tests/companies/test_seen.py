"""Two people on one company: nobody overwrites unseen what the other saved."""

import re
from typing import Any

import pytest

from companies.models import Company
from tests.factories import CompanyFactory, ContactFactory, LocationFactory
from tests.staff import browser_of, superuser

pytestmark = pytest.mark.django_db


def posted(html: str) -> dict[str, str]:
    """Return what the page's form would post, untouched."""
    inputs = re.findall(r'<input[^>]*?name="([^"]+)"[^>]*?>', html)
    values = {}
    for name in inputs:
        tag = re.search(rf'<input[^>]*?name="{re.escape(name)}"[^>]*?>', html)
        value = re.search(r'value="([^"]*)"', tag[0]) if tag else None
        values[name] = value[1] if value else ""
    return values


def form_of(company: Company, **fields: Any) -> dict[str, Any]:
    return {"name": company.name, "status": "active", "sync_enabled": "on", "association": "1", **fields}


@pytest.fixture
def company() -> Company:
    return CompanyFactory.create(name="Facebook", legal_city="Toronto", legal_country="CA")


def test_a_page_that_was_opened_before_another_save_is_not_stored(company: Company) -> None:
    client = browser_of(superuser())
    url = f"/admin/companies/company/{company.pk}/change/"
    opened = posted(client.get(url).content.decode())["seen"]
    company.legal_city = "Ottawa"
    company.save()

    answer = client.post(url, form_of(company, name="Meta", legal_city="Toronto", seen=opened))

    html = answer.content.decode()
    company.refresh_from_db()
    assert (answer.status_code, company.name, company.legal_city) == (200, "Facebook", "Ottawa")
    assert "Somebody saved Facebook after you opened this page" in html
    assert "City" in html.partition("Saving now would change:")[2][:200]


def test_who_has_seen_it_saves_again(company: Company) -> None:
    client = browser_of(superuser())
    url = f"/admin/companies/company/{company.pk}/change/"
    opened = posted(client.get(url).content.decode())["seen"]
    company.save()
    refused = client.post(url, form_of(company, name="Meta", seen=opened))

    again = posted(refused.content.decode())["seen"]
    client.post(url, form_of(company, name="Meta", seen=again))

    company.refresh_from_db()
    assert company.name == "Meta"


def test_a_location_or_a_contact_added_meanwhile_is_no_other_edit(company: Company) -> None:
    client = browser_of(superuser())
    url = f"/admin/companies/company/{company.pk}/change/"
    opened = posted(client.get(url).content.decode())["seen"]
    LocationFactory.create(company=company, is_default_billing=True)
    ContactFactory.create(company=company)

    client.post(url, form_of(company, name="Meta", seen=opened))

    company.refresh_from_db()
    assert company.name == "Meta"


def test_a_contact_is_guarded_too(company: Company) -> None:
    contact = ContactFactory.create(company=company, job_title="Buyer")
    client = browser_of(superuser())
    url = f"/admin/contacts/contact/{contact.pk}/change/"
    opened = posted(client.get(url).content.decode())["seen"]
    contact.job_title = "Head of Purchasing"
    contact.save()

    answer = client.post(url, {"last_name": "Z", "job_title": "Buyer", "role": "admin", "seen": opened})

    contact.refresh_from_db()
    assert contact.job_title == "Head of Purchasing"
    assert "after you opened this page" in answer.content.decode()
