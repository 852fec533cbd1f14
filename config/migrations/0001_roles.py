"""Viewer, Operator and Owner, as groups."""

from typing import Any

from django.db import migrations

from config import roles


def give(apps: Any, _: Any) -> None:
    roles.give(apps)


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('synclog', '0001_initial'),
        ('connectors', '0004_users_and_statuses'),
        ('companies', '0003_locations'),
        ('contacts', '0001_initial'),
    ]

    operations = [
        # Not taken back: people may be in the groups.
        migrations.RunPython(give, migrations.RunPython.noop, elidable=False),
    ]
