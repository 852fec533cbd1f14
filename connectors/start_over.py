"""Start over with another organisation: forget here what the old one knew, in one transaction.

A person decides this, where a test found that the login belongs to another organisation
than the reference ids. Over there nothing is changed, in neither of the two.
"""

from dataclasses import dataclass

from django.db import transaction

from connectors import entities, health, identity, logbook, tokens
from connectors.models import Connection, ConnectionHealth, RemoteUser, UserLink
from connectors.queue.forgetting import forget_all
from synclog import statements, words
from synclog.models import Entry


class OtherOrgError(Exception):
    """Tell that the last test did not find this organisation: test again, then decide."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known here of the old organisation: reference ids by entity, users, links to users."""

    reference_ids: dict[str, int]
    remote_users: int
    user_links: int

    @property
    def total(self) -> int:
        """Return how many reference ids there are."""
        return sum(self.reference_ids.values())


def known(connection: Connection) -> Known:
    """Count what starting over would forget."""
    found = {kind.name: kind.links().linked().filter(connection=connection) for kind in entities.in_order()}
    return Known(
        {name: rows.count() for name, rows in found.items()},
        RemoteUser.objects.filter(connection=connection).count(),
        UserLink.objects.filter(connection=connection).count(),
    )


def start_over(connection: Connection, org_id: str, *, by: str) -> Known:
    """Take the organisation that the last test found, and forget all ids of the old one.

    What waited or failed is idle after that: it was meant for the old one. Raises
    OtherOrgError unless the last test found this organisation, and InFlightError
    while records are being sent: then try again shortly.
    """
    with transaction.atomic():
        statements.allow_longer()
        # no_key: a request that inserts a link needs the connection's row too, and may hold links we want.
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        fares = ConnectionHealth.objects.select_for_update(no_key=True).get(connection=row)
        if not org_id or fares.other_org != org_id or not identity.is_other(row, org_id):
            raise OtherOrgError("The login does not belong to this organisation any more. Test it again.")
        gone = Known(forget_all(row), *_forget_users(row))
        tokens.forget(row)
        _take(row, org_id, gone, by)
        # It was tested as somebody else's: the next test says what it is worth.
        rows = ConnectionHealth.objects.filter(pk=fares.pk)
        rows.update(other_org="", org_name="", facts={}, checks=[], tested_at=None, last_success=None)
        rows.update(confirmed_login="")
        rows.update(users_at=None, users_trouble="")
        health.credentials_changed(row)
    return gone


def _forget_users(connection: Connection) -> tuple[int, int]:
    links = UserLink.objects.filter(connection=connection).delete()[0]
    return RemoteUser.objects.filter(connection=connection).delete()[0], links


def _take(connection: Connection, org_id: str, gone: Known, by: str) -> None:
    old, connection.org_id = connection.org_id, org_id
    connection._change_reason = f"Started over with {org_id}"
    # A worker that began before this sees by updated_at that it talks by what is no more.
    connection.save(update_fields=["org_id", "updated_at"])
    forgotten = words.counted(gone.total, "reference id", "reference ids")
    verb = "was" if gone.total == 1 else "were"
    text = (
        f"{connection.name} started over with the {connection.system.label} organisation {org_id} instead of "
        f"{old or 'one that was never asked'}. {forgotten} {verb} forgotten here; nothing was changed over "
        "there."
    )
    logbook.event(connection, text, level=Entry.Level.WARNING, login_user=by, code="start_over")
