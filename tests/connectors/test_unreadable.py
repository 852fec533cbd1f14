"""What the other side says and nobody can read is told or left out; it stops and clears nothing."""

import pytest

from connectors import registry
from connectors.models import Connection, Cursor
from connectors.protocol import Direction
from connectors.pulling.merging import Ours, merge
from connectors.systems.bigcommerce import wire
from tests.reading import fetch, fresh, goes, linked
from tests.shelf import Shelf

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "nan s"])
def test_nonsense_in_the_limits_headers_is_no_limit(text: str) -> None:
    known = {"X-Requests-Allocated": "150 times/60 s", "X-Requests-Remaining": "3 times"}

    assert wire.resets_after_s({"X-Request-Window-Resets-After": text}) is None
    assert wire.window({**known, "X-Requests-Remaining": text}) is None
    found = wire.window({**known, "X-Request-Window-Resets-After": text})
    assert found is not None
    assert found.resets_s == 60.0


def test_half_an_emoji_over_there_does_not_stop_the_reading(shelf: Shelf) -> None:
    goes(shelf, "both", company={"legal_city": "remote"})
    _, remote_id = linked(shelf, legal_city="Toronto")
    other, other_id = linked(shelf, legal_city="Toronto")
    shelf.change("company", remote_id, city="Paris \ud83d", name="Half \ud83d")
    shelf.add("company", name="New \ud83d", mail="new@test.example")
    shelf.change("company", other_id, city="Rome")

    fetch(shelf)

    assert [cursor.trouble for cursor in Cursor.objects.all() if cursor.trouble] == []
    assert fresh(other).legal_city == "Rome"


def test_a_value_there_that_has_no_word_here_is_not_taken_for_an_empty_one(b2b: Connection) -> None:
    mapping = registry.mapping(b2b, "company").mastered({"status": "remote"})
    ours = Ours({"companyStatus": 1}, {"status": "active"}, {"companyStatus": 1}, {})

    merged = merge(mapping, Direction.BOTH, ours, {"companyStatus": 4})

    assert merged.taken == {"status": "4"}  # which no column takes: it is told, and ours stays
