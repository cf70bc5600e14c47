"""`manage.py restore`: a backup in the place of everything that is in the database."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from filelock import FileLock, Timeout

from operations import backup


class Command(BaseCommand):
    help = "Replace everything in the database by what is in a backup. Stop WeBox first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path, help="the file that `backup` wrote")
        parser.add_argument("--keys", type=Path, help="its keys, where this WeBox has others or none")
        parser.add_argument("--yes", action="store_true", help="don't ask")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = backup.read_manifest(options["backup"])
            if not options["yes"]:
                self._ask(manifest.made_at)
            with FileLock(settings.VAR_DIR / "engine.lock", timeout=0):
                keys = backup.read_keys(options["keys"]) if options["keys"] else None
                backup.restore(options["backup"])
                # Last: what is here stays readable where the backup can't be restored.
                if keys:
                    backup.write_keys(*keys)
        except Timeout as error:
            raise CommandError("WeBox is running: stop it, then restore.") from error
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        # A backup of an older version gets what has been added since.
        call_command("migrate", verbosity=0)
        self.stdout.write(f"Restored what was there at {manifest.made_at}. Start WeBox again.")

    def _ask(self, made_at: str) -> None:
        said = f"Everything in the database is replaced by what was there at {made_at}. Type “yes”: "
        try:
            answer = input(said)
        except EOFError:
            # Nobody is there to answer.
            answer = ""
        if answer.strip().lower() != "yes":
            raise CommandError("Nothing was changed.")
