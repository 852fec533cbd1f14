"""Run the tests that are nearest to what was changed, in under a minute: `make quick`.

`python -m tests.quick [BASE] [--jobs N]` takes what differs from BASE, untracked files too; without BASE from
where this branch left main, and on main itself from the last commit. It says what it runs, and what it leaves
out and why. It proves less than `make test`: who changes what everything imports runs that.
"""

import argparse
import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ("config", "contacts", "companies", "connectors", "synclog")
LONG = ("browser", "chaos", "journeys", "benchmarks", "security")  # only where they are changed themselves
BASIS = ("tests/conftest.py", "pyproject.toml", "config/settings.py")  # everything stands on these
MEASURED = Path(".pytest_cache/v/concord/test_seconds")  # tests/seconds.py writes it after each run
BUDGET_S = 60.0  # of test time, on two processes; starting them takes the rest of the minute
GUESS_S = 0.4  # for a test that was never measured here
BY_ITSELF, BY_NAME, BY_IMPORT, BY_EXPORT, BY_USER, BY_ROOM = range(6)
WHY = ("changed itself", "by name", "imports it", "uses what its package exports", "its user's", "same room")


@dataclass(frozen=True)
class Tree:
    """The checkout as the choice sees it: modules, who imports whom, and what is where."""

    root: Path

    @cached_property
    def tests(self) -> dict[str, str]:
        """Every test module's text by its path."""
        return {path: text for path, text in self.python.items() if re.search(r"/test_\w+\.py$", path)}

    @cached_property
    def python(self) -> dict[str, str]:
        """Every Python file's text by its path, migrations apart."""
        found = (path for room in (*APPS, "tests") for path in (self.root / room).rglob("*.py"))
        kept = (path for path in found if path.parent.name != "migrations")
        return {path.relative_to(self.root).as_posix(): path.read_text() for path in sorted(kept)}

    @cached_property
    def imports(self) -> dict[str, set[str]]:
        """What each Python file imports, as dotted names of modules or of things in them."""
        return {path: set(imported(path, text)) for path, text in self.python.items()}


@dataclass
class Choice:
    """The test modules near a change, each with how near and why; and what stands below everything."""

    near: dict[str, int] = field(default_factory=dict)
    basis: list[str] = field(default_factory=list)

    def add(self, paths: Iterable[str], distance: int) -> None:
        """Take test modules, each by its nearest reason."""
        for path in paths:
            if distance == BY_ITSELF or room_of(path) not in LONG:
                self.near[path] = min(distance, self.near.get(path, distance))


def imported(path: str, text: str) -> Iterator[str]:
    """Name all that a Python file imports."""
    package = path.split("/")[:-1]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def dotted(path: str) -> str:
    """Return a file's name as an import has it."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def room_of(path: str) -> str:
    """Return the folder below tests/ that a path belongs to."""
    parts = path.split("/")
    if parts[0] == "tests":
        return parts[1] if len(parts) > 2 else ""
    return "sandbox" if parts[:2] == ["connectors", "sandbox"] else parts[0]


def choose(tree: Tree, changed: Iterable[str]) -> Choice:
    """Return the test modules that are near these changed paths."""
    choice = Choice()
    for path in changed:
        if path in BASIS or path.startswith("requirements"):
            choice.basis.append(path)
        if path in tree.tests:
            choice.add([path], BY_ITSELF)
        elif path.endswith(".py") and path in tree.python:
            _near_module(tree, choice, path)
        else:
            _near_text(tree, choice, path)
        if not path.startswith("tests/"):
            choice.add(_neighbours(tree, path), BY_ROOM)
    return choice


def _near_module(tree: Tree, choice: Choice, path: str) -> None:
    choice.add(_named(tree, path), BY_NAME)
    users = [user for user, names in tree.imports.items() if dotted(path) in names and user != path]
    choice.add((user for user in users if user in tree.tests), BY_IMPORT)
    choice.add(_through_package(tree, path), BY_EXPORT)
    for user in users:
        if user not in tree.tests and not user.endswith("__init__.py"):
            choice.add(_named(tree, user), BY_USER)
            choice.add(
                (test for test in tree.tests if user.startswith("tests/") and _imports(tree, test, user)),
                BY_USER,
            )


def _near_text(tree: Tree, choice: Choice, path: str) -> None:
    """Take who names a file that is no module: a test itself, or the tests of the code that does."""
    name = Path(path).name
    for user, text in tree.python.items():
        if re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text):
            if user in tree.tests:
                choice.add([user], BY_NAME)
            else:
                choice.add(_named(tree, user), BY_USER)


def _named(tree: Tree, path: str) -> list[str]:
    """Return the test modules of this name: test_claims.py, test_claims_late.py, test_bigcommerce_api.py."""
    *folders, last = path.removesuffix(".py").split("/")
    stem = folders.pop() if last in ("__init__", "conftest") and folders else last
    inner = folders[-1] if folders else ""
    names = [stem] if inner in ("", *APPS, "tests", "admin", "queue") else [f"{inner}_{stem}"]
    if inner == "admin":
        names = [f"admin_{stem}"]
    found = re.compile(rf"/test_({'|'.join(map(re.escape, names))})(_\w+)?\.py$")
    return [test for test in tree.tests if room_of(test) == room_of(path) and found.search(test)]


def _neighbours(tree: Tree, path: str) -> list[str]:
    """Return the tests of a path's room; of a system's folder or admin's, those that have its name."""
    part = next(
        (name for name in reversed(path.split("/")[1:-1]) if name not in ("systems", "migrations")), ""
    )
    room = [test for test in tree.tests if room_of(test) == room_of(path)]
    named = [test for test in room if part and f"_{part}_" in test]
    return named or room


