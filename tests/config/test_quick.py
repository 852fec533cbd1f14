"""make quick: which tests are near to a change, which fit into a minute, and what is said of the rest."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import quick
from tests.quick import Choice, Tree
from tests.workers import ROOT

FILES = {
    "connectors/queue/__init__.py": "from connectors.queue.claims import claim\n__all__ = ['claim']\n",
    "connectors/queue/claims.py": "def claim(): ...\n",
    "connectors/push.py": "from connectors.queue import claim\n",
    "connectors/systems/books/users.py": "TEMPLATE = 'concord/lead.html'\n",
    "connectors/admin/box.py": "X = 1\n",
    "companies/models.py": "class Company: ...\n",
    "companies/grid.py": "from .models import Company\n",
    "companies/migrations/0002_more.py": "",
    "config/settings.py": "",
    "templates/concord/lead.html": "<p>",
    "tests/talk.py": "",
    "tests/conftest.py": "",
    "tests/connectors/test_claims.py": "def test_one(): ...\ndef test_two(): ...\n",
    "tests/connectors/test_push.py": "from connectors import push\ndef test_one(): ...\n",
    "tests/connectors/test_races.py": "from connectors import queue\nqueue.claim()\n",
    "tests/connectors/test_apart.py": "from connectors import queue\nqueue.settle()\n",
    "tests/connectors/test_books_users.py": "",
    "tests/connectors/test_books_wire.py": "",
    "tests/connectors/test_admin_box.py": "from tests import talk\n",
    "tests/companies/test_grid.py": "",
    "tests/companies/test_models.py": "",
    "tests/browser/test_walk.py": "from companies.models import Company\nfrom tests import talk\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A small checkout."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return Tree(tmp_path)


def near(tree: Tree, *changed: str) -> dict[str, str]:
    """Return the names of the test modules that are near, with the reason of each."""
    found = quick.choose(tree, changed).near
    return {Path(path).stem.removeprefix("test_"): quick.WHY[distance] for path, distance in found.items()}


def test_a_test_that_was_changed_is_run_itself(tree: Tree) -> None:
    assert near(tree, "tests/connectors/test_apart.py") == {"apart": "changed itself"}
    assert near(tree, "tests/browser/test_walk.py") == {"walk": "changed itself"}


def test_a_module_is_tested_by_its_name_its_importers_and_those_of_its_package(tree: Tree) -> None:
    found = near(tree, "connectors/queue/claims.py")

    assert found["claims"] == "by name"
    assert found["races"] == "uses what its package exports"
    assert found["apart"] == "same room"


def test_who_uses_a_module_is_tested_too(tree: Tree) -> None:
    assert near(tree, "connectors/push.py")["push"] == "by name"
    assert near(tree, "companies/models.py") == {"models": "by name", "grid": "its user's"}


def test_a_systems_module_is_tested_by_what_bears_the_systems_name(tree: Tree) -> None:
    found = near(tree, "connectors/systems/books/users.py")

    assert found == {"books_users": "by name", "books_wire": "same room"}


def test_a_page_is_tested_by_the_tests_of_the_code_that_names_it(tree: Tree) -> None:
    assert near(tree, "templates/concord/lead.html") == {"books_users": "its user's"}


def test_a_helper_of_tests_is_tested_by_those_who_import_it(tree: Tree) -> None:
    assert near(tree, "tests/talk.py") == {"admin_box": "imports it"}


def test_a_migration_is_tested_by_its_room(tree: Tree) -> None:
    assert near(tree, "companies/migrations/0002_more.py") == {"grid": "same room", "models": "same room"}


def test_what_everything_stands_on_is_said(tree: Tree) -> None:
    choice = quick.choose(tree, ["tests/conftest.py", "companies/models.py"])

    said = list(quick.report(choice, [*choice.near], []))

    assert said[0].startswith("Everything stands on tests/conftest.py: only the nearest tests are run.")
    assert "  tests/companies/test_models.py (by name)" in said


def test_the_nearest_come_first_until_the_minute_is_full_and_the_rest_is_named(tree: Tree) -> None:
    choice = Choice()
    choice.add(["tests/connectors/test_races.py"], quick.BY_ITSELF)
    choice.add(["tests/connectors/test_push.py"], quick.BY_IMPORT)
    choice.add(["tests/connectors/test_claims.py"], quick.BY_ROOM)
    measured = {"tests/connectors/test_races.py": 900.0, "tests/connectors/test_push.py": 1.0}

    assert quick.fit(tree, choice, measured) == (
        ["tests/connectors/test_races.py"],
        ["tests/connectors/test_push.py", "tests/connectors/test_claims.py"],
    )
    taken, left = quick.fit(tree, choice, {**measured, "tests/connectors/test_races.py": quick.BUDGET_S - 1})
    assert taken == ["tests/connectors/test_races.py", "tests/connectors/test_push.py"]
    assert left == ["tests/connectors/test_claims.py"]
    assert f"Left out, for want of time: {left[0]}" in list(quick.report(choice, taken, left))


def test_every_room_of_the_checkout_has_tests() -> None:
    tree = Tree(ROOT)

    assert [app for app in quick.APPS if not quick.choose(tree, [f"{app}/apps.py"]).near] == []


def test_a_commit_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.quick", "nowhere"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "nowhere" in done.stderr
