"""Concord at work: most is in sync, some waits, some was edited, some needs a person."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model

from companies.models import Company, CompanyLink, Location
from config.demo import staff
from connectors import queue
from connectors.models import Connection
from contacts.models import Contact, ContactLink
from synclog.models import Entry, Run
from tests.screenshots.acts import places
from tests.screenshots.camera import Screen
from tests.screenshots.stage import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Page


def play(stage: Stage) -> Iterator[list[Screen]]:
    """Send the demo's records, edit some, leave some waiting; then look at everything."""
    stage.test()
    _prepare_twins(stage)
    staff.first_day(stage.account)
    yield [Screen("run-running", f"{places.RUNS}{Run.objects.latest('started_at').pk}/change/")]
    stage.drain()
    _rename(stage.account)
    _edit()
    queue.set_enabled("company", _in_sync()[9].pk, stage.account, False, by="admin")
    run = stage.click(company.pk for company in _never_sent()[:3])
    yield [*_records(stage), *_connection(stage.account), *_users(stage.account.pk), *_told(run)]
    Connection.objects.filter(pk=stage.account.pk).update(auto_push={"company": True, "contact": True})
    pk = stage.account.pk
    yield [Screen("connection-send", f"{places.connection(pk, 'send')}?entity=company&entity=contact")]


def _prepare_twins(stage: Stage) -> None:
    """Let two people over there have the e-mail of one contact here: a choice."""
    contact = Contact.objects.filter(is_primary=True).order_by("pk")[25]
    known = {"LastName": contact.last_name, "FirstName": contact.first_name, "Email": contact.email}
    stage.over_there("POST", "salesforce/Contact", [{**known, "Title": "Buyer"}, {**known, "Title": "CFO"}])


def _in_sync() -> Any:
    linked = CompanyLink.objects.filter(state="idle", changed=[]).exclude(remote_id="").values("record")
    return Company.objects.filter(pk__in=linked).order_by("name")


def _never_sent() -> Any:
    return Company.objects.filter(links=None).order_by("-pk")


def _edit() -> None:
    Connection.objects.filter(slug="salesforce").update(auto_push={"company": False, "contact": False})
    for company in _in_sync()[1:5]:
        company.phone = "+1 416 555 0123"
        company.save(requested_by="dana")
    for contact in Contact.objects.filter(links__state="idle").order_by("pk")[3:6]:
        contact.job_title = "Head of Purchasing"
        contact.save(requested_by="dana")


def _rename(account: Any) -> None:
    """Leave a history worth reading."""
    account._history_user = get_user_model()._default_manager.get(username="dana")
    account.auto_push = {"company": True, "contact": False}
    account._change_reason = "Contacts wait until the merge is done"
    account.save()
    account.settings = {**account.settings, "email_field": "Concord_Email__c"}
    account.auto_push = {"company": True, "contact": True}
    account._change_reason = None
    account.save()


def _records(stage: Stage) -> list[Screen]:
    several = Contact.objects.filter(is_primary=False, active=True, links__state="idle").order_by("pk")[2]
    company, pk = several.company, several.company_id
    primary = Contact.objects.get(company=company, is_primary=True)
    torn = CompanyLink.objects.filter(code="conflict")[0]
    person = ContactLink.objects.filter(code="conflict")[0]
    failed = CompanyLink.objects.filter(state="failed").exclude(code="conflict").order_by("pk")
    refused = ContactLink.objects.filter(state="failed").exclude(code="conflict")[0]
    waiting = Contact.objects.filter(company=failed[0].record_id)[0]
    twin = next(one for one in Contact.objects.order_by("pk") if _has_twin(one))
    place = Location.objects.filter(company__in=_in_sync())[0]
    account = stage.account.pk
    return [
        Screen("overview", "/admin/"),
        Screen("companies", places.COMPANIES),
        Screen("companies-by-name", f"{places.COMPANIES}?o=1"),
        Screen("companies-needs-you", f"{places.COMPANIES}?state=needs_you"),
        Screen("companies-went-to-default", f"{places.COMPANIES}?owner=fallback"),
        Screen("companies-nothing-found", f"{places.COMPANIES}?state=waiting&q=nobody"),
        Screen("companies-menu", places.COMPANIES, _opens_menu),
        Screen("companies-confirm", places.COMPANIES, _syncs_all),
        Screen("company", places.company(pk)),
        *[Screen(f"company-{tab}", f"{places.company(pk)}#{tab}") for tab in places.TABS],
        Screen("company-changed", places.company(_in_sync_but_changed().pk)),
        Screen("company-unsaved", places.company(pk), _types),
        Screen("company-history", places.company(_in_sync_but_changed().pk, "history")),
        Screen("company-delete", places.company(pk, "delete")),
        Screen("company-failed", places.company(failed[0].record_id)),
        Screen("company-failed-contacts", f"{places.company(failed[0].record_id)}#contacts"),
        Screen("company-registered", places.company(Company.objects.get(public_id=staff.REGISTERED).pk)),
        Screen("company-choice", places.company(torn.record_id, f"choose/{account}")),
        Screen("contacts", places.CONTACTS),
        Screen("contact", places.contact(primary.pk)),
        Screen("contact-log", f"{places.contact(primary.pk)}#log"),
        Screen("contact-waiting", places.contact(waiting.pk)),
        Screen("contact-duplicate", places.contact(twin.pk)),
        Screen("contact-failed", places.contact(refused.record_id)),
        Screen("contact-choice", places.contact(person.record_id, f"choose/{account}")),
        Screen("contact-add-over-company", f"{places.CONTACTS}add/?company={pk}&over={pk}"),
        Screen("contact-set-primary", places.contact(several.pk, "primary")),
        Screen("contact-successor", places.contact(primary.pk), _leaves),
        Screen("contact-delete", places.contact(primary.pk, "delete")),
        Screen("contact-history", places.contact(primary.pk, "history")),
        Screen("locations", places.LOCATIONS),
        Screen("location", places.location(place.pk)),
    ]


