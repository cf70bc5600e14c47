"""What can go wrong at a vendor, in our words. Adapters raise these and nothing else.

ProviderError
├── NoKey              no key for this vendor
├── BadKey             401, 403 or a vendor's own "invalid key"
├── NoCredit           the account has no credit left; never retried
├── ModelNotFound
├── BadRequest         the vendor refused the request
├── ContextTooLong
├── Blocked            the vendor's filter refused the question or stopped the answer
├── RateLimited        retryable; `retry_after_s` says when, if the vendor did
├── Overloaded         retryable: 5xx, 529
├── Unreachable        retryable: no connection
├── VendorFailed       an explicit error inside the stream
├── Unsupported        WeBox does not speak this vendor's protocol yet
├── BadStream          not the protocol it should be (HTML, an empty body, a line without end)
└── Interruption       the vendor broke off: the answer ends as `interrupted`, its text kept
    ├── CutOff         the stream ended without a finish
    └── Stalled        silence longer than the limit
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from webox.errors import WeBoxError


class ProviderError(WeBoxError):
    """A vendor's failure. `params` always has `vendor` (its label); it never has the vendor's raw body."""

    code = "provider_error"
    http_status = 502
    retryable = False
    message: str | Promise = _("%(vendor)s reported an error. Try again.")

    def __init__(self, vendor: str, *, retry_after_s: float | None = None, **params: object) -> None:
        if retry_after_s is not None:
            params["retry_after_s"] = retry_after_s
        super().__init__(vendor=vendor, **params)
        self.retry_after_s = retry_after_s


class NoKey(ProviderError):
    code = "no_key"
    message = _("There is no key for %(vendor)s yet.")


class BadKey(ProviderError):
    code = "bad_key"
    message = _("%(vendor)s rejected the key. It must be corrected before this AI can answer.")


class NoCredit(ProviderError):
    code = "no_credit"
    message = _("The account at %(vendor)s has no credit left. Top it up there, then try again.")


class ModelNotFound(ProviderError):
    code = "model_not_found"
    message = _("%(vendor)s does not know this model, or the key may not use it. Choose another model.")


class BadRequest(ProviderError):
    code = "bad_request"
    message = _("%(vendor)s refused the request. Change the model or its settings, then try again.")


class ContextTooLong(ProviderError):
    code = "context_too_long"
    message = _("The conversation is too long for this model. Start a new one, or choose a larger model.")


class Blocked(ProviderError):
    code = "blocked"
    message = _("%(vendor)s’s safety filter refused this. Rephrase the question.")


class RateLimited(ProviderError):
    code = "rate_limited"
    retryable = True
    message = _("%(vendor)s is receiving too many requests with this key. Wait a little, then try again.")


class Overloaded(ProviderError):
    code = "overloaded"
    retryable = True
    message = _("%(vendor)s is overloaded. Try again in a moment.")


class Unreachable(ProviderError):
    code = "unreachable"
    retryable = True
    message = _("%(vendor)s can’t be reached. Check the connection or the address, then try again.")


class VendorFailed(ProviderError):
    code = "vendor_failed"
    message = _("%(vendor)s reported an error while answering. The text so far is kept.")


class Unsupported(ProviderError):
    code = "unsupported"
    message = _("WeBox cannot talk to %(vendor)s yet.")


class BadStream(ProviderError):
    code = "bad_stream"
    message = _("%(vendor)s answered with something that is not an answer. Check its address.")


class Interruption(ProviderError):
    """The vendor broke off without saying why: the text so far is kept and the answer is `interrupted`."""

    code = "interrupted"


class CutOff(Interruption):
    code = "cut_off"
    message = _("%(vendor)s closed the connection before the end. The text so far is kept.")


class Stalled(Interruption):
    code = "stalled"
    message = _("%(vendor)s stopped sending for %(silence_s)s s. The text so far is kept.")
