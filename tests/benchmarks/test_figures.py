"""Figures, no assertions on time: `make bench` prints them, docs/benchmarks.md tells how to read them."""

import os
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import pytest
import requests
from django.db import connection as database
from django.test import Client

from companies.models import Company, CompanyLink
from connectors import push, queue, registry, trial
from connectors.models import Connection
from contacts.models import Contact, ContactLink
from synclog.models import Entry, Run
from tests import talk
from tests.benchmarks.rehearsal import begin
from tests.benchmarks.rivals import Bare, one_by_one
from tests.factories import CompanyFactory, ConnectionFactory, ContactFactory
from tests.staff import browser_of, superuser
from tests.workers import Workers

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

RECORDS = 4_000
ONE_BY_ONE = {0: 400, 150: 20}  # so many records tell its rate; thousands would take hours
CONTACTS_EACH = 4
ROUNDS = 3


def with_facts(sandbox_url: str, **values: Any) -> Connection:
    """Return a connection that knows what the other side's fields take, as after Test connection."""
    made = ConnectionFactory.create(base_url=f"{sandbox_url}/salesforce", **values)
    begin(sandbox_url, 0)
    trial.test(Connection.objects.get(pk=made.pk), by="t")
    return Connection.objects.select_related("health").get(pk=made.pk)


def timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def say(text: str) -> None:
    print(f"  {text}")  # noqa: T201 - a benchmark prints


def wait_until_sent(within_s: float = 600.0) -> None:
    """Wait until the workers have sent all that is due."""
    ends_at = time.monotonic() + within_s
    while any(model.objects.filter(state="pending").exists() for model in (CompanyLink, ContactLink)):
        assert time.monotonic() < ends_at, talk.situation()
        time.sleep(0.02)


@pytest.mark.parametrize("latency_ms", [0, 150])
@pytest.mark.parametrize("slots", [1, 4])
def test_records_per_second(sandbox_url: str, workers: Workers, latency_ms: int, slots: int) -> None:
    """Two worker processes as the compose file starts them, beside two processes of bare requests."""
    connection = with_facts(sandbox_url, max_slots=slots)
    companies = Company.objects.bulk_create(CompanyFactory.build_batch(RECORDS))
    mapping = registry.mapping(connection, "company")
    payloads = [
        {"Concord_Id__c": str(company.public_id), **mapping.render(company).for_create()}
        for company in companies
    ]
    rates: dict[str, list[float]] = {"ours": [], "bare": [], "ours edits": [], "bare edits": []}

    def send() -> None:
        talk.request(connection, companies)
        wait_until_sent()

    for _ in range(2):
        workers.start(threads=8)
    with Bare(sandbox_url, {**os.environ, **workers.environment}) as rival:
        for number in range(ROUNDS):  # in turn, so that a drifting machine drifts for both
            begin(sandbox_url, latency_ms)
            rates["bare"].append(RECORDS / timed(lambda: rival.send(payloads, slots, by_id=False)))
            begin(sandbox_url, latency_ms)
            _forget()
            rates["ours"].append(RECORDS / timed(send))
            _edit(companies, number)
            edits = _edited(mapping, companies)
            rates["ours edits"].append(RECORDS / timed(send))
            again = partial(rival.send, edits, slots, by_id=True)
            rates["bare edits"].append(RECORDS / timed(again))
            assert len(talk.accounts_at(sandbox_url)) == RECORDS
    begin(sandbox_url, latency_ms)
    few = payloads[: ONE_BY_ONE[latency_ms]]
    single = len(few) / timed(lambda: one_by_one(sandbox_url, few))
    _tell(latency_ms, slots, {name: median(values) for name, values in rates.items()}, single)


def _forget() -> None:
    for model in (CompanyLink, ContactLink, Entry, Run):
        model.objects.all().delete()


