"""What can go wrong at a vendor, in our words. Adapters raise these and nothing else.

ProviderError
├── NoKey              no key for this vendor
├── UnreadableKey      a stored one that can't be read, or was meant for another address
├── BadKey             401, 403 or a vendor's own "invalid key"
├── NoCredit           the account has no credit left; never retried
├── ModelNotFound
├── BadRequest         the vendor refused the request
├── ContextTooLong
├── Blocked            the vendor's filter refused the question or stopped the answer
├── RateLimited        retryable; `retry_after_s` says when, if the vendor did
├── Overloaded         retryable: 5xx, 529
├── Unreachable        retryable: no connection
├── AddressRefused     the name leads into a private network, where WeBox does not go
├── VendorFailed       an explicit error inside the stream
├── BadStream          not the protocol it should be (HTML, an empty body, a line without end)
└── Interruption       the vendor broke off: the answer ends as `interrupted`, its text kept
    ├── CutOff         the stream ended without a finish
    ├── Stalled        silence longer than the limit
    └── TookTooLong    the whole answer took longer than its limit
"""

from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.errors import WeBoxError

Stage = Literal["before stream", "mid-stream"]


class ProviderError(WeBoxError):
    """A vendor's failure. `params` always has `vendor` (its label); it never has the vendor's raw body.

    `stage` says whether it came in place of a 200 or after one. `attempts` counts the requests that
    were sent, and `request_id` is the vendor's name for the last one.
    """

    code = "provider_error"
    # Failed dependency: WeBox itself is well.
    http_status = 424
    retryable = False
    stage: Stage = "before stream"
    attempts = 1
    request_id = ""
    message: str | Promise = _("%(vendor)s reported an error. Try again.")

    def __init__(self, vendor: str, *, retry_after_s: float | None = None, **params: object) -> None:
        if retry_after_s is not None:
            params["retry_after_s"] = retry_after_s
        super().__init__(vendor=vendor, **params)
        self.retry_after_s = retry_after_s


class NoKey(ProviderError):
    code = "no_key"
    message = _("There is no key for %(vendor)s yet. Add one under “AIs and keys”.")


class UnreadableKey(ProviderError):
    """The key was stored for another address, or under an encryption key that is gone."""

    code = "unreadable_key"
    message = _("The stored key for %(vendor)s can’t be used any more. Enter it again under “AIs and keys”.")


class BadKey(ProviderError):
    code = "bad_key"
    http_status = 400
    message = _("%(vendor)s rejected the key. Correct it under “AIs and keys”, then try again.")


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


class AddressRefused(ProviderError):
    code = "address_refused"
    http_status = 403
    message = _("The address of %(vendor)s leads into a private network. WeBox does not go there.")


class VendorFailed(ProviderError):
    code = "vendor_failed"
    message = _("%(vendor)s reported an error while answering. The text so far is kept.")


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


class TookTooLong(Interruption):
    code = "time_limit"
    message = _("%(vendor)s needed more than %(total_s)s s. The text so far is kept.")
