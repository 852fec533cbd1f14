"""rotate_keys: all secrets move to the first key, or none does."""

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection as database
from pytest_django.fixtures import Settings

from connectors.models import Connection, Token
from tests.factories import ConnectionFactory

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def stored() -> list[str]:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT credentials FROM connectors_connection UNION ALL SELECT value FROM connectors_token"
        )
        return [row[0] for row in cursor.fetchall()]


@pytest.fixture
def old_secrets(db: None, settings: Settings) -> None:
    """A login and a token, written with the old key."""
    settings.ENCRYPTION_KEYS = [OLD]
    connection = ConnectionFactory.create()
    Token.objects.create(connection=connection, value={"access_token": "t0ken"})


@pytest.mark.usefixtures("old_secrets")
def test_the_old_key_is_not_needed_afterwards(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    before = stored()

    call_command("rotate_keys", verbosity=0)

    settings.ENCRYPTION_KEYS = [NEW]
    assert Connection.objects.get().credentials["client_secret"] == "rehearsal-secret"
    assert Token.objects.get().value["access_token"] == "t0ken"
    assert not set(before) & set(stored())


@pytest.mark.usefixtures("old_secrets")
def test_a_lost_key_changes_nothing_and_names_the_connection(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [NEW]
    before = stored()

    with pytest.raises(CommandError, match=r"No key opens the secrets of: Salesforce"):
        call_command("rotate_keys", verbosity=0)

    assert stored() == before


@pytest.mark.usefixtures("old_secrets")
def test_no_secret_is_printed(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.ENCRYPTION_KEYS = [NEW, OLD]

    call_command("rotate_keys")

    said = capsys.readouterr().out
    assert "1 login encrypted" in said
    assert not [secret for secret in ("rehearsal-secret", "t0ken", OLD, NEW) if secret in said]
