"""`manage.py plan`: list, make and change plans, and give one to a person, as the administration does."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import models
from django.utils import translation

from accounts.models import Plan, User
from accounts.plans.rules import plan_of

NO_LIMIT = "none"
WORDS = {"yes": True, "no": False}
SET = [field for field in Plan._meta.concrete_fields if field.name not in ("id", "slug")]


class Command(BaseCommand):
    help = "List, make and change plans, and give one to a person."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        verbs.add_parser("list", help="show them all with their limits")
        give = verbs.add_parser("give", help="give a person a plan of their own")
        give.add_argument("slug", metavar="SLUG", help="a plan, or none for the one of their account")
        give.add_argument("person", metavar="PERSON", help="username or email address")
        change = verbs.add_parser("set", help="change one, or make it; what is not named stays")
        change.add_argument("slug", metavar="SLUG", help="free, premium, or one of your own")
        for field in SET:
            name = "--" + field.name.replace("_", "-")
            if isinstance(field, models.BooleanField):
                change.add_argument(name, choices=WORDS)
            else:
                shown = NO_LIMIT if field.null else ""
                change.add_argument(name, metavar="VALUE", help=f"a value, or {shown}" if shown else None)

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        with translation.override("en"):
            match verb:
                case "list":
                    for plan in Plan.objects.all():
                        self.stdout.write(_described(plan))
                case "give":
                    self._give(options["slug"], options["person"])
                case "set":
                    self._set(options)

    def _set(self, options: dict[str, Any]) -> None:
        plan = Plan.objects.filter(slug=options["slug"]).first() or Plan(slug=options["slug"])
        for field in SET:
            if (word := options[field.name]) is not None:
                setattr(plan, field.name, _value(field, word))
        try:
            plan.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        plan.save()
        self.stdout.write(_described(plan))

    def _give(self, slug: str, login: str) -> None:
        person = User.objects.by_login(login)
        if person is None:
            raise CommandError(f"There is nobody called “{login}”.")
        person.plan = None if slug == NO_LIMIT else _find(slug)
        person.save(update_fields=["plan"])
        self.stdout.write(f"{person.username}: {plan_of(person).slug}")


def _find(slug: str) -> Plan:
    plan = Plan.objects.filter(slug=slug).first()
    if plan is None:
        known = ", ".join(Plan.objects.values_list("slug", flat=True))
        raise CommandError(f"There is no plan “{slug}”. There are: {known}.")
    return plan


def _value(field: Any, word: str) -> object:
    if isinstance(field, models.BooleanField):
        return WORDS[word]
    return None if field.null and word == NO_LIMIT else word


def _described(plan: Plan) -> str:
    values = {field.name: getattr(plan, field.name) for field in SET}
    told = (f"{name}={_word(value)}" for name, value in values.items() if value != "")
    return f"{plan.slug}: {' '.join(told)}"


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return NO_LIMIT if value is None else str(value)