def _in_sync_but_changed() -> Any:
    return Company.objects.filter(links__state="idle").exclude(links__changed=[]).order_by("name")[0]


def _has_twin(contact: Contact) -> bool:
    from contacts import duplicates

    return duplicates.of(contact).exists()


def _connection(account: Any) -> list[Screen]:
    pk = account.pk
    return [
        Screen("connections", places.CONNECTIONS),
        Screen("connection", places.connection(pk)),
        Screen("connection-configuration", f"{places.connection(pk)}#company-configuration"),
        Screen("connection-guide", places.connection(pk), _opens_guide),
        Screen("connection-jwt", places.connection(pk), _chooses_jwt),
        Screen("connection-viewer", places.connection(pk), who="vera"),
        Screen("mapping", places.connection(pk, "mapping")),
        Screen("connection-history", places.connection(pk, "history")),
    ]


def _users(account: int) -> list[Screen]:
    users = get_user_model()._default_manager
    named = {name: users.get(username=name).pk for name in ("dana", "tove", "marcus", "noor")}
    return [
        Screen("users", places.USERS),
        Screen("users-proposals", f"{places.USERS}proposals/{account}/"),
        Screen("user", f"{places.USERS}{named['dana']}/change/"),
        Screen("user-linked", f"{places.USERS}{named['dana']}/change/", _opens_salesforce),
        Screen("user-inactive", f"{places.USERS}{named['tove']}/change/", _opens_salesforce),
        Screen("user-proposal", f"{places.USERS}{named['marcus']}/change/", _opens_salesforce),
        Screen("user-unknown", f"{places.USERS}{named['noor']}/change/", _opens_salesforce),
    ]


def _told(run: Any) -> list[Screen]:
    created = Entry.objects.filter(outcome="created", entity="company").latest("id")
    failed = Entry.objects.filter(level="ERROR").latest("id")
    return [
        Screen("runs", places.RUNS),
        Screen("run", f"{places.RUNS}{Run.objects.order_by('started_at')[0].pk}/change/"),
        Screen("run-waiting", f"{places.RUNS}{run}/change/"),
        Screen("log", places.LOG),
        Screen("log-nothing-found", f"{places.LOG}?message=Facebook"),
        Screen("log-filters", places.LOG, _opens_filters),
        Screen("entry", f"{places.LOG}{created.pk}/change/"),
        Screen("entry-failed", f"{places.LOG}{failed.pk}/change/"),
    ]


def _opens_menu(page: "Page") -> None:
    page.locator("#result_list .cc-select").first.click()


def _syncs_all(page: "Page") -> None:
    page.locator("#action-toggle").first.check()
    page.locator("#action-toggle-all, .actions .question a").first.click()
    page.select_option("select[name=action]", label="Sync with Salesforce")
    page.get_by_role("button", name="Run").first.click()
    page.wait_for_load_state("load")


def _types(page: "Page") -> None:
    page.fill("#id_phone", "+1 416 555 0199")


def _leaves(page: "Page") -> None:
    page.select_option("#id_active", label="Inactive")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state("load")


def _opens_guide(page: "Page") -> None:
    page.locator(".cc-guide > summary").first.click()


def _chooses_jwt(page: "Page") -> None:
    page.get_by_label("JWT").first.check()


def _opens_filters(page: "Page") -> None:
    page.locator(".cc-filter summary").first.click()


def _opens_salesforce(page: "Page") -> None:
    page.locator("#tabs-items a", has_text="Salesforce").click()
