"""`manage.py purge`: delete what is over for good now; by itself it happens every 6 hours."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from operations import upkeep


class Command(BaseCommand):
    help = (
        "Delete for good what is over: deleted and expired conversations, closed accounts after their days, "
        "unused images, old lines of the audit log. It happens by itself every 6 hours, too."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            removed = upkeep.remove_what_is_over()
            # Done and taken back: what is said is what would happen.
            transaction.set_rollback(options["dry_run"])
        verb = "would go" if options["dry_run"] else "removed"
        for name, count in removed.items():
            self.stdout.write(f"{name}: {count} {verb}")
