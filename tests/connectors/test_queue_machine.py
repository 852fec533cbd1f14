"""The queue against every order of events that hypothesis can think of.

A remote system in memory stands in for HTTP; what happens between its commit and
its answer is drawn: edits, clicks, another worker, a lease that runs out, a lost
answer, a killed worker. However it went, once calm returns both sides agree, no
record exists twice, and nothing waits.
"""

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self

import pytest
from django.db import connections
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from companies.models import Company, CompanyLink
from connectors import entities, health, push, queue, states
from connectors.desk import Desk
from connectors.errors import LeaseLost, RateLimited, Transient
from connectors.inbound import Found, Missing
from connectors.models import Connection, ConnectionHealth, Orphan, Slot
from connectors.protocol import (
    CREATE,
    GONE,
    PARENT_GONE,
    Capability,
    Change,
    Matched,
    Outcome,
    Status,
    UserRecord,
)
from connectors.queue.changes import differences
from connectors.rendering import Renderer
from connectors.states import State
from contacts.models import Contact, ContactLink
from synclog.models import Run
from tests.factories import CompanyFactory, ConnectionFactory

COMPANIES = 2
KINDS = ("company", "contact")
VALUES = st.sampled_from(["", "1", "2"])
LINKS = (CompanyLink, ContactLink)
WHICH = st.integers(0, COMPANIES - 1)
ENDINGS = st.sampled_from(["answered", "lost", "killed", "half", "limited"])
EVENTS = st.tuples(
    st.sampled_from(["edit", "edit", "click", "cancel", "expire", "other", "no", "yes"]), WHICH, VALUES
)


class Killed(BaseException):
    """The worker is gone: nothing of ours runs any more, but for the database."""


