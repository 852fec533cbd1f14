"""What tests of the engine say often: ask for a push, let it happen, look over there."""

import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import requests
from django.db.models import Q, QuerySet
from django.utils import timezone

from companies.models import Company, CompanyLink
from connectors import entities, push, queue
from connectors.admin.board import Board
from connectors.models import Connection, ConnectionHealth, Slot, Synced
from connectors.sandbox.server import SandboxServer
from contacts.models import Contact, ContactLink
from synclog import runs
from synclog.models import Entry, Run


def request(connection: Connection, records: Iterable[Synced], *, full: bool = False) -> Run:
    """Click Sync on these records of one entity; return the run."""
    chosen = list(records)
    pks = [record.pk for record in chosen]
    entity = entities.of(type(chosen[0])).name if chosen else "company"
    run_id = uuid.uuid4()
    run, _ = runs.start(
        run_id,
        kind=Run.Kind.CLICK,
        label="Sync with Salesforce",
        connection_id=connection.pk,
        connection_name=connection.name,
        entity=entity,
        user_name="tester",
        requested=len(pks),
    )
    queue.enqueue(entity, pks, connection, run=run_id, requested_by="tester", full=full)
    return run


def new_run(connection: Connection) -> Run:
    """Return a run without records."""
    return request(connection, [])


def drain(connection: Connection) -> None:
    """Send in this process what is due; the connection then knows what was learned over there."""
    push.drain(connection.pk)
    if hasattr(connection, "health"):
        connection.health.refresh_from_db()


def send(connection: Connection, records: Iterable[Synced], *, full: bool = False) -> Run:
    """Click, and send in this process what is due; return the run as it stands then."""
    run = request(connection, records, full=full)
    drain(connection)
    run.refresh_from_db()
    return run


def link_of(company: Company) -> CompanyLink:
    """Return the company's link, fresh."""
    return CompanyLink.objects.get(record=company)


def contact_link_of(contact: Contact) -> ContactLink:
    """Return the contact's link, fresh."""
    return ContactLink.objects.get(record=contact)


def later(connection: Connection) -> None:
    """Let every wait be over, the connection's and the records', and send what is due then."""
    past = timezone.now() - timedelta(seconds=1)
    ConnectionHealth.objects.filter(connection=connection).update(
        pause="", paused_until=None, failures=0, refusals=0
    )
    for kind in entities.in_order():
        links = kind.links().filter(connection=connection)
        links.filter(state="pending").update(not_before=past)
        links.filter(recheck_at__isnull=False).update(recheck_at=past)
        queue.request_rechecks(connection, kind)
    drain(connection)


def shown(record: Synced, connection: Connection) -> tuple[str, str]:
    """Return what a person reads of this record on a page: the chip's word and the reason."""
    (both,) = all_shown(entities.of(type(record)).records().filter(pk=record.pk), connection)
    return both


def all_shown(records: QuerySet[Any], connection: Connection) -> list[tuple[str, str]]:
    """Return the same of each of these records of one kind."""
    board = Board(entities.of(records.model))
    states = [board.shown(found, connection)[1] for found in board.with_links(records)]
    return [(state.state.word, state.reason) for state in states]


def told(record: Synced) -> list[str]:
    """Return what the log says of this record, oldest first."""
    rows = Entry.objects.filter(object_id=record.public_id).order_by("pk")
    return [f"{entry.level} {entry.outcome}: {entry.description}" for entry in rows]


def accounts(sandbox: SandboxServer) -> list[dict[str, Any]]:
    """Return all accounts over there."""
    return accounts_at(sandbox.url)


def accounts_at(url: str) -> list[dict[str, Any]]:
    """Return all accounts of the sandbox at this address."""
    found: list[dict[str, Any]] = requests.get(f"{url}/_control/salesforce/Account", timeout=30).json()
    return found


def rows(sandbox: SandboxServer, sobject: str) -> list[dict[str, Any]]:
    """Return all records of an object over there."""
    found: list[dict[str, Any]] = requests.get(
        f"{sandbox.url}/_control/salesforce/{sobject}", timeout=30
    ).json()
    return found


def account_of(sandbox: SandboxServer, company: Company) -> dict[str, Any]:
    """Return the one account that carries this company's id; fail on none or several."""
    (found,) = [row for row in accounts(sandbox) if row.get("Concord_Id__c") == str(company.public_id)]
    return found


def people(sandbox: SandboxServer) -> list[dict[str, Any]]:
    """Return all contacts over there."""
    return rows(sandbox, "Contact")


