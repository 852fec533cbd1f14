"""Migrations depend in the same direction as imports, which the linter checks."""

from django.db.migrations.loader import MigrationLoader

LAYERS = ("synclog", "connectors", "companies", "contacts", "config")


def test_migrations_depend_downwards_only() -> None:
    for (app, name), migration in MigrationLoader(None).disk_migrations.items():
        for needed, _ in migration.dependencies if app in LAYERS else ():
            below = needed not in LAYERS or LAYERS.index(needed) <= LAYERS.index(app)

            assert below, f"{app}.{name} depends on {needed}"
