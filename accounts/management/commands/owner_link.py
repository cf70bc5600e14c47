"""`manage.py owner_link`: the one-time link that makes the owner's account."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.signing_in.owner import make_owner_link
from common.http.address import public_url


class Command(BaseCommand):
    help = (
        "Print a link, good once and for 24 hours, that makes the owner's account; nothing if there is one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--base-url",
            default=public_url() or "http://127.0.0.1:8000",
            help="where people reach this WeBox (%(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        link = make_owner_link(options["base_url"])
        if link:
            self.stdout.write(link)
