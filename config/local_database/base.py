"""Django's backend for PostgreSQL, which looks for the demo's address when it connects."""

from typing import Any

import environ
from django.conf import settings
from django.db.backends.postgresql import base

from . import HINT, NoDatabaseError, url_file


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the demo's database. Raises NoDatabaseError where no demo runs."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return where the demo's database is now."""
        try:
            url = url_file(settings.VAR_DIR).read_text()
        except FileNotFoundError:
            raise NoDatabaseError(HINT) from None
        found = environ.Env.db_url_config(url)
        self.settings_dict.update({name: found[name] for name in ("NAME", "USER", "HOST", "PORT")})
        return super().get_connection_params()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, or tell that the demo that wrote the address has ended."""
        try:
            return super().get_new_connection(conn_params)
        except self.Database.OperationalError as error:
            raise NoDatabaseError(HINT) from error
