import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import AuditEvent, User
from accounts.signing_in import secrets
from accounts.tests.conftest import PASSWORD
from accounts.tests.test_settings_views import browser
from common.data.crypto import KeyRing, Rotated, Undecryptable, configured_secrets
from tests.site.one_time_codes import code

pytestmark = pytest.mark.django_db

KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
WRONG = "This code is not right, or not any more. Enter the one shown now."


@pytest.fixture
def codes(ana: User) -> list[str]:
    """Ana has an authenticator app; her recovery codes."""
    TOTP.activate(ana, KEY)
    return list(RecoveryCodes.activate(ana).get_unused_codes())


def sign_in(client: Client, **more: str) -> Any:
    return client.post("/accounts/login/", {"login": "ana", "password": PASSWORD} | more)


def second_step(client: Client, otp: str) -> Any:
    return client.post("/accounts/2fa/authenticate/", {"code": otp})


def token(**more: Any) -> Any:
    body = {"username": "ana", "password": PASSWORD} | more
    return APIClient().post("/api/auth/token", body, format="json")


def is_in(client: Client) -> bool:
    return bool(client.get("/accounts/profile").status_code == 200)


def confirmed(ana: User) -> Client:
    """Ana's browser, with the password just given again."""
    client = Client()
    client.force_login(ana)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def test_the_password_alone_lets_nobody_in(client: Client, codes: list[str]) -> None:
    assert sign_in(client)["Location"] == reverse("mfa_authenticate")
    assert not is_in(client)
    assert client.get("/chat/").status_code == 302


def test_a_code_lets_in_and_leads_where_one_was_going(client: Client, codes: list[str]) -> None:
    sign_in(client, next="/accounts/tokens")
    assert second_step(client, code(KEY))["Location"] == "/accounts/tokens"
    assert is_in(client)


def test_a_code_is_good_once(client: Client, codes: list[str]) -> None:
    sign_in(client)
    otp = code(KEY)
    second_step(client, otp)
    other = Client()
    sign_in(other)
    assert second_step(other, f"{otp[:3]} {otp[3:]}").context["form"].errors["code"] == [WRONG]
    assert not is_in(other)
    assert token(otp=otp).json()["code"] == "otp_wrong"


def test_wrong_codes_are_limited_over_page_and_api_together(client: Client, codes: list[str]) -> None:
    sign_in(client)
    for _ in range(3):
        assert second_step(client, "000000").status_code == 200
    assert [token(otp="000000").status_code for _ in range(3)] == [401, 401, 429]
    limited = token(otp=code(KEY))
    assert limited.status_code == 429
    assert limited["Retry-After"]
    second_step(client, code(KEY))
    assert not is_in(client)


def test_a_recovery_code_lets_in_once(client: Client, codes: list[str]) -> None:
    sign_in(client)
    second_step(client, codes[0])
    assert is_in(client)
    other = Client()
    sign_in(other)
    second_step(other, codes[0])
    assert not is_in(other)


def test_the_admin_asks_for_the_second_step_too(client: Client, owner: User) -> None:
    TOTP.activate(owner, KEY)
    door = client.get("/admin/login/?next=/admin/")
    assert door["Location"].startswith("/accounts/login/")
    client.post(door["Location"], {"login": "olga", "password": PASSWORD})
    assert client.get("/admin/").status_code == 302
    assert client.post("/admin/login/", {"username": "olga", "password": PASSWORD}).status_code == 302
    assert client.get("/admin/").status_code == 302
    second_step(client, code(KEY))
    assert client.get("/admin/").status_code == 200


def test_the_api_says_what_it_misses(codes: list[str]) -> None:
    missing, wrong = token(), token(otp="000000")
    assert (missing.status_code, missing.json()["code"]) == (401, "otp_required")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "otp_wrong")
    assert token(password="wrong passphrase", otp=code(KEY)).json()["code"] == "bad_credentials"
    good = token(otp=code(KEY))
    assert sorted(good.json()) == ["access", "refresh"]
    assert not good.cookies


def test_the_api_takes_a_recovery_code_once(codes: list[str]) -> None:
    assert token(otp=codes[0]).status_code == 200
    assert token(otp=codes[0]).status_code == 401


def test_without_two_factor_a_code_is_not_looked_at(ana: User) -> None:
    assert token(otp="000000").status_code == 200


@pytest.mark.parametrize("otp", [123456, None, "1" * 33, "\0"])
def test_a_code_that_is_no_text_is_refused(codes: list[str], otp: object) -> None:
    assert token(otp=otp).status_code == 400


