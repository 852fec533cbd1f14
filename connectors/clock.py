"""The one clock of leases and due times: the database's."""

from datetime import datetime

from django.db import connection


def now() -> datetime:
    """Return the database's time, so that workers on two machines agree.

    Inside `atomic()` it is still the moment of the call, not of the transaction's
    start.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
