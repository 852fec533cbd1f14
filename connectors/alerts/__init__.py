"""Alerts: one message when a connection pauses, recovers, or too many of its records fail.

`outbox` writes a message in the transaction of the change that it tells of, once per change;
`delivery` sends what is due, at least once, by e-mail and by a signed webhook, and tries again
for most of a day. Nothing here makes a call in anybody else's transaction, and no push waits.
"""

from connectors.alerts.delivery import deliver, prune, send_due
from connectors.alerts.outbox import failures, new_secret, paused, recovered, state_of, test
from connectors.alerts.recipients import recipients

__all__ = [
    "deliver",
    "failures",
    "new_secret",
    "paused",
    "prune",
    "recipients",
    "recovered",
    "send_due",
    "state_of",
    "test",
]
