"""How long one SQL statement of the web console may take, and when it may take longer.

Processes that serve pages set `statement_timeout` for their sessions (config/settings.py);
workers, migrations and commands have none.
"""

from django.db import connection

LONGER_S = 120


def allow_longer(seconds: int = LONGER_S) -> None:
    """Let the rest of this transaction take longer where the session has a limit; else do nothing.

    For what a person asked for on very many records. Call it in a transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true) "
            "WHERE current_setting('statement_timeout') <> '0'",
            [f"{seconds}s"],
        )
