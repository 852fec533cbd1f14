"""Where the pictures are taken: a database and a rehearsal of their own, so that nothing else is touched."""

import logging
import os
import uuid
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import django
import requests

from tests.services import Services

ADMIN, VIEWER, PASSWORD = "admin", "vera", "admin"


def set_up(services: Services) -> None:
    """Point Django at a database of its own, and at no broker: this process sends by itself."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="config.settings",
        CONCORD_VAR_DIR=str(services.folder / "var"),
        DATABASE_URL=services.start_postgres().url,
        REDIS_URL="redis://127.0.0.1:1/0",
        REGISTRATION_MERCHANT="Globex Trading",
        REGISTRATION_MIN_FILL_S="0",
        REGISTRATION_PER_HOUR="1000",
        DJANGO_ALLOW_ASYNC_UNSAFE="true",
        LOG_LEVEL="ERROR",
    )
    django.setup()
    logging.getLogger("django").setLevel(logging.ERROR)  # refusals are among the pictures
    warnings.filterwarnings("ignore", message="No directory at")  # of collected static files


@dataclass(frozen=True, slots=True)
class Stage:
    """Concord at `home`, and the sandbox at `sandbox_url`."""

    home: str
    sandbox_url: str

    @property
    def account(self) -> Any:
        """Return the connection to Salesforce as it stands in the database."""
        return self._connection("salesforce")

    @property
    def store(self) -> Any:
        """Return the connection to the store as it stands in the database."""
        return self._connection("better-b2b")

    def _connection(self, slug: str) -> Any:
        from connectors.models import Connection

        return Connection.objects.select_related("health").get(slug=slug)

    def over_there(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the sandbox's control API, as somebody else in that system would act."""
        answer = requests.request(method, f"{self.sandbox_url}/_control/{path}", json=body, timeout=30)
        if not answer.ok:
            raise RuntimeError(answer.text)
        return answer.json()

    def break_it(self, fault: str, system: str = "salesforce", **more: Any) -> None:
        """Let a system fail in this way until `mend`."""
        self.over_there("POST", "faults", [{"system": system, "fault": fault, **more}])

    def mend(self) -> None:
        """Let all systems work again."""
        self.over_there("DELETE", "faults")

    def click(self, pks: Iterable[int], entity: str = "company") -> uuid.UUID:
        """Request records as a click of the admin does; return the run."""
        from connectors import queue
        from synclog import runs

        account, wanted = self.account, list(pks)
        run, _ = runs.start(
            uuid.uuid4(),
            kind="click",
            label=account.system.push_label,
            connection_id=account.pk,
            connection_name=account.name,
            entity=entity,
            user_name=ADMIN,
            requested=len(wanted),
        )
        queue.enqueue(entity, wanted, account, run=run.pk, requested_by=ADMIN)
        return run.pk

    def drain(self, connection: Any = None) -> None:
        """Send what waits for Salesforce, or for another connection, as a worker does."""
        from connectors import push

        push.drain((connection or self.account).pk)

    def test(self, connection: Any = None) -> None:
        """Press Test connection."""
        from connectors import trial

        trial.test(connection or self.account, by=ADMIN)


@contextmanager
def live() -> Iterator[Stage]:
    """Serve Concord and the sandbox, each on a free port, while the pictures are taken."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.management import call_command
    from django.test.testcases import LiveServerThread

    from connectors.sandbox.server import SandboxServer

    call_command("migrate", verbosity=0)
    thread = LiveServerThread("127.0.0.1", StaticFilesHandler)
    thread.daemon = True
    with SandboxServer(port=0) as sandbox:
        thread.start()
        thread.is_ready.wait()
        yield Stage(f"http://{thread.host}:{thread.port}", sandbox.url)
        thread.terminate()
