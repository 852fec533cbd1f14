"""manage.py rotate_keys: write every stored secret anew with the first encryption key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction

from connectors.models import AlertState, Connection, Listener, Token

# Each is (model, field, how a person calls one).
SECRETS: tuple[tuple[type[models.Model], str, str], ...] = (
    (Connection, "credentials", "login"),
    (Token, "value", "access token"),
    (Listener, "secret", "webhook secret"),
    (AlertState, "secret", "signing secret"),
)


class Command(BaseCommand):
    """Re-encrypt logins and tokens, all or none. Safe while workers run, and safe to repeat."""

    help = (
        "Write every stored secret anew with the first key of CONCORD_ENCRYPTION_KEYS. "
        "Afterwards the other keys can be removed."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Rotate, and say how many; fail with the names of those that no key opens."""
        with transaction.atomic():
            for model, field, word in SECRETS:
                count = self._rotate(model, field)
                self.stdout.write(f"{count} {word}{'' if count == 1 else 's'} encrypted with the first key.")
        self.stdout.write(
            "The other keys can be removed from CONCORD_ENCRYPTION_KEYS now; keep the first safe."
        )

    def _rotate(self, model: type[models.Model], field: str) -> int:
        """Read and write each row under its lock: a worker may be storing a new token."""
        rows = list(model._default_manager.select_for_update().order_by("pk"))
        if unreadable := [_name(row) for row in rows if getattr(row, field).unreadable]:
            raise CommandError(
                f"No key opens the secrets of: {', '.join(unreadable)}. Nothing was changed. Put the old key "
                "back behind the new one in CONCORD_ENCRYPTION_KEYS, or enter these logins anew first."
            )
        for row in rows:
            model._default_manager.filter(pk=row.pk).update(**{field: getattr(row, field)})
        return len(rows)


def _name(row: models.Model) -> str:
    return str(row.connection if isinstance(row, Token | Listener | AlertState) else row)
