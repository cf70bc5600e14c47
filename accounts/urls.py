"""Addresses below /accounts/: ours, and those of django-allauth that WeBox uses (it has no email pages)."""

from allauth.account import views as allauth_views
from allauth.mfa.base import views as mfa_views
from allauth.mfa.recovery_codes import views as recovery_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as passkey_views
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from accounts import settings_views
from accounts.signing_in import views

own = [
    path("profile", settings_views.profile, name="profile"),
    path("email", settings_views.email, name="email"),
    path("appearance", settings_views.appearance, name="appearance"),
    path("ais", settings_views.ais, name="ais"),
    path("security", settings_views.security, name="security"),
    path("sessions/<int:session_id>/end", settings_views.end_session, name="end-session"),
    path("sessions/end-others", settings_views.end_other_sessions, name="end-other-sessions"),
    path("tokens", settings_views.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke", settings_views.revoke_token, name="revoke-token"),
    path("data", settings_views.data, name="data"),
    path("delete", settings_views.delete_account, name="delete"),
    path("closed", settings_views.closed, name="closed"),
    path("theme", views.theme, name="theme"),
    path("invite/<str:token>", views.invite, name="invite"),
    path("owner/<str:token>", views.owner, name="owner"),
]

# What allauth calls its overviews is a part of our own page.
overview = RedirectView.as_view(pattern_name="accounts:security")
second_step = [
    path("", overview, name="mfa_index"),
    path("authenticate/", mfa_views.authenticate, name="mfa_authenticate"),
    path("reauthenticate/", mfa_views.reauthenticate, name="mfa_reauthenticate"),
    path("totp/activate/", totp_views.activate_totp, name="mfa_activate_totp"),
    path("totp/deactivate/", totp_views.deactivate_totp, name="mfa_deactivate_totp"),
    path("recovery-codes/", recovery_views.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "recovery-codes/generate/", recovery_views.generate_recovery_codes, name="mfa_generate_recovery_codes"
    ),
    path(
        "recovery-codes/download/", recovery_views.download_recovery_codes, name="mfa_download_recovery_codes"
    ),
    path("passkeys/", overview, name="mfa_list_webauthn"),
    path("passkeys/add/", passkey_views.add_webauthn, name="mfa_add_webauthn"),
    path("passkeys/login/", views.PasskeyLoginView.as_view(), name="mfa_login_webauthn"),
    path("passkeys/reauthenticate/", views.PasskeyAgainView.as_view(), name="mfa_reauthenticate_webauthn"),
    path("passkeys/<int:pk>/edit/", passkey_views.edit_webauthn, name="mfa_edit_webauthn"),
    path("passkeys/<int:pk>/remove/", passkey_views.remove_webauthn, name="mfa_remove_webauthn"),
]

# django-allauth finds its pages by these names.
urlpatterns = [
    path("", include((own, "accounts"))),
    path("2fa/", include(second_step)),
    path("signup/", views.signup, name="account_signup"),
    path("login/", allauth_views.login, name="account_login"),
    path("logout/", allauth_views.logout, name="account_logout"),
    path("inactive/", allauth_views.account_inactive, name="account_inactive"),
    path("reauthenticate/", allauth_views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", allauth_views.password_change, name="account_change_password"),
    path("password/set/", allauth_views.password_set, name="account_set_password"),
    path("password/reset/", allauth_views.password_reset, name="account_reset_password"),
    path("password/reset/done/", allauth_views.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/key/done/",
        allauth_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        allauth_views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
]
