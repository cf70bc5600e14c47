"""`manage.py backup`: all that is in the database as one file, and the keys that open it as another."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from operations import backup


class Command(BaseCommand):
    help = (
        "Write a backup of the database, and beside it the keys without which what is encrypted in it can't "
        "be read. Keep the two in different places. People can go on meanwhile."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        usual = settings.VAR_DIR / "backups"
        parser.add_argument("folder", nargs="?", type=Path, default=usual, help=f"where to; else {usual}")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            made, keys = backup.make(folder)
        except (backup.BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made} ({made.stat().st_size / 1024 / 1024:.1f} MiB)")
        self.stdout.write(f"{keys}: keep it apart from the backup, where nobody else can read it.")
