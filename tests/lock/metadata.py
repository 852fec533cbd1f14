"""What packages say that they need: those installed here, and those that only other systems install.

For the latter `make lock` asks the package index and notes the answer in noted.json, so that the tests need
no network.
"""

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from .closed import Pin, environments

NOTED = Path(__file__).parent / "noted.json"


class UnknownPackageError(Exception):
    """Tell that a package is neither installed in the locked version nor noted: `make lock` notes it."""


def requirements_of(pin: Pin) -> Sequence[Requirement]:
    """Read the installed package's own list, else the noted one. Raises UnknownPackageError."""
    texts = _installed(pin)
    if texts is None:
        texts = noted().get(_key(pin))
    if texts is None:
        raise UnknownPackageError(f"{_key(pin)} is neither installed nor in {NOTED.name}; run: make lock")
    return [Requirement(text) for text in texts]


def is_partial(pin: Pin) -> bool:
    """Whether some supported systems install it and some don't: then it may be missing here."""
    return len({pin.applies(environment) for environment in environments()}) == 2


def noted() -> Mapping[str, Sequence[str]]:
    """The noted lists by NAME==VERSION."""
    lists: Mapping[str, Sequence[str]] = json.loads(NOTED.read_text())
    return lists


def note(pins: Iterable[Pin]) -> None:
    """Ask the package index for the lists of these and write them down."""
    lists = {_key(pin): look_up(pin) for pin in pins}
    NOTED.write_text(json.dumps(lists, indent=1, sort_keys=True) + "\n")


def look_up(pin: Pin) -> Sequence[str]:
    """Fetch a wheel of this version and read its list. Raises CalledProcessError where there is none."""
    python = next(e["python_version"] for e in environments() if pin.applies(e))
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ]
        command += ["--only-binary", ":all:", "--python-version", python, "--dest", folder, _key(pin)]
        subprocess.run(command, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        return _requires(wheel)


def _requires(wheel: Path) -> Sequence[str]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode()).get_all("Requires-Dist", [])


def _installed(pin: Pin) -> Sequence[str] | None:
    try:
        found = metadata.distribution(pin.name)
    except metadata.PackageNotFoundError:
        return None
    return (found.requires or []) if found.version == str(pin.version) else None


def _key(pin: Pin) -> str:
    return f"{pin.name}=={pin.version}"
