"""python -m tests.lock: the last step of `make lock`. Refuses a lock with gaps."""

import sys
from collections.abc import Sequence

from packaging.requirements import Requirement

from . import closed, metadata


def main() -> int:
    """Print the gaps of the locks; the exit status is 1 if there are any."""
    pins = {lock: closed.read((closed.ROOT / lock).read_text()) for lock in closed.LOCKS}
    locked = {str(pin): pin for found in pins.values() for pin in found}
    metadata.note(pin for pin in locked.values() if metadata.is_partial(pin))
    gaps = [
        f"{lock}: {gap}"
        for lock, found in pins.items()
        for gap in closed.gaps(found, closed.roots(lock), _known_or_looked_up)
    ]
    print("\n".join(gaps) or "The locks are closed.")  # noqa: T201 - its purpose
    return 1 if gaps else 0


def _known_or_looked_up(pin: closed.Pin) -> Sequence[Requirement]:
    try:
        return metadata.requirements_of(pin)
    except metadata.UnknownPackageError:  # pinned a moment ago, not installed yet
        return [Requirement(text) for text in metadata.look_up(pin)]


if __name__ == "__main__":
    sys.exit(main())
