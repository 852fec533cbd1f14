"""The queue: link rows that want something, and who may talk. The only writer of both.

    idle ──enqueue──▶ pending ──claim──▶ pending under a lease ──settle──▶ idle | failed | pending
      ▲                  ▲                                                          │
      └─ cancel, unlink, └───────────── enqueue, retry_failed, an edit ◀────────────┘
         choose

Who may change what: `requests` asks (state, ticket, run, not_before), for the saves
`changes`; `cancelling` withdraws what a run still waits for (a call under way is settled
all the same), and `decisions` stores what a person says of one link; `leads` enables
who new records are created with; `slots` says who
may talk, `claims` takes and lets go (lease, unsure, crashes), `settling` closes
(everything that an answer decides), `rechecks` requests what a call without an answer
may have changed (recheck_at), and `orphans` keeps what was made for a record that was
deleted meanwhile. Every function takes its locks in the order of
the records' pks: two that meet over the same rows in opposite order would deadlock.

A Celery message only rings (`connectors/doorbell.py`). Nothing here does I/O other
than SQL, and no transaction spans a call to a remote system.
"""

from connectors.queue.cancelling import Cancelled, answering, cancel, left, withdrawn
from connectors.queue.changes import Compared, compare, enqueue_auto, find_changed
from connectors.queue.claims import claim, count_due, has_due, hold, release, reserve, said, widen
from connectors.queue.decisions import (
    InFlightError,
    choose,
    note_match,
    send_anew,
    set_automatic,
    set_enabled,
    unlink,
)
from connectors.queue.rechecks import expect_late, is_over, note_create, request_rechecks, seconds_left
from connectors.queue.requests import Enqueued, enqueue, enqueue_chosen, moving, retry_failed, waiting
from connectors.queue.settling import Result, settle
from connectors.queue.slots import free_slots, live_leases, renew, slot

__all__ = [
    "Cancelled",
    "Compared",
    "Enqueued",
    "InFlightError",
    "Result",
    "answering",
    "cancel",
    "choose",
    "claim",
    "compare",
    "count_due",
    "enqueue",
    "enqueue_auto",
    "enqueue_chosen",
    "expect_late",
    "find_changed",
    "free_slots",
    "has_due",
    "hold",
    "is_over",
    "left",
    "live_leases",
    "moving",
    "note_create",
    "note_match",
    "release",
    "renew",
    "request_rechecks",
    "reserve",
    "retry_failed",
    "said",
    "seconds_left",
    "send_anew",
    "set_automatic",
    "set_enabled",
    "settle",
    "slot",
    "unlink",
    "waiting",
    "widen",
    "withdrawn",
]
