"""The database of `make demo`, where no DATABASE_URL names another one.

Its address is read when the first connection is made: settings can be read, and
checks run, while there is none.
"""

from pathlib import Path

from django.db.utils import OperationalError

HINT = "There is no database. Start make demo, or set DATABASE_URL to a PostgreSQL."


class NoDatabaseError(OperationalError):
    """Tell, for a person, that no demo runs here."""


def url_file(var_dir: Path) -> Path:
    """Return the file that holds the address while a demo runs."""
    return var_dir / "database.url"
