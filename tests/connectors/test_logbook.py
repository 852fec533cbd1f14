"""What the engine writes into the log about one attempt."""

import pytest
from django.utils import timezone

from companies.models import CompanyLink
from connectors import entities, logbook, registry
from connectors.protocol import Outcome, Status
from synclog.models import Entry
from tests.factories import CompanyFactory, ConnectionFactory

pytestmark = pytest.mark.django_db


def test_a_very_long_name_leaves_room_for_what_happened() -> None:
    account = ConnectionFactory.create()
    company = CompanyFactory.create(name="x" * 500, legal_name="")
    row = CompanyLink(record=company, connection=account)
    outcome = Outcome(Status.REJECTED, errors={"name": "Company Name has 500 characters."})
    mapping = registry.mapping(account, "company")

    entries = logbook.Entries(account, entities.get("company"), mapping, timezone.now())
    entry = Entry(**entries.of(row, outcome))

    assert len(entry.description) < 200
    assert entry.description.endswith("was not sent to Salesforce: Company Name has 500 characters.")
    assert entry.object_name == company.name
    assert company.name in entry.search
