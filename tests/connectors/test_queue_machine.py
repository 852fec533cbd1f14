"""The queue against every order of events that hypothesis can think of.

A remote system in memory stands in for HTTP; what happens between its commit and
its answer is drawn: edits, clicks, another worker, a lease that runs out, a lost
answer, a killed worker. However it went, once calm returns both sides agree, no
record exists twice, and nothing waits.
"""

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import pytest
from django.db import connections
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from companies.models import Company, CompanyLink
from connectors import entities, health, push, queue, registry
from connectors.desk import Desk
from connectors.errors import LeaseLost, RateLimited, Transient
from connectors.models import Connection, ConnectionHealth, Slot
from connectors.protocol import Capability, Change, Matched, Outcome, Status
from synclog.models import Run
from tests.factories import CompanyFactory, ConnectionFactory

COMPANIES = 2
VALUES = st.sampled_from(["", "1", "2"])
WHICH = st.integers(0, COMPANIES - 1)
ENDINGS = st.sampled_from(["answered", "lost", "killed", "half", "limited"])
EVENTS = st.tuples(st.sampled_from(["edit", "edit", "click", "expire", "other"]), WHICH, VALUES)


class Killed(BaseException):
    """The worker is gone: nothing of ours runs any more, but for the database."""


class Remote:
    """A remote system that upserts by key, in memory."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, str] = {}

    def write(self, change: Change) -> Outcome:
        known = change.remote_id or self.keys.get(change.key)
        if known:
            fields = change.fields if change.remote_id else {**change.payload, **change.fields}
            self.records[known].update(fields)
            return Outcome(Status.UPDATED, known, sent=fields)
        made = f"R{len(self.records) + 1}"
        self.records[made] = dict(change.payload)
        self.keys[change.key] = made
        return Outcome(Status.CREATED, made, sent=change.payload)


class Talker:
    """A connector for the remote above; `meanwhile` runs between commit and answer."""

    capabilities = frozenset({Capability.PUSH})
    batch_size = 2
    reach = 1
    calls = 0

    def __init__(self, remote: Remote, engine: Desk, ending: str, meanwhile: Callable[[], None]) -> None:
        self.remote, self.engine, self.ending, self.meanwhile = remote, engine, ending, meanwhile

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def facts(self) -> Mapping[str, Any]:
        return {}

    def match(self, entity: str, changes: Sequence[Change]) -> Iterator[Matched]:
        raise NotImplementedError

    def pull(self, entity: str, since: str | None) -> Iterator[Any]:
        raise NotImplementedError

    def test_connection(self) -> Any:
        raise NotImplementedError

    def push(self, entity: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        self.engine.tick()
        if self.ending == "limited":
            raise RateLimited("slow down", retry_after_s=60)
        self.engine.writing(change.key for change in changes)
        outcomes = [self.remote.write(change) for change in changes]
        self.meanwhile()
        if self.ending == "killed":
            raise Killed
        if self.ending == "lost":
            raise Transient("no answer", code="timeout", halves=True)
        for number, outcome in enumerate(outcomes):
            if self.ending == "half" and number:
                raise Transient("no answer", code="timeout", halves=True)
            yield outcome


class QueueMachine(RuleBasedStateMachine):
    """Draw orders of events; see the module's head."""

    @initialize(automatic=st.booleans())
    def start(self, automatic: bool) -> None:
        for model in (CompanyLink, Company, Slot, ConnectionHealth, Connection, Run):
            model.objects.all().delete()
        self.connection = ConnectionFactory.create(
            auto_push={"company": automatic}, batch_size=2, max_slots=2
        )
        self.companies = CompanyFactory.create_batch(COMPANIES, phone="")
        self.remote = Remote()
        for which in range(COMPANIES):
            self.click(which, False)
        self.one_batch("answered", lambda _: None)

    @rule(which=WHICH, phone=VALUES, tax_id=VALUES)
    def edit(self, which: int, phone: str, tax_id: str) -> None:
        company = Company.objects.get(pk=self.companies[which].pk)
        company.phone, company.tax_id = phone, tax_id
        company.save()

    @rule(which=WHICH, full=st.booleans())
    def click(self, which: int, full: bool) -> None:
        pk = self.companies[which].pk
        queue.enqueue("company", [pk], self.connection, run=uuid.uuid4(), requested_by="t", full=full)

    @rule(which=WHICH, value=VALUES, ending=ENDINGS, meanwhile=st.lists(EVENTS, max_size=3))
    def edit_and_send(
        self, which: int, value: str, ending: str, meanwhile: list[tuple[str, int, str]]
    ) -> None:
        self.edit(which, value, value)
        self.click(which, False)
        self.work(ending, meanwhile)

    @rule(ending=ENDINGS, meanwhile=st.lists(EVENTS, max_size=3))
    def work(self, ending: str, meanwhile: list[tuple[str, int, str]]) -> None:
        self.one_batch(ending, lambda lease: self.happen(lease, meanwhile))

    @rule()
    def pause_and_resume(self) -> None:
        health.pause(self.connection, by="t")
        push.drain(self.connection.pk)  # a paused connection talks to nobody: there is no address to talk to
        health.resume(self.connection, by="t")

    @rule()
    def look_for_changes(self) -> None:
        queue.find_changed(self.connection, "company")

    def happen(self, lease: uuid.UUID, events: list[tuple[str, int, str]]) -> None:
        """Run what happens while an answer is under way, on another database connection."""

        def all_of_it() -> None:
            try:
                for event, which, value in events:
                    if event == "edit":
                        self.edit(which, value, value)
                    elif event == "click":
                        self.click(which, False)
                    elif event == "expire":
                        past = timezone.now() - timedelta(seconds=1)
                        Slot.objects.filter(lease=lease).update(expires_at=past)
                    else:
                        self.one_batch("answered", lambda _: None)
            finally:
                connections.close_all()

        thread = threading.Thread(target=all_of_it)
        thread.start()
        thread.join(timeout=30)
        assert not thread.is_alive()

    def one_batch(self, ending: str, meanwhile: Callable[[uuid.UUID], None]) -> None:
        connection = Connection.objects.select_related("health").get(pk=self.connection.pk)
        kind = entities.get("company")
        try:
            with queue.slot(connection, 60) as lease:
                if lease is None:
                    return
                desk = Desk(connection, lease)
                talker = Talker(self.remote, desk, ending, lambda: meanwhile(lease))
                push.push_batch(desk, talker, kind)
        except (Killed, LeaseLost):
            return

    @invariant()
    def no_record_exists_twice(self) -> None:
        if hasattr(self, "remote"):
            assert len(self.remote.records) == len(self.remote.keys) <= COMPANIES

    def teardown(self) -> None:
        if not hasattr(self, "remote"):
            return
        Slot.objects.update(lease=None, expires_at=None)
        for _ in range(40):
            ConnectionHealth.objects.update(pause="", paused_until=None, failures=0)
            CompanyLink.objects.filter(state="pending").update(not_before=timezone.now())
            if not CompanyLink.objects.filter(state="pending").exists():
                break
            self.one_batch("answered", lambda _: None)
        self.retry_what_killed_its_workers()
        self.send_what_shows_as_changed()
        self.agree()

    def retry_what_killed_its_workers(self) -> None:
        """A person clicks Retry on what was given up after three deaths alone."""
        given_up = CompanyLink.objects.filter(state="failed", code="crashed")
        pks = [link.record_id for link in given_up]
        queue.enqueue("company", pks, self.connection, run=uuid.uuid4(), requested_by="t")
        for _ in pks:
            self.one_batch("answered", lambda _: None)

    def send_what_shows_as_changed(self) -> None:
        """A person clicks what the console shows as changed, and nothing else."""
        changed = CompanyLink.objects.exclude(changed=[])
        pks = [link.record_id for link in changed]
        queue.enqueue("company", pks, self.connection, run=uuid.uuid4(), requested_by="t")
        for _ in range(COMPANIES):
            self.one_batch("answered", lambda _: None)

    def agree(self) -> None:
        mapping = registry.mapping(self.connection, "company")
        for company in Company.objects.all():
            link = CompanyLink.objects.get(record=company)
            there = {name: value for name, value in self.remote.records[link.remote_id].items() if value}
            assert there == mapping.render(company).for_create()
            assert (link.state, link.unsure, link.lease, link.changed) == ("idle", False, None, [])
            assert self.remote.keys[str(company.public_id)] == link.remote_id


@pytest.mark.django_db(transaction=True)
def test_whatever_happens_both_sides_agree_in_the_end() -> None:
    run_state_machine_as_test(
        QueueMachine,
        settings=settings(
            max_examples=40,
            stateful_step_count=12,
            deadline=None,
            phases=[
                Phase.explicit,
                Phase.generate,
            ],  # shrinking takes minutes: drop this line to find out more
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
