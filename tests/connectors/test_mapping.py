"""Fields and differences: what is sent brings the other side to where we are, and nothing else moves."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.mapping import (
    Field,
    Mapping,
    adoption,
    as_text,
    is_blank,
    outstanding,
    read,
    same,
)

NAMES = ["Name", "Phone", "City", "Street"]
texts = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["", " ", "a", "A", "a ", "a\r\nb", "a\nb", "a\rb", "null", "0", "\u00a0", "🚀"]
)
rendered = st.dictionaries(st.sampled_from(NAMES), texts.map(as_text), min_size=1)
stored = st.dictionaries(st.sampled_from(NAMES), texts.map(as_text) | st.none())
Record = dict[str, Any]


def after(remote: Record, sent: Record) -> Record:
    """Return the other side after a write: None clears, absent stays, line ends become theirs."""
    written = {
        name: value.replace("\r\n", "\n").replace("\n", "\r\n") if value else None
        for name, value in sent.items()
    }
    return {**remote, **written}


def agrees(remote: Record, snapshot: Record) -> bool:
    return all(same(remote.get(name), snapshot.get(name)) for name in NAMES)


@given(rendered, stored)
def test_what_is_outstanding_makes_the_other_side_equal_to_ours(payload: Record, snapshot: Record) -> None:
    remote = after({}, snapshot)
    assert agrees(remote, snapshot)

    remote = after(remote, outstanding(payload, snapshot, {}, unsure=False))

    assert all(same(remote.get(name), value) for name, value in payload.items())


@given(rendered, stored)
def test_once_sent_nothing_is_outstanding(payload: Record, snapshot: Record) -> None:
    sent = outstanding(payload, snapshot, {}, unsure=False)

    assert outstanding(payload, {**snapshot, **sent}, {}, unsure=False) == {}


@given(rendered, stored)
def test_only_what_differs_is_sent(payload: Record, snapshot: Record) -> None:
    sent = outstanding(payload, snapshot, {}, unsure=False)

    assert not [name for name, value in sent.items() if same(value, snapshot.get(name))]


@given(rendered, stored)
def test_nothing_is_cleared_that_we_did_not_set(payload: Record, snapshot: Record) -> None:
    sent = outstanding(payload, snapshot, {}, unsure=False)

    assert all(not is_blank(snapshot.get(name)) for name, value in sent.items() if value is None)


@given(rendered, stored, stored)
def test_in_doubt_the_snapshot_is_not_believed(payload: Record, snapshot: Record, lost: Record) -> None:
    """Whatever part of a lost write arrived: what had been blank was noted before the call."""
    widened = {**snapshot, **{name: value for name, value in lost.items() if is_blank(snapshot.get(name))}}
    for remote in (after({}, snapshot), after(after({}, snapshot), lost)):
        sent = outstanding(payload, widened, {}, unsure=True)

        settled = after(remote, sent)

        assert all(same(settled.get(name), value) for name, value in payload.items())


def test_in_doubt_nothing_is_cleared_that_we_never_set() -> None:
    sent = outstanding({"Name": "Acme", "Phone": None}, {"Name": "Acme"}, {}, unsure=True)

    assert sent == {"Name": "Acme"}


@given(rendered, stored)
def test_a_create_whose_answer_was_lost_ends_as_we_are(payload: Record, lost: Record) -> None:
    settled = after(after({}, lost), outstanding(payload, {}, {}, unsure=True))

    assert all(same(settled.get(name), value) for name, value in payload.items())


@given(rendered, stored)
@example({"Phone": None}, {"Phone": "theirs"})
def test_adoption_fills_blanks_and_takes_nothing(payload: Record, found: Record) -> None:
    fill, left = adoption(payload, found)
    settled = after(found, fill)

    for name, value in payload.items():
        assert same(settled.get(name), value) or name in left
        assert is_blank(found.get(name)) or same(settled.get(name), found.get(name))
    assert not [name for name, value in fill.items() if is_blank(value)]


@given(rendered, stored, st.booleans())
def test_after_adoption_nothing_moves_until_somebody_edits(
    payload: Record, found: Record, unsure: bool
) -> None:
    fill, left = adoption(payload, found)
    settled = after(found, fill)

    again = after(settled, outstanding(payload, {**found, **fill}, left, unsure=unsure))

    assert all(same(again.get(name), settled.get(name)) for name in NAMES)


@given(rendered, stored, st.sampled_from(NAMES), texts.map(as_text))
def test_an_edit_after_adoption_arrives(payload: Record, found: Record, name: str, value: str | None) -> None:
    fill, left = adoption(payload, found)
    snapshot = {**found, **fill}
    edited = {**payload, name: value}

    settled = after(after({}, snapshot), outstanding(edited, snapshot, left, unsure=False))

    changed = not same(payload.get(name), value)
    if changed and (name in payload or not is_blank(value)):
        assert same(settled.get(name), value)


@given(rendered, stored)
def test_overwriting_clears_nothing(payload: Record, found: Record) -> None:
    fill, left = adoption(payload, found, overwrite=True)

    assert not [name for name, value in fill.items() if is_blank(value)]
    assert all(is_blank(value) for value in left.values())


@pytest.mark.parametrize(
    ("found", "filled", "kept"),
    [
        ({"Street": "2 Main St"}, {}, {"Street": "1 Hacker Way", "City": "Menlo Park"}),
        ({"City": "Menlo Park"}, {"Street": "1 Hacker Way"}, {}),
        ({"Street": None, "City": ""}, {"Street": "1 Hacker Way", "City": "Menlo Park"}, {}),
    ],
)
def test_a_block_is_filled_unless_a_part_of_it_differs(found: Record, filled: Record, kept: Record) -> None:
    ours = {"Street": "1 Hacker Way", "City": "Menlo Park"}

    assert adoption(ours, found, blocks=[frozenset(ours)]) == (filled, kept)


@given(st.text(max_size=30))
@example("\x00")
@example(" \x00 a\x00 ")
def test_text_is_cleaned_once_and_for_all(text: str) -> None:
    clean = as_text(text)

    assert clean is None or (clean == as_text(clean) and "\x00" not in clean and clean == clean.strip())


@pytest.mark.parametrize("value", [None, "", "  ", "\x00", "\u00a0\u2003", "\r\n"])
def test_nothing_is_said_by_blanks(value: object) -> None:
    assert as_text(value) is None


@pytest.mark.parametrize("value", [0, False, 0.0, "0", " "])
def test_a_zero_a_no_and_what_was_not_cleaned_say_something(value: object) -> None:
    assert not is_blank(value)


@given(texts, texts, texts)
def test_sameness_is_what_it_should_be(one: str, two: str, three: str) -> None:
    assert same(one, one)
    assert same(one, two) is same(two, one)
    assert not (same(one, two) and same(two, three)) or same(one, three)


@pytest.mark.parametrize(
    ("one", "other"),
    [("a\r\nb", "a\nb"), ("a\rb", "a\nb"), ("a ", "a"), ("", None), (" ", None), ("\r\n", "")],
)
def test_line_ends_and_blanks_are_no_difference(one: str, other: str | None) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("a", "A"), ("null", None), ("0", None), ("a b", "ab"), ("é", "e\u0301")]
)
def test_letters_are(one: str, other: str | None) -> None:
    assert not same(one, other)


@dataclass
class Thing:
    name: str = ""
    phone: str = ""
    parent: Any = None
    theirs: str = ""
    code: str = ""


MAPPING = Mapping(
    "thing",
    "Thing",
    "Key",
    (
        Field("name", "Name", "Company Name", required=True, max_length=5),
        Field("phone", "Phone", "Phone", max_length=3),
        Field("parent", "Parent", "Parent", path="parent.name"),
        Field("theirs", "Theirs", "Theirs", master="remote", is_pulled=True),
        Field("code", "Code", "Code", only="create", required=True),
        Field("lead", "LeadName", "Lead", only="create", value=lambda subject: subject.lead),
    ),
    match=("name",),
    system="Salesforce",
)


def test_a_record_is_rendered_in_their_words() -> None:
    record = Thing(" Acme ", "", SimpleNamespace(name="Globex"))

    found = MAPPING.render(record)

    assert found.payload == {"Name": "Acme", "Phone": None, "Parent": "Globex"}
    assert found.for_create() == {"Name": "Acme", "Parent": "Globex"}
    assert (found.errors, found.local) == ({}, {"name": " Acme "})


def test_what_does_not_fit_is_said_with_limit_and_measure() -> None:
    found = MAPPING.render(Thing("Acme Ltd", "1234"))

    assert found.problems(is_new=False) == {
        "name": "Company Name has 8 characters; Salesforce takes 5. Shorten it by 3.",
        "phone": "Phone has 4 characters; Salesforce takes 3. Shorten it by 1.",
    }
    assert found.payload["Name"] == "Acme Ltd"  # never cut


def test_what_has_just_the_greatest_length_fits() -> None:
    assert MAPPING.render(Thing("Acmes", "123")).problems(is_new=False) == {}


@pytest.mark.parametrize("name", ["", "  ", "\x00"])
def test_what_is_needed_and_empty_is_said(name: str) -> None:
    assert MAPPING.render(Thing(name)).errors == {
        "name": "Company Name is empty; Salesforce needs it. Fill it in and save."
    }


def test_an_empty_link_on_the_way_is_no_value() -> None:
    assert read(Thing(), "parent.name") is None


def test_an_address_that_many_fields_want_is_looked_for_once() -> None:
    looked: list[str] = []

    class Company:
        @property
        def billing_address(self) -> SimpleNamespace:
            looked.append("billing")
            return SimpleNamespace(street="1 Hacker Way", city="Menlo Park")

    parts = ("street", "city")
    fields = tuple(Field(f"billing_{name}", name, name, path=f"billing_address.{name}") for name in parts)

    rendered = Mapping("company", "Account", "Key", fields).render(Company())

    assert rendered.payload == {"street": "1 Hacker Way", "city": "Menlo Park"}
    assert looked == ["billing"]


def test_names_and_labels_come_back_in_our_order_each_once() -> None:
    assert MAPPING.local_names(["Phone", "Name", "Nobody's", "Phone"]) == ["name", "phone"]
    assert MAPPING.labels(["Phone", "Name"]) == ["Company Name", "Phone"]


def test_what_they_master_and_what_is_set_once_goes_with_a_new_record_only() -> None:
    found = MAPPING.render(Thing("Acme", theirs="ours at first", code="C1"), lead="Mark")

    assert found.payload == {"Name": "Acme", "Phone": None, "Parent": None}
    assert found.for_create() == {
        "Name": "Acme",
        "Theirs": "ours at first",
        "Code": "C1",
        "LeadName": "Mark",
    }


def test_what_only_a_new_record_needs_is_no_problem_of_one_that_is_there() -> None:
    found = MAPPING.render(Thing("Acme"))

    assert found.problems(is_new=False) == {}
    assert found.problems(is_new=True) == {"code": "Code is empty; Salesforce needs it. Fill it in and save."}


def test_a_master_is_chosen_only_for_what_can_be_taken_over() -> None:
    chosen = MAPPING.mastered({"theirs": "local", "name": "remote"})

    found = chosen.render(Thing("Acme", theirs="ours", code="C1"))

    assert found.payload["Theirs"] == "ours"
    assert found.payload["Name"] == "Acme"


CHILD = Mapping(
    "contact",
    "Contact",
    "Key",
    (Field("company", "AccountId", "Company"), Field("phone", "Phone", "Phone")),
    match=("email",),
    parent="AccountId",
)


@pytest.mark.parametrize(
    ("email", "account", "is_same"),
    [("a@b.c", "001", True), ("a@b.c", "002", False), ("d@b.c", "001", False)],
)
def test_who_a_record_is_depends_on_what_it_is_matched_by_and_on_its_parent(
    email: str, account: str, is_same: bool
) -> None:
    before = CHILD.render(SimpleNamespace(company_id=1, email="a@b.c", phone="1"), {1: "001"})

    after = CHILD.render(SimpleNamespace(company_id=1, email=email, phone="2"), {1: account})

    assert (CHILD.identity(before) == CHILD.identity(after)) is is_same