def _imports(tree: Tree, test: str, path: str) -> bool:
    return dotted(path) in tree.imports[test]


def _through_package(tree: Tree, path: str) -> Iterator[str]:
    """Yield the test modules that use a name of the module by way of its package."""
    package = path.rpartition("/")[0] + "/__init__.py"
    prefix = f"{dotted(path)}."
    names = tree.imports.get(package, ())
    exported = {name.removeprefix(prefix) for name in names if name.startswith(prefix)}
    if not exported:
        return
    short = dotted(package).rpartition(".")[2]
    used = re.compile(rf"\b{re.escape(short)}\.({'|'.join(map(re.escape, sorted(exported)))})\b")
    direct = {f"{dotted(package)}.{name}" for name in exported}
    for test, text in tree.tests.items():
        wanted = tree.imports[test]
        if wanted & direct or (dotted(package) in wanted and used.search(text)):
            yield test


def fit(tree: Tree, choice: Choice, measured: Mapping[str, float]) -> tuple[list[str], list[str]]:
    """Return what fits into the budget, the nearest first, and what does not. What was changed is run."""
    taken, left, spent = [], [], 0.0
    costs = {path: measured.get(path) or guess(tree.tests[path]) for path in choice.near}
    for path in sorted(choice.near, key=lambda path: (choice.near[path], costs[path], path)):
        if choice.near[path] == BY_ITSELF or spent + costs[path] <= BUDGET_S:
            taken.append(path)
            spent += costs[path]
        else:
            left.append(path)
    return taken, left


def guess(text: str) -> float:
    """Return how long a test module may take that was never measured here."""
    return GUESS_S * len(re.findall(r"^def test_", text, re.MULTILINE))


def changed_since(base: str) -> list[str]:
    """Return the paths that differ from a commit, untracked ones too; those that are no more apart."""
    names = [*_git("diff", "--name-only", base), *_git("ls-files", "--others", "--exclude-standard")]
    return sorted({name for name in names if (ROOT / name).is_file()})


def base_of_branch() -> str:
    """Return the commit where this branch left main; on main, or without one, the last commit."""
    (found,) = _git("merge-base", "HEAD", "main", missing="HEAD")
    return found


def _git(*arguments: str, missing: str = "") -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode and not missing:
        raise SystemExit(done.stderr.strip())
    return done.stdout.splitlines() if not done.returncode else [missing]


def report(choice: Choice, taken: list[str], left: list[str]) -> Iterator[str]:
    """Say what is run and what is not, a line each."""
    for path in choice.basis:
        yield f"Everything stands on {path}: only the nearest tests are run. Run make test as well."
    for path in taken:
        yield f"  {path} ({WHY[choice.near[path]]})"
    if left:
        yield f"Left out, for want of time: {', '.join(left)}"
    yield f"Left out: slow tests, and what is in tests/{{{','.join(LONG)}}} unless it was changed."


def main() -> int:
    """Choose, say, run; return pytest's status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", nargs="?", default="")
    parser.add_argument("--jobs", default="2")
    chosen = parser.parse_args()
    tree, changed = Tree(ROOT), changed_since(chosen.base or base_of_branch())
    choice = choose(tree, changed)
    known = json.loads((ROOT / MEASURED).read_text()) if (ROOT / MEASURED).exists() else {}
    taken, left = fit(tree, choice, {path: seconds for path, (_, seconds) in known.items()})
    print(f"{len(changed)} changed files; {len(taken)} test modules:", *report(choice, taken, left), sep="\n")  # noqa: T201
    if not taken:
        return 0
    options = ["-q", "-n", chosen.jobs, "--dist", "worksteal", "-m", "not bench and not slow"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *taken], cwd=ROOT, check=False
    ).returncode


if __name__ == "__main__":
    raise SystemExit(main())
