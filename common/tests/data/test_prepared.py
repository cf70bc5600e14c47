"""Prepared querysets read what the queryset they were made of reads, whatever they are asked."""

import uuid
from collections.abc import Collection

import pytest
from django.db.models import Q, QuerySet

from accounts.models import TokenFamily, User
from accounts.signing_in.tokens import issue_tokens
from chat.models import Provider
from common.data.prepared import prepared

pytestmark = pytest.mark.django_db


def _somebodys(user_id: int, slugs: Collection[str]) -> QuerySet[Provider]:
    theirs = Q(owner=None) | Q(owner_id=user_id)
    return Provider.objects.filter(theirs, slug__in=slugs).order_by("-slug")


def _make_provider(slug: str, owner: User | None = None) -> Provider:
    return Provider.objects.create(owner=owner, slug=slug, label=slug.title(), mark="P", protocol="openai")


@pytest.fixture
def people(db: None) -> tuple[User, User]:
    return (
        User.objects.create_user("prepared-one", "prepared-one@example.org", "a long enough secret"),
        User.objects.create_user("prepared-two", "prepared-two@example.org", "a long enough secret"),
    )


def test_every_call_reads_for_its_own_values(people: tuple[User, User]) -> None:
    ana, ben = people
    for owner, slug in ((ana, "anas"), (ben, "bens"), (None, "all-ones")):
        _make_provider(slug, owner)
    read = prepared(_somebodys)

    for user in (ana, ben, ana):
        for slugs in (["anas"], ["anas", "bens"], {"anas", "bens", "all-ones"}, [], ["nobodys"]):
            assert read(user.pk, slugs) == list(_somebodys(user.pk, slugs))
    assert [row.slug for row in read(ana.pk, ["all-ones", "anas", "bens"])] == ["anas", "all-ones"]


def test_rows_have_pythons_values_in_all_columns(people: tuple[User, User]) -> None:
    row = _make_provider("typed")
    row.quirks, row.enabled = ["lists_prices"], False
    row.save()

    [read] = prepared(lambda slug: Provider.objects.filter(slug=slug))("typed")

    fields = [field.attname for field in Provider._meta.concrete_fields]
    fresh = Provider.objects.get(pk=row.pk)
    assert [getattr(read, name) for name in fields] == [getattr(fresh, name) for name in fields]
    assert not read._state.adding


def test_none_is_another_statement(people: tuple[User, User]) -> None:
    ana, _ = people
    mine, everybodys = _make_provider("mine", ana), _make_provider("theirs")

    @prepared
    def owned(owner_id: int | None, slugs: Collection[str]) -> QuerySet[Provider]:
        return Provider.objects.filter(owner_id=owner_id, slug__in=slugs)

    assert owned(ana.pk, ["mine", "theirs"]) == [mine]
    assert owned(None, ["mine", "theirs"]) == [everybodys]


def test_uuids_are_found(people: tuple[User, User]) -> None:
    issue_tokens(people[0])
    [family] = TokenFamily.objects.filter(user=people[0])

    @prepared
    def families(family_id: uuid.UUID) -> QuerySet[TokenFamily]:
        return TokenFamily.objects.filter(pk=family_id)

    assert families(family.pk) == [family]
    assert families(uuid.uuid4()) == []


def test_long_lists_share_few_statements(people: tuple[User, User]) -> None:
    for number in range(9):
        _make_provider(f"many-{number}")
    built: list[int] = []

    @prepared
    def named(slugs: Collection[str]) -> QuerySet[Provider]:
        built.append(len(slugs))
        return Provider.objects.filter(slug__in=slugs)

    for count in range(1, 10):
        assert len(named([f"many-{number}" for number in range(count)])) == count
    assert built == [1, 2, 4, 8, 16]


def test_a_value_that_is_looked_into_is_refused(people: tuple[User, User]) -> None:
    @prepared
    def unhandy(slug: str) -> QuerySet[Provider]:
        return Provider.objects.filter(slug=slug.upper(), enabled="x" in slug)

    @prepared
    def unused(slug: str, label: str) -> QuerySet[Provider]:
        return Provider.objects.filter(slug=slug)

    with pytest.raises(ValueError, match="unused"):
        unused("demo", "Demo")
    with pytest.raises(ValueError, match="unhandy"):
        unhandy("demo")
