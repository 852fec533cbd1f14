"""Let existing connections go on as they are.

None of them waits for a first test. Where it was never asked whose a login is, the login
that stands there now counts as the one that the reference ids were made with: its
organisation is accepted as theirs, and that of another login is not.
"""

from typing import Any

from django.db import migrations
from django.utils import timezone

from connectors.identity import fingerprint


def keep_as_they_are(apps: Any, _: object) -> None:
    health = apps.get_model("connectors", "ConnectionHealth").objects
    health.update(passed_at=timezone.now())
    for connection in apps.get_model("connectors", "Connection").objects.filter(org_id=""):
        if not connection.credentials.unreadable:
            health.filter(connection=connection).update(confirmed_login=fingerprint(connection))


class Migration(migrations.Migration):

    dependencies = [("connectors", "0013_enabled_by_a_test")]

    operations = [migrations.RunPython(keep_as_they_are, migrations.RunPython.noop)]
