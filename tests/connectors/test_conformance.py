"""What every connector keeps, whatever its system: each kind, each declared capability.

A new system adds one row to tests.rehearsed; then the same tests drive it against its
sandbox, alone at a desk and through the engine.
"""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from companies.models import Company, CompanyLink
from connectors import errors, kinds, registry
from connectors.models import Connection, ConnectionHealth, Token
from connectors.protocol import Capability, Connector, Outcome, Status
from connectors.sandbox.server import SandboxServer
from synclog.models import Entry, Run
from tests import talk
from tests.desk import CREDENTIALS, Desk, at, change
from tests.factories import CompanyFactory
from tests.rehearsed import PAIRS, REHEARSED, Rehearsed, Sent, break_it, control, named, names, opened, rows

pytestmark = pytest.mark.django_db(transaction=True)


LOGGING_IN = [pair for pair in PAIRS if REHEARSED[pair[0]].skip_refresh]


fetches_tokens = pytest.mark.parametrize("pair", LOGGING_IN, ids=named, indirect=True)


@pytest.fixture(params=PAIRS, ids=named)
def pair(request: pytest.FixtureRequest) -> tuple[str, Sent]:
    found: tuple[str, Sent] = request.param
    return found


@pytest.fixture
def system(pair: tuple[str, Sent], sandbox: SandboxServer) -> Rehearsed:
    """The system, set up."""
    found = REHEARSED[pair[0]]
    if found.settings:
        control(sandbox, "POST", "settings", {found.slug: dict(found.settings)})
    return found


@pytest.fixture
def sent(pair: tuple[str, Sent]) -> Sent:
    return pair[1]


@pytest.fixture
def parent(system: Rehearsed, sent: Sent, sandbox: SandboxServer) -> str:
    """The id of the company that the records belong to, "" where they need none."""
    if sent.entity == "company" or not system.hosts:
        return ""
    made: list[str] = control(sandbox, "POST", f"{system.slug}/company", [dict(system.hosts)])["ids"]
    return made[0]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def connector(sandbox: SandboxServer, system: Rehearsed, desk: Desk) -> Iterator[Connector]:
    with opened(sandbox, system, desk) as connector:
        yield connector


def accounts(sandbox: SandboxServer) -> list[str]:
    """Return the names of all Salesforce accounts."""
    return names(sandbox, REHEARSED["salesforce"], REHEARSED["salesforce"].sent[0])


def test_every_kind_and_all_that_it_takes_is_rehearsed() -> None:
    assert {(kind.slug, entity) for kind in registry.kinds() for entity in kind.entities} == {
        (slug, sent.entity) for slug, sent in PAIRS
    }


def test_create_then_update(
    connector: Connector, sandbox: SandboxServer, system: Rehearsed, sent: Sent, parent: str
) -> None:
    (created,) = connector.push(sent.entity, [sent.change("k1", "Acme", parent=parent)])
    again = sent.change("k1", "Acme 2", remote_id=created.remote_id, parent=parent)
    (updated,) = connector.push(sent.entity, [again])

    assert (created.status, updated.status) == (Status.CREATED, Status.UPDATED)
    assert created.remote_id == updated.remote_id != ""
    assert names(sandbox, system, sent) == ["Acme 2"]


def test_one_outcome_per_change_in_their_order(
    connector: Connector, sandbox: SandboxServer, system: Rehearsed, sent: Sent, parent: str
) -> None:
    break_it(sandbox, system, {"fault": system.refuses, "match": {sent.name: "Bad"}})
    wished = ["A", "Bad", "C", "Bad", "E"]

    changes = [sent.change(f"k{n}", name, parent=parent) for n, name in enumerate(wished)]
    outcomes = list(connector.push(sent.entity, changes))

    assert [outcome.status is Status.REJECTED for outcome in outcomes] == [name == "Bad" for name in wished]
    assert names(sandbox, system, sent) == ["A", "C", "E"]
    assert [outcome.exchange.http_status for outcome in outcomes] == [
        system.refused_status if name == "Bad" else 200 for name in wished
    ]
    assert [outcome.exchange.request[sent.name] for outcome in outcomes] == wished


def test_no_change_makes_no_call(connector: Connector, sent: Sent) -> None:
    assert list(connector.push(sent.entity, [])) == []
    assert connector.calls == 0


