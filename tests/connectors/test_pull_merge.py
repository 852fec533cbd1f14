"""Three values of a field, and whose counts: nothing is lost silently, nothing echoes.

The push after a pull is told by the same rule that the engine uses, `outstanding`; what
it overwrites stands in its own entry of the log, as the snapshot's value.
"""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from connectors.mapping import Field, Mapping, is_blank, outstanding, same
from connectors.protocol import Direction
from connectors.pulling.merging import Merged, Ours, merge


def digits(value: object) -> str | None:
    """Return a phone as the other side keeps it."""
    text = "".join(sign for sign in str(value or "") if sign.isdigit())
    return text or None


def phone(value: object) -> str | None:
    """Return the other side's phone as ours: what comes back is not what went there."""
    return f"+{value}" if value else None


# Few values, so that equal ones meet; some are equal after conversion only.
LOCAL = st.sampled_from(["", "+1 23", "123", "+45", "6-7", None])
REMOTE = st.sampled_from([None, "", "123", "45", "67"])
BASE = st.one_of(st.just(...), REMOTE)  # ...: nothing was agreed yet
DIRECTIONS = st.sampled_from(list(Direction))
MASTERS = st.sampled_from(["local", "remote"])


def mapping(master: str) -> Mapping:
    item = Field("phone", "Phone", "Phone", to_remote=digits, to_local=phone, is_pulled=True)
    bound = Mapping("company", "company", "key", (item,))
    return bound.mastered({"phone": "remote" if master == "remote" else "local"})


def merged_of(
    bound: Mapping, direction: Direction, local: Any, base: Any, theirs: Any, left: dict[str, Any]
) -> tuple[Merged, Any]:
    """Return what a pull does and our value after it."""
    snapshot = {} if base is ... else {"Phone": base}
    ours = Ours({"Phone": digits(local)}, {"phone": local}, snapshot, left)
    merged = merge(bound, direction, ours, {"Phone": theirs})
    return merged, merged.taken.get("phone", local)


def next_push(bound: Mapping, direction: Direction, local: Any, merged: Merged) -> dict[str, Any]:
    """Return what the next push would send."""
    if direction == Direction.IN or bound.fields[0].master == "remote":
        return {}
    return outstanding({"Phone": digits(local)}, merged.snapshot, merged.left, unsure=False)


@given(DIRECTIONS, MASTERS, LOCAL, BASE, REMOTE)
@example(Direction.BOTH, "local", "", ..., "123")
def test_no_value_is_lost_silently(
    direction: Direction, master: str, local: Any, base: Any, theirs: Any
) -> None:
    bound = mapping(master)

    merged, after = merged_of(bound, direction, local, base, theirs, {})
    pushed = next_push(bound, direction, after, merged)

    told = [value for pair in [*merged.changes.values(), *merged.refused.values()] for value in pair]
    if after != local and not is_blank(local):  # ours is overwritten here
        assert local in told
    if pushed and not is_blank(theirs):  # theirs is overwritten there
        known = base is not ... and same(theirs, base)  # by an edit of ours, no change of theirs
        assert phone(theirs) in told or known
        assert same(merged.snapshot["Phone"], theirs)  # so the push's own entry names it


@given(DIRECTIONS, MASTERS, LOCAL, BASE, REMOTE)
def test_what_is_taken_over_is_never_sent_back(
    direction: Direction, master: str, local: Any, base: Any, theirs: Any
) -> None:
    bound = mapping(master)

    merged, after = merged_of(bound, direction, local, base, theirs, {})

    if merged.taken:
        assert next_push(bound, direction, after, merged) == {}
        assert master == "remote" or direction == Direction.IN


@given(DIRECTIONS, MASTERS, LOCAL, BASE, REMOTE)
def test_the_same_answer_again_says_nothing_new(
    direction: Direction, master: str, local: Any, base: Any, theirs: Any
) -> None:
    bound = mapping(master)
    first, after = merged_of(bound, direction, local, base, theirs, {})

    again, still = merged_of(bound, direction, after, first.snapshot.get("Phone", ...), theirs, first.left)

    assert (again.changes, again.refused, still) == ({}, {}, after)
    assert (again.snapshot, again.left) == (first.snapshot, first.left)


@given(DIRECTIONS, MASTERS, LOCAL, BASE, REMOTE)
def test_the_master_wins_in_the_end(
    direction: Direction, master: str, local: Any, base: Any, theirs: Any
) -> None:
    bound = mapping(master)

    merged, after = merged_of(bound, direction, local, base, theirs, {})
    pushed = next_push(bound, direction, after, merged)
    there = pushed.get("Phone", theirs)

    if direction == Direction.BOTH and master == "remote" and not is_blank(theirs):
        assert same(digits(after), theirs)
    if direction != Direction.IN and master == "local":
        assert after == local
        assert same(there, digits(local)) or is_blank(digits(local))  # what only they know stays


@given(DIRECTIONS, MASTERS, LOCAL, REMOTE, REMOTE)
def test_a_field_that_the_answer_lacks_stays_as_it_is(
    direction: Direction, master: str, local: Any, base: Any, other: Any
) -> None:
    bound = mapping(master)
    ours = Ours({"Phone": digits(local)}, {"phone": local}, {"Phone": base}, {})

    merged = merge(bound, direction, ours, {"Fax": other})

    assert (merged.taken, merged.snapshot, merged.left) == ({}, {"Phone": base}, {})
