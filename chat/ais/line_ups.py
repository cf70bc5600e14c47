"""Line-ups: kept under a name, found by it, and asked as if their AIs had been named one by one."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from msgspec import to_builtins

from accounts.models import User
from chat import limits
from chat.ais import catalogue
from chat.ais.targets import resolve
from chat.errors import BadLineUpName, LineUpNameTaken, LineUpNotFound, TooManyLineUps
from chat.events import TargetObject, parse
from chat.models import LineUp
from providers.registry import name_key

SEPARATORS = (",", "/")
"""What the gateway's names of models are made with."""


def make(user: User, name: str, targets: Sequence[TargetObject]) -> LineUp:
    """Keep these targets under a name.

    Raises BadLineUpName, LineUpNameTaken, TooManyLineUps, and what `targets.resolve` raises.
    """
    with transaction.atomic():
        # Held until the row is there, so that many at once do not pass the limit together.
        User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
        if LineUp.objects.for_user(user).count() >= limits.LINE_UPS_OF_A_PERSON:
            raise TooManyLineUps(limit=limits.LINE_UPS_OF_A_PERSON)
        return change(user, LineUp(owner=user), name=name, targets=targets)


def change(
    user: User, line_up: LineUp, *, name: str | None = None, targets: Sequence[TargetObject] | None = None
) -> LineUp:
    """Save it under another name or with other targets. Raises as `make` does."""
    if name is not None:
        line_up.name = _good_name(user, name)
    if targets is not None:
        resolve(user, targets)
        line_up.targets = [to_builtins(target) for target in targets]
    try:
        with transaction.atomic():
            line_up.save()
    except IntegrityError as error:
        raise LineUpNameTaken(name=line_up.name) from error
    return line_up


def find(user: User, line_up_id: int) -> LineUp:
    """The person's own. Raises LineUpNotFound."""
    found = LineUp.objects.for_user(user).filter(pk=line_up_id).first()
    if found is None:
        raise LineUpNotFound
    return found


def targets_of(line_up: LineUp) -> list[TargetObject]:
    return parse(line_up.targets, list[TargetObject])


def _good_name(user: User, name: str) -> str:
    """The name, if it can be told from AIs' names wherever either may stand."""
    if not name_key(name) or any(separator in name for separator in SEPARATORS):
        raise BadLineUpName
    if catalogue.find_all(user, [name]):
        raise LineUpNameTaken(name=name)
    return name
