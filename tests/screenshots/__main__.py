"""Take the pictures: `python -m tests.screenshots`, or only those whose name holds one of the words given.

They lie in var/screenshots, each in three looks; docs/console.png, for the README, is
one of them. What a page does wrong while it is looked at is printed at the end, and
makes the exit status 1.
"""

import shutil
import sys
import time
from pathlib import Path

from tests import chromium
from tests.screenshots import stage
from tests.screenshots.camera import Camera
from tests.services import Services

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "var" / "screenshots"
README_PICTURE, README_SCREEN = ROOT / "docs" / "console.png", "companies-by-name"


def main(words: list[str]) -> int:
    """Take the pictures; say so where there is no browser."""
    if chromium.find() is None:
        print(chromium.said())  # noqa: T201 - its purpose
        return 1
    began = time.monotonic()
    services = Services()
    try:
        stage.set_up(services)
        camera = _play(words)
    finally:
        services.stop()
    print(f"{camera.taken} pictures in {time.monotonic() - began:.0f} s: {FOLDER.relative_to(ROOT)}")  # noqa: T201
    for fault in camera.faults:
        print(f"  {fault}")  # noqa: T201
    return 1 if camera.faults else 0


def _play(words: list[str]) -> Camera:
    """Play every act before the camera."""
    from tests.screenshots.acts import ACTS  # models: not before Django is set up

    if not words:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with stage.live() as here, Camera(here.home, FOLDER, words, {README_SCREEN: README_PICTURE}) as camera:
        for act in ACTS:
            for screens in act(here):
                camera.take(screens)
    return camera


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
