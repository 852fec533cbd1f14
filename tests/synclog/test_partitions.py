"""The log's partitions: nothing is lost and nobody waits, whatever the schedule does or leaves undone."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from connectors import tasks
from synclog import partitions, retention
from synclog.models import Block, Entry, Run
from synclog.partitions import AHEAD, BLOCK, GROUP
from tests.synclog.blocks import days_ago, entry, go_to, keep, make_anew, names, restored_ids, rows
from tests.waiting import wait_until

BLOCKS = GROUP // BLOCK


@pytest.fixture(autouse=True)
def _ids(request: pytest.FixtureRequest) -> Iterator[None]:
    """Undo what a test did to ids and, where it commits, to partitions."""
    commits = "transactional_db" in request.fixturenames
    request.getfixturevalue("transactional_db" if commits else "db")
    with restored_ids():
        yield
    if commits:
        Entry.objects.all().delete()
        make_anew()


def texts() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("description", flat=True))


def indexed() -> list[str]:
    found = rows("SELECT tablename FROM pg_indexes WHERE indexname LIKE '%%\\_words' ORDER BY 1")
    return [name for (name,) in found]


def test_partitions_are_made_ahead() -> None:
    go_to(40)
    entry("first of its block")

    keep()

    assert {f"synclog_entry_{block}_{block}" for block in range(41, 41 + AHEAD)} <= set(names())


def test_a_block_is_indexed_once_it_is_full() -> None:
    entry("full")
    go_to(1)
    entry("open")

    keep()

    assert indexed() == ["synclog_entry_0_0"]
    assert list(Block.objects.values_list("number", flat=True)) == [0]


def test_a_full_group_becomes_one_partition() -> None:
    for block in (0, 1, 7, BLOCKS - 1, BLOCKS):
        go_to(block)
        entry(f"in {block}")
        keep()

    assert names()[0] == f"synclog_entry_0_{BLOCKS - 1}"
    assert texts() == ["in 0", "in 1", "in 7", "in 15", "in 16"]
    assert Block.objects.count() == BLOCKS
    assert indexed() == ["synclog_entry_0_15"]


def test_what_is_logged_beyond_the_partitions_is_taken_over() -> None:
    """As after days without the schedule: the default partition has what came."""
    entry("before")
    go_to(100)
    late = entry("nobody made a partition for this")

    keep()

    assert texts() == ["before", "nobody made a partition for this"]
    assert not rows("SELECT FROM synclog_entry_default")
    ((home,),) = rows(f"SELECT tableoid::regclass::text FROM synclog_entry WHERE id = {late.pk}")
    assert home != "synclog_entry_default"


def test_the_schedule_may_do_it_again_and_again() -> None:
    go_to(BLOCKS)
    entry("here")
    keep()
    before = names()

    tasks.keep_log()

    assert names() == before


def test_an_entry_that_comes_late_into_a_full_block_is_found_too() -> None:
    entry("in time")
    go_to(1)
    entry("open")
    keep()
    go_to(0)
    late = Entry(pk=500, level="INFO", action_type="customer_sync", description="late", search="late")
    late.save(force_insert=True)

    assert texts() == ["in time", "late", "open"]


def test_without_trigrams_the_rest_is_indexed() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pg_trgm CASCADE")
    entry("full")
    go_to(1)
    entry("open")
    keep()

    assert not indexed()
    assert rows("SELECT FROM pg_indexes WHERE indexname = 'synclog_entry_0_0_tags'")


def test_words_are_indexed_when_trigrams_come() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pg_trgm CASCADE")
    entry("full")
    go_to(1)
    entry("open")
    keep()
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION pg_trgm")

    keep()

    assert indexed() == ["synclog_entry_0_0"]
    assert not rows("SELECT FROM pg_indexes WHERE indexname = 'synclog_entry_0_0_tags'")


def test_retention_drops_partitions_and_deletes_the_remainder() -> None:
    entry("old", at=days_ago(100))
    go_to(1)
    entry("old too", at=days_ago(95))
    kept = entry("young", at=days_ago(80))
    go_to(2)
    entry("old, in the open block", at=days_ago(91))
    entry("new")
    Run.objects.create(kind="click", started_at=days_ago(95))
    keep()

    deleted = retention.prune(90)

    assert deleted == 3
    assert texts() == ["young", "new"]
    assert "synclog_entry_0_0" not in names()
    assert [(block.number, block.first_at) for block in Block.objects.all()] == [(1, kept.logged_at)]
    assert not Run.objects.exists()


def test_retention_deletes_from_what_is_not_indexed_yet() -> None:
    entry("old", at=days_ago(100))
    go_to(1)
    entry("new")

    assert retention.prune(90) == 1
    assert texts() == ["new"]


def test_a_partition_that_was_emptied_is_dropped() -> None:
    entry("old", at=days_ago(100))
    go_to(1)
    entry("new")
    retention.prune(90)
    keep()

    retention.prune(90)

    assert "synclog_entry_0_0" not in names()


def test_nothing_is_lost_of_a_transaction_that_is_open_while_its_block_is_closed(
    transactional_db: None,
) -> None:
    inserted, may_end = threading.Event(), threading.Event()

    def insert() -> None:
        with transaction.atomic():
            entry("still open")
            inserted.set()
            may_end.wait(30)
        connection.close()

    slow = threading.Thread(target=insert)
    slow.start()
    inserted.wait(30)
    go_to(1)
    entry("next block")
    partitions.keep()  # does not get its lock
    assert not indexed()
    may_end.set()
    slow.join()

    keep()

    assert indexed() == ["synclog_entry_0_0"]
    assert texts() == ["still open", "next block"]


def test_nothing_is_lost_while_partitions_are_merged(transactional_db: None) -> None:
    stop = threading.Event()
    count = [0]

    def insert() -> None:
        while not stop.is_set():
            Entry.objects.bulk_create([Entry(level="INFO", action_type="customer_sync")] * 20)
            count[0] += 20
        connection.close()

    entry("oldest")
    partitions.keep(ahead=3 * BLOCKS)
    go_to(BLOCKS)
    writers = [threading.Thread(target=insert)]
    for writer in writers:
        writer.start()
    wait_until(lambda: count[0] > 100)
    wait_until(lambda: not partitions.keep() and names()[0] == f"synclog_entry_0_{BLOCKS - 1}", timeout_s=60)
    go_to(2 * BLOCKS)
    wait_until(
        lambda: not partitions.keep() and names()[1] == f"synclog_entry_{BLOCKS}_{2 * BLOCKS - 1}",
        timeout_s=60,
    )
    stop.set()
    for writer in writers:
        writer.join()

    assert Entry.objects.count() == count[0] + 1


def test_the_schedule_may_run_twice_at_once(transactional_db: None) -> None:
    entry("full")
    partitions.keep(ahead=BLOCKS)
    go_to(BLOCKS)
    entry("open")
    failed: list[Exception] = []

    def run() -> None:
        try:
            keep()
        except Exception as error:  # noqa: BLE001 - told by the assertion
            failed.append(error)
        connection.close()

    both = [threading.Thread(target=run) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    keep()

    assert not failed
    assert texts() == ["full", "open"]
    assert indexed() == [f"synclog_entry_0_{BLOCKS - 1}"]


def test_a_dump_in_the_way_is_waited_for_elsewhere(transactional_db: None) -> None:
    """Who reads the whole table for long holds nobody up, and is tried again later."""
    reading, may_end = threading.Event(), threading.Event()

    def read() -> None:
        with transaction.atomic():
            rows("SELECT count(*) FROM synclog_entry")
            reading.set()
            may_end.wait(30)
        connection.close()

    entry("full")
    partitions.keep(ahead=BLOCKS)
    go_to(BLOCKS)
    dump = threading.Thread(target=read)
    dump.start()
    reading.wait(30)

    partitions.keep()
    entry("meanwhile")
    merged = [name for name in names() if name == "synclog_entry_0_15"]
    may_end.set()
    dump.join()
    keep()

    assert not merged
    assert names()[0] == "synclog_entry_0_15"
    assert texts() == ["full", "meanwhile"]
