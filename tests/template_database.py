"""One migrated database for all test processes: the controller migrates it, each worker copies it.

The controller migrates in a thread while its workers start and collect; who needs the database waits
for a lock on a file, which names it. Where it could not be made, each worker migrates its own and shows why.
"""

import fcntl
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.db import DEFAULT_DB_ALIAS, connections

FILE = "CONCORD_TEST_TEMPLATE"  # the environment's name for the file


@dataclass
class Template:
    """The database that is migrated in the background, and the name of the one it is made beside."""

    thread: threading.Thread
    beside: str

    def remove(self) -> None:
        """Drop it, once it is made."""
        self.thread.join()
        connection = connections[DEFAULT_DB_ALIAS]
        if connection.settings_dict["NAME"] != self.beside:
            connection.creation.destroy_test_db(self.beside, verbosity=0)
        connection.close()


def begin(folder: Path) -> Template:
    """Migrate a database in the background; processes started from now on know of it."""
    file = folder / "template"
    held = file.open("w")
    fcntl.flock(held, fcntl.LOCK_EX)
    os.environ[FILE] = str(file)
    beside = connections[DEFAULT_DB_ALIAS].settings_dict["NAME"]
    thread = threading.Thread(target=_make, args=(held,), daemon=True)
    thread.start()
    return Template(thread, beside)


def use() -> None:
    """Have this process's test database copied from the migrated one. Waits until that is made."""
    if FILE not in os.environ:
        return
    with Path(os.environ[FILE]).open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        name = file.read()
    if name:
        connections[DEFAULT_DB_ALIAS].settings_dict["TEST"]["TEMPLATE"] = name


def _make(held: IO[str]) -> None:
    connection = connections[DEFAULT_DB_ALIAS]
    connection.settings_dict["TEST"]["NAME"] = f"test_{connection.settings_dict['NAME']}_template"
    try:
        with held:  # its end lets the others in
            name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            connection.close()  # nobody may be connected to what is copied
            held.write(name)
    finally:
        connection.close()
