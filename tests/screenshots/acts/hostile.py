"""The same screens with names that hurt: 300 characters, right to left, emoji, markup."""

from collections.abc import Iterator

from django.contrib.auth import get_user_model

from companies.models import Company, CompanyLink, Location
from connectors.models import Connection, RemoteUser
from contacts.models import Contact, ContactLink
from tests.screenshots.acts import places
from tests.screenshots.camera import Screen
from tests.screenshots.stage import Stage

LONG = "Long Company Name of the Very Old Kind " * 8
UNBROKEN = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3
ARABIC = "شركة النور للتجارة والصناعة المحدودة"
EMOJI = "👩🏽‍🚀 Kaffee & Söhne <b>fett</b> 株式会社"
NAMES = (LONG[:300], UNBROKEN[:250], ARABIC, EMOJI)


def play(stage: Stage) -> Iterator[list[Screen]]:
    """Rename what was sent, and look once more."""
    companies = _rename()
    _rename_users()
    Connection.objects.update(name=f"{ARABIC} {LONG[:80]}")
    long, account = companies[0], stage.account.pk
    torn = CompanyLink.objects.filter(connection=account, code="conflict")[0]
    person = ContactLink.objects.filter(connection=account, code="conflict")[0]
    contact = Contact.objects.filter(company=long, is_primary=True)[0]
    place = Location.objects.filter(company=long)[0]
    yield [
        Screen("hostile-overview", "/admin/"),
        Screen("hostile-companies", places.COMPANIES),
        Screen("hostile-company", places.company(long.pk)),
        *[Screen(f"hostile-company-{tab}", f"{places.company(long.pk)}#{tab}") for tab in places.TABS],
        Screen("hostile-company-unbroken", places.company(companies[1].pk)),
        Screen("hostile-company-arabic", places.company(companies[2].pk)),
        Screen("hostile-company-delete", places.company(long.pk, "delete")),
        Screen("hostile-company-choice", places.company(torn.record_id, f"choose/{account}")),
        Screen("hostile-contacts", places.CONTACTS),
        Screen("hostile-contact", places.contact(contact.pk)),
        Screen("hostile-contact-primary", places.contact(contact.pk, "primary")),
        Screen("hostile-contact-choice", places.contact(person.record_id, f"choose/{account}")),
        Screen("hostile-locations", places.LOCATIONS),
        Screen("hostile-location", places.location(place.pk)),
        Screen("hostile-connections", places.CONNECTIONS),
        Screen("hostile-connection", places.connection(account)),
        Screen("hostile-mapping", places.connection(account, "mapping")),
        Screen("hostile-store-mapping", places.connection(stage.store.pk, "mapping")),
        Screen("hostile-users", places.USERS),
        Screen("hostile-log", places.LOG),
    ]


def _rename() -> list[Company]:
    """Give the newest sent companies, their people and places such names; sent again, one of them fails."""
    located = Location.objects.values("company")
    sent = Company.objects.filter(pk__in=located, links__state="idle").order_by("-created_at", "-pk")
    found = list(sent[: len(NAMES)])
    for company, name in zip(found, NAMES, strict=True):
        company.name = name
        company.email = f"{'x' * 60}@{'y' * 60}.example"
        company.save(requested_by="admin")
        for contact in company.contacts.all():
            contact.first_name, contact.last_name, contact.job_title = name[:140], name[:140], name[:120]
            contact.save(requested_by="admin")
        for place in company.locations.all():
            place.label, place.recipient, place.street = name[:60], name, name[:250]
            place.save(requested_by="admin")
    return found


def _rename_users() -> None:
    users = get_user_model()._default_manager
    users.filter(username="dana").update(first_name=LONG[:140], last_name=UNBROKEN[:140])
    users.filter(username="marcus").update(first_name=ARABIC, last_name=EMOJI)
    for remote, name in zip(RemoteUser.objects.order_by("name")[:4], NAMES, strict=False):
        RemoteUser.objects.filter(pk=remote.pk).update(name=name[:120])
