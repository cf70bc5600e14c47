"""`manage.py rotate_keys`: encrypt the stored keys with the newest encryption key."""

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.signing_in import secrets as account_secrets
from chat.ais import keys
from common.data.secret_file import read_or_make, replace


class Command(BaseCommand):
    help = (
        "Encrypt the stored keys of vendors, and the secrets of two-factor sign-in, with the newest "
        "encryption key. It can be stopped and started again; once nothing is left, older encryption keys "
        "can be taken away."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--new", action="store_true", help="first put a new key in front of the key file")
        parser.add_argument("--dry-run", action="store_true", help="only count what would be done")

    def handle(self, *args: Any, new: bool, dry_run: bool, **options: Any) -> None:
        if new and not dry_run:
            if settings.ENCRYPTION_KEYS:
                raise CommandError(
                    "The keys are in WEBOX_ENCRYPTION_KEYS: put a new one in front of them there."
                )
            path = settings.ENCRYPTION_KEY_FILE
            # The running server finds the new key in the file with the first token made with it.
            replace(path, "\n".join([secrets.token_urlsafe(64), read_or_make(path)]))
        keys.RING.reload()
        account_secrets.RING.reload()
        done = [keys.rotate(dry_run=dry_run), account_secrets.rotate(dry_run=dry_run)]
        renewed, unreadable = sum(one.renewed for one in done), sum(one.unreadable for one in done)
        self.stdout.write(f"{renewed} {'to encrypt' if dry_run else 'encrypted'} with the newest key.")
        if unreadable:
            raise CommandError(
                f"{unreadable} can’t be read: the key they were encrypted with is gone. Put it back, or have "
                "these keys entered again (for two-factor sign-in: second_step_off, then set it up again)."
            )
