"""The contacts' screens."""

from contacts.admin.contact import ContactAdmin

__all__ = ["ContactAdmin"]
