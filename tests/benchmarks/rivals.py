"""What we compare with: as little code as would do the job on a good day."""

import gzip
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from django.db import connections
from simple_salesforce import SFType

from connectors.http import Line
from synclog.models import Entry
from tests.desk import HERE

BATCH = 200
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


def bare(url: str, records: Sequence[dict[str, Any]], threads: int, *, by_id: bool) -> None:
    """Post the payloads in batches of 200 by bare requests, gzipped, one log row each by bulk_create."""
    token = log_in(url)
    parts = [records[start : start + BATCH] for start in range(0, len(records), BATCH)]
    lanes = [parts[number::threads] for number in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda lane: _lane(url, token, lane, by_id=by_id), lanes))


def _lane(url: str, token: str, parts: Sequence[Sequence[dict[str, Any]]], *, by_id: bool) -> None:
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
