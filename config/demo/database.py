"""Where the demo's data lie: a PostgreSQL in `var/`, kept from one demo to the next."""

import re
import shutil
import tempfile
from pathlib import Path

from config.embedded import postgres
from config.embedded.postgres import Cluster

SOCKET_LENGTH = 103  # bytes of a socket's path on macOS; Linux takes four more
DRAFT = "postgres.new-"
_SOCKET = "/.s.PGSQL.5432"
_PLAIN = re.compile(r"[A-Za-z0-9/._-]+")


class UnreadableDataError(Exception):
    """Tell, for a person, why data can't be gone on with, and what to do."""


def prepare(folder: Path) -> Cluster:
    """Return the databases in `folder`, made where there are none, ready to be launched.

    Raises UnreadableDataError, NotBundledError, or RuntimeError where they can't be made.
    """
    where = home(folder)
    binaries = postgres.binaries(where)
    data = where / "postgres"
    _check_version(data, binaries)
    cluster = Cluster(data, sockets(data), binaries)
    if data.exists():
        cluster.end_orphan()
    else:
        _create(cluster)
    return cluster


def home(folder: Path) -> Path:
    """Return `folder`, or where root's demo keeps its data if the server's user can't reach that."""
    if postgres.is_within_reach(folder / "postgres"):
        return folder
    note = folder / "postgres.folder"
    if note.exists() and (noted := Path(note.read_text())).is_dir():
        return noted
    elsewhere = Path(tempfile.mkdtemp(prefix="concord-demo-", dir="/var/tmp"))
    elsewhere.chmod(0o711)  # nobody passes through to its own folder, and reads nothing else
    note.write_text(str(elsewhere))
    return elsewhere


def older_data(folder: Path) -> str:
    """Return a sentence about data that are no longer read, or "" where there are none."""
    old = folder / "concord.sqlite3"
    if not old.exists():
        return ""
    return (
        f"{old} holds the data of an older demo. It is not read any more, as all of Concord runs on "
        "PostgreSQL now: delete it when you don't need it."
    )


def _create(cluster: Cluster) -> None:
    """Make them under another name first: what was broken off is never taken for whole."""
    for broken_off in cluster.data.parent.glob(f"{DRAFT}*"):
        shutil.rmtree(broken_off)
    draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=cluster.data.parent))
    Cluster(draft, cluster.sockets, cluster.binaries).create()
    draft.rename(cluster.data)


def _check_version(data: Path, binaries: Path) -> None:
    version = data / "PG_VERSION"
    if not data.exists():
        return
    theirs, ours = version.read_text().strip() if version.exists() else "?", postgres.major_version(binaries)
    if theirs != ours:
        raise UnreadableDataError(
            f"{data} holds data of PostgreSQL {theirs}; this Concord brings PostgreSQL {ours}, "
            "which can't read them. Delete that folder to begin afresh, or go on with the older Concord."
        )


def sockets(data: Path) -> Path:
    """Return a folder for the socket that only its user may enter, short, and plain enough for a URL."""
    if _PLAIN.fullmatch(str(data)) and len(f"{data}{_SOCKET}") <= SOCKET_LENGTH:
        return data
    folder = Path(tempfile.mkdtemp(prefix="concord-"))
    postgres.give_to_owner(folder)
    return folder
