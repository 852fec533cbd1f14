"""What every test may ask for: real services, a sandbox, a worker, a broker that hangs.

DATABASE_URL and REDIS_URL are used where they are set; what is missing is started
here, once per run, before Django reads its settings. Therefore neither pytest's
ini nor the environment may hold DJANGO_SETTINGS_MODULE.
"""

import gc
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import hypothesis
import pytest
import redis
import requests
from django.conf import settings
from pytest_django.plugin import blocking_manager_key

from tests import chromium, emptying, template_database
from tests.seconds import Seconds
from tests.services import Services, sweep
from tests.workers import Workers, database_url

if TYPE_CHECKING:
    from connectors.models import Connection
    from connectors.sandbox.server import SandboxServer
    from tests.shelf import Shelf

_services: list[Services] = []
_templates: list[template_database.Template] = []

# A machine that is busy is no failure; HYPOTHESIS_PROFILE=default asks for twice as many examples.
hypothesis.settings.register_profile("ci", max_examples=50, deadline=None, print_blob=True)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start what is missing, then let Django read where it is."""
    xdist_worker = os.environ.get("PYTEST_XDIST_WORKER")
    if xdist_worker:  # the controller started everything; a broker database each
        os.environ["REDIS_URL"] = _own_database(os.environ["REDIS_URL"], xdist_worker)
    else:
        if settings.configured:
            raise pytest.UsageError(
                "Unset DJANGO_SETTINGS_MODULE: settings were read before the services ran."
            )
        _start_services()
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    settings.PASSWORD_HASHERS = ["tests.hashers.CheapHasher"]
    settings.WHITENOISE_AUTOREFRESH = True  # else each new client reads all static files
    _wait_by_no_clock()
    emptying.install()
    gc.set_threshold(50_000, 20, 100)  # by default a sixth of the time goes into looking for cycles
    if not xdist_worker:
        config.pluginmanager.register(Seconds(), "seconds")
    hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
    # An xdist worker would read its settings before this hook if it inherited the name.
    del os.environ["DJANGO_SETTINGS_MODULE"]


def _wait_by_no_clock() -> None:
    """Let drains in this process end, and waits last, however slow the machine is.

    A drain ends when nothing is due. What waits after a failure is not due again before a
    test says so. Workers, which are processes of their own, keep the settings they are given.
    """
    settings.CONCORD = {
        **settings.CONCORD,
        "drain_s": 3_600.0,
        "connection_backoff_s": (3_600.0, 3_600.0),
        "record_backoff_s": (3_600.0, 14_400.0),
    }


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Where there are several processes, migrate a database that each of them copies."""
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if not is_worker and getattr(session.config.option, "numprocesses", None):
        session.config.stash[blocking_manager_key].unblock()  # this process runs no test
        _templates.append(template_database.begin(_services[0].folder))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop what this process started."""
    while _templates:
        _templates.pop().remove()
    while _services:
        _services.pop().stop()


def pytest_report_header() -> list[str]:
    """Say whether a browser was found."""
    return [chromium.said()]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, and say so, what needs a browser where there is none."""
    if chromium.find():
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=chromium.said()))


def pytest_collection_finish() -> None:
    """Leave out of each search for cycles what was imported: it stays."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Have each worker copy the database that the controller migrated."""
    template_database.use()


def _start_services() -> None:
    sweep()
    services = Services()
    _services.append(services)
    os.environ.setdefault("CONCORD_ENV", "development")
    os.environ.setdefault("CONCORD_VAR_DIR", str(services.folder / "var"))
    if "DATABASE_URL" not in os.environ:
        os.environ["DATABASE_URL"] = services.start_postgres().url
    if "REDIS_URL" not in os.environ:
        os.environ["REDIS_URL"] = services.start_broker()


def _own_database(url: str, xdist_worker: str) -> str:
    """Return the broker's URL with another database number for each xdist worker."""
    base, _, number = url.rpartition("/")
    return f"{base}/{int(number or 0) + 1 + int(xdist_worker.removeprefix('gw'))}"


@pytest.fixture(scope="session")
def sandbox_server() -> "Iterator[SandboxServer]":
    """Serve the rehearsal systems on a free port, for the whole session."""
    from connectors.sandbox.server import SandboxServer

    with SandboxServer(port=0) as server:
        yield server


@pytest.fixture
def sandbox(sandbox_server: "SandboxServer") -> "SandboxServer":
    """Return the sandbox as new: empty, without faults, calls counted from zero."""
    from connectors.systems.bigcommerce import store_index

    requests.post(f"{sandbox_server.url}/_control/reset", timeout=10).raise_for_status()
    store_index.forget_all()  # ids begin anew, which no real store's do
    return sandbox_server


@pytest.fixture
def salesforce(request: pytest.FixtureRequest, db: None, sandbox: "SandboxServer") -> "Connection":
    """Return a connection to the sandbox's Salesforce, whose organisation and fields are known.

    With the mark `untested` nobody has tried it yet.
    """
    from tests import seeded
    from tests.factories import ConnectionFactory

    made = ConnectionFactory.create(base_url=f"{sandbox.url}/salesforce")
    if not request.node.get_closest_marker("untested"):
        seeded.tested(made, sandbox)
    return made


@pytest.fixture
def b2b(db: None, sandbox: "SandboxServer") -> "Connection":
    """Return a connection to the sandbox's B2B store, whose limit on calls no test but one runs into."""
    from tests import b2b
    from tests.factories import B2BFactory

    b2b.set_up(sandbox, requests_per_window=100_000)
    return B2BFactory.create(base_url=f"{sandbox.url}/bigcommerce")


@pytest.fixture
def shelf(db: None) -> "Iterator[Shelf]":
    """Return a remote system in memory, with a connection to it: `shelf.connection`."""
    from connectors import registry
    from tests.factories import ConnectionFactory
    from tests.shelf import SHELVES, SLUG, Shelf

    registry.KINDS[SLUG] = "tests.shelf"
    here = SHELVES["http://shelf.test"] = Shelf()
    here.connection = ConnectionFactory.create(
        kind=SLUG, slug=SLUG, name="Shelf", base_url="http://shelf.test", credentials={}
    )
    yield here
    SHELVES.clear()
    del registry.KINDS[SLUG]


@pytest.fixture
def workers(transactional_db: None, tmp_path: Path) -> Iterator[Workers]:
    """Start real workers: `workers.start(threads=2, RECORD_ATTEMPTS="3")`."""
    from django.db import connection

    from config.celery import app

    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.flushdb()
    broker.close()
    urls = {"DATABASE_URL": database_url(connection.settings_dict), "REDIS_URL": settings.REDIS_URL}
    started = Workers({**os.environ, **urls}, tmp_path)
    try:
        yield started
    finally:
        started.stop()
        app.close()  # not pool.force_close_all(): the next test needs a pool


@pytest.fixture
def worker(workers: Workers) -> Any:
    """Start one real worker with two threads."""
    return workers.start()


@pytest.fixture
def hung_port() -> Iterator[int]:
    """Listen on a port that accepts everybody and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        held: list[socket.socket] = []
        thread = threading.Thread(target=_hold, args=(listener, held), daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        thread.join()
        for connection in held:
            connection.close()


def _hold(listener: socket.socket, held: list[socket.socket]) -> None:
    while True:
        try:
            held.append(listener.accept()[0])
        except OSError:  # closed: the test is over
            return
