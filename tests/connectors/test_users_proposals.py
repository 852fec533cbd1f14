"""Proposals: who of ours may be whom over there. Pure; never a guess where two fit."""

from collections import Counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connectors.users.proposals import Ours, Proposals, Rule, Theirs, canonical, propose

DANA = Ours(1, username="dana", email="dana.whitfield@example.com")


def proposed(ours: Ours, **theirs: str | bool) -> tuple[Rule, bool] | None:
    """Return rule and sureness of what is proposed for one of ours, if they are alone."""
    found = propose([ours], [Theirs(7, **theirs)]).of(ours.key)  # type: ignore[arg-type]
    return (found.rule, found.is_sure) if found else None


@pytest.mark.parametrize(
    ("theirs", "rule", "sure"),
    [
        ({"federation_id": "dana"}, Rule.FEDERATION, True),
        ({"federation_id": "Dana.Whitfield@example.com"}, Rule.FEDERATION, True),
        ({"email": "DANA.Whitfield@Example.com"}, Rule.EMAIL, True),
        ({"email": "dana.whitfield@example.com.invalid"}, Rule.EMAIL, True),
        ({"username": "dana.whitfield@example.com"}, Rule.USERNAME, True),
        ({"username": "dana"}, Rule.USERNAME, True),
        ({"username": "dana.whitfield@example.com.uat"}, Rule.SUFFIX, False),
        ({"email": "dana.whitfield@example.com", "is_active": False}, Rule.EMAIL, False),
        ({"federation_id": "dana", "email": "dana.whitfield@example.com"}, Rule.FEDERATION, True),
    ],
)
def test_the_surest_rule_that_fits_is_the_reason(
    theirs: dict[str, str | bool], rule: Rule, sure: bool
) -> None:
    assert proposed(DANA, **theirs) == (rule, sure)


@pytest.mark.parametrize(
    "theirs",
    [
        {"email": "dana@example.com"},
        {"email": "dana.whitfield@example.org"},
        {"username": "dana@example.com"},
        {"username": "dana.whitfield@example.com.uat.two"},
        {"federation_id": "dana.whitfield"},
        {},
    ],
)
def test_what_only_looks_alike_is_not_proposed(theirs: dict[str, str]) -> None:
    assert proposed(DANA, **theirs) is None


def test_what_a_sandbox_copy_adds_on_our_side_is_ignored_too() -> None:
    assert proposed(Ours(1, email="ana@acme.com.invalid"), email="ana@acme.com") == (Rule.EMAIL, True)
    assert proposed(Ours(1, email="ana=acme.com@example.com"), email="ana@acme.com") == (Rule.EMAIL, True)
    assert proposed(Ours(1, username="ana@acme.com.uat"), username="ana@acme.com") == (Rule.SUFFIX, False)


def test_two_countries_of_one_domain_are_no_sandbox_suffixes_of_each_other() -> None:
    found = propose([Ours(1, username="bob@acme.co.uk")], [Theirs(7, username="bob@acme.co.nz")])

    assert found == Proposals((), {})


def test_nobody_is_found_by_what_both_lack() -> None:
    assert propose([Ours(1), Ours(2, " ", " ")], [Theirs(7), Theirs(8, " ", "", " ")]) == Proposals((), {})


def test_two_over_there_of_the_same_strength_are_a_doubt_and_no_proposal() -> None:
    found = propose([DANA], [Theirs(7, email=DANA.email), Theirs(8, email=f"{DANA.email}.invalid")])

    assert found.found == ()
    assert found.doubts == {DANA.key: "2 match: same e-mail"}


def test_the_stronger_of_two_is_proposed() -> None:
    found = propose([DANA], [Theirs(7, email=DANA.email), Theirs(8, federation_id="dana")])

    assert [(item.theirs, item.rule) for item in found.found] == [(8, Rule.FEDERATION)]


def test_an_active_user_comes_before_a_stronger_inactive_one() -> None:
    found = propose([DANA], [Theirs(7, federation_id="dana", is_active=False), Theirs(8, email=DANA.email)])

    assert [(item.theirs, item.is_active) for item in found.found] == [(8, True)]


def test_one_over_there_for_two_of_ours_is_a_doubt_for_both() -> None:
    twin = Ours(2, username="whitfield", email=DANA.email)

    found = propose([DANA, twin], [Theirs(7, email=DANA.email)])

    assert found.found == ()
    assert found.doubts == dict.fromkeys((1, 2), "2 of ours match the same user over there")


def test_the_inactive_and_the_weak_come_last() -> None:
    ours = [Ours(1, email="a@x.com"), Ours(2, username="b@x.com"), Ours(3, email="c@x.com")]
    theirs = [
        Theirs(1, email="a@x.com", is_active=False),
        Theirs(2, username="b@x.com.uat"),
        Theirs(3, email="c@x.com"),
    ]

    assert [item.ours for item in propose(ours, theirs).found] == [3, 2, 1]


def test_thousands_are_compared_at_once() -> None:
    ours = [Ours(number, f"user{number}", f"u{number}@x.com") for number in range(5_000)]
    theirs = [Theirs(number, f"u{number}@x.com.uat", f"U{number}@x.com") for number in range(5_000)]

    assert len(propose(ours, theirs).found) == 5_000


NAMES = st.sampled_from(["ana", "bob", "ana@x.com", "bob@x.com", "ana@x.co.uk", "", "ÇA@x.com"])
SUFFIXES = st.sampled_from(["", ".invalid", ".uat", ".INVALID"])
TEXTS = st.one_of(st.builds(str.__add__, NAMES, SUFFIXES), st.text(max_size=8))
OURS = st.lists(st.builds(Ours, st.integers(0, 9), TEXTS, TEXTS), max_size=8, unique_by=lambda one: one.key)
THEIRS = st.lists(
    st.builds(Theirs, st.integers(0, 9), TEXTS, TEXTS, TEXTS, st.booleans()),
    max_size=8,
    unique_by=lambda one: one.key,
)


@settings(deadline=None)
@given(OURS, THEIRS)
def test_nobody_is_proposed_twice_and_a_doubt_is_no_proposal(ours: list[Ours], theirs: list[Theirs]) -> None:
    result = propose(ours, theirs)

    for keys in ([item.ours for item in result.found], [item.theirs for item in result.found]):
        assert not [key for key, times in Counter(keys).items() if times > 1]
    assert not {item.ours for item in result.found} & set(result.doubts)
    assert {item.ours for item in result.found} | set(result.doubts) <= {one.key for one in ours}


@settings(deadline=None)
@given(OURS, THEIRS)
def test_the_order_of_the_lists_changes_nothing(ours: list[Ours], theirs: list[Theirs]) -> None:
    assert propose(ours, theirs) == propose(ours[::-1], theirs[::-1])


@settings(deadline=None)
@given(OURS, THEIRS)
def test_case_and_sandbox_copies_change_nothing(ours: list[Ours], theirs: list[Theirs]) -> None:
    copied = [
        Theirs(one.key, one.username, f"{one.email.upper()}.invalid", one.federation_id, one.is_active)
        for one in theirs
        if one.email == canonical(one.email) and one.email.upper().casefold() == one.email
    ]
    plain = [one for one in theirs if one.key in {other.key for other in copied}]

    assert propose(ours, copied) == propose(ours, plain)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=("Z", "C")), max_size=20))
def test_what_a_sandbox_copy_adds_is_taken_away_again(text: str) -> None:
    assume(not text.casefold().endswith(".invalid"))

    assert canonical(f"{text}.invalid") == canonical(text)
