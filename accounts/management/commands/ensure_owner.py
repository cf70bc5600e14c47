"""`manage.py ensure_owner`: the owner's account from the environment."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.signing_in.owner import ensure_owner


class Command(BaseCommand):
    help = "Make the owner's account of WEBOX_OWNER_EMAIL and WEBOX_OWNER_PASSWORD unless it is there."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            ensure_owner()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
