"""PostgreSQL as docker-compose.yml sets it up: Concord's role owns its database and nothing else."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.db import connection

from config.embedded.postgres import INITDB_ARGS
from tests.image import compose
from tests.image.backing import ShippedCluster, start_postgres
from tests.services import Services
from tests.workers import ROOT, database_url

SHIPPED = compose.services(ROOT)["postgres"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[ShippedCluster]:
    """Start one that the application's tests don't see."""
    services = Services()
    try:
        yield start_postgres(services, ROOT, "a-password-of-this-test")
    finally:
        services.stop()


@pytest.mark.security
def test_the_role_of_concord_is_no_superuser_and_owns_its_database_alone(cluster: ShippedCluster) -> None:
    rights = "rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
    owned = "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = 'concord'"

    assert cluster.sql("postgres", f"SELECT {rights} FROM pg_roles WHERE rolname = 'concord'") == "f|f|f|f|f"
    assert cluster.sql("postgres", owned) == "concord"
    assert "permission denied" in cluster.psql("concord", "SELECT 1", "postgres").stderr
    assert "permission denied" in cluster.psql("concord", "COPY (SELECT 1) TO PROGRAM 'id'", "concord").stderr


@pytest.mark.security
def test_only_the_role_of_concord_can_log_in_with_a_password(cluster: ShippedCluster) -> None:
    found = cluster.sql("postgres", "SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256$%'")

    assert found == "concord"


def test_the_shipped_database_is_the_one_that_is_tested(cluster: ShippedCluster) -> None:
    tested = cluster.sql("postgres", "SHOW server_version").partition(".")[0]
    sorting = "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding) FROM pg_database"

    assert SHIPPED["image"] == f"postgres:{tested}"
    assert f"postgres-{tested}:/var/lib/postgresql" in SHIPPED["volumes"]
    assert tuple(SHIPPED["environment"]["POSTGRES_INITDB_ARGS"].split()) == INITDB_ARGS
    assert cluster.sql("postgres", f"{sorting} WHERE datname = 'concord'") == "b|C.UTF-8|UTF8"


@pytest.mark.django_db
def test_a_dump_of_another_owner_is_restored_by_the_role_of_concord(cluster: ShippedCluster) -> None:
    """As docs/operating.md leads from an older PostgreSQL: dump there, restore here."""
    documented = (ROOT / "docs/operating.md").read_text()
    dump = re.search(r"pg_dump -U concord (.+) concord > concord\.sql", documented)
    assert dump
    url = database_url(connection.settings_dict).replace("postgres://postgres@/", "").rpartition("/")
    old = [cluster.server.binaries / "pg_dump", "-h", url[0], "-U", "postgres", *dump[1].split(), url[2]]
    dumped = subprocess.run(old, capture_output=True, text=True, check=True).stdout

    cluster.sql("concord", dumped, "concord")

    owned = "pg_get_userbyid(relowner) = 'concord' AND relkind IN ('r', 'p') AND NOT relispartition"
    tables = f"SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND {owned}"
    assert int(cluster.sql("concord", tables, "concord")) == len(connection.introspection.table_names())


@pytest.mark.slow  # migrates in a process of its own
def test_the_role_of_concord_may_partition_and_index_the_log(cluster: ShippedCluster) -> None:
    cluster.sql("postgres", "CREATE DATABASE log OWNER concord")
    env = {**os.environ, "DATABASE_URL": f"postgres://concord@/{cluster.server.sockets}/log"}
    keep = ["shell", "-v0", "-c", "from synclog import partitions; partitions.keep()"]

    for arguments in (["migrate", "-v0"], keep):
        subprocess.run([sys.executable, "manage.py", *arguments], check=True, cwd=ROOT, env=env)
    cluster.sql("concord", "SELECT setval('synclog_entry_id_seq', 16384)", "log")
    subprocess.run([sys.executable, "manage.py", *keep], check=True, cwd=ROOT, env=env)

    indexed = "SELECT count(*) FROM pg_indexes WHERE indexname = 'synclog_entry_0_0_words'"
    found = cluster.sql("concord", indexed, "log")
    cluster.sql("postgres", "DROP DATABASE log")  # another test looks what the role owns
    assert found == "1"
