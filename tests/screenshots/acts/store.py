"""A store beside Salesforce: its first day, another direction, no calls left, a login that is refused."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model

from companies.models import Company, CompanyLink
from config.demo import storefront
from contacts.models import ContactLink
from tests.screenshots.acts import places
from tests.screenshots.camera import Screen
from tests.screenshots.stage import VIEWER, Stage

if TYPE_CHECKING:
    from playwright.sync_api import Page

FAST, REAL = {"requests_per_window": 3_000}, {"requests_per_window": 150}


def play(stage: Stage) -> Iterator[list[Screen]]:
    """Send the store's first companies, look at all; then let things change hands, and fail."""
    stage.over_there("POST", "settings", {"bigcommerce": FAST})
    stage.test(stage.store)
    storefront.first_day(stage.store)
    stage.drain(stage.store)
    stage.over_there("POST", "settings", {"bigcommerce": REAL})
    stage.test(stage.store)
    yield [*_everywhere(stage), *_connection(stage)]
    _turn(stage)
    yield _directions(stage)
    yield _slowed(stage)
    yield _refused(stage)
    stage.mend()
    stage.test(stage.store)
    stage.drain(stage.store)


def _everywhere(stage: Stage) -> list[Screen]:
    links = CompanyLink.objects.filter(connection=stage.store)
    sent, lacking = links.filter(state="idle")[0], links.get(state="failed")
    asked = ContactLink.objects.get(connection=stage.store, code="conflict")
    return [
        Screen("store-overview", "/admin/"),
        Screen("store-companies", places.COMPANIES),
        Screen("store-contacts", places.CONTACTS),
        Screen("store-locations", places.LOCATIONS),
        Screen("store-company", places.company(sent.record_id)),
        *[Screen(f"store-company-{tab}", f"{places.company(sent.record_id)}#{tab}") for tab in places.TABS],
        Screen("store-company-lacking", places.company(lacking.record_id)),
        Screen("store-company-lacking-locations", f"{places.company(lacking.record_id)}#locations"),
        Screen("store-contact-asked", places.contact(asked.record_id)),
        Screen("store-contact-choice", places.contact(asked.record_id, f"choose/{stage.store.pk}")),
        Screen("store-log", places.LOG),
    ]


def _connection(stage: Stage) -> list[Screen]:
    pk = stage.store.pk
    return [
        Screen("store-connections", places.CONNECTIONS),
        Screen("store-connection", places.connection(pk)),
        Screen("store-connection-guide", places.connection(pk), _opens_guide),
        Screen("store-connection-viewer", places.connection(pk), who=VIEWER),
        Screen("store-mapping", places.connection(pk, "mapping")),
        Screen("store-mapping-viewer", places.connection(pk, "mapping"), who=VIEWER),
    ]


def _turn(stage: Stage) -> None:
    """Leave a history worth reading."""
    store = stage.store
    store._history_user = get_user_model()._default_manager.get(username="dana")
    store.directions = {"company": "both", "contact": "in"}
    store._change_reason = "The store's staff add companies"
    store.save()
    store.masters = {"company": {"phone": "remote", "email": "remote"}}
    store._change_reason = None
    store.save()


def _directions(stage: Stage) -> list[Screen]:
    pk = stage.store.pk
    ask = f"{places.connection(pk, 'direction')}?entity="
    return [
        Screen("store-mapping-both", places.connection(pk, "mapping")),
        Screen("store-mapping-both-viewer", places.connection(pk, "mapping"), who=VIEWER),
        Screen("store-history", places.connection(pk, "history")),
        Screen("store-direction-both", f"{ask}location&direction=both"),
        Screen("store-direction-in", f"{ask}location&direction=in"),
        Screen("store-direction-out", f"{ask}company&direction=out"),
        Screen("store-masters", f"{ask}company&master_phone=local&master_name=remote&master_status=remote"),
    ]


def _slowed(stage: Stage) -> list[Screen]:
    """Other integrations use up the calls of this minute."""
    stage.over_there("POST", "settings", {"bigcommerce": {"limiter": "fixed"}})
    stage.test(stage.store)
    stage.break_it("rate_limit", "bigcommerce")
    store = stage.store
    store.directions = {}
    store.masters = {}
    store.save()
    sent = CompanyLink.objects.filter(connection=store, state="idle").values("record")
    for company in Company.objects.filter(pk__in=sent)[:4]:
        company.phone = "+1 416 555 0177"
        company.save(requested_by="dana")
    stage.drain(store)
    return [
        Screen("store-overview-slowed", "/admin/"),
        Screen("store-connection-slowed", places.connection(store.pk)),
        Screen("store-companies-slowed", places.COMPANIES),
    ]


def _refused(stage: Stage) -> list[Screen]:
    stage.mend()
    stage.over_there("POST", "settings", {"bigcommerce": {"limiter": "leaky"}})
    stage.break_it("status:401", "bigcommerce", message="Invalid token.")
    stage.test(stage.store)
    stage.drain(stage.store)
    return [
        Screen("store-overview-refused", "/admin/"),
        Screen("store-connection-refused", places.connection(stage.store.pk)),
        Screen("store-connections-refused", places.CONNECTIONS),
    ]


def _opens_guide(page: "Page") -> None:
    page.locator(".cc-guide > summary").first.click()
