"""The one vocabulary of states, and the same as conditions on the table."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from companies.models import CompanyLink
from connectors import states
from connectors.models import Connection, ConnectionHealth
from connectors.states import Shown, State, World
from tests.factories import CompanyFactory, ConnectionFactory

NOW = datetime(2026, 11, 21, 22, 42, tzinfo=UTC)
LEASE = uuid.uuid4()
ID = "0015g00000Xa1bcQAQ"
WORLD = World(
    now=NOW,
    live={LEASE},
    system="Salesforce",
    record_words=("account", "accounts"),
    paused="",
    automatic=False,
    attempts=12,
    labels=str.title,
)
CASES: list[tuple[dict[str, Any], State, str]] = [
    ({"remote_id": ID, "synced_at": NOW - timedelta(minutes=3)}, State.IN_SYNC, "10:39 PM (3 min ago)"),
    ({"remote_id": ID, "synced_at": NOW - timedelta(days=3)}, State.IN_SYNC, "18 Nov, 10:42 PM"),
    (
        {"remote_id": ID, "changed": ["phone", "name"]},
        State.CHANGED,
        "Phone, Name · automatic sync is off",
    ),
    (
        {"state": "pending", "requested_at": NOW - timedelta(seconds=4)},
        State.WAITING,
        "in line for 4 s",
    ),
    (
        {"state": "pending", "not_before": NOW + timedelta(hours=2), "attempts": 2},
        State.WAITING,
        "next try 12:42 AM, 3rd of 12",
    ),
    (
        {"state": "pending", "lease": LEASE, "leased_at": NOW - timedelta(seconds=4)},
        State.SENDING,
        "for 4 s",
    ),
    ({"state": "pending", "lease": uuid.uuid4()}, State.WAITING, "in line"),
    (
        {"state": "failed", "code": "too_long", "message": "Name is too long. Shorten it."},
        State.FAILED,
        "Name is too long.",
    ),
    (
        {"state": "failed", "code": "invalid", "errors": {"phone": "Phone is empty. Fill it in."}},
        State.FAILED,
        "Phone is empty.",
    ),
    ({"state": "failed", "code": "FOO"}, State.FAILED, "Salesforce refused it (FOO)"),
    ({"state": "failed", "code": "conflict", "candidates": [{}, {}]}, State.CHOICE, "2 accounts match"),
    ({"state": "failed", "code": "conflict", "candidates": [{}]}, State.CHOICE, "1 account matches"),
    ({"state": "failed", "code": "gone", "remote_id": ID}, State.GONE, "deleted in Salesforce"),
    (
        {"enabled": "no", "enabled_by": "admin", "enabled_at": NOW - timedelta(days=18)},
        State.NOT_ENABLED,
        "switched off by admin, 3 Nov",
    ),
    ({}, State.NOT_SYNCED, "never sent"),
]


@pytest.mark.parametrize(("fields", "state", "reason"), CASES)
def test_a_link_shows_its_state_and_why(fields: dict[str, Any], state: State, reason: str) -> None:
    assert states.shown(CompanyLink(**fields), WORLD) == Shown(state, reason)


def test_a_record_without_a_link_was_never_sent() -> None:
    assert states.shown(None, WORLD) == Shown(State.NOT_SYNCED, "never sent")


def test_a_switched_off_record_is_not_enabled_whatever_else_it_is() -> None:
    link = CompanyLink(enabled="no", state="failed", code="conflict")

    assert states.state_of(link, {LEASE}) is State.NOT_ENABLED


def test_changes_say_that_automatic_sync_is_off_only_where_it_is() -> None:
    link = CompanyLink(remote_id=ID, changed=["phone"])

    assert states.shown(link, replace(WORLD, automatic=True)).reason == "Phone"


def test_what_waits_for_a_paused_connection_says_so() -> None:
    link = CompanyLink(state="pending", not_before=NOW + timedelta(hours=2))

    shown = states.shown(link, replace(WORLD, paused="login refused"))

    assert shown == Shown(State.WAITING, "connection paused: login refused")


@pytest.mark.parametrize(
    ("parent", "told"),
    [
        (Shown(State.WAITING, "in line"), ""),
        (Shown(State.SENDING, "for 4 s"), ""),
        (Shown(State.NOT_SYNCED, "never sent"), ", which was never sent"),
        (Shown(State.NOT_ENABLED, "switched off"), ", which is not enabled"),
        (Shown(State.CHOICE, "2 accounts match"), ", which needs your choice"),
        (Shown(State.GONE, "Deleted in Salesforce"), ", which is gone in Salesforce"),
        (Shown(State.FAILED, "City is missing."), ", which failed: City is missing."),
    ],
)
def test_a_record_that_waits_for_its_parent_says_how_that_stands(parent: Shown, told: str) -> None:
    link = CompanyLink(state="pending")

    shown = states.shown(link, WORLD, parent=states.Parent("Facebook (company)", parent))

    assert shown == Shown(State.WAITING, f"for Facebook (company){told}")


def test_a_record_that_is_not_enabled_at_all_says_so_whatever_its_link_says() -> None:
    link = CompanyLink(state="failed", code="conflict")

    assert states.shown(link, WORLD, is_on=False).state is State.NOT_ENABLED
    assert states.shown(None, WORLD, is_on=False).state is State.NOT_ENABLED


def test_a_long_reason_is_cut() -> None:
    link = CompanyLink(state="failed", message="x" * 5_000)

    assert len(states.shown(link, WORLD).reason) == states.REASON_CHARS


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, ""),
        ({"pause": "person"}, "paused by a person"),
        ({"pause": "login"}, "login refused"),
        ({"pause": "setup"}, "something is missing over there"),
        (
            {"pause": "limit", "paused_until": NOW + timedelta(hours=1)},
            "calls used up, next look 11:42 PM",
        ),
        (
            {"pause": "trouble", "paused_until": NOW + timedelta(minutes=1)},
            "not answering, next look 10:43 PM",
        ),
        ({"pause": "trouble", "paused_until": NOW - timedelta(minutes=1)}, ""),
    ],
)
def test_a_pause_is_told_in_words(fields: dict[str, Any], told: str) -> None:
    assert states.pause_words(ConnectionHealth(**fields), NOW) == told


@pytest.mark.django_db
def test_each_link_is_found_by_the_condition_of_its_own_state_and_no_other() -> None:
    connection: Connection = ConnectionFactory.create()
    made = [_stored(connection, number, fields) for number, (fields, _, _) in enumerate(CASES)]

    for link in made:
        found = {
            state
            for state in State
            if CompanyLink.objects.filter(states.where(state, [LEASE]), pk=link.pk).exists()
        }
        assert found == {states.state_of(link, {LEASE})}


def _stored(connection: Connection, number: int, fields: dict[str, Any]) -> CompanyLink:
    company = CompanyFactory.create()
    values = {**fields, "remote_id": f"id{number}"} if "remote_id" in fields else fields
    CompanyLink.objects.update_or_create(connection=connection, record=company, defaults=values)
    return CompanyLink.objects.get(connection=connection, record=company)
