"""docker-compose.yml: what each service may see, reach and use up."""

import re
from typing import Any

import pytest
import yaml

from tests.image import compose
from tests.workers import ROOT

pytestmark = pytest.mark.security

CONCORD = {"migrate", "web", "worker-1", "worker-2", "beat"}


def composed() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


def services() -> dict[str, compose.Service]:
    return compose.services(ROOT)


def members(network: str) -> set[str]:
    return {name for name, service in services().items() if network in service["networks"]}


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
    assert "appendonly yes" in commands["redis"]
    assert services()["sandbox"]["profiles"] == ["demo"]


def test_the_compose_file_holds_no_secret() -> None:
    for service in services().values():
        for name, value in service.get("environment", {}).items():
            if re.search("SECRET|KEY|PASSWORD|AUTH", name):
                assert re.fullmatch(r"\$\{[A-Z_]+:\?is missing in \.env\}", value)
            if name == "DATABASE_URL":
                assert "://concord:${POSTGRES_PASSWORD:?" in value
            if name == "REDIS_URL":
                assert "://:${REDIS_PASSWORD:?" in value


def test_no_service_gets_a_secret_that_it_does_not_need() -> None:
    told = {
        name: set(service.get("environment", {})) | ({".env"} if "env_file" in service else set())
        for name, service in services().items()
    }

    assert {name for name, names in told.items() if ".env" in names} == CONCORD
    assert told["postgres"] == {"POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"}
    assert told["redis"] == {"REDISCLI_AUTH"}
    assert told["sandbox"] == set()


def test_the_broker_keeps_its_password_out_of_its_arguments_and_asks_for_it() -> None:
    assert "requirepass $$REDISCLI_AUTH" in services()["redis"]["command"][-1]
    assert all("REDIS_PASSWORD" not in word for word in services()["redis"]["command"])


def test_a_full_broker_gives_up_counters_before_messages() -> None:
    """Counters expire; the broker's messages do not, and volatile-ttl removes what expires only."""
    assert "\nmaxmemory-policy volatile-ttl\n" in services()["redis"]["command"][-1]


def test_database_and_broker_are_reached_by_concord_alone_and_reach_nothing() -> None:
    networks = composed()["networks"]

    assert networks["backend"] == {"internal": True}
    assert members("backend") >= {"postgres", "redis", *CONCORD}
    assert services()["postgres"]["networks"] == services()["redis"]["networks"] == ["backend"]
    assert "sandbox" not in members("backend")
    assert members("sandbox") == {"sandbox", "web", "worker-1", "worker-2"}
    assert set(networks) == {network for service in services().values() for network in service["networks"]}


@pytest.mark.parametrize("name", sorted(services()))
def test_a_service_can_neither_change_its_image_nor_gain_rights_nor_eat_the_machine(name: str) -> None:
    service = services()[name]

    assert service["read_only"] is True
    assert any(mount.startswith("/tmp:size=") for mount in service["tmpfs"])
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])


def test_nginx_with_the_shipped_configuration_is_the_only_way_in() -> None:
    published = {name for name, service in services().items() if service.get("ports")}
    mounted = dict(mount.split(":")[:2] for mount in services()["nginx"]["volumes"])

    assert published == {"nginx", "sandbox"}
    assert services()["nginx"]["networks"] == ["frontend"]
    assert members("frontend") == {"nginx", "web"}
    assert set(mounted) == {f"./config/nginx/{name}.conf" for name in ("nginx", "locations", "http")}
    assert mounted["./config/nginx/http.conf"] == "/etc/nginx/concord/site.conf"


def test_https_takes_the_place_of_http_and_needs_a_certificate() -> None:
    override = yaml.safe_load((ROOT / "docker-compose.https.yml").read_text())["services"]["nginx"]

    assert "./config/nginx/https.conf:/etc/nginx/concord/site.conf:ro" in override["volumes"]
    assert "${CERTIFICATES:?is missing in .env}:/etc/nginx/certs:ro" in override["volumes"]
    assert override["ports"] == ["443:8443", "80:8080"]


def test_what_is_published_is_published_on_this_machine_only() -> None:
    published = [port for service in services().values() for port in service.get("ports", [])]

    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []
