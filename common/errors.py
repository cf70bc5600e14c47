"""The one root of every error a person may see; each room adds its own below it.

WeBoxError
├── accounts/errors.py   signing in, accounts, plans and what they have used up
├── chat/errors.py       conversations, answers, uploads, imports, servers, the engine
├── gateway/errors.py    the same in the words of OpenAI's protocol
└── providers/errors.py  what a vendor answered, or did not
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class WeBoxError(Exception):
    """An error with a stable code, an HTTP status, a translatable sentence and data.

    The same `code` appears in HTTP bodies, socket errors, `Answer.error_code`, the documentation and
    the JavaScript. `params` is data for the sentence (`%(name)s`); it never holds keys, prompts or
    vendors' raw bodies.
    """

    code = "error"
    http_status = 400
    message: str | Promise = _("Something went wrong. Try again.")

    def __init__(self, **params: object) -> None:
        super().__init__(self.code)
        self.params = params

    @property
    def detail(self) -> str:
        """The sentence in the language in force, with its parameters filled in."""
        return str(self.message) % self.params


class Internal(WeBoxError):
    """A fault of WeBox itself; the log has its trace."""

    code = "internal"
    http_status = 500
    message = _("WeBox made a mistake with this. Try again; if it happens again, tell the owner.")


class UnreadableRequest(WeBoxError):
    """A request that no view saw: a foreign host name, a form with too many fields."""

    code = "unreadable_request"
    message = _("WeBox can’t read this request.")


class RequestTooLarge(WeBoxError):
    """A body larger than anything that is taken at its address."""

    code = "request_too_large"
    http_status = 413
    message = _("That is too large: at most %(mib)d MB can be sent here. Nothing was saved.")


class NotFound(WeBoxError):
    """An address of the API that is none."""

    code = "not_found"
    http_status = 404
    message = _("There is nothing at this address.")


class Unavailable(WeBoxError):
    """A service that WeBox needs (the database, Redis) does not answer."""

    code = "unavailable"
    http_status = 503
    message = _("WeBox can’t reach its database at the moment. Nothing was saved: try again shortly.")