@pytest.mark.parametrize("together", [True, False])
def test_the_same_key_twice_makes_one_record(
    connector: Connector, sandbox: SandboxServer, system: Rehearsed, sent: Sent, parent: str, together: bool
) -> None:
    twice = [sent.change("k1", parent=parent), sent.change("k1", parent=parent)]

    batches = [twice] if together else [twice[:1], twice[1:]]
    outcomes = [outcome for batch in batches for outcome in connector.push(sent.entity, batch)]

    assert len(outcomes) == 2
    assert {outcome.status for outcome in outcomes} <= {Status.CREATED, Status.UPDATED}
    assert len({outcome.remote_id for outcome in outcomes}) == 1
    assert names(sandbox, system, sent) == ["Acme"]


@pytest.mark.parametrize(
    "fault", ["drop_after_commit", "drop_before_commit", "html", "garbage", "status:500"]
)
def test_a_lost_answer_makes_one_record(
    connector: Connector, sandbox: SandboxServer, system: Rehearsed, sent: Sent, parent: str, fault: str
) -> None:
    break_it(sandbox, system, {"fault": fault, "match": {"route": sent.write}, "times": 1})
    with pytest.raises(errors.Transient):
        list(connector.push(sent.entity, [sent.change("k1", parent=parent)]))

    (outcome,) = connector.push(sent.entity, [sent.change("k1", parent=parent)])

    assert outcome.remote_id
    assert names(sandbox, system, sent) == ["Acme"]


def test_a_time_out_that_arrived_nevertheless_makes_one_record(
    sandbox: SandboxServer, system: Rehearsed, sent: Sent, parent: str, desk: Desk
) -> None:
    break_it(sandbox, system, {"fault": "slow:3", "match": {"route": sent.write}, "times": 1})
    with opened(sandbox, system, desk, timeout_s=1) as connector:
        with pytest.raises(errors.Transient) as caught:
            list(connector.push(sent.entity, [sent.change("k1", parent=parent)]))
        assert (caught.value.code, caught.value.halves) == ("timeout", True)

        (outcome,) = connector.push(sent.entity, [sent.change("k1", parent=parent)])

    assert outcome.status is Status.UPDATED
    assert names(sandbox, system, sent) == ["Acme"]


def test_fields_of_the_other_side_stay(
    connector: Connector, sandbox: SandboxServer, system: Rehearsed, sent: Sent, parent: str
) -> None:
    (created,) = connector.push(sent.entity, [sent.change("k1", parent=parent)])
    path = f"{system.slug}/{sent.there}/{created.remote_id}"
    control(sandbox, "PUT", path, {sent.theirs: "Retail"})

    again = sent.change("k1", "Acme 2", remote_id=created.remote_id, parent=parent)
    list(connector.push(sent.entity, [again]))

    (record,) = rows(sandbox, system, sent)
    assert (record[sent.name], record[sent.theirs]) == ("Acme 2", "Retail")


@fetches_tokens
def test_a_token_that_expires_in_the_middle_is_replaced_once(
    connector: Connector, sandbox: SandboxServer, sent: Sent, system: Rehearsed, desk: Desk
) -> None:
    break_it(sandbox, system, {"fault": "expire_tokens", "match": {"route": sent.write}, "times": 1})

    (outcome,) = connector.push(sent.entity, [sent.change("k1")])

    assert outcome.status is Status.CREATED
    assert desk.source is not None
    assert desk.source.logins == 2
    assert names(sandbox, system, sent) == ["Acme"]


@fetches_tokens
def test_a_token_that_is_refused_again_stops_the_connection(
    connector: Connector, sandbox: SandboxServer, system: Rehearsed, sent: Sent, desk: Desk
) -> None:
    break_it(sandbox, system, {"fault": "expire_tokens"})

    with pytest.raises(errors.AuthFailed):
        list(connector.push(sent.entity, [sent.change("k1")]))

    assert desk.source is not None
    assert desk.source.logins == 2


@fetches_tokens
def test_a_401_that_no_token_heals_asks_for_none(
    connector: Connector, sandbox: SandboxServer, sent: Sent, system: Rehearsed, desk: Desk
) -> None:
    fault = {"fault": "status:401", "code": "INVALID_SESSION_ID", "message": system.skip_refresh}
    break_it(sandbox, system, fault)

    with pytest.raises(errors.AuthFailed) as caught:
        list(connector.push(sent.entity, [sent.change("k1")]))

    assert desk.source is not None
    assert desk.source.logins == 1
    assert "scope" in caught.value.message


