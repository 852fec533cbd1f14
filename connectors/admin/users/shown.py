"""What the users' screens show: chips, sentences, links over there. Remote text is escaped here."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from connectors.models import Connection, RemoteUser, UserLink
from connectors.states import capped
from connectors.users import counts, linking
from connectors.users.proposals import Proposals
from synclog import words

NOTHING = mark_safe("")
NAME_CHARS = 120
WORDS = {
    "linked": "Linked and active",
    "linked_inactive": "Linked but inactive",
    "linked_refused": "Linked but refused",
    "not_linked": "Not linked",
    "proposal": "Proposal",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How one of our users stands over there: a key of WORDS, and why."""

    key: str
    why: str = ""

    @property
    def word(self) -> str:
        """Return the chip's text."""
        return WORDS[self.key]


def standing(user: Any, linked: UserLink | None, proposals: Proposals, now: datetime, name: str) -> Standing:
    """Return how a user stands; `name` is that of the proposed one over there."""
    if linked is not None:
        return _linked(linked, now)
    proposal = proposals.of(user.pk)
    if proposal is None:
        return Standing("not_linked", proposals.doubts.get(user.pk, ""))
    inactive = "" if proposal.is_active else ", inactive"
    return Standing("proposal", f"{capped(name, NAME_CHARS)}{inactive} · {proposal.rule.words}")


def _linked(linked: UserLink, now: datetime) -> Standing:
    remote = linked.remote_user
    since = f"since {words.day(remote.inactive_since, now)}" if remote.inactive_since else ""
    if not remote.is_active:
        return Standing("linked_inactive", since)
    if remote.trouble:
        return Standing("linked_refused", capped(" ".join([remote.trouble, since]).strip(), 160))
    by = f" by {linked.linked_by}" if linked.linked_by else ""
    return Standing("linked", f"linked{by}, {words.day(linked.linked_at, now)}")


def chip(shown: Standing, url: str = "") -> SafeString:
    """Return the chip, as a link where a click leads somewhere."""
    if url:
        return format_html('<a class="cc-chip cc-{}" href="{}">{}</a>', shown.key, url, shown.word)
    return format_html('<span class="cc-chip cc-{}">{}</span>', shown.key, shown.word)


def over_there(remote: RemoteUser, connection: Connection) -> SafeString:
    """Return the user's id over there as a link: cut in the middle, whole on focus, with Copy."""
    whole = remote.remote_id
    if not connection.system.valid_id(whole):
        return NOTHING
    short = whole if len(whole) <= 12 else f"{whole[:5]}…{whole[-3:]}"
    return format_html(
        '<span class="cc-id"><a href="{}" target="_blank" rel="noopener noreferrer" title="{}: {}"><code>'
        '<span class="cc-short">{}</span><span class="cc-whole">{}</span></code>'
        '<span class="cc-out" aria-hidden="true">↗</span></a>'
        '<button type="button" class="cc-copy" data-copy="{}" aria-label="Copy {}">Copy</button></span>',
        connection.record_url("user", whole),
        connection.system.id_label,
        whole,
        short,
        whole,
        whole,
        whole,
    )


@dataclass(frozen=True, slots=True)
class Tab:
    """What the tab of one connection shows beside its box."""

    connection: Connection
    may_link: bool
    linked: UserLink | None = None
    standing: Standing = field(default_factory=lambda: Standing("not_linked"))
    id_there: SafeString = NOTHING
    proposed: RemoteUser | None = None
    why: str = ""
    kept: str = ""
    is_fetched: bool = True
    trouble: str = ""

    @property
    def chip(self) -> SafeString:
        """Return how the user stands."""
        return chip(self.standing)

    @property
    def rule(self) -> str:
        """Return who gets the new records of this person."""
        new = f"New {titles(self.connection)} that this person represents go to"
        if self.standing.key == "linked":
            return f"{new} this user."
        return f"{new} {instead(self.connection, timezone.now())}, as long as this stays so."


def tab(user: Any, connection: Connection, *, may_link: bool) -> Tab:
    """Return what the tab of this user and connection shows."""
    linked = linking.current(user, connection)
    proposals = linking.proposals(connection)
    found = proposals.of(user.pk) if linked is None else None
    remote = RemoteUser.objects.filter(pk=found.theirs).first() if found else None
    health = getattr(connection, "health", None)
    return Tab(
        connection=connection,
        may_link=may_link,
        linked=linked,
        standing=standing(user, linked, proposals, timezone.now(), remote.name if remote else ""),
        id_there=over_there(linked.remote_user, connection) if linked else NOTHING,
        proposed=remote if may_link else None,
        why=found.rule.words if found else "",
        kept=kept(user, connection),
        is_fetched=bool(health and health.users_at) or connection.remote_users.exists(),
        trouble=health.users_trouble if health else "",
    )


def default_problem(connection: Connection, now: datetime) -> str:
    """Return why the default representative gets nothing, "" where all is well or there is none."""
    user = connection.default_representative
    if user is None:
        return ""
    linked, system = linking.current(user, connection), connection.system.label
    if linked is None:
        return f"is not linked to a {system} user"
    remote = linked.remote_user
    since = f" since {words.day(remote.inactive_since, now)}" if remote.inactive_since else ""
    if not remote.is_active:
        return f"is inactive in {system}{since}"
    return f"{remote.trouble}{since}" if remote.trouble else ""


def instead(connection: Connection, now: datetime) -> str:
    """Return who gets the new records of somebody who is not linked, or may not own anything."""
    default = connection.default_representative
    if default is None or default_problem(connection, now):
        return "the login's own user"
    return f"the default: {linking.named(default)}"


def kept(user: Any, connection: Connection) -> str:
    """Return "41 accounts and 3 contacts", "" where this user has none over there."""
    return counted(connection, counts.kept(user, connection))


def counted(connection: Connection, numbers: dict[str, int], before: str = "") -> str:
    """Return numbers by entity in the words of the system, as in "12 accounts and 3 contacts"."""
    parts = [
        words.counted(number, *(f"{before}{word}" for word in connection.system.record_words[name]))
        for name, number in numbers.items()
        if number
    ]
    return " and ".join(parts)


def titles(connection: Connection) -> str:
    """Return what new records are called there, as in "accounts and contacts"."""
    taken = {entity.name for entity in counts.taken(connection)}
    many = [pair[1] for name, pair in connection.system.record_words.items() if name in taken]
    return " and ".join(many) or "records"
