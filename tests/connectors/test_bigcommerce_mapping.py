"""What B2B gets of our records, and what is said of those that can't go."""

from types import SimpleNamespace
from typing import Any

import pytest

from companies.models import Company, Location
from connectors import field_table
from connectors.mapping import Mapping, Rendered
from connectors.systems.bigcommerce import wire
from connectors.systems.bigcommerce.kind import KIND, valid_id
from connectors.systems.bigcommerce.mapping import mappings
from connectors.systems.bigcommerce.readings import ROLE, STATUS
from connectors.systems.bigcommerce.urls import record_url
from contacts.models import Contact
from tests.factories import CompanyFactory, ContactFactory, LocationFactory

MARK = SimpleNamespace(
    name="Mark Z", first_name="Mark", last_name="Z", email="markz@test.com", phone="5", job_title="CEO"
)


def bound(
    entity: str, settings: dict[str, Any] | None = None, facts: dict[str, Any] | None = None
) -> Mapping:
    return mappings(settings or {}, facts or {})[entity]


def company(**fields: Any) -> Company:
    known = {
        "name": "Facebook",
        "email": "a@fb.example",
        "phone": "67",
        "legal_country": "CA",
        "status": "active",
    }
    return CompanyFactory.build(**{**known, **fields})


def contact(**fields: Any) -> Contact:
    known = {"first_name": "Mark", "last_name": "Z", "email": "markz@test.com"}
    return ContactFactory.build(company=company(), **{**known, **fields})


def location(**fields: Any) -> Location:
    known = {"label": "Head office", "street": "1 Way", "city": "Toronto", "region": "ON", "country": "CA"}
    return LocationFactory.build(**{"company": company(), **known, **fields})


def first(rendered: Rendered) -> dict[str, str]:
    return rendered.problems(is_new=True)


def test_all_that_keeps_a_company_from_being_made_is_said_at_once() -> None:
    rendered = bound("company").render(company(phone="", email="", legal_country=""))

    assert set(first(rendered)) == {"phone", "email", "legal_country", "primary_contact"}
    assert rendered.problems(is_new=False).keys() == {"phone", "email", "legal_country"}
    assert first(rendered)["phone"] == "Phone is empty; B2B needs it. Fill it in and save."
    assert "Facebook has no active Primary contact. Add one" in first(rendered)["primary_contact"]


def test_all_that_a_primary_contact_lacks_is_said_at_once() -> None:
    nobody = SimpleNamespace(name="Z", first_name="", last_name="Z", email="", phone="", job_title="")

    rendered = bound("company").render(company(), lead=nobody)

    assert first(rendered)["primary_contact"] == (
        "Z, the Primary contact, has no E-mail and no First Name; B2B needs it. Fill it in and save."
    )


def test_a_primary_contact_whose_name_is_too_long_is_measured() -> None:
    long = SimpleNamespace(**{**vars(MARK), "last_name": "Z" * 103})

    text = first(bound("company").render(company(), lead=long))["primary_contact"]

    assert "has 103 characters; B2B takes 100. Shorten it by 3." in text


def test_a_company_is_rendered_with_names_in_full() -> None:
    rendered = bound("company").render(
        company(legal_street="1 Hacker Way\nFloor 2\nRoom 3", legal_region="QC", legal_city="Montreal"),
        lead=MARK,
    )

    assert first(rendered) == {}
    assert rendered.payload[wire.LINES] == "1 Hacker Way\nFloor 2, Room 3"
    assert (rendered.payload["state"], rendered.payload["country"]) == ("Quebec", "Canada")
    assert rendered.first["adminEmail"] == "markz@test.com"
    assert "adminEmail" not in rendered.payload


@pytest.mark.parametrize("status", Company.Status.values)
def test_every_status_has_its_number_there(status: str) -> None:
    assert bound("company").render(company(status=status)).payload["companyStatus"] == STATUS[status]


def test_every_role_has_its_number_and_its_word_there() -> None:
    assert set(ROLE) == set(Contact.Role.values) == set(KIND.role_words)


@pytest.mark.parametrize(
    ("primary", "role", "sent"), [(True, "junior_buyer", 0), (False, "admin", 0), (False, "senior_buyer", 1)]
)
def test_the_primary_contact_is_an_admin_there(primary: bool, role: str, sent: int) -> None:
    assert bound("contact").render(contact(is_primary=primary, role=role)).payload["role"] == sent


def test_admins_go_before_the_others() -> None:
    rank = bound("contact").rank

    assert sorted([{"role": 2}, {"role": 0}, {"role": 1}, {}], key=rank)[0] == {"role": 0}


def test_an_inactive_contact_is_held_and_said_so() -> None:
    holds = bound("contact").holds

    assert holds(contact(active=True), True) == ""
    assert holds(contact(active=False), True) == (
        "Mark Z is inactive: nothing more is sent; the user in B2B stays."
    )
    assert "an inactive contact is not sent to B2B" in holds(contact(active=False), False)


def test_a_rejected_company_is_never_made_but_told_where_it_is() -> None:
    holds = bound("company").holds

    assert "is not created" in holds(company(status="rejected"), False)
    assert holds(company(status="rejected"), True) == holds(company(status="pending"), False) == ""


