"""Empty the database after a test that commits, in milliseconds.

Django truncates all tables, also those that no test filled, and makes the permissions
anew: a quarter of a second for each such test. Here only rows that are there are
deleted. What the migrations brought goes as well, but for the tables of
Django's own that nobody writes to.
"""

from django.db import connection
from django.test import TransactionTestCase

KEPT = ("auth_permission", "django_content_type", "django_migrations")

# A superuser need not have the references checked row by row: afterwards nothing is left to refer to.
_EMPTY = f"""
DO $$
DECLARE name text; is_filled boolean;
BEGIN
    IF current_setting('is_superuser')::boolean THEN
        SET LOCAL session_replication_role = replica;
    END IF;
    FOR name IN
        SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN {KEPT!r}
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO is_filled;
        IF is_filled THEN
            EXECUTE format('DELETE FROM %I', name);
        END IF;
    END LOOP;
END $$
"""


def install() -> None:
    """Let Django's test case of tests that commit end in this way."""
    TransactionTestCase._fixture_teardown = _empty  # type: ignore[attr-defined]


def _empty(_case: TransactionTestCase) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY)
