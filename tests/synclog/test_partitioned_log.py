"""The migration that partitions the log: what was logged stays, both ways, and is searched like the rest."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from synclog.models import Block, Entry
from synclog.partitions import BLOCK
from tests.synclog.blocks import entry, keep, make_anew, names, rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    yield
    migrate("0003_partitioned_log")
    Entry.objects.all().delete()
    make_anew()


def migrate(target: str) -> None:
    MigrationExecutor(connection).migrate([("synclog", target)])


def test_an_existing_log_becomes_the_oldest_partition() -> None:
    migrate("0002_run_cancelled")
    before = [entry("one").pk, entry("two").pk]

    migrate("0003_partitioned_log")
    after = entry("three").pk
    keep()

    assert list(Entry.objects.order_by("pk").values_list("pk", flat=True)) == [*before, after]
    assert names()[0] == "synclog_entry_before"
    assert after % BLOCK <= 1  # its block is another, so that the old ones are closed
    assert Block.objects.exclude(first_at=None).count() == 1
    assert rows("SELECT FROM pg_indexes WHERE indexname = 'synclog_entry_before_words'")


def test_the_way_back_keeps_every_entry() -> None:
    before = [entry("one").pk, entry("two").pk]

    migrate("0002_run_cancelled")
    after = entry("three").pk

    assert list(Entry.objects.order_by("pk").values_list("pk", flat=True)) == [*before, after]
    assert not rows("SELECT FROM pg_class WHERE relname LIKE 'synclog_entry_default%%'")


def test_a_new_log_is_like_an_old_one_but_for_its_partitions() -> None:
    def shape() -> list[tuple[object, ...]]:
        columns = "column_name, data_type, is_nullable, character_maximum_length"
        is_it = "table_name = 'synclog_entry'"
        return [
            *rows(f"SELECT {columns} FROM information_schema.columns WHERE {is_it} ORDER BY 1"),
            *rows(
                f"SELECT constraint_type FROM information_schema.table_constraints WHERE {is_it} ORDER BY 1"
            ),
        ]

    new = shape()
    migrate("0002_run_cancelled")
    assert shape() == new
