import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.identity import clean_email, clean_username
from accounts.models import User
from accounts.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ana", "ANA"),
        ("Élodie", "éLODIE"),
        ("Straße", "STRASSE"),
        ("Ωμέγα", "ΩΜΈΓΑ"),
        ("ana", "ａｎａ"),
        ("ﬁn", "FIN"),
        ("e\u0301lodie", "Élodie"),
        ("ana b", "ana\u00a0\u00a0b"),
    ],
)
def test_usernames_that_differ_only_in_form_are_one(first: str, second: str) -> None:
    User.objects.create_user(first, "one@example.org", PASSWORD)
    with pytest.raises(ValidationError) as refused:
        User.objects.create_user(second, "two@example.org", PASSWORD)
    assert list(refused.value.message_dict) == ["username"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ana@example.org", "ANA@Example.ORG"),
        ("ana@éxample.org", "ana@ÉXAMPLE.org"),
        ("mike@example.org", "mi\u212ae@example.org"),
    ],
)
def test_emails_that_differ_only_in_form_are_one(first: str, second: str) -> None:
    User.objects.create_user("one", first, PASSWORD)
    with pytest.raises(ValidationError) as refused:
        User.objects.create_user("two", second, PASSWORD)
    assert list(refused.value.message_dict) == ["email"]


@pytest.mark.parametrize(
    "username",
    [
        "",
        "   ",
        "a" * 101,
        "ana@example.org",
        "ana＠home",
        "a\u200bna",
        "ana\n",
        "a\tna",
        "\u3164",
        "a\x00",
        "\ufeffana",
    ],
)
def test_username_that_hides_or_imitates_is_refused(username: str) -> None:
    with pytest.raises(ValidationError):
        clean_username(username)


def test_username_is_kept_in_normal_form_with_single_spaces() -> None:
    assert clean_username("  Ａna\u00a0  Lú\u0301 ") == "Ana L\u00fa\u0301"


@pytest.mark.parametrize(
    "email", ["", "ana", "ana@", "a b@example.org", "ana@exa\u200bmple.org", "a" * 250 + "@b.org"]
)
def test_bad_email_is_refused(email: str) -> None:
    with pytest.raises(ValidationError):
        clean_email(email)


def test_database_refuses_an_email_address_as_username(ana: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=ana.pk).update(username="ana@example.org")


def test_renaming_keeps_the_key_in_step(ana: User) -> None:
    ana.username = "Béa"
    ana.save(update_fields=["username"])
    assert User.objects.by_login("BÉA") == ana
    assert User.objects.by_login("ana") is None


def test_name_taken_between_check_and_save_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    check = User.clean

    def check_then_be_too_late(user: User) -> None:
        check(user)
        User.objects.bulk_create(
            [User(email="x@example.org", email_key="x", username="ANA", username_key="ana")]
        )

    monkeypatch.setattr(User, "clean", check_then_be_too_late)
    with pytest.raises(ValidationError) as refused:
        User.objects.create_user("ana", "ana@example.org", PASSWORD)
    assert list(refused.value.message_dict) == ["username"]


def test_a_login_finds_its_person_alone_by_email_or_username_in_any_case() -> None:
    ana = User.objects.create_user("Ana", "ana@example.org", PASSWORD)
    ben = User.objects.create_user("Ben", "ben@example.org", PASSWORD)
    for login, found in (("ANA", ana), ("Ana@Example.org", ana), ("ben", ben), ("BEN@example.org", ben)):
        assert User.objects.by_login(login) == found
    for login in ("", "@", "eve", "eve@example.org"):
        assert User.objects.by_login(login) is None


def test_a_natural_key_is_a_username_in_any_case() -> None:
    User.objects.create_user("Ben", "ben@example.org", PASSWORD)
    ana = User.objects.create_user("Ana", "ana@example.org", PASSWORD)
    assert User.objects.get_by_natural_key("ANA") == ana
    for nobody in (None, "", "ana@example.org"):
        with pytest.raises(User.DoesNotExist):
            User.objects.get_by_natural_key(nobody)


def test_an_owner_is_staff_superuser_and_premium_and_nobody_else_is() -> None:
    olga = User.objects.create_superuser("Olga", "olga@example.org", PASSWORD)
    ana = User.objects.create_user("Ana", "ana@example.org", PASSWORD)
    assert (olga.is_staff, olga.is_superuser, olga.is_premium) == (True, True, True)
    assert (ana.is_staff, ana.is_superuser, ana.is_premium) == (False, False, False)


@pytest.mark.parametrize(("is_staff", "is_superuser"), [(True, False), (False, True), (False, False)])
def test_an_administrator_is_staff_or_the_owner(is_staff: bool, is_superuser: bool) -> None:
    assert User(is_staff=is_staff, is_superuser=is_superuser).is_admin is (is_staff or is_superuser)
