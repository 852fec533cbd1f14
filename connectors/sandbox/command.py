"""Serving the rehearsal until interrupted, as `python -m connectors.sandbox` and manage.py sandbox do.

Needs neither settings nor secrets; refuses where CONCORD_ENV says production.
"""

import os
import signal
import threading
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import keeping
from .server import SandboxServer

PURPOSE = "Serve stand-ins of the remote systems, for rehearsing: http://HOST:PORT/"
ENVIRONMENTS = ("development", "rehearsal")
_PROJECT = Path(__file__).resolve().parents[2]


class NotServingError(Exception):
    """Tell, as a sentence for a person, why the rehearsal can't be served."""


@dataclass(frozen=True, slots=True)
class Options:
    """Where to listen, and the files of records to begin with and to keep."""

    host: str
    port: int
    seed_file: Path
    keep: Path | None

    @classmethod
    def of(cls, parsed: Mapping[str, Any]) -> "Options":
        """Take them from parsed arguments, among which others may be."""
        return cls(parsed["host"], parsed["port"], parsed["seed_file"], parsed["keep"])


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the options on a parser."""
    folder = Path(os.environ.get("CONCORD_VAR_DIR") or _PROJECT / "var")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", default=8100, type=int, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--seed-file",
        type=Path,
        default=folder / "rehearsal.json",
        help="records to begin with, if the file exists (default: what demo_data left)",
    )
    parser.add_argument("--keep", type=Path, help="file to remember all records in, over restarts")


def serve(options: Options) -> None:
    """Serve until SIGINT or SIGTERM. Raises NotServingError."""
    refuse_production()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    server = SandboxServer(host=options.host, port=options.port)
    _load(server, options)
    try:
        server.start()
    except OSError as error:
        where = f"{options.host}:{options.port}"
        raise NotServingError(f"The sandbox cannot listen on {where}: {error.strerror}.") from error
    _say(f"Rehearsal at {server.url}/ (Ctrl-C ends it)")
    ended.wait()
    server.stop()
    if options.keep:
        keeping.keep(server.app, options.keep)


def refuse_production() -> None:
    """Raise NotServingError unless this is a system for development or rehearsals."""
    environment = os.environ.get("CONCORD_ENV") or "development"
    if environment not in ENVIRONMENTS:
        raise NotServingError(
            f"CONCORD_ENV is {environment}: the rehearsal's servers start only where it is "
            f"{' or '.join(ENVIRONMENTS)}."
        )


def _load(server: SandboxServer, options: Options) -> None:
    for path in filter(None, (options.keep, options.seed_file)):
        if not path.exists():
            continue
        try:
            count = keeping.load(server.app, path)
        except keeping.UnreadableFileError as error:
            raise NotServingError(f"{error}. Remove the file to begin without it.") from error
        _say(f"{count} records from {path.name}.")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a command's own output
