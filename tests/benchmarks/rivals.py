"""What we compare with: as little code as would do the job on a good day."""

import gzip
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE
from typing import Any, Self

import requests
from django.db import connections
from simple_salesforce import SFType

from connectors.http import Line
from synclog.models import Entry
from tests.desk import HERE

ROOT = Path(__file__).resolve().parent.parent.parent
BATCH = 200
PROCESSES = 2  # as many as our workers
PATH = "/salesforce/services/data/v64.0/composite/sobjects"


def log_in(url: str) -> str:
    """Return an access token."""
    form = {
        "grant_type": "client_credentials",
        "client_id": "rehearsal-client",
        "client_secret": "rehearsal-secret",
    }
    answer = requests.post(f"{url}/salesforce/services/oauth2/token", data=form, timeout=30)
    return str(answer.json()["access_token"])


@dataclass
class Bare:
    """Two processes that send payloads by bare requests, beside our two workers."""

    url: str
    environment: Mapping[str, str]
    processes: list["subprocess.Popen[str]"] = field(default_factory=list)

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.benchmarks.bare_process"]
        self.processes = [
            subprocess.Popen(command, env=self.environment, cwd=ROOT, text=True, stdin=PIPE, stdout=PIPE)
            for _ in range(PROCESSES)
        ]
        for process in self.processes:
            _heard(process)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.communicate(timeout=10)

    def send(self, records: Sequence[dict[str, Any]], threads: int, *, by_id: bool) -> None:
        """Post the payloads in batches of 200, gzipped, with one log row each by bulk_create."""
        parts = [records[start : start + BATCH] for start in range(0, len(records), BATCH)]
        lanes = [parts[number::threads] for number in range(threads)]
        shares = [lanes[number::PROCESSES] for number in range(PROCESSES)]
        busy = [(process, share) for process, share in zip(self.processes, shares, strict=True) if share]
        for process, share in busy:
            _tell(process, {"url": self.url, "lanes": share, "by_id": by_id})
        for process, _ in busy:
            _heard(process)


def _tell(process: "subprocess.Popen[str]", order: Any) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()


def _heard(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    assert process.stdout.readline(), "a process of bare requests ended"


def lane(url: str, token: str, parts: Sequence[Sequence[dict[str, Any]]], *, by_id: bool) -> None:
    session = requests.Session()
    session.headers.update(
        {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
        }
    )
    for part in parts:
        body = {"allOrNone": False, "records": [{"attributes": {"type": "Account"}, **row} for row in part]}
        data = gzip.compress(json.dumps(body, ensure_ascii=False).encode(), 5)
        target = f"{url}{PATH}" + ("" if by_id else "/Account/Concord_Id__c")
        answers = session.patch(target, data=data, timeout=60).json()
        assert all(answer["success"] for answer in answers)
        Entry.objects.bulk_create(
            [
                Entry(
                    level="INFO",
                    action_type="customer_sync",
                    description=f"sent {answer['id']}",
                    outcome="created",
                )
                for answer in answers
            ]
        )
    connections.close_all()


def one_by_one(url: str, records: Sequence[dict[str, Any]]) -> None:
    """Upsert record by record with simple-salesforce."""
    line = Line(
        f"{url}/salesforce", timeout_s=60, tick=lambda: None, permit=HERE
    )  # it can't speak http itself
    token = log_in(url)
    accounts = SFType("Account", token, "rehearsal.example", "64.0", session=line)
    for record in records:
        fields = {name: value for name, value in record.items() if name != "Concord_Id__c"}
        accounts.upsert(f"Concord_Id__c/{record['Concord_Id__c']}", fields)
