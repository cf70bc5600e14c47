"""`manage.py second_step_off`: lets somebody in again who has lost app, passkey and recovery codes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.signing_in import second_step


class Command(BaseCommand):
    help = "Turn two-factor sign-in off for an account: its authenticator app, passkeys and recovery codes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("login", help="email or username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.by_login(options["login"])
        if user is None:
            raise CommandError(f"There is no account {options['login']}.")
        if second_step.turn_off(user):
            self.stdout.write(f"{user.username} signs in with the password alone again.")
        else:
            self.stdout.write(f"{user.username} has no two-factor sign-in.")