def test_a_login_that_is_refused_stops_the_connection(
    connector: Connector, sandbox: SandboxServer, system: Rehearsed, sent: Sent, parent: str
) -> None:
    break_it(sandbox, system, {"fault": "status:401", "match": {"route": sent.write}})

    with pytest.raises(errors.AuthFailed):
        list(connector.push(sent.entity, [sent.change("k1", parent=parent)]))

    assert names(sandbox, system, sent) == []


def test_a_limit_raises_with_its_seconds(
    connector: Connector, sandbox: SandboxServer, sent: Sent, system: Rehearsed, parent: str
) -> None:
    break_it(sandbox, system, {"fault": "status:429", "retry_after": 30, "match": {"route": sent.write}})

    with pytest.raises(errors.RateLimited) as caught:
        list(connector.push(sent.entity, [sent.change("k1", parent=parent)]))

    assert caught.value.retry_after_s == 30


@pytest.mark.parametrize("where", ["login", "look-up"])
def test_a_hung_server_is_left_in_time(hung_port: int, where: str) -> None:
    desk = Desk()
    with at(f"http://127.0.0.1:{hung_port}", desk, timeout_s=0.5) as connector:
        if where == "look-up" and desk.source:
            desk.source.value = "a token"
        with pytest.raises(errors.Transient) as caught:
            list(connector.push("company", [change("k1", "Acme")]))

    assert caught.value.code == "timeout"


@pytest.mark.parametrize("fault", ["drip:0.05"])
def test_a_dripping_answer_is_left_in_time(
    sandbox: SandboxServer, system: Rehearsed, sent: Sent, parent: str, desk: Desk, fault: str
) -> None:
    break_it(sandbox, system, {"fault": fault, "match": {"route": sent.write}})

    with opened(sandbox, system, desk, timeout_s=1) as connector, pytest.raises(errors.Transient) as caught:
        list(connector.push(sent.entity, [sent.change("k1", parent=parent)]))

    assert caught.value.code == "timeout"


STRANGE = {
    "emoji": "Acme 🚀👩‍👩‍👧",
    "right to left": "شركة الأفق \u202eabc",
    "null": "null",
    "NUL": "Ac\x00me",
    "quotes": 'O\'Neil "& Co" \\ </script>',
    "combining": "Cafe\u0301",
    "line ends": "a\r\nb\nc\rd",
    "percent": "100%_{x}",
    "formula": "=1+1",
    "number": "0012",
    "zero width": "\u200bAcme\ufeff",
}


@pytest.mark.parametrize("what", STRANGE)
def test_strange_values_arrive_as_they_are(salesforce: Connection, sandbox: SandboxServer, what: str) -> None:
    text = STRANGE[what]
    stored = text.replace("\x00", "")  # PostgreSQL holds no NUL
    company = CompanyFactory.create(name=stored, legal_street=stored, customer_class=stored)

    talk.send(salesforce, [company])
    run = talk.send(salesforce, [company])

    record = talk.account_of(sandbox, company)
    assert record["Name"] == record["BillingStreet"] == stored.strip()
    assert run.unchanged == 1


def test_nul_never_leaves(salesforce: Connection) -> None:
    company = CompanyFactory.build(name="Ac\x00me", phone="\x00")

    rendered = registry.mapping(salesforce, "company").render(company)

    assert (rendered.payload["Name"], rendered.payload["Phone"]) == ("Acme", None)


@pytest.mark.parametrize("length", [255, 256, 500])
def test_what_is_too_long_is_refused_and_never_cut(
    salesforce: Connection, sandbox: SandboxServer, length: int
) -> None:
    company = CompanyFactory.create(name="ä" * length, legal_name="")

    talk.send(salesforce, [company])

    fits = length <= 255
    assert accounts(sandbox) == (["ä" * 255] if fits else [])
    assert bool(talk.link_of(company).errors) is not fits


def test_an_undeclared_capability_raises(connector: Connector) -> None:
    asked: dict[Capability, Callable[[], Any]] = {
        Capability.PULL: lambda: connector.pull("company", None),
        Capability.USERS: lambda: list(connector.list_users()),
    }
    undeclared = asked.keys() - connector.capabilities

    assert len(undeclared) == 1
    for capability in undeclared:
        with pytest.raises(NotImplementedError):
            asked[capability]()


def test_an_entity_that_is_not_sent_raises(connector: Connector, system: Rehearsed) -> None:
    for entity in {"location", "nonsense"} - {sent.entity for sent in system.sent}:
        with pytest.raises(NotImplementedError):
            list(connector.push(entity, [change("k1")]))


# Through the engine.


