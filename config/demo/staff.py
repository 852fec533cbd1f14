"""The demo's staff, whom the rehearsal Salesforce knows: linked, linked but inactive, proposed, unknown."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model

from companies.models import Company
from config.demo.companies import BAD
from connectors import entities, queue
from connectors.models import Connection, RemoteUser
from connectors.users import linking, mirror
from contacts.models import Contact
from synclog import runs
from synclog.models import Run

# Username, first name, last name, e-mail. The e-mails are those of users in the rehearsal.
STAFF = (
    ("dana", "Dana", "Whitfield", "dana.whitfield@example.com"),
    ("marcus", "Marcus", "Bell", "marcus.bell@example.com"),
    ("priya", "Priya", "Raman", "priya.raman@example.com"),
    ("tove", "Tove", "Lindqvist", "tove.lindqvist@example.com"),
    ("noor", "Noor", "Haddad", "noor.haddad@concord.example"),
)
REGISTERED = uuid.UUID("7c5f6d1e-53c5-5d5b-8d5c-3a0f6a7b2c11")  # the company that came by the public form
LINKED = ("dana", "tove")  # tove's user over there is inactive
DEFAULT = "dana"
LEFT_FOR_YOU = 15  # of the newest companies nobody has sent anything yet
FEW = 30  # with fewer companies than this, all are left


def add_staff() -> list[Any]:
    """Add the people who use the console beside the admin. They can't log in: nobody set a password."""
    users: Any = get_user_model()._default_manager
    made = []
    for username, first, last, email in STAFF:
        user, is_new = users.get_or_create(
            username=username,
            defaults={"first_name": first, "last_name": last, "email": email, "is_staff": True},
        )
        if is_new:
            user.set_unusable_password()
            user.save()
        made.append(user)
    return made


def share_out(companies: Sequence[Company], staff: Sequence[Any]) -> None:
    """Give each unsaved company a sales representative, or none."""
    dana, marcus, _, tove, _ = staff
    choices = [dana, dana, None, marcus, dana, None, tove, None]
    for number, company in enumerate(companies):
        company.sales_representative = choices[number % len(choices)]


def first_day(connection: Connection) -> None:
    """Fetch the users, link some, send all but the newest companies, and let one register.

    What a newcomer finds then: most records in sync, some refused with a reason, and
    companies that nobody has sent. Call it once, when the rehearsal answers.
    """
    mirror.refresh(connection, by="demo")
    for user in get_user_model()._default_manager.filter(username__in=LINKED):
        theirs = RemoteUser.objects.filter(connection=connection, email=user.email).first()
        if theirs is not None:
            linking.link(user, theirs, by="demo")
    connection.default_representative = get_user_model()._default_manager.filter(username=DEFAULT).first()
    connection.save(update_fields=["default_representative", "updated_at"])
    pks = list(Company.objects.order_by("pk").values_list("pk", flat=True))
    if len(pks) >= FEW:
        bad = pks[-BAD::-BAD][:BAD]
        _send(connection, [*pks[:-LEFT_FOR_YOU], *bad])
    _register()


def _register() -> None:
    """Add a company as the public form does: it asks for its sync by itself."""
    mailbox = "hello@harbourlane.example"
    company = Company(
        public_id=REGISTERED,
        name="Harbour Lane Coffee",
        status=Company.Status.PENDING,
        source=Company.Source.FORM,
        email=mailbox,
        phone="+61 2 5550 0142",
        website="https://harbourlane.example",
        legal_street="12 Harbour Lane",
        legal_city="Sydney",
        legal_region="NSW",
        legal_postal_code="2000",
        legal_country="AU",
    )
    company.save(requested_by="public form")
    person = Contact(
        company=company, first_name="Ines", last_name="Okello", email=mailbox, source=Contact.Source.FORM
    )
    person.save(requested_by="public form")


def _send(connection: Connection, companies: Sequence[int]) -> None:
    contacts = entities.get("contact").records().filter(company__in=companies)
    wanted = {"company": list(companies), "contact": list(contacts.values_list("pk", flat=True))}
    run, _ = runs.start(
        uuid.uuid4(),
        kind=Run.Kind.COMMAND,
        label=connection.system.push_label,
        connection_id=connection.pk,
        connection_name=connection.name,
        entity="",
        user_name="demo",
        requested=sum(map(len, wanted.values())),
    )
    for entity, pks in wanted.items():
        queue.enqueue(entity, pks, connection, run=run.pk, requested_by="demo")
