"""What can go wrong between a person and their account.

WeBoxError
├── SignupClosed         nobody can make an account by themselves here
│   └── InvitationNeeded only who was invited can
├── LinkInvalid          a one-time link that is unknown, used or out of date
├── TooManyAttempts
├── BadCredentials       unknown login, wrong password or closed account: said alike
├── AccountClosed        by its own person, who can still take it back
├── OtpRequired          the account has two-factor, and no code came with the password
├── OtpWrong
├── OwnerStays           the only owner's account can't be deleted
├── TokenRefused         not a token that lets anybody in
│   └── TokenExpired
├── ScopeMissing         an access token that does not reach as far
├── TokenNotFound
├── TooManyTokens
├── TooManyAis           more of them than the plan asks at once
├── TooManyAnswers       more of them than the plan has at the same time
└── UsedUp               what the plan or the person's own budget has is used until `resets_at`
    ├── QuestionsUsedUp
    ├── TokensUsedUp
    ├── SpendingUsedUp
    └── BudgetUsedUp
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.errors import WeBoxError


class SignupClosed(WeBoxError):
    code = "signup_closed"
    http_status = 403
    message: str | Promise = _("Accounts are made by the owner here. Ask them for one.")


class InvitationNeeded(SignupClosed):
    message = _("Making an account here takes an invitation. Ask the owner for one.")


class LinkInvalid(WeBoxError):
    code = "link_invalid"
    http_status = 404
    message = _("This link was already used, or it is too old. Ask for a new one.")


class TooManyAttempts(WeBoxError):
    """`retry_after_s`: after so many seconds it works again at the latest."""

    code = "too_many_attempts"
    http_status = 429
    message = _("Too many attempts. Wait a few minutes, then try again.")

    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__(retry_after_s=retry_after_s)


class BadCredentials(WeBoxError):
    code = "bad_credentials"
    http_status = 401
    message = _("The login and the password don’t match.")


class AccountClosed(WeBoxError):
    """`deletes_at`: the day on which it is deleted, as in 2026-12-24."""

    code = "account_closed"
    http_status = 403
    message = _(
        "You have closed this account; it is deleted on %(deletes_at)s. Sign in on the website to keep it."
    )


class OtpRequired(WeBoxError):
    code = "otp_required"
    http_status = 401
    message = _("This account has two-factor sign-in. Send a code of the app, or a recovery code, as `otp`.")


class OtpWrong(WeBoxError):
    code = "otp_wrong"
    http_status = 401
    message = _("This code is not right, or not any more. Enter the one shown now.")


class OwnerStays(WeBoxError):
    code = "owner_stays"
    http_status = 409
    message = _("This is the owner’s account. Make another person the owner first, in the administration.")


class TokenRefused(WeBoxError):
    code = "token_refused"
    http_status = 401
    message: str | Promise = _("This token is not valid, or not any more. Sign in again.")


class TokenExpired(TokenRefused):
    code = "token_expired"
    message = _("This token has expired. Refresh it, or sign in again.")


class ScopeMissing(WeBoxError):
    """`scope`: what it takes; empty for what no access token may do."""

    code = "scope_missing"
    http_status = 403
    message = _("This access token is not allowed to do that. Make one that may do more, or sign in.")


class TokenNotFound(WeBoxError):
    code = "token_not_found"
    http_status = 404
    message = _("There is no such access token.")


class TooManyTokens(WeBoxError):
    code = "too_many_tokens"
    http_status = 409
    message = _("You have %(limit)s access tokens. Revoke one that you don’t use any more.")


class TooManyAis(WeBoxError):
    code = "too_many_ais"
    http_status = 403
    message = _("AIs for one question: your plan has %(limit)s. Take some out, then send it again.")


class TooManyAnswers(WeBoxError):
    """`running`: how many are being written or wait."""

    code = "too_many_answers"
    http_status = 429
    message = _(
        "Answers at the same time: your plan has %(limit)s, and %(running)s are on their way. "
        "Wait until one ends, or stop one."
    )


class UsedUp(WeBoxError):
    """`resets_at`: when it counts anew (ISO 8601); `retry_after_s`; `zone`: the clock that holds."""

    http_status = 429


class QuestionsUsedUp(UsedUp):
    code = "questions_used_up"
    message = _(
        "Your plan’s questions for today are used up (%(limit)s). They come back at midnight (%(zone)s); "
        "with a key of your own you can go on now."
    )


class TokensUsedUp(UsedUp):
    code = "tokens_used_up"
    message = _(
        "This question could go past the %(limit)s tokens a month of your plan. They come back on the first "
        "of the month; ask fewer AIs, or go on with a key of your own."
    )


class SpendingUsedUp(UsedUp):
    code = "spending_used_up"
    message = _(
        "This question could go past the $%(limit)s a month of your plan. It comes back on the first of the "
        "month; ask fewer or cheaper AIs, or go on with a key of your own."
    )


class BudgetUsedUp(UsedUp):
    code = "budget_used_up"
    message = _(
        "This question could go past your own budget of $%(limit)s a month. Raise it on the page “Usage”, "
        "or wait for the first of the month."
    )