def test_a_mixed_batch_is_settled_one_by_one(salesforce: Connection, sandbox: SandboxServer) -> None:
    good, linked, bad, same = (CompanyFactory.create(name=name) for name in ("Good", "Linked", "Bad", "Same"))
    talk.send(salesforce, [linked, same])
    linked.phone = "2"
    linked.save()
    talk.break_it(sandbox, {"fault": "record:FIELD_INTEGRITY_EXCEPTION", "match": {"Name": "Bad"}})

    run = talk.send(salesforce, [good, linked, bad, same])

    assert (run.created, run.updated, run.rejected, run.unchanged) == (1, 1, 1, 1)
    assert talk.states() == {"idle": 3, "failed": 1}


def test_an_outage_that_ends_leaves_every_company_there_once(
    salesforce: Connection, sandbox: SandboxServer
) -> None:
    companies = CompanyFactory.create_batch(5)
    talk.break_it(
        sandbox,
        {"fault": "drop_after_commit", "times": 1},
        {"fault": "garbage", "match": {"route": "collections_*"}, "times": 1},
        {"fault": "expire_tokens", "times": 2},
    )
    talk.request(salesforce, companies)

    for _ in range(4):
        ConnectionHealth.objects.update(paused_until=None, pause="")
        CompanyLink.objects.update(not_before="2020-01-01T00:00:00Z")
        talk.drain(salesforce)

    assert accounts(sandbox) == sorted(company.name for company in companies)
    assert talk.states() == {"idle": 5}


TROUBLES: list[dict[str, Any]] = [
    {"fault": "token:400:invalid_client", "message": "rehearsal-secret is wrong"},
    {"fault": "token:503"},
    {"fault": "status:400", "code": "FOO_BAR", "message": "Bearer TOKEN, rehearsal-secret"},
    {"fault": "record:FOO_BAR", "message": "session TOKEN of rehearsal-secret"},
    {"fault": "record:FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "TOKEN rehearsal-secret"},
    {"fault": "record:INVALID_FIELD", "message": "TOKEN rehearsal-secret"},
    {"fault": "html"},
    {"fault": "drop_after_commit"},
    {"fault": "rate_limit", "message": "TotalRequests TOKEN rehearsal-secret"},
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: str(trouble["fault"]))
def test_no_secret_stands_in_the_log_nor_in_what_a_person_reads(
    salesforce: Connection,
    sandbox: SandboxServer,
    caplog: pytest.LogCaptureFixture,
    trouble: dict[str, Any],
) -> None:
    caplog.set_level(logging.DEBUG)
    first, second, third = CompanyFactory.create_batch(3)
    talk.send(salesforce, [first])
    token = str(Token.objects.get().value["access_token"])
    if trouble["fault"].startswith("token"):
        talk.break_it(sandbox, {"fault": "expire_tokens", "times": 1})
    talk.break_it(sandbox, {**trouble, **_with_token(trouble, token)})

    talk.send(salesforce, [second, third])

    assert len(token) > 30
    secrets = (token, CREDENTIALS["client_secret"])
    assert not [name for name, text in _texts(caplog) for secret in secrets if secret in text]


def _with_token(trouble: dict[str, Any], token: str) -> dict[str, str]:
    return {"message": trouble["message"].replace("TOKEN", token)} if "message" in trouble else {}


def _texts(caplog: pytest.LogCaptureFixture) -> Iterator[tuple[str, str]]:
    """Yield all that is stored or logged where a person, or an operator, may read it."""
    for model in (Entry, Run, Company, CompanyLink, ConnectionHealth):
        for row in model._default_manager.values():
            yield model.__name__, json.dumps(row, default=str)
    noisy = ("factory", "connectors.sandbox")  # the test's own and the other side's
    lines = [record for record in caplog.records if not record.name.startswith(noisy)]
    formatter = logging.Formatter()
    yield "the worker's log", "\n".join(formatter.format(record) for record in lines)


def test_outcomes_and_engine_hold_no_secret(
    connector: Connector, system: Rehearsed, sent: Sent, parent: str, desk: Desk
) -> None:
    outcomes: list[Outcome] = list(connector.push(sent.entity, [sent.change("k1", parent=parent)]))

    kind = registry.kind(system.slug)
    secrets = [
        *kinds.secrets(kind.logins, system.credentials),
        *([desk.source.value] if desk.source else []),
    ]
    shown = repr(outcomes) + repr(connector) + repr(vars(connector)["account"])
    assert len(secrets) >= 2
    assert not [secret for secret in secrets if secret in shown]
