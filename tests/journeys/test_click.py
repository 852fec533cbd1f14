"""The first path: an administrator clicks Sync with Salesforce."""

import pytest

from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from synclog.models import Entry
from tests import talk
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db


def test_a_clicked_company_arrives_with_all_its_fields(salesforce: Connection, sandbox: SandboxServer) -> None:
    company = CompanyFactory.create(name="Facebook", phone="+1 444 444 444")

    run = talk.send(salesforce, [company])

    account = talk.account_of(sandbox, company)
    link = talk.link_of(company)
    assert account["Name"] == "Facebook"
    assert account["Concord_Email__c"] == company.email
    assert account["BillingCountry"] == "United States of America"
    assert link.remote_id == account["Id"]
    assert (link.state, link.unsure, link.changed) == ("idle", False, [])
    assert (run.created, run.requested) == (1, 1)
    entry = Entry.objects.get(object_id=company.public_id)
    assert entry.description == f"Facebook created in Salesforce as {account['Id']}."
    assert "Phone +1 444 444 444" in entry.message
