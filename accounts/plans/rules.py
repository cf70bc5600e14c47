"""What a person may do here: the plan that is in force for them now."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from django.db.models import QuerySet

from accounts.models import Plan, User
from common.data.prepared import prepared

OF_THE_OWNER = Plan(slug=Plan.OWNER, uses_server_keys=True, uses_premium_ais=True)
"""No row: nothing binds the owner."""
OF_NOBODY = Plan(slug=Plan.FREE)
"""No row: what a closed account may still do, with what it began before."""


def plan_of(user: User) -> Plan:
    """The plan in force: the owner's, one of the person's own, else premium or free. At most one query."""
    if user.is_superuser:
        return OF_THE_OWNER
    if user.plan_id is not None and (own := _plan(user.plan_id)):
        return own[0]
    slug = Plan.PREMIUM if user.has_premium else Plan.FREE
    return _named(slug)[0]


def plans_of(users: Iterable[User]) -> dict[int, Plan]:
    """The plans in force of many people, by their ids. One query, with `plan` at hand on each of them."""
    ready_made = {plan.slug: plan for plan in Plan.objects.filter(slug__in=[Plan.FREE, Plan.PREMIUM])}
    return {
        user.pk: OF_THE_OWNER
        if user.is_superuser
        else user.plan or ready_made[Plan.PREMIUM if user.has_premium else Plan.FREE]
        for user in users
    }


def allows(plan: Plan, provider: str, model: str) -> bool:
    """Whether the plan has this model, by the provider's slug and the model's name."""
    patterns = plan.only_models.split()
    return not patterns or any(_matches(pattern, provider, model) for pattern in patterns)


def _matches(pattern: str, provider: str, model: str) -> bool:
    wanted, _, wanted_model = pattern.partition(":")
    return fnmatchcase(provider, wanted.lower()) and fnmatchcase(model, wanted_model or "*")


@prepared
def _plan(plan_id: int) -> QuerySet[Plan]:
    return Plan.objects.filter(pk=plan_id)


@prepared
def _named(slug: str) -> QuerySet[Plan]:
    return Plan.objects.filter(slug=slug)
