"""How long each test module takes, kept in pytest's cache for `make quick`."""

from collections import defaultdict

import pytest

KEY = "concord/test_seconds"


class Seconds:
    """Add up what the tests of each module take, with their set-up; keep the last run of most of them."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self.tests: defaultdict[str, set[str]] = defaultdict(set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one phase of a test."""
        path = report.nodeid.partition("::")[0]
        self.spent[path] += report.duration
        self.tests[path].add(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Keep, for each module, how many tests took how long; a part of them says little of the whole."""
        cache: pytest.Cache | None = getattr(session.config, "cache", None)
        if cache is None:  # -p no:cacheprovider
            return
        known = cache.get(KEY, {})
        for path, spent in self.spent.items():
            if len(self.tests[path]) >= known.get(path, [0])[0]:
                known[path] = [len(self.tests[path]), round(spent, 1)]
        cache.set(KEY, known)
