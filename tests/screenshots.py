"""Pictures of every screen, with the demo's data, sent for real: `python -m tests.screenshots`.

They lie in var/screenshots; docs/console.png, for the README, is one of them. Looks
at 1280 and 390 px, light and dark. Its own database and sandbox: nothing else is touched.
"""

import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

from tests import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "screenshots"
README_PICTURE = ROOT / "docs" / "console.png"
LOOKS = [(1280, "light"), (1280, "dark"), (390, "light")]


def main() -> int:
    """Take the pictures; say so where there is no browser."""
    if chromium.find() is None:
        print(chromium.said())  # noqa: T201 - its purpose
        return 1
    with tempfile.TemporaryDirectory() as folder:
        _settings(Path(folder))
        from connectors.sandbox.server import SandboxServer

        with SandboxServer(port=0) as sandbox, _live() as home:
            screens = _demo(sandbox.url)
            _take(home, screens)
    print(f"Pictures: {FOLDER.relative_to(ROOT)}, {README_PICTURE.relative_to(ROOT)}")  # noqa: T201
    return 0


def _settings(folder: Path) -> None:
    """Point Django at a database of its own, and at no broker: this process sends by itself."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="config.settings",
        DATABASE_URL=f"sqlite:///{folder / 'pictures.sqlite3'}",
        REDIS_URL="redis://127.0.0.1:1/0",
        DJANGO_ALLOW_ASYNC_UNSAFE="true",
        LOG_LEVEL="ERROR",
    )
    django.setup()


@contextmanager
def _live() -> Iterator[str]:
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.management import call_command
    from django.test.testcases import LiveServerThread

    call_command("migrate", verbosity=0)
    thread = LiveServerThread("127.0.0.1", StaticFilesHandler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    yield f"http://{thread.host}:{thread.port}"
    thread.terminate()


def _demo(sandbox_url: str) -> dict[str, str]:
    """Send the demo's companies, edit some, and leave one waiting; return the screens to look at."""
    from django.core.management import call_command

    from companies.models import Company, CompanyLink
    from connectors import push, queue, trial
    from connectors.models import Connection

    call_command("demo_data", companies=300, sandbox_url=sandbox_url, verbosity=0)
    account = Connection.objects.get()
    trial.test(account, by="admin")
    pks = list(Company.objects.order_by("name").values_list("pk", flat=True))
    run = _send(account, pks[:100] + pks[150:])
    push.drain(account.pk)
    Connection.objects.update(auto_push={"company": False})
    for company in Company.objects.filter(pk__in=[pks[1], pks[4]]):
        company.phone = "+1 416 555 0123"
        company.save(requested_by="admin")
    queue.set_enabled("company", pks[5], account, False, by="admin")
    _send(account, [pks[2], pks[7]])
    torn = CompanyLink.objects.filter(code="conflict").first()
    failed = CompanyLink.objects.filter(state="failed").exclude(code="conflict").first()
    return _addresses(account, run, pks[1], torn, failed)


def _send(account: Any, pks: list[int]) -> uuid.UUID:
    from connectors import queue
    from synclog import runs

    run, _ = runs.start(
        uuid.uuid4(),
        kind="click",
        label=account.system.push_label,
        connection_id=account.pk,
        connection_name=account.name,
        entity="company",
        user_name="admin",
        requested=len(pks),
    )
    queue.enqueue("company", pks, account, run=run.pk, requested_by="admin")
    return run.pk


def _addresses(account: Any, run: uuid.UUID, changed: int, torn: Any, failed: Any) -> dict[str, str]:
    from synclog.models import Entry

    grid, log = "/admin/companies/company/", "/admin/synclog/entry/"
    entry = Entry.objects.filter(outcome="created").order_by("-id")[0]
    screens = {
        "overview": "/admin/",
        "companies": grid,
        "companies-by-name": f"{grid}?o=1",
        "companies-need-you": f"{grid}?state=needs_you",
        "companies-nothing-found": f"{grid}?state=waiting&q=nobody",
        "company": f"{grid}{changed}/change/",
        "connections": "/admin/connectors/connection/",
        "connection": f"/admin/connectors/connection/{account.pk}/change/",
        "runs": "/admin/synclog/run/",
        "run": f"/admin/synclog/run/{run}/change/",
        "log": log,
        "entry": f"{log}{entry.pk}/change/",
    }
    if torn:
        screens["choice"] = f"{grid}{torn.record_id}/choose/{account.pk}/"
    if failed:
        screens["company-failed"] = f"{grid}{failed.record_id}/change/"
    return screens


def _take(home: str, screens: dict[str, str]) -> None:
    from playwright.sync_api import sync_playwright

    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        for width, theme in LOOKS:
            _look(browser, home, screens, width, theme)
        browser.close()
    shutil.copy(FOLDER / "companies-by-name-1280-light.png", README_PICTURE)


def _look(browser: "Browser", home: str, screens: dict[str, str], width: int, theme: Any) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=theme, timezone_id="Europe/Berlin"
    )
    page = context.new_page()
    page.goto(f"{home}/admin/login/")
    page.fill("#id_username", "admin")
    page.fill("#id_password", "admin")
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")
    for name, address in screens.items():
        page.goto(home + address)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=FOLDER / f"{name}-{width}-{theme}.png")
    context.close()


if __name__ == "__main__":
    sys.exit(main())