def test_setting_up_takes_the_password_and_a_right_code(ana: User) -> None:
    client = Client()
    client.force_login(ana)
    assert client.get("/accounts/2fa/totp/activate/")["Location"].startswith("/accounts/reauthenticate/")
    client = confirmed(ana)
    page = client.get("/accounts/2fa/totp/activate/")
    key = page.context["form"].secret
    html = page.content.decode()
    assert key in html
    assert not re.search(
        r"<script(?![^>]*src=)|style=|\son\w+=",
        re.sub(r'<script[^>]*type="application/json".*?</script>', "", html),
    )
    assert client.post("/accounts/2fa/totp/activate/", {"code": "000000"}).context["form"].errors
    assert not Authenticator.objects.exists()
    done = client.post("/accounts/2fa/totp/activate/", {"code": code(key)})
    assert done["Location"] == reverse("mfa_view_recovery_codes")
    shown = client.get(done["Location"]).content.decode()
    assert len(set(re.findall(r"<code>(\d{8})</code>", shown))) == 10


def test_recovery_codes_are_renewed_and_downloaded(ana: User, codes: list[str]) -> None:
    client = confirmed(ana)
    assert codes[0] in client.get("/accounts/2fa/recovery-codes/download/").content.decode()
    assert client.post("/accounts/2fa/recovery-codes/generate/").status_code == 302
    assert codes[0] not in client.get("/accounts/2fa/recovery-codes/").content.decode()


def test_turning_the_app_off_takes_the_recovery_codes_with_it(ana: User, codes: list[str]) -> None:
    client = confirmed(ana)
    assert client.get("/accounts/2fa/totp/deactivate/").status_code == 200
    assert client.post("/accounts/2fa/totp/deactivate/")["Location"] == reverse("mfa_index")
    assert not Authenticator.objects.exists()
    assert sign_in(Client())["Location"] == reverse("chat:home")


def test_a_new_password_by_link_leaves_the_second_step(client: Client, codes: list[str]) -> None:
    client.post("/accounts/password/reset/", {"email": "ana@example.org"})
    assert Authenticator.objects.count() == 2
    sign_in(client)
    assert not is_in(client)


@pytest.mark.parametrize(
    "credential", ["", "{}", "[]", '"x"', '{"id": "x"}', '{"response": {"userHandle": "x"}}']
)
def test_a_credential_that_is_none_lets_nobody_in(client: Client, credential: str) -> None:
    answer = client.post("/accounts/2fa/passkeys/login/?next=/accounts/tokens", {"credential": credential})
    assert answer["Location"] == "/accounts/login/?next=%2Faccounts%2Ftokens"
    assert not is_in(client)


def test_another_persons_passkey_does_not_exist(ana: User, owner: User) -> None:
    theirs = Authenticator.objects.create(user=owner, type=Authenticator.Type.WEBAUTHN, data={"name": "Key"})
    client = confirmed(ana)
    for verb in ("edit", "remove"):
        assert client.get(f"/accounts/2fa/passkeys/{theirs.pk}/{verb}/").status_code == 404
        assert client.post(f"/accounts/2fa/passkeys/{theirs.pk}/{verb}/", {"name": "Mine"}).status_code == 404
    assert Authenticator.objects.get().data == {"name": "Key"}


def test_the_owner_lets_somebody_in_again_who_has_lost_everything(
    codes: list[str], owner: User, ana: User
) -> None:
    admin = Client()
    admin.force_login(owner)
    data = {"action": "turn_off_second_step", "_selected_action": [ana.pk]}
    answer = admin.post("/admin/accounts/user/", data, follow=True)
    assert b"Two-factor sign-in is off for 1 account." in answer.content
    assert sign_in(Client())["Location"] == reverse("chat:home")


