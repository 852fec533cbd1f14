"""manage.py demo_data: put companies, a login and rehearsal connections into an empty database."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.demo import rehearsal, rows


class Command(BaseCommand):
    """Write rows only: nothing is sent, no broker is needed. A second call adds nothing."""

    help = (
        "Put demo companies and a rehearsal connection into an empty database, in development the login "
        "admin/admin as well. Three of the companies can't be sent, unless --clean."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how many companies, whether all can be sent, and where the sandbox is."""
        parser.add_argument("--companies", type=int, default=60, help="how many (default: %(default)s)")
        parser.add_argument(
            "--people", action="store_true", help="also contacts, locations, staff, and a store"
        )
        parser.add_argument("--clean", action="store_true", help="only companies that can be sent")
        parser.add_argument(
            "--sandbox-url",
            default="http://127.0.0.1:8100",
            help="address of the sandbox (default: %(default)s)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Add the rows and say what was added."""
        number, clean, sandbox_url = options["companies"], options["clean"], options["sandbox_url"]
        try:
            people = options["people"]
            added = rows.add_rows(number, clean=clean, sandbox_url=sandbox_url, people=people)
        except rows.RefusedError as refused:
            raise CommandError(str(refused)) from refused
        rehearsal.prepare(sandbox_url)
        if not added:
            self.stdout.write("Nothing added: the demo data is there already.")
            return
        self.stdout.write(f"{added} companies added" + ("." if clean else ", three of which can't be sent."))
        if settings.DEVELOPMENT:
            self.stdout.write(f"Log in as {rows.LOGIN} with the password {rows.PASSWORD}.")
