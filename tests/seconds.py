"""How long each test module takes, kept in pytest's cache for `make quick`."""

from collections import Counter

import pytest

KEY = "concord/seconds"


class Seconds:
    """Add up what every test of a module takes, with its set-up; keep what was run whole."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one phase of a test."""
        self.spent[report.nodeid.partition("::")[0]] += report.duration  # type: ignore[assignment]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Keep the longest that each module took: a part of one says little of the whole."""
        cache: pytest.Cache | None = getattr(session.config, "cache", None)
        if cache is None:  # -p no:cacheprovider
            return
        known = cache.get(KEY, {})
        longest = {path: round(max(took, known.get(path, 0.0)), 1) for path, took in self.spent.items()}
        cache.set(KEY, {**known, **longest})