def test_the_command_lets_somebody_in_again(codes: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("second_step_off", "ANA@example.org")
    assert not Authenticator.objects.exists()
    call_command("second_step_off", "ana")
    assert "has no two-factor" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("second_step_off", "nobody")


@pytest.fixture
def two_keys(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ENCRYPTION_KEYS = ["o" * 40]
    monkeypatch.setattr(secrets, "RING", KeyRing(configured_secrets))


def test_secrets_are_kept_encrypted_and_renewed(two_keys: None, codes: list[str], settings: Settings) -> None:
    kept = "".join(str(row.data) for row in Authenticator.objects.all())
    assert KEY not in kept
    settings.ENCRYPTION_KEYS = ["n" * 40, "o" * 40]
    call_command("rotate_keys", dry_run=True)
    assert "".join(str(row.data) for row in Authenticator.objects.all()) == kept
    call_command("rotate_keys")
    settings.ENCRYPTION_KEYS = ["n" * 40]
    secrets.RING.reload()
    assert token(otp=code(KEY)).status_code == 200
    assert token(otp=codes[0]).status_code == 200


@pytest.mark.parametrize("kept", [{"second_step": ""}, {"second_step": 5}, {"key": "sk-of-a-vendor"}])
def test_what_holds_no_secret_of_a_second_step_can_not_be_read(kept: dict[str, object]) -> None:
    with pytest.raises(Undecryptable):
        secrets.unseal(secrets.RING.encrypt(kept))


def test_a_rotation_says_how_many_it_renewed_and_could_not_read(
    two_keys: None, ana: User, owner: User, settings: Settings
) -> None:
    # A passkey holds no secret of ours.
    Authenticator.objects.create(user=ana, type=Authenticator.Type.WEBAUTHN, data={"secret": "a passkey's"})
    for user in (ana, owner):
        TOTP.activate(user, KEY)
        RecoveryCodes.activate(user)
    settings.ENCRYPTION_KEYS = ["n" * 40, "o" * 40]
    secrets.RING.reload()
    assert secrets.rotate(dry_run=True) == Rotated(4, 0)
    assert secrets.rotate() == Rotated(4, 0)
    assert secrets.rotate() == Rotated(0, 0)
    settings.ENCRYPTION_KEYS = ["x" * 40]
    secrets.RING.reload()
    assert secrets.rotate() == Rotated(0, 4)


def test_without_the_encryption_key_no_code_is_right(
    two_keys: None, client: Client, codes: list[str], ana: User, settings: Settings
) -> None:
    settings.ENCRYPTION_KEYS = ["n" * 40]
    secrets.RING.reload()
    sign_in(client)
    said = second_step(client, code(KEY)).context["form"].errors["code"]
    assert "encryption key is gone" in said[0]
    assert token(otp=codes[0]).json()["code"] == "otp_wrong"
    assert confirmed(ana).get("/accounts/security").context["codes_left"] == 0
    with pytest.raises(CommandError):
        call_command("rotate_keys")


def test_the_admin_shows_no_secrets_of_the_second_step(owner: User) -> None:
    admin = Client()
    admin.force_login(owner)
    for address in ("mfa/authenticator", "usersessions/usersession", "account/emailaddress"):
        assert admin.get(f"/admin/{address}/").status_code == 404


def noted(ana: User) -> list[tuple[str, dict[str, Any]]]:
    lines = AuditEvent.objects.filter(person_number=ana.pk, action__startswith="sign").order_by("pk")
    return list(lines.values_list("action", "details"))[1:]


def test_what_was_shown_beside_the_password_is_noted_and_what_was_wrong(
    client: Client, ana: User, codes: list[str]
) -> None:
    sign_in(client)
    second_step(client, "000000")
    client.post("/accounts/2fa/authenticate/", {"credential": '{"id": "x"}'})
    second_step(client, code(KEY))
    token(otp="000000")
    token(otp=codes[0])
    assert noted(ana) == [
        ("sign_in_failed", {"step": "totp"}),
        ("sign_in_failed", {"step": "webauthn"}),
        ("signed_in", {"step": "totp"}),
        ("sign_in_failed", {"step": "totp"}),
        ("signed_in", {"over": "API", "step": "recovery_codes"}),
    ]
    assert "000000" not in str(AuditEvent.objects.values())


def test_refused_passkeys_do_not_fill_the_log(client: Client, ana: User, codes: list[str]) -> None:
    sign_in(client)
    for _ in range(8):
        client.post("/accounts/2fa/authenticate/", {"credential": '{"id": "x"}'})
    assert noted(ana) == [("sign_in_failed", {"step": "webauthn"})]


def test_a_code_that_comes_twice_is_noted(client: Client, ana: User, codes: list[str]) -> None:
    now = code(KEY)
    for _ in range(2):
        sign_in(client)
        second_step(client, now)
        client.post("/accounts/logout/")
    assert noted(ana) == [("signed_in", {"step": "totp"}), ("sign_in_failed", {"step": "totp"})]


def test_the_log_names_the_second_step_in_words(owner: User, ana: User, codes: list[str]) -> None:
    token(otp=codes[0])
    page = browser(owner).get("/admin/accounts/auditevent/").content.decode()
    assert "API · recovery code" in page
    french = browser(owner).get("/admin/accounts/auditevent/", headers={"accept-language": "fr"})
    assert "API · code de secours" in french.content.decode()
