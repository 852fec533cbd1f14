"""What is shipped: the settings' list, a start in production."""

import os
import re
import subprocess
import sys

import pytest

from tests.workers import ROOT

pytestmark = pytest.mark.once

PRODUCTION = {
    "CONCORD_ENV": "production",
    "SECRET_KEY": "k" * 60,
    "CONCORD_ENCRYPTION_KEYS": "A" * 43 + "=",
    "ALLOWED_HOSTS": "concord.example",
    "DATABASE_URL": "sqlite://",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def test_every_setting_is_in_the_example_file_and_no_other() -> None:
    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', (ROOT / "config/settings.py").read_text()))
    named = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))

    assert read <= named
    of_compose = {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "PORT", "SANDBOX_PORT"}
    assert named - read == of_compose


def test_the_example_file_holds_no_secret() -> None:
    filled = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))

    assert not filled["SECRET_KEY"]
    assert not filled["CONCORD_ENCRYPTION_KEYS"]
    assert not filled["POSTGRES_PASSWORD"]
    assert not filled["REDIS_PASSWORD"]


@pytest.mark.parametrize("missing", ["SECRET_KEY", "CONCORD_ENCRYPTION_KEYS", "DATABASE_URL", "REDIS_URL"])
def test_production_does_not_start_without(missing: str) -> None:
    environment = {**os.environ, **PRODUCTION, missing: ""}  # empty: a .env file must not fill it in

    started = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert started.returncode != 0
    assert f"{missing} is missing" in started.stderr
