"""The services of the tests themselves: real ones, and nothing left behind."""

import os
import socket

import pytest
import requests
from django.db import connection

from connectors.models import Connection
from tests import template_database
from tests.workers import Worker


@pytest.mark.django_db(transaction=True)
def test_a_worker_of_its_own_answers_through_the_broker(worker: Worker) -> None:
    assert worker.is_ready()


def test_the_hung_port_accepts_and_never_answers(hung_port: int) -> None:
    with socket.create_connection(("127.0.0.1", hung_port), timeout=1) as talk:
        talk.sendall(b"PING\r\n")
        talk.settimeout(0.2)

        with pytest.raises(TimeoutError):
            talk.recv(1)


def test_the_sandbox_connection_points_at_a_server_that_answers(salesforce: Connection) -> None:
    answer = requests.get(f"{salesforce.base_url}/services/data/", timeout=5)

    assert answer.status_code == 200
    assert salesforce.health.failures == 0


@pytest.mark.skipif(template_database.FILE not in os.environ, reason="one process migrates its own")
@pytest.mark.django_db
def test_of_several_test_processes_each_copies_the_one_migrated_database() -> None:
    assert connection.settings_dict["TEST"]["TEMPLATE"].endswith("_template")
    assert connection.settings_dict["NAME"].endswith(os.environ["PYTEST_XDIST_WORKER"])
