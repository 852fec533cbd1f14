"""The console's screens around connections; importing it registers them."""

from connectors.admin import connection, run, users  # noqa: F401 - each registers its screens