def test_contacts_per_second(sandbox_url: str, workers: Workers) -> None:
    """Contacts behind their companies, in one click on both; then the companies were there before."""
    for _ in range(2):
        workers.start(threads=8)
    connection = with_facts(sandbox_url, max_slots=4)
    companies = Company.objects.bulk_create(CompanyFactory.build_batch(RECORDS // CONTACTS_EACH))
    contacts = Contact.objects.bulk_create(
        ContactFactory.build(company=company, is_primary=number == 0)
        for company in companies
        for number in range(CONTACTS_EACH)
    )
    begin(sandbox_url, 150)
    run = talk.new_run(connection)
    pks = [contact.pk for contact in contacts]

    def send() -> None:
        for entity, wanted in (("company", [company.pk for company in companies]), ("contact", pks)):
            queue.enqueue(entity, wanted, connection, run=run.pk, requested_by="t")
        wait_until_sent()

    both = timed(send)
    requests_made = Run.objects.get(pk=run.pk).calls
    ContactLink.objects.all().delete()
    again = timed(send)
    there = requests.get(f"{sandbox_url}/_control/salesforce/Contact", timeout=30).json()
    assert len(there) == len(contacts)
    say(
        f"150 ms a call, 4 slots: {len(companies)} companies and {len(contacts)} contacts in {both:.1f} s "
        f"({requests_made} calls); the contacts unlinked and found again in {again:.1f} s"
    )


def _edit(companies: list[Company], number: int) -> None:
    for company in companies:
        company.phone = f"+1 415 555 {number:04d}"
    Company.objects.filter(pk__in=[company.pk for company in companies]).update(phone=companies[0].phone)


def _edited(mapping: Any, companies: list[Company]) -> list[dict[str, Any]]:
    ids = dict(CompanyLink.objects.values_list("record", "remote_id"))
    return [{"id": ids[company.pk], "Phone": company.phone} for company in companies]


def _tell(latency_ms: int, slots: int, rates: dict[str, float], single: float) -> None:
    say(
        f"{latency_ms} ms a call, {slots} slot(s), {RECORDS} companies, median of {ROUNDS}, {database.vendor}"
    )
    for what, ours, other in (("create", "ours", "bare"), ("edit", "ours edits", "bare edits")):
        ratio = rates[ours] / rates[other]
        say(f"  {what:6} ours {rates[ours]:7.0f}/s   bare requests {rates[other]:7.0f}/s   ratio {ratio:.2f}")
    say(f"  one by one with simple-salesforce {single:.0f}/s")


@pytest.mark.parametrize("count", [500, 20_000])
def test_a_click(sandbox_url: str, count: int) -> None:
    """The whole HTTP request of the action, through all middleware, the broker ringing."""
    ConnectionFactory.create(base_url=f"{sandbox_url}/salesforce")
    Company.objects.bulk_create(CompanyFactory.build_batch(count))
    client = browser_of(superuser())
    seconds = []
    for again in (False, True, True):
        if not again:
            CompanyLink.objects.all().delete()
        seconds.append(timed(lambda: _click(client, count)))
        assert CompanyLink.objects.filter(state="pending").count() == count
    say(f"click on {count}: {seconds[0]:.2f} s the first time, {median(seconds[1:]):.2f} s again")


def _click(client: Client, count: int) -> None:
    data = {
        "action": "sync_salesforce",
        "_selected_action": [Company.objects.values_list("pk", flat=True)[0]],
        "select_across": "1",
        "index": "0",
        "confirmed": str(count),
    }
    answer = client.post("/admin/companies/company/", data)
    assert answer.status_code == 302, answer.status_code


def test_a_save(sandbox_url: str) -> None:
    """What automatic sync adds to saving a company."""
    connection = ConnectionFactory.create(base_url=f"{sandbox_url}/salesforce")
    companies = CompanyFactory.create_batch(200)
    queue.enqueue(
        "company", [c.pk for c in companies], connection, run=talk.new_run(connection).pk, requested_by="t"
    )
    push.drain(connection.pk)
    medians = {}
    for switched_on in (False, True):
        Connection.objects.update(enabled=switched_on, auto_push={"company": switched_on})
        spent = []
        for number, company in enumerate(companies):
            company.phone = f"+1 415 555 {number + 1000 * switched_on:04d}"
            spent.append(timed(company.save))
        medians[switched_on] = median(spent) * 1000
    added = medians[True] - medians[False]
    say(f"save: {medians[False]:.1f} ms without, {medians[True]:.1f} ms with automatic sync: +{added:.1f} ms")
