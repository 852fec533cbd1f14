"""How long the log is kept."""

from datetime import timedelta

from django.utils import timezone

from synclog.models import Entry, Run

CHUNK = 5_000


def prune(days: int) -> int:
    """Delete entries and runs older than so many days; return how many entries went.

    In chunks, each its own transaction: the log is written to all the while.
    """
    limit = timezone.now() - timedelta(days=days)
    deleted = 0
    while True:
        pks = list(
            Entry.objects.filter(logged_at__lt=limit).order_by("pk").values_list("pk", flat=True)[:CHUNK]
        )
        if not pks:
            break
        deleted += Entry.objects.filter(pk__in=pks).delete()[0]
    Run.objects.filter(started_at__lt=limit).delete()
    return deleted
