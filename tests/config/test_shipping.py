"""What is shipped: the settings' list."""

import re

from tests.workers import ROOT


def test_every_setting_is_in_the_example_file_and_no_other() -> None:
    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', (ROOT / "config/settings.py").read_text()))
    named = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))

    assert read <= named
    of_compose = {
        "POSTGRES_PASSWORD",
        "REDIS_PASSWORD",
        "PORT",
        "SANDBOX_PORT",
        "CERTIFICATES",
        "COMPOSE_FILE",
    }
    assert named - read == of_compose


def test_the_example_file_holds_no_secret() -> None:
    filled = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))

    assert not filled["SECRET_KEY"]
    assert not filled["CONCORD_ENCRYPTION_KEYS"]
    assert not filled["POSTGRES_PASSWORD"]
    assert not filled["REDIS_PASSWORD"]
