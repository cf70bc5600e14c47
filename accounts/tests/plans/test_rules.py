"""Plans: what people may do here, and how the owner says it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from accounts.models import Plan, PremiumChange, User
from accounts.plans import premium
from accounts.plans.rules import allows, plan_of, plans_of

pytestmark = pytest.mark.django_db(transaction=True)


def person(**fields: object) -> User:
    number = User.objects.count()
    return User.objects.create_user(f"person{number}", f"person{number}@example.org", "x", **fields)


def test_the_free_plan_and_the_premium_one_come_with_webox() -> None:
    with translation.override("en"):
        assert [plan.label for plan in Plan.objects.all()] == ["Free", "Premium"]
    Plan.objects.filter(slug="free").update(messages_per_day=7)
    Plan.objects.make_ready()
    assert Plan.objects.get(slug="free").messages_per_day == 7


def test_a_person_has_the_plan_of_their_account() -> None:
    own = Plan.objects.create(slug="family")
    now = timezone.now()
    assert plan_of(person()).slug == "free"
    assert plan_of(person(is_premium=True)).slug == "premium"
    assert plan_of(person(is_premium=True, premium_until=now + timedelta(hours=1))).slug == "premium"
    assert plan_of(person(is_premium=True, premium_until=now - timedelta(seconds=1))).slug == "free"
    assert plan_of(person(is_premium=True, plan=own)).slug == "family"
    assert plan_of(person(is_staff=True)).slug == "free"


def test_many_peoples_plans_are_those_that_each_has() -> None:
    own = Plan.objects.create(slug="family")
    people = [
        person(),
        person(is_premium=True),
        person(is_premium=True, plan=own),
        person(is_superuser=True, plan=own),
    ]
    plans = plans_of(people)
    assert {pk: plan.slug for pk, plan in plans.items()} == {one.pk: plan_of(one).slug for one in people}
    assert [plans[one.pk].slug for one in people] == ["free", "premium", "family", "owner"]


def test_a_plan_that_is_gone_leaves_the_account_its_own() -> None:
    own = Plan.objects.create(slug="family")
    someone = person(plan=own)
    own.delete()
    # As it was read before.
    assert someone.plan_id is not None
    assert plan_of(someone).slug == "free"


def test_nothing_binds_the_owner() -> None:
    plan = plan_of(person(is_superuser=True))
    assert (plan.slug, plan.messages_per_day, plan.usd_per_month) == ("owner", None, None)
    assert plan.uses_server_keys
    assert plan.uses_premium_ais


def test_a_plan_says_whether_the_servers_keys_may_be_used() -> None:
    free, premium = person(), person(is_premium=True)
    assert [plan_of(one).uses_server_keys for one in (free, premium)] == [False, True]
    Plan.objects.filter(slug="free").update(uses_server_keys=True)
    assert plan_of(free).uses_server_keys


@pytest.mark.parametrize(
    ("only", "provider", "model", "may"),
    [
        ("", "openai", "gpt-5", True),
        ("openai", "openai", "gpt-5", True),
        ("openai:*", "openai", "gpt-5", True),
        ("openai:gpt-5-*", "openai", "gpt-5", False),
        ("openai:gpt-5-*", "openai", "gpt-5-mini", True),
        ("mistral\nOpenAI:gpt-5", "openai", "gpt-5", True),
        ("mistral", "openai", "gpt-5", False),
        ("*:small", "mistral", "small", True),
    ],
)
def test_a_plan_may_have_only_some_models(only: str, provider: str, model: str, may: bool) -> None:
    assert allows(Plan(only_models=only), provider, model) is may


def test_the_command_lists_and_sets() -> None:
    said = StringIO()
    call_command("plan", "set", "free", "--messages-per-day", "3", "--usd-per-month", "none", stdout=said)
    call_command("plan", "set", "free", "--uses-server-keys", "yes", stdout=said)
    plan = Plan.objects.get(slug="free")
    assert (plan.messages_per_day, plan.usd_per_month, plan.uses_server_keys) == (3, None, True)
    call_command("plan", "list", stdout=said)
    assert "free: uses_server_keys=yes" in said.getvalue()
    assert "messages_per_day=3" in said.getvalue()
    # A limit of one is no word for yes.
    call_command("plan", "set", "free", "--messages-per-day", "1", "--usd-per-month", "1", stdout=said)
    assert "messages_per_day=1 " in said.getvalue()
    assert "usd_per_month=1" in said.getvalue()


def test_the_command_gives_a_person_a_plan_and_takes_it_back() -> None:
    someone, said = person(), StringIO()
    with pytest.raises(CommandError, match="free, premium"):
        call_command("plan", "give", "family", someone.username, stdout=said)
    call_command("plan", "set", "family", "--messages-per-day", "9", stdout=said)
    call_command("plan", "give", "family", someone.email, stdout=said)
    assert plan_of(User.objects.get(pk=someone.pk)).messages_per_day == 9
    call_command("plan", "give", "none", someone.username, stdout=said)
    assert plan_of(User.objects.get(pk=someone.pk)).slug == "free"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["set", "no name", "--messages-per-day", "3"], "slug"),
        (["give", "gold", "nobody"], "nobody"),
        (["set", "free", "--messages-per-day", "many"], "many"),
        (["set", "free", "--messages-per-day", "-1"], "0"),
        (["set", "free", "--usd-per-month", "-1"], "0"),
        (["set", "free", "--ais-per-turn", "0"], "1"),
    ],
)
def test_the_command_refuses_what_is_no_limit(words: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("plan", *words)
    assert Plan.objects.get(slug="free").messages_per_day == 20


def test_premium_whose_day_has_come_ends_once_and_no_other() -> None:
    now = timezone.now()
    due = person(is_premium=True, premium_until=now)
    for_good, later, free = (
        person(is_premium=True),
        person(is_premium=True, premium_until=now + timedelta(hours=1)),
        person(premium_until=now),
    )
    assert (premium.end_due(), premium.end_due()) == (1, 0)
    for user in (due, for_good, later, free):
        user.refresh_from_db()
    assert [user.is_premium for user in (due, for_good, later, free)] == [False, True, True, False]
    change = PremiumChange.objects.get()
    assert (change.user, change.is_premium, change.until, change.changed_by) == (due, False, None, None)
