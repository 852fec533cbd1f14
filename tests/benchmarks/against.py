"""Measure this revision and another one in turn: `make bench BASE=<revision>`.

The other revision is checked out beside this one and measured by the benchmarks of this one, case
by case, each right after ours: a machine that grows slower does so for both. Both use the packages
of this environment.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BENCHMARKS = "tests/benchmarks"


def main(base: str, chosen: str = "") -> int:
    """Print the figures of both revisions, of all benchmarks or those that pytest's -k chooses."""
    select = ["-k", chosen] if chosen else []
    with checked_out(base) as other:
        failed = 0
        for case in _cases(select):
            for name, root in ((base, other), ("this revision", ROOT)):
                print(f"{name}: {case}", flush=True)  # noqa: T201 - a benchmark prints
                failed += _pytest(root, [case, "-q", "-s", "--no-header", "--no-summary"]).returncode != 0
    return failed


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """Check a revision out into a folder of its own, with the tests of this one."""
    folder = Path(tempfile.mkdtemp(prefix="concord-base-"))
    tree = folder / "tree"
    _git("worktree", "add", "--detach", "--quiet", str(tree), revision)
    try:
        shutil.rmtree(tree / "tests")
        shutil.copytree(ROOT / "tests", tree / "tests")
        shutil.copy(ROOT / "pyproject.toml", tree / "pyproject.toml")  # pytest's markers
        yield tree
    finally:
        _git("worktree", "remove", "--force", str(tree))
        folder.rmdir()


def _cases(select: Sequence[str]) -> list[str]:
    found = _pytest(ROOT, ["--collect-only", "-q", *select, BENCHMARKS], capture=True)
    return [line for line in found.stdout.splitlines() if line.startswith(f"{BENCHMARKS}/")]


def _pytest(
    root: Path, arguments: Sequence[str], *, capture: bool = False
) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-m", "bench", "-p", "no:randomly", *arguments]
    return subprocess.run(
        command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=False, text=True,
        capture_output=capture,
    )  # fmt: skip


def _git(*arguments: str) -> None:
    subprocess.run(["git", "-C", str(ROOT), *arguments], check=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
