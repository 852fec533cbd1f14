"""People and places of the demo's companies: the same ones at every call. Nothing is written here.

Mailboxes are at the companies' own hosts under `.example`: nothing reaches anybody.
"""

import random
import uuid
from collections.abc import Iterator, Mapping, Sequence

from django.utils.text import slugify
from faker import Faker

from companies.models import Company, Location
from companies.phones import to_e164
from config.demo.companies import SEED
from config.demo.places import Place, read_places
from contacts.models import Contact

TITLES = ("Buyer", "Head of Purchasing", "Office Manager", "Accounts Payable", "Warehouse Lead", "Owner", "")
ROLES = (Contact.Role.ADMIN, Contact.Role.SENIOR, Contact.Role.JUNIOR)
ENOUGH = 80  # contacts, for two of them to be spoiled
LONG_NAME_CHARS = 95  # more than Salesforce takes
_KEYS = uuid.UUID("0b8b6f0c-5f5e-5d39-8f56-7f2c1f1d5a02")
_ARABIC = "ar_AA"  # for the places whose companies need no family names


def demo_contacts(companies: Sequence[Company], *, clean: bool) -> list[Contact]:
    """Return one to three unsaved contacts of each company; its first one is the Primary.

    Unless `clean`, one has a last name that Salesforce does not take, and one stands
    in two companies with the same e-mail.
    """
    contacts = list(_people(companies))
    if not clean and len(contacts) > ENOUGH:
        contacts[40].last_name = ("Featherstonehaugh-" * 6)[:LONG_NAME_CHARS].rstrip("-")
        twin, other = contacts[60], contacts[30]
        twin.first_name, twin.last_name, twin.email = other.first_name, other.last_name, other.email.upper()
    return contacts


def demo_locations(companies: Sequence[Company]) -> list[Location]:
    """Return unsaved locations of two companies in three: a billing office, a warehouse, or both in one."""
    dice = random.Random(SEED)
    places = {place.country: place for place in read_places()}
    made = []
    for company in companies:
        place = places[str(company.legal_country)]
        if dice.random() < 2 / 3:
            made.append(_location(company, place, dice, "Head office", billing=True, shipping=False))
            made.append(_location(company, place, dice, "Warehouse", billing=False, shipping=True))
    return made


def _people(companies: Sequence[Company]) -> Iterator[Contact]:
    dice = random.Random(SEED)
    fakers = _fakers()
    for company in companies:
        fake = fakers[str(company.legal_country)]
        host = company.website.removeprefix("https://")
        for place_in_line in range(dice.choice((1, 1, 2, 3))):
            yield _contact(company, fake, host, dice, place_in_line)


def _fakers() -> Mapping[str, Faker]:
    fakers = {}
    for place in read_places():
        fake = fakers[place.country] = Faker(place.locale or _ARABIC, use_weighting=False)
        fake.seed_instance(f"{SEED} people of {place.country}")
    return fakers


def _contact(company: Company, fake: Faker, host: str, dice: random.Random, number: int) -> Contact:
    first, last = fake.first_name(), fake.last_name()
    mailbox = slugify(f"{first} {last}").replace("-", ".") or f"contact{number + 1}"
    return Contact(
        public_id=uuid.uuid5(_KEYS, f"{company.public_id} {number}"),
        company=company,
        first_name=first,
        last_name=last,
        job_title=dice.choice(TITLES),
        email=f"{mailbox}@{host}",
        phone=company.phone,
        phone_e164=to_e164(company.phone, str(company.legal_country)),
        role=ROLES[min(number, len(ROLES) - 1)],
        active=number == 0 or dice.random() < 0.9,
        is_primary=number == 0,
        source=Contact.Source.DEMO,
    )


def _location(
    company: Company, place: Place, dice: random.Random, label: str, *, billing: bool, shipping: bool
) -> Location:
    city, region, postal_code = dice.choice(place.cities)
    return Location(
        public_id=uuid.uuid5(_KEYS, f"{company.public_id} {label}"),
        company=company,
        label=label,
        recipient=company.name[:300],
        street=dice.choice(place.streets).format(n=dice.randrange(1, 190)),
        city=city,
        region=region,
        postal_code=postal_code,
        country=place.country,
        is_default_billing=billing,
        is_default_shipping=shipping,
    )
