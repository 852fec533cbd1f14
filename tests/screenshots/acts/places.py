"""Addresses of the console."""

COMPANIES = "/admin/companies/company/"
LOCATIONS = "/admin/companies/location/"
CONTACTS = "/admin/contacts/contact/"
CONNECTIONS = "/admin/connectors/connection/"
USERS = "/admin/auth/user/"
RUNS = "/admin/synclog/run/"
LOG = "/admin/synclog/entry/"
REGISTER = "/companies/register/"
TABS = ("contacts", "locations", "association", "log")


def company(pk: int, what: str = "change") -> str:
    """Return a page of a company."""
    return f"{COMPANIES}{pk}/{what}/"


def contact(pk: int, what: str = "change") -> str:
    """Return a page of a contact."""
    return f"{CONTACTS}{pk}/{what}/"


def location(pk: int, what: str = "change") -> str:
    """Return a page of a location."""
    return f"{LOCATIONS}{pk}/{what}/"


def connection(pk: int, what: str = "change") -> str:
    """Return a page of a connection."""
    return f"{CONNECTIONS}{pk}/{what}/"
