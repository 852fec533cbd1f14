"""What tests of connectors may ask for beside a sandbox: to hear each call that is made.

Imports stand in the functions: pytest reads this file before Django has its settings.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from connectors.models import Connection
    from connectors.sandbox.server import SandboxServer
    from tests.between import Between


@pytest.fixture
def between(sandbox: "SandboxServer") -> "Iterator[Between]":
    """Stand before the sandbox's B2B store, hear each call, and answer as told."""
    from tests.between import between

    with between(sandbox) as server:
        yield server


@pytest.fixture
def shop(b2b: "Connection", between: "Between", sandbox: "SandboxServer") -> "Iterator[Connection]":
    """Return a tested connection to the B2B store whose calls are heard; each must be a documented one."""
    from tests import seeded
    from tests.documented import faults

    b2b.base_url = between.url
    b2b.save()
    seeded.tested(b2b, sandbox)
    yield b2b
    assert faults(between.heard) == []
