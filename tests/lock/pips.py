"""Old versions of pip: what Python brings along where it is the one, else downloaded once and kept."""

import ensurepip
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

HASHES: Mapping[str, str] = {
    "22.3": "1daab4b8d3b97d1d763caeb01a4640a2250a0ea899e257b1e44b9eded91e15ab",
    "23.2.1": "7ccf472345f20d35bdc9d1841ff5f313260c2c33fe417f48c30ac46cccabf5be",
}


class PipUnavailableError(Exception):
    """Tell that this version of pip is not here and can't be downloaded: skip what needs it."""


def wheel_of(version: str, kept_in: Path) -> Path:
    """Give the wheel of a version in HASHES. Raises PipUnavailableError."""
    name = f"pip-{version}-py3-none-any.whl"
    bundled = Path(ensurepip.__file__).parent / "_bundled" / name
    kept = kept_in / name
    if bundled.is_file():
        return bundled
    if not kept.is_file():
        _download(version, kept)
    return kept


def venv_with(wheel: Path, folder: Path) -> None:
    """Make a virtual environment that has this pip and nothing else."""
    venv.create(folder, symlinks=True)
    (site,) = (folder / "lib").glob("python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)


def _download(version: str, kept: Path) -> None:
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(f"pip=={version} --hash=sha256:{HASHES[version]}\n")
        options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--retries", "1"]
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", folder, "-r", str(wanted)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1:]
            raise PipUnavailableError(f"pip {version} is not here and could not be downloaded: {reason}")
        (Path(folder) / kept.name).replace(kept)
