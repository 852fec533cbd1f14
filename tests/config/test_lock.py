"""The locks: whatever pip's age or yesterday's releases, what is installed is what was tried."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.lock import closed, metadata
from tests.lock.index import NEWER, LocalIndex
from tests.lock.pips import HASHES, PipUnavailableError, venv_with, wheel_of
from tests.workers import ROOT


@pytest.mark.parametrize("lock", closed.LOCKS)
def test_whatever_a_package_needs_is_pinned_and_hashed_on_each_system_and_python(lock: str) -> None:
    text = (ROOT / lock).read_text()
    pins = closed.read(text)

    assert closed.gaps(pins, closed.roots(lock), metadata.requirements_of) == []
    assert len(pins) > 40
    assert "http" not in re.sub(r"^\S+==", "", text, flags=re.MULTILINE)  # no index


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-demo.txt"])
def test_what_the_tests_install_holds_every_other_lock(lock: str) -> None:
    """So make demo installs nothing anew after make test."""
    every = {str(pin) for pin in closed.read((ROOT / "requirements-dev.txt").read_text())}

    assert {str(pin) for pin in closed.read((ROOT / lock).read_text())} <= every


def test_a_lock_without_extras_is_refused() -> None:
    """An old pip resolves coverage[toml] anew where the lock says coverage alone."""
    bare = re.sub(r"\[[a-z,-]+\]==", "==", (ROOT / "requirements-dev.txt").read_text())

    found = closed.gaps(closed.read(bare), closed.roots("requirements-dev.txt"), metadata.requirements_of)

    assert any(
        re.match(r"pytest-cov==\S+ needs coverage\[toml\]\S+: .* without \[toml\]", gap) for gap in found
    )


@pytest.mark.parametrize(
    ("lines", "gap"),
    [
        (["app[fast]==1", "lib==2", "old==1 ; python_version < '3.12'", "mac==1"], None),
        (["app[fast]==1", "lib==1", "old==1", "mac==1"], ": the lock has lib==1"),
        (["app[fast]==1", "old==1", "mac==1"], 'needs lib>=2; extra == "fast": not in the lock'),
        (
            ["app==1", "old==1", "mac==1"],
            "pyproject.toml needs app[fast]: the lock has app==1 without [fast]",
        ),
        (["app[fast]==1", "lib==2", "old==1 ; python_version > '3.11'", "mac==1"], "(on Linux, Python 3.11)"),
        (
            ["app[fast]==1", "lib==2", "old==1", "mac==1 ; sys_platform == 'linux'"],
            "(on Darwin, Python 3.11)",
        ),
        (["app[fast]==1", "lib==2", "lib==3", "old==1", "mac==1"], "lib==2 is pinned twice"),
    ],
)
def test_a_gap_is_found_and_named(lines: list[str], gap: str | None) -> None:
    needs = ['lib>=2; extra == "fast"', 'old; python_version < "3.12"', 'mac; sys_platform == "darwin"']
    pins = closed.read("".join(f"{line} \\\n    --hash=sha256:00\n" for line in lines))

    found = closed.gaps(
        pins,
        [Requirement("app[fast]")],
        lambda pin: [Requirement(need) for need in needs] if pin.name == "app" else [],
    )

    assert found == [] if gap is None else any(gap in sentence for sentence in found), found


def test_a_package_without_a_hash_or_a_version_is_refused() -> None:
    assert closed.gaps(closed.read("app==1\n"), [], lambda _: []) == ["app==1 has no hash"]
    with pytest.raises(ValueError, match="not pinned: app>=1"):
        closed.read("app>=1\n")


def test_what_only_some_systems_install_is_noted() -> None:
    partial = [
        pin
        for lock in closed.LOCKS
        for pin in closed.read((ROOT / lock).read_text())
        if metadata.is_partial(pin)
    ]

    assert {f"{pin.name}=={pin.version}" for pin in partial} == set(metadata.noted())


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LocalIndex:
    """Make an index of small wheels, with newer releases of five packages."""
    return LocalIndex.of((ROOT / "requirements-dev.txt").read_text(), tmp_path_factory.mktemp("index"))


# The oldest pip in make test, the others in make test-slow.
OLD_PIPS = [
    pytest.param(pip, marks=[pytest.mark.slow] if number else []) for number, pip in enumerate(HASHES)
]


@pytest.fixture(params=OLD_PIPS)
def project(request: pytest.FixtureRequest, index: LocalIndex, tmp_path: Path) -> Path:
    """Make a folder with the lock, its installer, and a .venv whose pip is old."""
    try:
        wheel = wheel_of(request.param, request.config.cache.mkdir("pip"))
    except PipUnavailableError as error:
        pytest.skip(str(error))
    (tmp_path / "config").mkdir()
    shutil.copy(ROOT / "config/venv.sh", tmp_path / "config")
    (tmp_path / "requirements-dev.txt").write_text(index.lock)
    venv_with(wheel, tmp_path / ".venv")
    return tmp_path


def run(project: Path, index: LocalIndex, *command: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    only_this = {"PIP_INDEX_URL": index.url, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}
    return subprocess.run(
        command, cwd=project, env={**kept, **only_this}, capture_output=True, text=True, check=False
    )


def installed(project: Path) -> dict[str, str]:
    (site,) = (project / ".venv/lib").glob("python*/site-packages")
    folders = (folder.name.removesuffix(".dist-info") for folder in site.glob("*.dist-info"))
    return {canonicalize_name(name): version for name, _, version in (f.partition("-") for f in folders)}


def test_an_old_pip_installs_the_lock_from_an_index_with_newer_releases(
    project: Path, index: LocalIndex
) -> None:
    done = run(project, index, "sh", "config/venv.sh", "requirements-dev.txt")

    assert done.returncode == 0, done.stderr
    here = {name: str(value) for name, value in default_environment().items()}
    locked = {pin.name: str(pin.version) for pin in closed.read(index.lock) if pin.applies(here)}
    assert {name: version for name, version in installed(project).items() if name != "pip"} == locked
    assert all(Version(locked[name]) < Version(newer) for name, newer in NEWER.items())


def test_the_same_index_defeats_a_lock_without_extras_that_is_resolved_anew(
    project: Path, index: LocalIndex
) -> None:
    """Else the test before would prove nothing."""
    bare = re.sub(r"\[[a-z,-]+\]==", "==", index.lock)
    (project / "requirements-dev.txt").write_text(bare)
    flags = ("--only-binary", ":all:", "--require-hashes", "-r", "requirements-dev.txt")

    done = run(project, index, ".venv/bin/python", "-m", "pip", "install", *flags)

    assert done.returncode != 0
    assert "must have their versions pinned with ==" in done.stderr


@pytest.mark.parametrize("file", ["config/venv.sh", "Dockerfile", "docs/operating.md"])
def test_every_documented_installation_takes_the_lock_as_it_is(file: str) -> None:
    text = re.sub(r"\\\s+", "", (ROOT / file).read_text())
    commands = re.findall(r"^.*pip install .*-r .*$", text, flags=re.MULTILINE)

    assert commands
    assert all("--no-deps" in command and "--require-hashes" in command for command in commands)
