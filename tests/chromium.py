"""The browser of the browser tests: Debian's Chromium, never a downloaded one.

`python -m tests.chromium` says whether there is one.
"""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """Return the browser's path: CHROMIUM if set, else the first on the PATH, else None."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def said() -> str:
    """Return one line for a person: which browser, or what is left out without one."""
    path = find()
    if path:
        return f"Chromium: {path}"
    return "No Chromium: the browser tests are left out. On Debian: apt install chromium"


if __name__ == "__main__":
    print(said())  # noqa: T201 - its purpose
