"""How people sign in: django-allauth's settings, which no environment changes; webox.settings has them."""

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "chat:home"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PRESERVE_USERNAME_CASING = True
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "signup": "accounts.forms.SignupForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
}
# accounts.adapter tells clients how long these windows are.
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
MFA_ADAPTER = "accounts.second_step.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# People have passed 30 seconds by the time they have typed; accounts.second_step lets each code in once.
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = "WeBox"
MFA_FORMS = {
    "authenticate": "accounts.second_step.CodeForm",
    "reauthenticate": "accounts.second_step.CodeAgainForm",
    "activate_totp": "accounts.second_step.ActivateAppForm",
    "add_webauthn": "accounts.second_step.AddPasskeyForm",
    "authenticate_webauthn": "accounts.second_step.PasskeyForm",
    "reauthenticate_webauthn": "accounts.second_step.PasskeyAgainForm",
    "login_webauthn": "accounts.second_step.PasskeyAloneForm",
    "edit_webauthn": "accounts.second_step.RenamePasskeyForm",
}
USERSESSIONS_ADAPTER = "accounts.sessions.SessionsAdapter"
