"""What becomes of two people in the connected systems when the Primary changes from one to the other."""

from connectors.admin.board import PRIMARY, Board, link_of
from connectors.admin.cells import is_switched_off
from connectors.models import Connection
from contacts.admin.roles import word
from contacts.models import Contact

LEAD = "admin"  # our role that a Primary has there


def told(board: Board, contact: Contact, present: Contact | None) -> list[str]:
    """Return a sentence per connection whose system has a word of its own for the Primary."""
    rows = [row for row in board.connections if row.system.primary_word != PRIMARY]
    return [_told(row, contact, present) for row in rows]


def _told(row: Connection, contact: Contact, present: Contact | None) -> str:
    kind = row.system
    if not _goes(row, contact):
        return f"{contact.name} is not enabled for {row.name}, so nothing changes there."
    lead = kind.role_words.get(LEAD, kind.primary_word)
    becomes = f"In {kind.label} {contact.name} becomes {lead}"
    if present is None or not _goes(row, present):
        text = f"{becomes}."
    else:
        # What it is called there once the mark is gone.
        after = word(_without_mark(present), kind)
        stays = f"stays {after}" if after == lead else f"becomes {after}"
        text = f"{becomes} first; only then {present.name}, the present {kind.primary_word}, {stays}."
    if row.pushes_automatically(_entity(contact)):
        return text
    return f"{text} Automatic sync is off for {row.name}: press {kind.push_label} on both."


def _goes(row: Connection, contact: Contact) -> bool:
    """Return whether a contact is there, or goes there when it is sent."""
    link = link_of(contact, row)
    if not contact.sync_enabled or is_switched_off(link):
        return False
    return link is not None or row.associates_automatically(_entity(contact))


def _without_mark(contact: Contact) -> Contact:
    return Contact(role=contact.role, is_primary=False)


def _entity(contact: Contact) -> str:
    return str(contact._meta.model_name)
