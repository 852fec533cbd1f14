"""The mapping as people read it: rules, owners, examples and checks, line by line."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from connectors import field_table
from connectors.field_table import Example, Row, Table
from connectors.mapping import Field, Mapping

KEY = UUID("11111111-2222-3333-4444-555555555555")
COMPANY = Mapping(
    entity="company",
    remote="Account",
    key="Concord_Id__c",
    fields=(
        Field("name", "Name", "Company Name", required=True, max_length=10),
        Field("status", "Status__c", "Status", to_remote=lambda value: str(value).title()),
        Field("email", "Mail__c", "Email", only="create"),
        Field("billing_city", "BillingCity", "Billing City", path="address.city", block="Billing"),
    ),
    system="Salesforce",
    owner="OwnerId",
)
CONTACT = Mapping(
    entity="contact",
    remote="Contact",
    key="Concord_Id__c",
    fields=(Field("company", "AccountId", "Company"),),
    system="Salesforce",
    parent="AccountId",
)


def company(**values: Any) -> Any:
    known = {"name": "Acme", "status": "active", "email": "a@acme.example", "public_id": KEY}
    return SimpleNamespace(**{**known, "address": SimpleNamespace(city="Toronto"), **values})


def by_name(table: Table) -> dict[str, Row]:
    return {row.theirs: row for row in table.rows}


def shown(record: Any, **options: Any) -> dict[str, Row]:
    example = Example(record, COMPANY.render(record), ("Dana Rep", "005A"))
    return by_name(field_table.table(COMPANY, {}, {}, example=example, **options))


def test_every_field_of_the_mapping_has_a_line_and_so_have_our_id_and_the_owner() -> None:
    lines = by_name(field_table.table(COMPANY, {}, {}))

    assert list(lines) == ["Concord_Id__c", "Name", "Status__c", "Mail__c", "BillingCity", "OwnerId"]


def test_the_rules_say_what_is_needed_left_out_and_too_long() -> None:
    lines = by_name(field_table.table(COMPANY, {}, {}))

    assert list(lines["Name"].rules) == ["required there", "max 10"]
    assert list(lines["Status__c"].rules) == ["skip blank"]
    assert list(lines["Mail__c"].rules) == ["create only", "skip blank"]
    assert list(lines["BillingCity"].rules) == ["skip blank", "whole address"]


def test_what_is_sent_once_belongs_to_the_other_side_after_that() -> None:
    lines = by_name(field_table.table(COMPANY, {}, {}))

    assert lines["Name"].owner == "Concord"
    assert lines["Mail__c"].owner == lines["OwnerId"].owner == "Salesforce after creation"


def test_an_example_shows_the_value_before_and_after_its_conversion() -> None:
    lines = shown(company())

    assert (lines["Status__c"].before, lines["Status__c"].after) == ("active", "Active")
    assert (lines["BillingCity"].before, lines["BillingCity"].after) == ("Toronto", "Toronto")
    assert (lines["OwnerId"].before, lines["OwnerId"].after) == ("Dana Rep", "005A")
    assert lines["Concord_Id__c"].after == str(KEY)


def test_a_value_that_does_not_fit_says_by_how_much() -> None:
    lines = shown(company(name="A name of 20 letters"))

    assert "Shorten it by 10." in lines["Name"].problem


def test_a_reference_waits_for_the_record_that_it_points_to() -> None:
    record = SimpleNamespace(company="Facebook", company_id=7, public_id=KEY)

    def reference(parents: dict[int, str]) -> Row:
        example = Example(record, CONTACT.render(record, parents))
        return by_name(field_table.table(CONTACT, {}, {}, parent="company", example=example))["AccountId"]

    assert reference({}).problem == "waits for the company"
    assert (reference({7: "001A"}).before, reference({7: "001A"}).after) == ("Facebook", "001A")
    assert list(reference({}).rules) == ["waits for the company"]


def test_a_line_brings_what_the_last_test_said_of_its_field_and_of_no_other() -> None:
    stored = [
        {"label": "Login", "ok": True, "text": "fine"},
        {"label": "Email → Contact.Name", "ok": False, "text": "of another object", "about": "Contact.Name"},
        {"label": "Name", "ok": False, "text": "no access", "copy": "Please", "about": "Account.Name"},
    ]
    described = {"Name": {"label": "Account Name"}}

    table = field_table.table(COMPANY, described, field_table.checks_of(stored))
    lines = by_name(table)

    assert (lines["Name"].ok, lines["Name"].check, lines["Name"].copy) == (False, "no access", "Please")
    assert lines["Name"].theirs_label == "Account Name"
    assert not lines["Name"].is_missing
    assert lines["Mail__c"].ok is None
    assert [row.theirs for row in table.failed] == ["Name"]


def test_a_field_that_nobody_described_is_missing_where_it_failed() -> None:
    checks = {"Account.Mail__c": {"ok": False, "text": "make it"}}

    lines = by_name(field_table.table(COMPANY, {"Name": {}}, checks))

    assert lines["Mail__c"].is_missing


def test_what_must_be_filled_over_there_and_nothing_here_fills_is_a_line_of_its_own() -> None:
    checks = {"Account.Region__c": {"ok": False, "text": "Nothing fills it."}}

    table = field_table.table(COMPANY, {"Region__c": {"label": "Region"}}, checks)

    (row,) = table.unfilled
    assert (row.ours, row.theirs, row.theirs_label, row.ok) == (
        "nothing of ours",
        "Region__c",
        "Region",
        False,
    )


def test_without_a_test_nothing_is_checked() -> None:
    assert not field_table.table(COMPANY, {}, {}).is_checked
