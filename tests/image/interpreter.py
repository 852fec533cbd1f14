"""The Python that stands in for the base image's."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_NAMES = ("python3.11", "python3.12", "python3.13", "python3.14", "python3")


def find_python(user: int | None) -> Path:
    """The first that is new enough, can make a virtual environment, and which this user may start.

    Raises RuntimeError where there is none: root's own Python often lies where nobody else may look.
    """
    for path in _candidates():
        if _serves(path, user):
            return path
    raise RuntimeError("No Python 3.11 or newer with venv was found that an unprivileged user may start")


def _candidates() -> Iterator[Path]:
    yield Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for folder in (None, "/usr/local/bin:/usr/bin"):
        for name in _NAMES:
            if found := shutil.which(name, path=folder):
                yield Path(found)


def _serves(path: Path, user: int | None) -> bool:
    code = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"
    try:
        asked = subprocess.run(
            [path, "-c", code],
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            cwd="/",
            env={"PATH": "/usr/bin:/bin"},
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return asked.returncode == 0
