"""What is shipped: the compose file, the settings' list, the locks, a start in production."""

import os
import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

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


def services() -> dict[str, Any]:
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    found: dict[str, Any] = composed["services"]
    return found


def test_all_but_the_one_shot_service_have_a_health_check() -> None:
    without = [name for name, service in services().items() if "healthcheck" not in service]

    assert without == ["migrate"]


def test_two_workers_run_in_threads_and_one_schedule() -> None:
    commands = {name: " ".join(service.get("command", [])) for name, service in services().items()}

    assert [name for name, command in commands.items() if "worker -P threads" in command] == [
        "worker-1",
        "worker-2",
    ]
    assert [name for name, command in commands.items() if "beat" in command] == ["beat"]
    assert "--appendonly yes" in commands["redis"]
    assert services()["postgres"]["image"] == "postgres:16"
    assert services()["sandbox"]["profiles"] == ["demo"]


def test_every_room_is_in_the_image() -> None:
    from django.apps import apps

    rooms = {app.name for app in apps.get_app_configs() if (ROOT / app.name).is_dir()}
    copied = re.findall(r"^COPY (\w+) \w+$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)

    assert rooms <= set(copied)


def test_the_compose_file_holds_no_secret() -> None:
    for service in services().values():
        for name, value in service.get("environment", {}).items():
            if re.search("SECRET|KEY|PASSWORD", name):
                assert value == f"${{{name}:?is missing in .env}}"
            if name == "DATABASE_URL":
                assert "://concord:${POSTGRES_PASSWORD:?" in value


def test_every_setting_is_in_the_example_file_and_no_other() -> None:
    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', (ROOT / "config/settings.py").read_text()))
    named = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))

    assert read <= named
    assert named - read == {"POSTGRES_PASSWORD", "PORT", "SANDBOX_PORT"}  # of docker-compose.yml


def test_the_example_file_holds_no_secret() -> None:
    filled = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))

    assert not filled["SECRET_KEY"]
    assert not filled["CONCORD_ENCRYPTION_KEYS"]
    assert not filled["POSTGRES_PASSWORD"]


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_pinned_with_a_hash_and_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text()
    blocks = re.split(r"\n(?=[a-z0-9])", text)

    assert len(blocks) > 40
    assert [
        block
        for block in blocks
        if not re.match(r"[a-z0-9._-]+==\S+", block) or "--hash=sha256:" not in block
    ] == []
    assert "http" not in re.sub(r"^[a-z0-9._-]+==", "", text, flags=re.MULTILINE)


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
