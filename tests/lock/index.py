"""A package index in a folder, for trying installers: each package of a lock as an empty wheel."""

import hashlib
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .closed import Pin, read
from .metadata import UnknownPackageError, requirements_of

# Released after the lock was made.
NEWER: Mapping[str, str] = dict.fromkeys(("celery", "coverage", "django", "pyjwt", "redis"), "9999.1")


@dataclass(frozen=True, slots=True)
class LocalIndex:
    """The index, and the lock as it would read if these wheels were the released ones."""

    folder: Path
    lock: str

    @property
    def url(self) -> str:
        """What pip takes as its index URL."""
        return self.folder.as_uri()

    @classmethod
    def of(cls, lock: str, folder: Path) -> "LocalIndex":
        """Make a wheel of each package in the text of a lock, and newer ones of some."""
        blocks = []
        for pin in read(lock):
            wheel = _wheel(folder, pin, str(pin.version))
            if pin.name in NEWER:
                _wheel(folder, pin, NEWER[pin.name])
            marker = f" ; {pin.marker}" if pin.marker else ""
            blocks.append(f"{pin}{marker} \\\n    --hash=sha256:{_digest(wheel)}\n")
        for package in folder.iterdir():
            _write_page(package)
        return cls(folder, "".join(blocks))


def _wheel(folder: Path, pin: Pin, version: str) -> Path:
    """Write a wheel that holds nothing but the package's name and what it needs."""
    stem = f"{pin.name.replace('-', '_')}-{version}"
    path = folder / pin.name / f"{stem}-py3-none-any.whl"
    path.parent.mkdir(exist_ok=True)
    needs = _needs(pin)
    extras = sorted(set(re.findall(r'extra == "([^"]+)"', "\n".join(needs))))
    lines = ["Metadata-Version: 2.1", f"Name: {pin.name}", f"Version: {version}"]
    lines += [f"Provides-Extra: {extra}" for extra in extras]
    lines += [f"Requires-Dist: {need}" for need in needs]
    files = {
        "METADATA": "\n".join(lines) + "\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{stem}.dist-info/{name},,\n" for name in (*files, "RECORD"))
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**files, "RECORD": record}.items():
            archive.writestr(f"{stem}.dist-info/{name}", text)
    return path


def _needs(pin: Pin) -> list[str]:
    try:
        return [str(requirement) for requirement in requirements_of(pin)]
    except UnknownPackageError:  # of a system that Concord does not run on
        return []


def _write_page(package: Path) -> None:
    names = ((wheel.name, _digest(wheel)) for wheel in sorted(package.glob("*.whl")))
    links = (f'<a href="{name}#sha256={digest}">{name}</a>' for name, digest in names)
    (package / "index.html").write_text("\n".join(["<!DOCTYPE html>", *links]))


def _digest(wheel: Path) -> str:
    return hashlib.sha256(wheel.read_bytes()).hexdigest()
