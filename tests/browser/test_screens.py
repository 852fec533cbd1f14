"""Every screen, full of everything at once: no overflow, no complaint, on desk and phone, light and dark."""

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from companies.models import Company, CompanyLink
from connectors.models import Connection, ConnectionHealth, Pace
from synclog.models import Entry, Run
from tests.browser.conftest import sit_down
from tests.factories import B2BFactory, CompanyFactory, ConnectionFactory, UserFactory

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3
EVIL = "<b onmouseover=alert(1)>&amp; شركة 株式会社"


def stored(account: Connection) -> dict[str, str]:
    """Store one company per state, all with texts that hurt; return the addresses to look at."""
    now = timezone.now()
    run = Run.objects.create(
        kind="click", label="Sync with Salesforce", connection_id=account.pk, connection_name=account.name,
        entity="company", requested=9, created=3, rejected=1, conflict=1, skipped=1, user_name="admin",
    )  # fmt: skip
    twin = {
        "remote_id": "0015g00000Xa2bcAAB", "name": EVIL + LONG, "url": "http://127.0.0.1:1/x", "rule": LONG,
        "fields": {"Name": EVIL, "Website": LONG}, "facts": {"Owner": EVIL},
    }  # fmt: skip
    states: list[dict[str, Any]] = [
        {"remote_id": "0015g00000Xa1bcAAB", "synced_at": now},
        {"remote_id": "0015g00000Xa3bcAAB", "changed": ["name", "phone", "website", "legal_street"]},
        {"state": "pending", "not_before": now + timedelta(hours=1), "attempts": 2},
        {"state": "failed", "code": "FOO", "message": LONG, "errors": {"name": EVIL + LONG}},
        {"state": "failed", "code": "conflict", "candidates": [twin, {**twin, "remote_id": "x"}, twin]},
        {"state": "failed", "code": "gone", "remote_id": "0015g00000Xa4bcAAB", "message": EVIL},
        {"enabled": "no", "enabled_by": "admin", "enabled_at": now},
        {},
    ]
    companies = []
    for number, fields in enumerate(states):
        company = CompanyFactory.create(
            name=f"{EVIL} {LONG} {number}", email=f"{'x' * 60}@{'y' * 60}.example"
        )
        CompanyLink.objects.create(connection=account, record=company, run=run.pk, **fields)
        companies.append(company)
    ConnectionHealth.objects.filter(connection=account).update(
        pause="login", pause_reason=EVIL + LONG, paused_at=now, usage={"used": 4212, "limit": 100_000},
        tested_at=now, org_name=EVIL,
        checks=[{"label": LONG, "ok": ok, "text": EVIL + LONG, "copy": LONG} for ok in (True, False, None)],
    )  # fmt: skip
    entry = Entry.objects.create(
        level="ERROR", action_type="customer_sync", message=LONG + EVIL, description=EVIL + LONG,
        endpoint="https://x.example/" + "y" * 300, login_user="x" * 100, run=run.pk, entity="company",
        object_id=companies[0].public_id, object_name=LONG, errors={"name": LONG},
        changes={LONG: [LONG, EVIL]},
        request='{"a": "' + LONG + '"}', answer=EVIL + LONG, connection_id=account.pk,
        connection_name=account.name,
    )  # fmt: skip
    return {**addresses(companies, account, run.pk, entry.pk), **addresses_of_store(companies[0])}


def addresses_of_store(company: Company) -> dict[str, str]:
    """Store a second connection, out of calls and with fields of its own; return its screens' addresses."""
    now = timezone.now()
    store = B2BFactory.create(
        name=(EVIL + LONG)[:100], settings={"key_field": LONG[:100], "tax_id_field": EVIL},
        directions={"company": "both"}, masters={"company": {"phone": "remote", "name": "remote"}},
    )  # fmt: skip
    CompanyLink.objects.create(connection=store, record=company, remote_id="7", changed=["email"])
    Pace.objects.create(connection=store, allocated=150, remaining=0, resets_at=now + timedelta(minutes=5))
    ConnectionHealth.objects.filter(connection=store).update(
        pause="limit", pause_reason=LONG, paused_at=now, paused_until=now + timedelta(minutes=5)
    )
    page = f"/admin/connectors/connection/{store.pk}"
    return {
        "store": f"{page}/change/",
        "store's mapping": f"{page}/mapping/",
        "direction": f"{page}/direction/?entity=company&direction=out",
        "masters": f"{page}/direction/?entity=company&master_phone=local&master_status=remote",
        "store's history": f"{page}/history/",
        "new store": "/admin/connectors/connection/add/?kind=bigcommerce",
    }


def addresses(companies: list[Company], account: Connection, run: uuid.UUID, entry: int) -> dict[str, str]:
    """Return every screen's address by its name."""
    grid = "/admin/companies/company/"
    return {
        "overview": "/admin/",
        "grid": grid,
        "empty tab": f"{grid}?state=needs_you&q=nobody",
        "new": f"{grid}add/",
        **{f"company {number}": f"{grid}{company.pk}/change/" for number, company in enumerate(companies)},
        "choice": f"{grid}{companies[4].pk}/choose/{account.pk}/",
        "gone": f"{grid}{companies[5].pk}/choose/{account.pk}/",
        "delete": f"{grid}{companies[0].pk}/delete/",
        "connections": "/admin/connectors/connection/",
        "connection": f"/admin/connectors/connection/{account.pk}/change/",
        "mapping": f"/admin/connectors/connection/{account.pk}/mapping/",
        "systems to connect": "/admin/connectors/connection/add/",
        "new connection": "/admin/connectors/connection/add/?kind=salesforce",
        "runs": "/admin/synclog/run/",
        "run": f"/admin/synclog/run/{run}/change/",
        "log": "/admin/synclog/entry/?tokens=on",
        "empty log": "/admin/synclog/entry/?message=nothing",
        "entry": f"/admin/synclog/entry/{entry}/change/",
        "users": "/admin/auth/user/",
    }


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_no_screen_breaks_under_the_worst_texts(
    chrome: "Browser", live_server: Any, width: int, theme: str
) -> None:
    UserFactory.create(username="admin", password="rehearsal", is_superuser=True)
    screens = stored(ConnectionFactory.create(name="Salesforce"))
    person = sit_down(chrome, live_server.url, viewport={"width": width, "height": 800}, color_scheme=theme)
    person.logs_in("admin", "rehearsal")

    faults = []
    for address in screens.values():
        person.goes_to(address)
        faults += person.faults()

    person.page.context.close()
    assert not faults
