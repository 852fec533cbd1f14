"""The shared token: one login for many workers, and none for the wrong place."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import connections

from connectors import clock, tokens
from connectors.errors import AuthFailed, Transient
from connectors.models import Connection, Token
from connectors.protocol import FetchedToken
from connectors.tokens import SharedToken
from synclog.models import Entry
from tests.factories import ConnectionFactory

pytestmark = pytest.mark.django_db(transaction=True)

Fetch = Callable[[], FetchedToken]


class Login:
    """A login that counts, and may take its time."""

    def __init__(self, gate: threading.Event | None = None, org_id: str = "") -> None:
        self.count, self.gate, self.org_id = 0, gate, org_id
        self.began = threading.Event()

    def __call__(self) -> FetchedToken:
        self.count += 1
        self.began.set()
        if self.gate is not None:
            assert self.gate.wait(20)
        return FetchedToken(f"token {self.count}", org_id=self.org_id)


@pytest.fixture
def connection() -> Connection:
    return ConnectionFactory.create()


def shared(
    connection: Connection, fetch: Fetch, *, timeout_s: float = 30, any_org: bool = False
) -> SharedToken:
    return SharedToken(
        Connection.objects.get(pk=connection.pk), fetch, fetch_timeout_s=timeout_s, any_org=any_org
    )


def at_once(*acts: Callable[[], str]) -> list[str]:
    """Run these in threads of their own database connections; return what each gave."""

    def run(act: Callable[[], str]) -> str:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_two_threads_with_an_expired_token_make_one_login(connection: Connection) -> None:
    stale = shared(connection, lambda: FetchedToken("stale")).get()
    gate = threading.Event()
    login = Login(gate)
    talkers = [shared(connection, login) for _ in range(4)]
    threading.Thread(target=_open_when, args=(gate, login.began)).start()

    got = at_once(*(lambda talker=talker: talker.replace(stale) for talker in talkers))

    assert got == ["token 1"] * 4
    assert login.count == 1


def test_a_token_that_a_neighbour_fetched_is_taken(connection: Connection) -> None:
    one, other = shared(connection, Login()), shared(connection, Login())
    stale = one.get()
    assert other.get() == stale
    login = Login()

    fresh = shared(connection, lambda: FetchedToken("fresh")).replace(stale)

    assert shared(connection, login).replace(stale) == fresh == "fresh"
    assert login.count == 0


def test_a_fetcher_that_died_is_replaced_after_its_time(connection: Connection) -> None:
    row = Token.objects.create(connection=connection)
    Token.objects.filter(pk=row.pk).update(refreshing_until=clock.now() + timedelta(seconds=0.5))

    assert shared(connection, Login(), timeout_s=1).get() == "token 1"


def test_whoever_waits_for_a_dead_fetcher_of_the_same_moment_takes_over(connection: Connection) -> None:
    timeout_s = -tokens.MARGIN_S + 0.4  # a term of 0.4 s
    row = Token.objects.create(connection=connection)
    Token.objects.filter(pk=row.pk).update(refreshing_until=clock.now() + timedelta(seconds=0.4))

    assert shared(connection, Login(), timeout_s=timeout_s).get() == "token 1"


def test_waiting_for_a_slow_fetcher_ends(connection: Connection) -> None:
    row = Token.objects.create(connection=connection)
    Token.objects.filter(pk=row.pk).update(refreshing_until=clock.now() + timedelta(hours=1))

    with pytest.raises(Transient) as caught:
        shared(connection, Login(), timeout_s=-tokens.MARGIN_S).get()

    assert caught.value.code == "login_slow"


def test_a_refused_login_frees_the_election(connection: Connection) -> None:
    def refused() -> FetchedToken:
        raise AuthFailed("Salesforce refused the login.")

    with pytest.raises(AuthFailed):
        shared(connection, refused).get()

    assert Token.objects.get(connection=connection).refreshing_until is None
    assert shared(connection, Login()).get() == "token 1"


def test_a_fetcher_thought_dead_does_not_overwrite_its_successor(connection: Connection) -> None:
    gate = threading.Event()
    slow = Login(gate)
    first = threading.Thread(target=at_once, args=(shared(connection, slow).get,))
    first.start()
    assert slow.began.wait(20)
    Token.objects.update(refreshing_until=clock.now())  # its time is over
    assert shared(connection, lambda: FetchedToken("successor")).get() == "successor"

    gate.set()
    first.join(20)

    assert shared(connection, Login()).get() == "successor"


def test_a_token_about_to_expire_is_not_handed_out(connection: Connection) -> None:
    shared(connection, lambda: FetchedToken("short", lifetime_s=tokens.EARLY_S - 1)).get()

    assert shared(connection, Login()).get() == "token 1"


@pytest.mark.parametrize(
    "edit",
    [
        {"base_url": "http://127.0.0.1:2/salesforce"},
        {"credentials": {"client_id": "another", "client_secret": "rehearsal-secret"}},
        {"credentials": {"client_id": "rehearsal-client", "client_secret": "another"}},
    ],
)
def test_a_token_of_another_login_or_address_is_never_used(
    connection: Connection, edit: dict[str, object]
) -> None:
    shared(connection, lambda: FetchedToken("old")).get()
    for name, value in edit.items():
        setattr(connection, name, value)
    connection.save()

    assert shared(connection, Login()).get() == "token 1"


def test_a_token_that_no_key_opens_is_fetched_anew(connection: Connection) -> None:
    shared(connection, lambda: FetchedToken("old")).get()
    with database.cursor() as cursor:
        cursor.execute("UPDATE connectors_token SET value = 'gAAAAA-not-ours'")

    assert shared(connection, Login()).get() == "token 1"
    assert Token.objects.get(connection=connection).value["access_token"] == "token 1"


def test_a_login_of_another_organisation_is_refused_before_anything_is_sent(connection: Connection) -> None:
    Connection.objects.update(org_id="00D000000000001AAA")

    with pytest.raises(AuthFailed) as caught:
        shared(connection, Login(org_id="00D000000000002AAA")).get()

    assert caught.value.code == "other_org"
    assert "00D000000000002AAA" in caught.value.message
    assert "00D000000000001AAA" in caught.value.message
    assert not Token.objects.get(connection=connection).value


def test_a_test_may_look_at_another_organisation_but_leaves_no_token(connection: Connection) -> None:
    Connection.objects.update(org_id="00D000000000001AAA")
    tester = shared(connection, Login(org_id="00D000000000002AAA"), any_org=True)

    assert tester.get() == tester.get() == "token 1"

    row = Token.objects.get(connection=connection)
    assert not row.value
    assert row.refreshing_until is None


def test_a_login_of_the_same_organisation_is_taken(connection: Connection) -> None:
    Connection.objects.update(org_id="00D000000000001AAA")

    assert shared(connection, Login(org_id="00D000000000001AAA")).get() == "token 1"


def test_a_forgotten_token_is_fetched_anew(connection: Connection) -> None:
    shared(connection, Login()).get()
    tokens.forget(connection)
    login = Login()

    shared(connection, login).get()

    assert login.count == 1


def test_a_new_token_is_told_in_the_log_and_shown_nowhere(connection: Connection) -> None:
    source = shared(connection, lambda: FetchedToken("very secret token"))
    source.get()

    (entry,) = Entry.objects.filter(action_type=Entry.ActionType.TOKEN)
    assert "handed out a new access token" in entry.description
    row = Token.objects.get(connection=connection)
    shown = [repr(source), repr(row), str(row), repr(row.value), repr(FetchedToken("very secret token"))]
    shown += [str(value) for value in vars(entry).values()]
    assert not [text for text in shown if "very secret token" in text]
    assert "very secret token" not in _stored(row)


def _open_when(gate: threading.Event, begun: threading.Event) -> None:
    begun.wait(20)
    gate.set()


def _stored(row: Token) -> str:
    with database.cursor() as cursor:
        cursor.execute("SELECT value FROM connectors_token WHERE id = %s", [row.pk])
        return str(cursor.fetchone()[0])
