"""What all benchmarks stand on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.rehearsal import rehearsal


@pytest.fixture(scope="module")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a sandbox in its own process."""
    with rehearsal(Path(tmp_path_factory.mktemp("bench")) / "sandbox.log") as url:
        yield url
