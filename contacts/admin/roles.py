"""What a contact's role is in the connected systems, in their words."""

from connectors.admin.board import PRIMARY, Board, link_of
from connectors.kinds import Kind
from contacts.models import Contact


def there(board: Board, contact: Contact | None) -> str:
    """Return what this contact is in each system that has roles: "In B2B: Senior buyer."

    Of a new contact, how the roles are called there where that differs from here.
    """
    told = []
    for row in board.connections:
        kind = row.system
        if not kind.role_words:
            continue
        if contact is None:
            told.append(_all_of(kind))
            continue
        link = link_of(contact, row)
        own = kind.role_there(link.snapshot) if link is not None else ""
        if own:
            told.append(f"In {row.name} the person has a role of its own, {own[:80]}, which stays.")
        else:
            told.append(f"In {kind.label}: {word(contact, kind)}.")
    return " ".join(dict.fromkeys(filter(None, told)))


def word(contact: Contact, kind: Kind) -> str:
    """Return what a contact is in a system: the Primary is that before all."""
    if contact.is_primary and kind.primary_word != PRIMARY:
        return kind.primary_word
    return kind.role_words.get(contact.role, contact.get_role_display())


def _all_of(kind: Kind) -> str:
    names = dict(Contact.Role.choices)
    other = [f"{names[role]} is {name}" for role, name in kind.role_words.items() if names[role] != name]
    return f"In {kind.label} {', '.join(other)}." if other else ""
