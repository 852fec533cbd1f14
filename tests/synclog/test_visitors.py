"""Whose request it is, as its proxy tells it."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from synclog import visitors


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("203.0.113.1", "203.0.113.1"),
        ("198.51.100.1, 203.0.113.1", "203.0.113.1"),
        ("203.0.113.1:4711", "203.0.113.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:203.0.113.1", "::ffff:203.0.113.1"),
        ("", ""),
        ("unknown", ""),
        ("unknown:4711", ""),
        ("203.0.113", ""),
        ("[203.0.113.1", ""),
        ("_hidden, ", ""),
        ("2001:db8::1:4711:x", ""),
    ],
)
def test_an_address_has_neither_port_nor_brackets_and_what_is_none_is_empty(
    rf: Any, settings: Settings, said: str, address: str
) -> None:
    settings.BEHIND_PROXY = True
    told = visitors.address_of(rf.get("/", headers={"X-Forwarded-For": said}))

    settings.BEHIND_PROXY = False
    peer = visitors.address_of(rf.get("/", REMOTE_ADDR=said.rpartition(",")[2].strip()))

    assert (told, peer) == (address, address)
