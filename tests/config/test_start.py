"""What stops the start: settings of a system other than the one that was meant, or of an open one."""

import os
import subprocess
import sys

import pytest

from tests.workers import ROOT

pytestmark = pytest.mark.security

SECRET = "an-example-of-a-key-for-the-tests-that-signs-no-session-0123456789"
DEPLOYED = {
    "SECRET_KEY": SECRET,
    "CONCORD_ENCRYPTION_KEYS": "A" * 43 + "=",
    "ALLOWED_HOSTS": "concord.example",
    "DATABASE_URL": "postgres://concord@127.0.0.1/concord",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "DEBUG": "false",
}


def start(environment: str, command: str = "import config.settings", **changes: str) -> tuple[int, str]:
    """Read the settings in a process of their own; an empty value keeps a .env file from filling it in."""
    done = subprocess.run(
        [sys.executable, "-c", command],
        cwd=ROOT,
        env={**os.environ, **DEPLOYED, "CONCORD_ENV": environment, **changes},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("environment", ["development", "rehearsal", "production"])
def test_each_kind_of_system_starts(environment: str) -> None:
    assert start(environment) == (0, "")


@pytest.mark.parametrize("environment", ["Production", "prod", ""])
def test_an_unknown_kind_of_system_does_not_start(environment: str) -> None:
    status, said = start(environment)

    assert status != 0
    assert f"CONCORD_ENV is '{environment}'; it must be development, rehearsal or production." in said


@pytest.mark.parametrize(  # each in one of the two, and one in both
    ("environment", "changes", "reason"),
    [
        ("production", {"SECRET_KEY": ""}, "SECRET_KEY is missing."),
        ("rehearsal", {"CONCORD_ENCRYPTION_KEYS": ""}, "CONCORD_ENCRYPTION_KEYS is missing."),
        ("production", {"DATABASE_URL": ""}, "DATABASE_URL is missing."),
        ("rehearsal", {"REDIS_URL": ""}, "REDIS_URL is missing."),
        ("production", {"SECRET_KEY": SECRET[:49]}, "SECRET_KEY is too easy to guess"),
        ("rehearsal", {"SECRET_KEY": "abcd" * 20}, "SECRET_KEY is too easy to guess"),
        ("production", {"SECRET_KEY": f"django-insecure-{SECRET}"}, "SECRET_KEY is too easy to guess"),
        ("production", {"DEBUG": "true"}, "DEBUG is on"),
        ("rehearsal", {"DEBUG": "true"}, "DEBUG is on"),
        ("production", {"ALLOWED_HOSTS": "concord.example,*"}, "ALLOWED_HOSTS has *"),
    ],
)
def test_an_open_system_does_not_start(environment: str, changes: dict[str, str], reason: str) -> None:
    status, said = start(environment, **changes)

    assert status != 0
    assert reason in said
    assert SECRET[:49] not in said


@pytest.mark.parametrize(
    ("environment", "keys"),
    [
        ("development", "no-key"),
        ("rehearsal", "A" * 43),
        ("production", f"{'A' * 43}=,secret-but-no-key"),
    ],
)
def test_keys_that_encrypt_nothing_stop_the_start(environment: str, keys: str) -> None:
    status, said = start(environment, CONCORD_ENCRYPTION_KEYS=keys)

    assert status != 0
    assert "CONCORD_ENCRYPTION_KEYS: key " in said
    assert "secret-but-no-key" not in said


@pytest.mark.parametrize("environment", ["development", "production"])
def test_a_list_without_a_key_stops_the_start(environment: str) -> None:
    status, said = start(environment, CONCORD_ENCRYPTION_KEYS=",")

    assert status != 0
    assert "CONCORD_ENCRYPTION_KEYS holds no key." in said


@pytest.mark.parametrize(
    "url", ["sqlite:///concord.sqlite3", "mysql://concord:secret-word@127.0.0.1/concord"]
)
def test_another_database_than_postgresql_stops_the_start(url: str) -> None:
    status, said = start("development", DATABASE_URL=url)

    assert status != 0
    assert "Concord runs on PostgreSQL alone" in said
    assert "secret-word" not in said


def test_a_rehearsal_is_set_up_like_production_and_may_have_the_sandbox_beside_it() -> None:
    read = (
        "from config import settings as s; print(s.HTTPS, s.CONCORD_INSIDE_ALLOWED, s.WHITENOISE_USE_FINDERS)"
    )

    assert start("rehearsal", read) == start("production", read) == (0, "True [] False\n")
    assert start("development", read) == (0, "False ['127.0.0.1', '::1'] True\n")
