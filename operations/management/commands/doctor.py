"""`manage.py doctor`: what is wrong, in words."""

from typing import Any

from django.core.management.base import BaseCommand

from operations.doctor import examine

MARKS = {"ok": "ok  ", "warning": "!   ", "error": "!!  "}


class Command(BaseCommand):
    help = "Look at settings, disk, services, workers, keys and queue, and say what is wrong and what to do."
    requires_system_checks = ()
    """What they find is said in its place, instead of ending the command."""

    def handle(self, *args: Any, **options: Any) -> None:
        errors = warnings = 0
        for finding in examine():
            self.stdout.write(f"{MARKS[finding.state]}{finding.about}: {finding.said}")
            if finding.cure:
                self.stdout.write(f"    → {finding.cure}")
            errors += finding.state == "error"
            warnings += finding.state == "warning"
        self.stdout.write(f"{errors} errors, {warnings} warnings.")
        if errors:
            raise SystemExit(1)