class Remote:
    """A remote system that upserts by key, in memory. A contact needs its company there."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, str] = {}
        self.made = 0

    def write(self, change: Change) -> Outcome:
        parent = {**change.payload, **change.fields}.get("AccountId")
        if parent and parent not in self.records:
            return Outcome(Status.TRANSIENT, change.remote_id, code=PARENT_GONE, message="no parent")
        known = change.remote_id or self.keys.get(change.key)
        if known and known not in self.records:
            return Outcome(Status.REJECTED, known, code=GONE, message="deleted")
        if known:
            fields = change.fields if change.remote_id else {**change.payload, **change.fields}
            self.records[known].update(fields)
            return Outcome(Status.UPDATED, known, sent=fields)
        self.made += 1
        made = f"R{self.made}"
        self.records[made] = dict(change.payload)
        self.keys[change.key] = made
        return Outcome(Status.CREATED, made, sent=change.payload)

    def delete(self, remote_id: str) -> None:
        """Delete as a colleague would: a company's contacts go with it."""
        gone = {remote_id} | {
            one for one, fields in self.records.items() if fields.get("AccountId") == remote_id
        }
        self.records = {one: fields for one, fields in self.records.items() if one not in gone}
        self.keys = {key: one for key, one in self.keys.items() if one not in gone}


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

    def organisation(self) -> str:
        raise NotImplementedError

    def facts(self) -> Mapping[str, Any]:
        return {}

    def match(self, entity: str, changes: Sequence[Change]) -> Iterator[Matched]:
        raise NotImplementedError

    def list_users(self) -> Iterator[UserRecord]:
        raise NotImplementedError

    def pull(self, entity: str, since: str | None) -> Iterator[Any]:
        raise NotImplementedError

    def fetch(self, entity: str, remote_ids: Sequence[str]) -> Iterator[Any]:
        for remote_id in remote_ids:
            fields = self.remote.records.get(remote_id)
            yield Missing(remote_id) if fields is None else Found(remote_id, dict(fields))

    def hooks(self, address: str, secret: str) -> Sequence[Any]:
        raise NotImplementedError

    def register_hooks(self, address: str, secret: str) -> Sequence[Any]:
        raise NotImplementedError

    def remove_hooks(self, address: str) -> int:
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
    """Draw orders of events; see the module's head. Each company has one contact."""

    @initialize(automatic=st.booleans())
    def start(self, automatic: bool) -> None:
        for model in (
            ContactLink,
            CompanyLink,
            Contact,
            Company,
            Slot,
            Orphan,
            ConnectionHealth,
            Connection,
            Run,
        ):
            model.objects.all().delete()
        self.connection = ConnectionFactory.create(
            auto_push={"company": automatic, "contact": automatic}, batch_size=2, max_slots=2
        )
        self.companies = CompanyFactory.create_batch(COMPANIES, phone="")
        self.contacts = [Contact.objects.create(company=one, last_name="Z") for one in self.companies]
        self.remote = Remote()
        self.visitors = 0  # companies that were made to be deleted
        self.known_to_stay: set[str] = set()  # keys of deleted ones that were linked: the page said who stays
        self.forgotten: set[int] = set()  # unlinked at some time: what we had set is theirs since then
        for which in range(COMPANIES):
            self.click(which, False)
            self.click_contact(which)
        self.one_batch("answered", lambda _: None)

    @rule(which=WHICH, phone=VALUES, tax_id=VALUES)
    def edit(self, which: int, phone: str, tax_id: str) -> None:
        company = Company.objects.get(pk=self.companies[which].pk)
        company.phone, company.tax_id = phone, tax_id
        company.save()

    @rule(which=WHICH, title=VALUES, mover=st.booleans())
    def edit_contact(self, which: int, title: str, mover: bool) -> None:
        contact = Contact.objects.get(pk=self.contacts[which].pk)
        contact.job_title = title
        contact.company = self.companies[0 if mover else which]
        contact.is_primary = False
        contact.save()

    @rule(which=WHICH, full=st.booleans())
    def click(self, which: int, full: bool) -> None:
        pk = self.companies[which].pk
        queue.enqueue("company", [pk], self.connection, run=uuid.uuid4(), requested_by="t", full=full)

    @rule(which=WHICH)
    def click_contact(self, which: int) -> None:
        pk = self.contacts[which].pk
        queue.enqueue("contact", [pk], self.connection, run=uuid.uuid4(), requested_by="t")

    @rule(which=WHICH)
    def unlink(self, which: int) -> None:
        """A person forgets who the company is over there; the next push finds it by our key."""
        link = CompanyLink.objects.get(record=self.companies[which])
        with suppress(queue.InFlightError):
            queue.unlink("company", link.pk, by="t")
            self.forgotten.add(link.record_id)
            self.click(which, False)

    @rule(which=WHICH)
    def delete_over_there(self, which: int) -> None:
        """A colleague deletes the company; an edit makes us find out, unless it is switched off."""
        if CompanyLink.objects.filter(record=self.companies[which], enabled="no").exists():
            return
        self.remote.delete(CompanyLink.objects.get(record=self.companies[which]).remote_id)
        self.edit(which, "9", "")
        self.click(which, True)

    @rule(which=WHICH, value=VALUES, ending=ENDINGS, meanwhile=st.lists(EVENTS, max_size=3))
    def edit_and_send(
        self, which: int, value: str, ending: str, meanwhile: list[tuple[str, int, str]]
    ) -> None:
        self.edit(which, value, value)
        self.click(which, False)
        self.edit_contact(which, value, False)
        self.click_contact(which)
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
    def cancel(self) -> None:
        """A person cancels all that waits or is being sent."""
        for kind in entities.in_order(["company", "contact"]):
            waiting = kind.links().filter(state="pending").exclude(run=None)
            for run in sorted(set(waiting.values_list("run", flat=True))):
                queue.cancel(Run(pk=run), self.connection, by="t")

    @rule(which=WHICH, answer=st.sampled_from(["no", "yes", "automatic"]), edit=st.booleans(), value=VALUES)
    def answer(self, which: int, answer: str, edit: bool, value: str) -> None:
        """A person says No, Yes or Automatic of a company and its contact, and edits them."""
        for kind, record in (("company", self.companies[which]), ("contact", self.contacts[which])):
            if answer == "automatic":
                queue.set_automatic(kind, record.pk, self.connection, by="t")
            else:
                queue.set_enabled(kind, record.pk, self.connection, answer == "yes", by="t")
        if edit:
            self.edit(which, value, value)
            self.edit_contact(which, value, False)

    @rule(which=WHICH, values=st.lists(VALUES, min_size=1, max_size=2))
    def edit_while_switched_off(self, which: int, values: list[str]) -> None:
        self.answer(which, "no", False, "")
        for value in values:
            self.answer(which, "no", True, value)
        self.answer(which, "yes", False, "")

    @rule(ending=ENDINGS)
    def delete_while_it_is_made(self, ending: str) -> None:
        """A company is deleted here while the call that makes it is under way, or soon after."""
        visitor = CompanyFactory.create(phone="")
        self.visitors += 1
        queue.enqueue("company", [visitor.pk], self.connection, run=uuid.uuid4(), requested_by="t")
        self.one_batch(ending, lambda _: self.beside(lambda: self.delete(visitor.pk)))
        self.delete(visitor.pk)

    def delete(self, pk: int) -> None:
        for company in Company.objects.filter(pk=pk):
            if CompanyLink.objects.filter(record=company).exclude(remote_id="").exists():
                self.known_to_stay.add(str(company.public_id))
            company.delete()

    @rule()
    def look_for_changes(self) -> None:
        queue.find_changed(self.connection, "company")
        queue.find_changed(self.connection, "contact")

    def happen(self, lease: uuid.UUID, events: list[tuple[str, int, str]]) -> None:
        """Run what happens while an answer is under way, on another database connection."""

        def all_of_it() -> None:
            for event, which, value in events:
                if event == "edit":
                    self.edit(which, value, value)
                    self.edit_contact(which, value, value == "2")
                elif event == "click":
                    self.click(which, False)
                    self.click_contact(which)
                elif event == "cancel":
                    self.cancel()
                elif event in ("no", "yes"):
                    self.answer(which, event, False, "")
                elif event == "expire":
                    past = timezone.now() - timedelta(seconds=1)
                    Slot.objects.filter(lease=lease).update(expires_at=past)
                else:
                    self.one_batch("answered", lambda _: None)

        self.beside(all_of_it)

    def beside(self, act: Callable[[], None]) -> None:
        """Do something on another database connection, and wait until it is done."""

        def guarded() -> None:
            try:
                act()
            finally:
                connections.close_all()

        thread = threading.Thread(target=guarded)
        thread.start()
        thread.join(timeout=30)
        assert not thread.is_alive()

    def one_batch(self, ending: str, meanwhile: Callable[[uuid.UUID], None]) -> None:
        """Send a batch of companies, then one of contacts. Only the first gets the ending."""
        connection = Connection.objects.select_related("health").get(pk=self.connection.pk)
        try:
            with queue.slot(connection, 60) as lease:
                if lease is None:
                    return
                desk = Desk(connection, lease)
                for kind in entities.in_order(["company", "contact"]):
                    talker = Talker(self.remote, desk, ending, partial(meanwhile, lease))
                    if push.push_batch(desk, talker, kind, 100):
                        ending, meanwhile = "answered", lambda _: None
        except (Killed, LeaseLost):
            return

    @invariant()
    def no_record_exists_twice(self) -> None:
        if hasattr(self, "remote"):
            most = 2 * COMPANIES + self.visitors
            assert len(self.remote.records) == len(self.remote.keys) <= most

    @invariant()
    def what_says_in_sync_has_nothing_to_send(self) -> None:
        if not hasattr(self, "remote"):
            return
        for kind in entities.in_order(["company", "contact"]):
            links = list(kind.links().filter(states.where(State.IN_SYNC)).select_related("record"))
            differing = differences(links, Renderer(self.connection, kind))
            assert not any(differing), list(zip(links, differing, strict=True))

    @invariant()
    def nobody_is_made_over_there_whom_nobody_tells_of(self) -> None:
        if not hasattr(self, "remote"):
            return
        ours = {str(record.public_id) for kind in KINDS for record in entities.get(kind).records()}
        told = {str(orphan.public_id) for orphan in Orphan.objects.all()}
        assert set(self.remote.keys) <= ours | told | self.known_to_stay

    def teardown(self) -> None:
        if not hasattr(self, "remote"):
            return
        Slot.objects.update(lease=None, expires_at=None)
        for which in range(COMPANIES):
            self.answer(which, "yes", False, "")
        self.calm_down()
        self.create_again_what_is_gone()
        self.retry_what_was_given_up()
        self.send_what_shows_as_changed()
        self.send_what_shows_as_changed()  # whose company was found to be gone only by the click on it
        self.agree()

    def calm_down(self) -> None:
        """Let workers work, without any trouble, until nothing is due."""
        for _ in range(40):
            ConnectionHealth.objects.update(pause="", paused_until=None, failures=0)
            for model in LINKS:
                model.objects.filter(state="pending").update(not_before=timezone.now())
            if not any(model.objects.filter(state="pending").exists() for model in LINKS):
                break
            self.one_batch("answered", lambda _: None)

    def create_again_what_is_gone(self) -> None:
        """A person answers Gone over there with "Create it again", companies first."""
        for kind in entities.in_order(["company", "contact"]):
            for link in kind.link.objects.filter(state="failed", code=GONE):
                queue.choose(kind.name, link.pk, CREATE, by="t", run=uuid.uuid4())
            self.calm_down()

    def retry_what_was_given_up(self) -> None:
        """A person clicks Retry on what killed its workers three times alone, or ran out of tries."""
        for kind in entities.in_order(["company", "contact"]):
            failed = kind.link.objects.filter(state="failed")
            assert set(failed.values_list("code", flat=True)) <= {"crashed", PARENT_GONE, "timeout"}
            pks = list(failed.values_list("record_id", flat=True))
            queue.enqueue(kind.name, pks, self.connection, run=uuid.uuid4(), requested_by="t")
        self.calm_down()

    def send_what_shows_as_changed(self) -> None:
        """A person clicks what the console shows as changed or never sent, and nothing else."""
        open_states = states.where(State.CHANGED) | states.where(State.NOT_SYNCED)
        for kind in entities.in_order(["company", "contact"]):
            queue.find_changed(self.connection, kind.name, send=False)  # as every night
            pks = list(kind.links().filter(open_states).values_list("record_id", flat=True))
            queue.enqueue(kind.name, pks, self.connection, run=uuid.uuid4(), requested_by="t")
        self.calm_down()
        self.create_again_what_is_gone()

    def agree(self) -> None:
        for kind in entities.in_order(["company", "contact"]):
            renderer = Renderer(self.connection, kind)
            for record in kind.records():
                link = kind.link.objects.get(record=record)
                assert (link.state, link.unsure, link.lease, link.changed) == ("idle", False, None, [])
                assert self.remote.keys[str(record.public_id)] == link.remote_id
                there = {name: value for name, value in self.remote.records[link.remote_id].items() if value}
                ours = renderer.one(record).for_create()
                if kind.name == "company" and record.pk in self.forgotten:
                    there = {name: value for name, value in there.items() if name in ours}
                assert there == ours


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("orders", [10, pytest.param(40, marks=pytest.mark.slow)])
def test_whatever_happens_both_sides_agree_in_the_end(orders: int) -> None:
    run_state_machine_as_test(
        QueueMachine,
        settings=settings(
            max_examples=orders,
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
