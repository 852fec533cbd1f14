"""What goes wrong: records gone over there, nobody to own them, the login, a field, the organisation."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model

from companies.models import Company, CompanyLink
from connectors.models import Connection
from connectors.users import mirror
from contacts.models import Contact, ContactLink
from tests.screenshots.acts import places
from tests.screenshots.camera import Screen
from tests.screenshots.stage import VIEWER, Stage

OTHER_ORG = "00D000000000009EAA"
OURS = Connection.objects.filter(slug="salesforce")


def play(stage: Stage) -> Iterator[list[Screen]]:
    """Break one thing after the other, and look."""
    yield _gone(stage)
    yield _inactive_default(stage)
    yield _stale_users(stage)
    yield _refused_login(stage)
    stage.mend()
    stage.test()
    yield _missing_field(stage)
    yield _other_org(stage)


def _gone(stage: Stage) -> list[Screen]:
    """Somebody deletes a company and a contact over there that we then send."""
    company = _delete_there(stage, CompanyLink, "Account")
    contact = _delete_there(stage, ContactLink, "Contact")
    company.name += " Holding"
    company.save(requested_by="admin")
    contact.job_title = "Chief Buyer"
    contact.save(requested_by="admin")
    stage.click([company.pk])
    stage.click([contact.pk], "contact")
    stage.drain()
    return [
        Screen("company-gone", places.company(company.pk)),
        Screen("company-gone-choice", places.company(company.pk, f"choose/{stage.account.pk}")),
        Screen("contact-gone", places.contact(contact.pk)),
        Screen("contact-gone-choice", places.contact(contact.pk, f"choose/{stage.account.pk}")),
    ]


def _delete_there(stage: Stage, links: Any, kind: str) -> Any:
    linked = links.objects.filter(connection=stage.account, state="idle", changed=[])
    link = linked.exclude(remote_id="").order_by("-pk")[12]
    stage.over_there("DELETE", f"salesforce/{kind}/{link.remote_id}")
    return link.record


def _inactive_default(stage: Stage) -> list[Screen]:
    """The default representative has left: new records go to the login's own user."""
    tove = get_user_model()._default_manager.get(username="tove")
    OURS.update(default_representative=tove)
    stage.click(Company.objects.filter(links=None).values_list("pk", flat=True))
    stage.drain()
    return [
        Screen("users-no-default", places.USERS),
        Screen("companies-went-to-login", f"{places.COMPANIES}?owner=login"),
    ]


def _stale_users(stage: Stage) -> list[Screen]:
    stage.break_it("status:503")
    mirror.refresh(stage.account, by="admin")
    stage.mend()
    return [Screen("users-not-fresh", places.USERS)]


def _refused_login(stage: Stage) -> list[Screen]:
    stage.break_it("token:400:invalid_client", message="invalid client credentials")
    OURS.update(auto_push={"company": True, "contact": True})
    idle = CompanyLink.objects.filter(connection=stage.account, state="idle").values("record")
    for company in Company.objects.filter(pk__in=idle).order_by("name")[20:30]:
        company.website = f"{company.website}/new"
        company.save(requested_by="dana")
    paused = CompanyLink.objects.filter(connection=stage.account, state="pending").values("record")
    waiting = Company.objects.filter(pk__in=paused).order_by("name")[0]
    stage.test()
    stage.drain()
    pk = stage.account.pk
    return [
        Screen("overview-failing", "/admin/"),
        Screen("companies-paused", places.COMPANIES),
        Screen("company-paused", places.company(waiting.pk)),
        Screen("contact-paused", places.contact(Contact.objects.filter(company=waiting)[0].pk)),
        Screen("connections-failing", places.CONNECTIONS),
        Screen("connection-refused", places.connection(pk)),
        Screen("log-failing", places.LOG),
    ]


def _missing_field(stage: Stage) -> list[Screen]:
    OURS.update(settings={"email_field": "Concord_Mail__c"})
    stage.test()
    pk = stage.account.pk
    return [
        Screen("connection-missing-field", places.connection(pk)),
        Screen("mapping-missing-field", places.connection(pk, "mapping")),
    ]


def _other_org(stage: Stage) -> list[Screen]:
    OURS.update(settings={"email_field": "Concord_Email__c"}, org_id=OTHER_ORG)
    stage.test()
    pk = stage.account.pk
    return [
        Screen("connection-other-org", places.connection(pk)),
        Screen("connection-other-org-viewer", places.connection(pk), who=VIEWER),
        Screen("connection-start-over", places.connection(pk, "start-over")),
    ]