def person_of(sandbox: SandboxServer, contact: Contact) -> dict[str, Any]:
    """Return the one contact over there that carries this contact's id; fail on none or several."""
    (found,) = [row for row in people(sandbox) if row.get("Concord_Id__c") == str(contact.public_id)]
    return found


def user_ids(sandbox: SandboxServer) -> dict[str, str]:
    """Return the id of each user over there by its alias."""
    return {row["Alias"]: row["Id"] for row in rows(sandbox, "User")}


def remote_creates(sandbox: SandboxServer, *records: dict[str, Any], sobject: str = "Account") -> list[str]:
    """Create records, accounts if not told otherwise, as somebody over there would; return their ids."""
    url = f"{sandbox.url}/_control/salesforce/{sobject}"
    answer = requests.post(url, json=list(records), timeout=10)
    answer.raise_for_status()
    body = answer.json()
    return list(body["ids"])


def break_it(sandbox: SandboxServer, *faults: dict[str, Any]) -> None:
    """Order faults."""
    body = [{"system": "salesforce", **fault} for fault in faults]
    requests.post(f"{sandbox.url}/_control/faults", json=body, timeout=10).raise_for_status()


def struck(sandbox: SandboxServer) -> list[int]:
    """Return how often each ordered fault has struck: a slow call is under way once it has."""
    faults = requests.get(f"{sandbox.url}/_control/faults", timeout=10).json()
    return [fault["fired"] for fault in faults]


def mend(sandbox: SandboxServer) -> None:
    """End all faults."""
    requests.delete(f"{sandbox.url}/_control/faults", timeout=10).raise_for_status()


def calls(sandbox: SandboxServer) -> dict[str, Any]:
    """Return the sandbox's record of calls."""
    found: dict[str, Any] = requests.get(f"{sandbox.url}/_control/calls", timeout=10).json()
    return found


def last_body(sandbox: SandboxServer, route: str) -> Any:
    """Return the JSON body of the last call on a route."""
    return [call for call in calls(sandbox)["last"] if call["route"] == route][-1]["body"]


def count(sandbox: SandboxServer, route: str) -> int:
    """Return how many calls a route has had."""
    return int(calls(sandbox)["counts"].get("salesforce", {}).get(route, 0))


def remote_edits(sandbox: SandboxServer, account_id: str, **fields: Any) -> None:
    """Change an account as somebody over there would."""
    url = f"{sandbox.url}/_control/salesforce/Account/{account_id}"
    requests.put(url, json=fields, timeout=10).raise_for_status()


def remote_changes(sandbox: SandboxServer, sobject: str, remote_id: str, **fields: Any) -> None:
    """Change a record of any object as somebody over there would."""
    url = f"{sandbox.url}/_control/salesforce/{sobject}/{remote_id}"
    requests.put(url, json=fields, timeout=10).raise_for_status()


def remote_deletes(sandbox: SandboxServer, sobject: str, remote_id: str) -> None:
    """Delete a record as somebody over there would."""
    url = f"{sandbox.url}/_control/salesforce/{sobject}/{remote_id}"
    requests.delete(url, timeout=10).raise_for_status()


def remote_merges(sandbox: SandboxServer, sobject: str, survivor: str, *losers: str) -> None:
    """Merge records into one of them as somebody over there would."""
    url = f"{sandbox.url}/_control/salesforce/{sobject}/{survivor}/merge"
    requests.post(url, json={"losers": list(losers)}, timeout=10).raise_for_status()


def situation() -> str:
    """Say how the queue stands and what happened last, for a failing test."""
    some = [
        (kind.name, *row)
        for kind in entities.in_order()
        for row in kind.links()
        .filter(Q(state="pending") | Q(recheck_at__isnull=False))
        .values_list(
            "pk", "state", "lease", "not_before", "recheck_at", "attempts", "crashes", "code", "message",
            "enabled", "changed", "remote_id", "unsure", "choice",
        )[:5]
    ]  # fmt: skip
    health = ConnectionHealth.objects.values_list("pause", "paused_until", "failures", "pause_reason")
    slots = Slot.objects.values_list("number", "lease", "expires_at")
    last = Entry.objects.order_by("-id").values_list("logged_at", "description", "answer")[:8]
    parts = [
        "what waits or is read again, some of it:",
        *some,
        "health:",
        *health,
        "slots:",
        *slots,
        "log:",
        *last,
    ]
    return "\n".join(str(part) for part in [timezone.now(), *parts])


def states() -> Counter[str]:
    """Return how many links are in which state."""
    return Counter(CompanyLink.objects.values_list("state", flat=True))
