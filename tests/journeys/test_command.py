"""The command that others call: manage.py sync, on demo data, counted to the last call."""

import io
import re

import pytest
from django.core.management import call_command

from companies.models import Company
from connectors.models import Connection
from connectors.sandbox.server import SandboxServer
from tests import talk

pytestmark = pytest.mark.django_db(transaction=True)
LAST_LINE = re.compile(r"(\w+)=([\d.]+)")


def sync() -> dict[str, float]:
    """Run the command and return its last line's numbers."""
    said = io.StringIO()
    call_command("sync", "salesforce", "company", "--wait", "--timeout", "120", stdout=said)
    return {name: float(value) for name, value in LAST_LINE.findall(said.getvalue().strip().splitlines()[-1])}


def test_a_thousand_clean_companies_then_nothing_then_three_edits(sandbox: SandboxServer) -> None:
    call_command(
        "demo_data", "--companies", "1000", "--clean", "--sandbox-url", sandbox.url, stdout=io.StringIO()
    )

    first = sync()

    counts = talk.calls(sandbox)["counts"]["salesforce"]
    assert (first["created"], first["rejected"], first["conflict"], first["pending"]) == (1000, 0, 0, 0)
    assert counts["collections_upsert"] == 5
    assert first["calls"] == sum(counts.values())

    second = sync()

    assert (second["unchanged"], second["created"], second["updated"], second["calls"]) == (1000, 0, 0, 0)
    assert talk.calls(sandbox)["counts"]["salesforce"] == counts

    edited = list(Company.objects.order_by("pk")[:3])
    Connection.objects.update(auto_push={})
    for company in edited:
        company.phone = "+44 20 7946 0123"
        company.save()
    third = sync()

    assert (third["updated"], third["unchanged"], third["created"]) == (3, 997, 0)
    sent = talk.last_body(sandbox, "collections_update")["records"]
    assert [set(record) for record in sent] == [{"attributes", "id", "Phone"}] * 3
    assert len(talk.accounts(sandbox)) == 1000


def test_a_bad_company_makes_the_command_fail_and_the_others_arrive(sandbox: SandboxServer) -> None:
    call_command("demo_data", "--companies", "20", "--sandbox-url", sandbox.url, stdout=io.StringIO())

    with pytest.raises(SystemExit) as ended:
        sync()

    assert ended.value.code == 1
    assert len(talk.accounts(sandbox)) == 17 + 2  # the two over there that match one company
