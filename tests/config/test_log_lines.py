"""Nobody types a line of the log: what a stranger chose begins none, and draws nothing on a terminal."""

import logging
import re
from collections.abc import Callable, Iterator
from io import StringIO
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from config import processes
from config.log_lines import printable
from tests.served import Served, rest, send, served
from tests.staff import browser_of, person
from tests.workers import database_url

pytestmark = [pytest.mark.django_db, pytest.mark.security]

FORGED = '2026-01-01 00:00:00,000 WARNING concord.security login user="admin" address="203.0.113.1"'
OURS = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+ |    ")


@pytest.fixture
def printed() -> Iterator[Callable[[], list[str]]]:
    """Log as every process does, into memory; call it for the lines so far."""
    stream, root = StringIO(), logging.getLogger()
    (console,) = (one for one in root.handlers if type(one) is logging.StreamHandler)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(console.formatter)
    root.addHandler(handler)
    yield lambda: stream.getvalue().splitlines()
    root.removeHandler(handler)


@pytest.fixture(scope="module")
def console(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    urls = {"DATABASE_URL": database_url(connection.settings_dict), "REDIS_URL": settings.REDIS_URL}
    with served(urls, tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.mark.parametrize("odd", ["\n", "\r", "\x1b[2J", "\x85", "\u2028", "\u202e", "\x00"])
def test_a_message_is_one_printable_line(printed: Callable[[], list[str]], odd: str) -> None:
    logging.getLogger("x").warning("asked for %s", f"a{odd}{FORGED}")

    (line,) = printed()
    assert line.isprintable()


def test_half_a_character_is_written_as_python_does() -> None:
    assert printable("a\ud800") == "a\\ud800"  # pytest itself can't carry it as a log line


def test_what_is_printable_stays_as_it_is(printed: Callable[[], list[str]]) -> None:
    logging.getLogger("x").warning("Zoë 名 \\n 'é'")

    assert printed()[0].endswith(" WARNING x Zoë 名 \\n 'é'")


def test_a_traceback_has_its_lines_and_its_text_begins_none(printed: Callable[[], list[str]]) -> None:
    try:
        raise ValueError(f"a\n{FORGED}\r{FORGED}")
    except ValueError:
        logging.getLogger("x").exception("failed")

    first, *below = printed()
    assert first.endswith("ERROR x failed")
    assert below[0] == "    Traceback (most recent call last):"
    assert len(below) > 3
    assert all(line.startswith("    ") and line.isprintable() for line in below)


@pytest.mark.parametrize("query", [{f"x\n{FORGED}": "1"}, {"_to_field": f"x\n{FORGED}"}])
def test_a_viewer_forges_no_line_by_a_parameter(
    printed: Callable[[], list[str]], query: dict[str, str]
) -> None:
    browser_of(person("view_company")).get("/admin/companies/company/", query)

    assert any("concord.security login" in line for line in printed())
    assert [line for line in printed() if not OURS.match(line)] == []


def test_the_access_log_tells_a_path_in_one_line(console: Served) -> None:
    typed = quote(f"/x\n{FORGED}\r\x1b[2J")
    request = f"GET {typed} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer, _ = rest(send(console.port, request.encode()))

    lines = _logged(console, " granian.access ")
    assert answer.startswith(b"HTTP/1.1 404")
    assert [line for line in lines if f"/x\\n{FORGED}" in line and " granian.access " in line]
    assert not [line for line in lines if line.startswith(FORGED) or not line.isprintable()]


def _logged(console: Served, what: str) -> list[str]:
    """Return the log's lines as soon as one tells of the address and of `what`."""
    found: list[str] = []

    def is_there() -> bool:
        found[:] = console.log.read_text().splitlines()
        return any(what in line and FORGED in line for line in found)

    processes.wait_until(is_there, timeout_s=20, what=what)
    return found
