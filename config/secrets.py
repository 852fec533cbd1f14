"""Secrets of a machine that is not in production: made once, kept in var/.

Production never comes here: there a missing secret stops the start.
"""

import base64
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path


def local_secrets(path: Path) -> dict[str, str]:
    """Return this machine's own secrets, creating them at the first call.

    The file is readable by its owner only. Two processes that start at once
    agree: the first to create the file wins, the other reads it.
    """
    if not path.exists():
        _create(path)
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "CONCORD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(made, file)
    try:
        with suppress(FileExistsError):  # another process was first: linking is atomic, unlike renaming
            os.link(draft, path)
    finally:
        draft.unlink()