@pytest.mark.parametrize(
    ("recipient", "lead", "name"),
    [
        ("Anna Maria Berg", MARK, "Anna Maria Berg"),
        ("Reception", MARK, "Reception Facebook"),
        ("facebook", MARK, "facebook Head office"),
        ("", MARK, "Mark Z"),
        ("  ", None, None),
    ],
)
def test_an_address_bears_two_names(recipient: str, lead: Any, name: str | None) -> None:
    rendered = bound("location").render(location(recipient=recipient), lead=lead)

    assert rendered.payload[wire.NAME] == name
    assert ("recipient" in rendered.errors) is (name is None)


@pytest.mark.parametrize(
    ("country", "region", "sent", "is_wrong"),
    [
        ("CA", "ON", "Ontario", False),
        ("CA", "", None, True),
        ("FR", "", None, False),
        ("FR", "Bretagne", "Bretagne", False),
        ("US", "Narnia", "Narnia", False),
    ],
)
def test_a_state_is_wanted_where_b2b_checks_it(
    country: str, region: str, sent: str | None, is_wrong: bool
) -> None:
    rendered = bound("location").render(location(country=country, region=region), lead=MARK)

    assert rendered.payload["stateName"] == sent
    assert ("region" in rendered.errors) is is_wrong


def test_what_a_location_lacks_is_said_at_once() -> None:
    rendered = bound("location").render(location(street="", city="", country="", recipient=""))

    assert set(rendered.errors) == {"street", "city", "country", "recipient"}


def test_an_address_serves_for_billing_and_shipping() -> None:
    payload = bound("location").render(location(is_default_billing=True), lead=MARK).payload

    marks = ("isBilling", "isShipping", "isDefaultBilling", "isDefaultShipping")
    assert [payload[name] for name in marks] == [True, True, True, False]


@pytest.mark.parametrize("entity", ["company", "contact", "location"])
def test_what_is_pulled_comes_back_as_it_went(entity: str) -> None:
    record: Any = {"company": company(legal_region="QC"), "contact": contact(), "location": location()}[
        entity
    ]
    mapping = bound(entity)
    payload = mapping.render(record, lead=MARK).payload

    for field in mapping.fields:
        if field.is_pulled and payload.get(field.remote) is not None:
            setattr(record, field.local, field.to_local(payload[field.remote]))

    assert mapping.render(record, lead=MARK).payload == payload


def test_extra_fields_go_as_set_up_with_the_stores_length_and_need() -> None:
    facts = {"company": {"extraFields.VAT": {"length": 3, "required": True}}}
    settings = {"tax_id_field": "VAT", "key_field": "Concord ID"}

    mapping = bound("company", settings, facts)

    assert mapping.key == "extraFields.Concord ID"
    assert mapping.render(company(tax_id="1"), lead=MARK).payload["extraFields.VAT"] == "1"
    assert "Tax ID has 4" in mapping.render(company(tax_id="1234"), lead=MARK).errors["tax_id"]
    assert "Tax ID is empty" in mapping.render(company(tax_id=""), lead=MARK).errors["tax_id"]


def test_the_first_user_is_made_with_what_every_user_must_have() -> None:
    facts = {"user": {"extraFields.Title": {"required": True}}}
    mapping = bound("company", {"job_title_field": "Title"}, facts)

    assert mapping.render(company(), lead=MARK).first["userExtraFields.Title"] == "CEO"
    without = SimpleNamespace(**{**vars(MARK), "job_title": ""})
    assert (
        "Job Title of the Primary contact"
        in first(mapping.render(company(), lead=without))["primary_contact"]
    )


@pytest.mark.parametrize("entity", ["company", "contact", "location"])
def test_the_field_table_can_show_every_field_of_a_real_record(entity: str) -> None:
    record: Any = {"company": company(), "contact": contact(), "location": location()}[entity]
    mapping = bound(entity, {"tax_id_field": "VAT", "job_title_field": "Title"})
    example = field_table.Example(record, mapping.render(record, lead=MARK))

    table = field_table.table(mapping, {}, {}, example=example)

    assert len(table.rows) == len(mapping.fields) + 1


@pytest.mark.parametrize(
    ("base", "settings", "entity", "url"),
    [
        ("http://127.0.0.1:8100/bigcommerce/", {}, "company", "http://127.0.0.1:8100/bigcommerce/company/7"),
        ("http://127.0.0.1:8100/bigcommerce", {}, "contact", "http://127.0.0.1:8100/bigcommerce/user/7"),
        ("http://127.0.0.1:8100/bigcommerce", {}, "location", "http://127.0.0.1:8100/bigcommerce/address/7"),
        ("https://api-b2b.bigcommerce.com", {}, "company", ""),
        (
            "https://api-b2b.bigcommerce.com",
            {"app_url": "https://x.example/c/{company}"},
            "company",
            "https://x.example/c/7",
        ),
        ("https://api-b2b.bigcommerce.com", {"app_url": "https://x.example/c/{company}"}, "contact", ""),
    ],
)
def test_a_record_is_linked_where_its_page_is_known(
    base: str, settings: dict[str, str], entity: str, url: str
) -> None:
    assert record_url(base, settings, entity, "7") == url


@pytest.mark.parametrize(
    ("text", "is_valid"), [("12", True), ("0", False), ("abc", False), ("", False), ("1" * 30, False)]
)
def test_an_id_is_a_number(text: str, is_valid: bool) -> None:
    assert valid_id(text) is is_valid
