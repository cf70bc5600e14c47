"""How people sign in: django-allauth's settings, which no environment changes; webox.settings has them."""

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "chat:home"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.signing_in.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PRESERVE_USERNAME_CASING = True
ACCOUNT_FORMS = {
    "login": "accounts.signing_in.forms.LoginForm",
    "signup": "accounts.signing_in.forms.SignupForm",
    "change_password": "accounts.signing_in.forms.ChangePasswordForm",
    "set_password": "accounts.signing_in.forms.SetPasswordForm",
    "reset_password": "accounts.signing_in.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.signing_in.forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.signing_in.forms.ReauthenticateForm",
}
# accounts.signing_in.adapter tells clients how long these windows are.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "signup": "20/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
}
# Who has no account gets no e-mail from here.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# allauth's own generator keeps a second list of addresses; User.email is the only one here.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"

# --- Two-factor: an authenticator app or a passkey, and codes for the day when both are gone -------------
MFA_ADAPTER = "accounts.signing_in.second_step.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Typing may take longer than 30 seconds; accounts.signing_in.second_step accepts each code only once.
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = "WeBox"
MFA_FORMS = {
    "authenticate": "accounts.signing_in.second_step.CodeForm",
    "reauthenticate": "accounts.signing_in.second_step.CodeAgainForm",
    "activate_totp": "accounts.signing_in.second_step.ActivateAppForm",
    "add_webauthn": "accounts.signing_in.second_step.AddPasskeyForm",
    "authenticate_webauthn": "accounts.signing_in.second_step.PasskeyForm",
    "reauthenticate_webauthn": "accounts.signing_in.second_step.PasskeyAgainForm",
    "login_webauthn": "accounts.signing_in.second_step.PasskeyAloneForm",
    "edit_webauthn": "accounts.signing_in.second_step.RenamePasskeyForm",
}
USERSESSIONS_ADAPTER = "accounts.signing_in.sessions.SessionsAdapter"
