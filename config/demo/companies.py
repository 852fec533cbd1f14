"""Companies for a demo: the same ones at every call, in many countries and scripts.

Nothing is written here. Web sites and mailboxes are under `.example`, which no one
can register, so that nothing sent by mistake reaches anybody.
"""

import random
import uuid
from collections.abc import Callable, Iterator
from itertools import count, islice

import phonenumbers
from django.utils.text import slugify
from faker import Faker

from companies.models import Company
from companies.phones import to_e164
from config.demo.places import Place, read_places

SEED = 2026
BAD = 3  # among the companies that are not all clean
DUPLICATE_NAME = "Alder & Finch Trading"
DUPLICATE_HOST = "alderfinch.example"
_KEYS = uuid.UUID("6f1d7f0e-6c0f-5d0b-9a53-0f2f6e2c7a11")
_STATUSES = (
    *[Company.Status.ACTIVE] * 14,
    *[Company.Status.PENDING] * 3,
    Company.Status.BLOCKED,
    Company.Status.INACTIVE,
    Company.Status.REJECTED,
)
_CLASSES = ("Wholesale", "Retail", "Distributor", "Key account", "")
_PLAIN = str.maketrans({"ß": "ss", "ł": "l", "Ł": "l", "ø": "o", "æ": "ae"})  # what slugify would drop
_SYLLABLES = tuple(a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u"))


def demo_companies(number: int, *, clean: bool) -> list[Company]:
    """Return unsaved companies, the newest last.

    Unless `clean`, three of the last ones can't be sent: a name of 300 characters,
    an e-mail that Salesforce refuses, and one that two accounts over there match.
    """
    companies = list(islice(_stream(), number))
    if not clean:
        step = BAD if number >= BAD * BAD else 1  # spread, where there is room, among the first seen
        for nth, spoil in enumerate((_too_long, _bad_email, _twice_there), start=1):
            spoil(companies[number - nth * step])
    return companies


def _stream() -> Iterator[Company]:
    """Yield companies without end: never the same name or host twice."""
    dice = random.Random(SEED)
    places = read_places()
    last_names = {place.country: _last_names(place, dice) for place in places}
    phone_makers = {place.country: _phone_maker(place, dice) for place in places}
    names: set[str] = {DUPLICATE_NAME}
    hosts: set[str] = {DUPLICATE_HOST}
    for number in count(1):
        place = places[(number - 1) % len(places)]
        company = _company(place, last_names[place.country], dice, names, number)
        _give_address(company, place, dice)
        _reach(company, place, _host(company.name, dice, hosts), phone_makers[place.country]())
        yield company


def _company(
    place: Place, last_name: Callable[[], str], dice: random.Random, names: set[str], number: int
) -> Company:
    name = _name(place, last_name, dice, names)
    return Company(
        public_id=uuid.uuid5(_KEYS, str(number)),
        name=name,
        legal_name=place.legal.format(name=name),
        status=dice.choice(_STATUSES),
        customer_class=dice.choice(_CLASSES),
        reseller_id=f"R-{number:05d}" if dice.random() < 0.3 else "",
        tax_id="".join(str(dice.randrange(10)) if mark == "#" else mark for mark in place.tax_id),
        source=Company.Source.DEMO,
    )


def _name(place: Place, last_name: Callable[[], str], dice: random.Random, names: set[str]) -> str:
    """Return a name that is not among `names`, and add it."""
    for _ in range(5):
        city = dice.choice(place.cities)[0]
        name = place.name.format(last=last_name(), city=city, trade=dice.choice(place.trades))
        if name not in names:
            break
    else:  # a country's names are nearly used up
        name = f"{name} {len(names)}"
    names.add(name)
    return name


def _last_names(place: Place, dice: random.Random) -> Callable[[], str]:
    if place.words:
        return lambda: dice.choice(place.words)
    fake = Faker(place.locale, use_weighting=False)
    fake.seed_instance(f"{SEED} {place.country}")
    last_name: Callable[[], str] = fake.last_name
    return last_name


def _give_address(company: Company, place: Place, dice: random.Random) -> None:
    city, region, postal_code = dice.choice(place.cities)
    company.legal_street = dice.choice(place.streets).format(n=dice.randrange(1, 190))
    company.legal_city, company.legal_region, company.legal_postal_code = city, region, postal_code
    company.legal_country = place.country


def _reach(company: Company, place: Place, host: str, phone: str) -> None:
    company.website = f"https://{host}"
    company.email = f"{place.mailbox}@{host}"
    company.phone = phone
    company.phone_e164 = to_e164(phone, place.country)  # save() does it otherwise; these rows come in bulk


def _host(name: str, dice: random.Random, hosts: set[str]) -> str:
    """Return a host of ASCII letters: from the name, or made up where its script has none."""
    label = slugify(name.translate(_PLAIN))[:40].strip("-")
    if len(label) < 4 or not label[0].isalpha():
        label = "".join(dice.choice(_SYLLABLES) for _ in range(4))
    host = f"{label}.example"
    for number in count(2):
        if host not in hosts:
            break
        host = f"{label}-{number}.example"
    hosts.add(host)
    return host


def _phone_maker(place: Place, dice: random.Random) -> Callable[[], str]:
    """Return what makes numbers of this country, typed now in its own way and now in the international."""
    example = phonenumbers.example_number(place.country)
    if example is None or example.national_number is None:
        raise LookupError(f"no example of a phone number in {place.country}")
    stem = example.national_number // 1000 * 1000
    national, international = (
        phonenumbers.PhoneNumberFormat.NATIONAL,
        phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    )

    def make() -> str:
        number = phonenumbers.PhoneNumber(
            country_code=example.country_code, national_number=stem + dice.randrange(1000)
        )
        return phonenumbers.format_number(number, dice.choice((national, international)))

    return make


def _too_long(company: Company) -> None:
    words = (
        "Purchasing Cooperative of the Independent Hardware, Garden and Building Supply Retailers of Ohio, "
    )
    company.name = (words * 4)[:300].strip(" ,").ljust(300, ".")


def _bad_email(company: Company) -> None:
    # A slip of the finger that a form would refuse: rows that came in bulk may hold it.
    company.email = company.email.replace(".example", ",example")


def _twice_there(company: Company) -> None:
    company.name = DUPLICATE_NAME
    company.legal_name = f"{DUPLICATE_NAME} Ltd"
    company.website = f"https://{DUPLICATE_HOST}"
    company.email = f"office@{DUPLICATE_HOST}"
