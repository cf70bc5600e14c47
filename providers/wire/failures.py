"""What vendors send in place of an answer, read into our errors: all their shapes are known here alone.

Text of vendors is only matched against, never kept: it may quote the prompt or a part of the key.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from providers.errors import (
    BadKey,
    BadRequest,
    BadStream,
    Blocked,
    ContextTooLong,
    ModelNotFound,
    NoCredit,
    Overloaded,
    ProviderError,
    RateLimited,
    VendorFailed,
)
from providers.wire import payload

# The word of an error where there is no status to go by: Anthropic's types, Google's statuses.
_STATUS_OF_WORD = {
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "permission_denied": 403,
    "not_found_error": 404,
    "not_found": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "resource_exhausted": 429,
    "overloaded_error": 529,
    "unavailable": 503,
    "unauthenticated": 401,
}
_CREDIT_WORDS = {"insufficient_quota", "billing_error", "insufficient_balance", "billing_hard_limit_reached"}
_CREDIT = re.compile(r"credit balance|insufficient (balance|credits|funds)|no credits|out of credits")
_CONTEXT_WORDS = {"context_length_exceeded", "string_above_max_length", "request_too_large"}
_CONTEXT = re.compile(
    r"context (length|window|size)|prompt (is )?too long|input (is )?too long|too many tokens"
    r"|token count .*exceeds|request too large|reduce the length"
)
_KEY_WORDS = {"invalid_api_key", "api_key_invalid", "authentication_error", "unauthenticated"}
_KEY = re.compile(
    r"(incorrect|invalid|missing|wrong) (x-)?api[ -_]?key|api[ -_]?key (not valid|is invalid|expired)"
)
_MODEL_WORDS = {
    "model_not_found",
    "model_not_available",
    "invalid_model",
    "not_found_error",
    "model_decommissioned",
}
_MODEL = re.compile(
    r"invalid model|not a valid model|unknown model"
    r"|\bmodels?\b.{0,200}(not found|not exist|decommissioned)"
)
_BLOCK_WORDS = {"content_filter", "content_policy_violation", "responsibleaipolicyviolation", "moderation"}
_BLOCK = re.compile(r"\bmoderation\b|was flagged|content (management )?policy")
# No vendor means longer: a month.
LONGEST_DELAY_S = 30 * 24 * 3600.0
_TRY_AGAIN = re.compile(r"try again in (\d+(?:\.\d+)?) ?(ms|s|m)\b")
_STATUS = re.compile("[45][0-9]{2}")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0}


@dataclass(frozen=True, slots=True)
class Report:
    """A vendor's error body, whatever its shape, reduced to what classes and retries are chosen by.

    `words` are its codes and types and `text` all its strings, both in lower case.
    """

    words: frozenset[str]
    text: str
    param: str
    status: int | None
    retry_delay_s: float | None
    is_json: bool

    def names(self, parameter: str) -> bool:
        """Whether the vendor complains about this parameter of the request."""
        if self.param:
            return self.param.rpartition(".")[2] == parameter
        return re.search(rf"\b{re.escape(parameter.lower())}\b", self.text) is not None


def read_report(body: str | bytes) -> Report:
    """Read an error body; `is_json` is False for HTML, plain text and nothing."""
    try:
        value = payload.load(body)
    except payload.BadPayload:
        return Report(frozenset(), "", "", None, None, is_json=False)
    return report_of(value)


def report_of(value: object) -> Report:
    """The same for a parsed value, such as an error inside a stream."""
    outer = next(iter(payload.records(value)), {}) if isinstance(value, list) else payload.record(value)
    inner = payload.record(outer.get("error"))
    words: set[str] = set()
    status: int | None = None
    for source in (inner, outer):
        for name in ("code", "type", "status", "error_type", "status_code"):
            word = payload.word(source.get(name)).lower()
            if word:
                words.add(word)
                if status is None and _STATUS.fullmatch(word):
                    status = int(word)
    details = payload.records(inner.get("details"))
    words.update(payload.text(detail.get("reason")).lower() for detail in details)
    status = status or next(
        (_STATUS_OF_WORD[word] for word in sorted(words) if word in _STATUS_OF_WORD), None
    )
    text = " ".join(_strings(value)).lower()
    return Report(
        words=frozenset(words),
        text=text,
        param=payload.text(inner.get("param")) or payload.text(outer.get("param")),
        status=status,
        retry_delay_s=_retry_delay_s(details, text),
        is_json=True,
    )


def _strings(value: object) -> list[str]:
    """Every string in the value, level by level; vendors hide the telling one anywhere."""
    found: list[str] = []
    level: list[object] = [value]
    while level and len(found) < 200:
        below: list[object] = []
        for item in level:
            if isinstance(item, str):
                found.append(item)
            elif isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        level = below
    return found


def _retry_delay_s(details: list[dict[str, object]], text: str) -> float | None:
    for detail in details:
        match = _SECONDS.fullmatch(payload.text(detail.get("retryDelay")))
        if match is not None:
            return _believable(float(match[1]))
    match = _TRY_AGAIN.search(text)
    return _believable(float(match[1]) * _UNIT_S[match[2]]) if match else None


def _believable(delay_s: float) -> float | None:
    return delay_s if 0 <= delay_s <= LONGEST_DELAY_S else None


def before_stream(vendor: str, status: int, headers: Mapping[str, str], report: Report) -> ProviderError:
    """The error for an HTTP status that is not 200."""
    delay_s = retry_after_s(headers, report)
    kind = _kind(status, report)
    return kind(vendor, retry_after_s=delay_s) if kind.retryable else kind(vendor)


def _kind(status: int, report: Report) -> type[ProviderError]:
    specific = _specific(status, report)
    if specific is not None:
        return specific
    if status < 400:
        # A redirect would take the prompt, and with some clients the key, to another host.
        return BadStream
    if status in (401, 403):
        return BadKey
    if status == 404:
        return ModelNotFound if report.is_json else BadStream
    if status == 413:
        return ContextTooLong
    if status == 429:
        return RateLimited
    if status >= 500 or status in (408, 409, 498, 499):
        return Overloaded
    return BadRequest


def _specific(status: int | None, report: Report) -> type[ProviderError] | None:
    """What the body says more exactly than the status does."""
    words, text = report.words, report.text
    if status == 402 or words & _CREDIT_WORDS or _CREDIT.search(text):
        return NoCredit
    if words & _BLOCK_WORDS or (status == 403 and _BLOCK.search(text)):
        return Blocked
    if status is not None and status >= 500:
        return None
    if words & _CONTEXT_WORDS or _CONTEXT.search(text):
        return ContextTooLong
    if words & _KEY_WORDS or _KEY.search(text):
        return BadKey
    if status != 429 and (words & _MODEL_WORDS or _MODEL.search(text)):
        return ModelNotFound
    return None


def in_stream(vendor: str, value: object) -> ProviderError:
    """The error for one that a vendor reports inside a 200."""
    report = report_of(value)
    kind = _specific(report.status, report)
    if kind is None and report.status in (503, 529):
        kind = Overloaded
    if kind is None and report.status == 429:
        kind = RateLimited
    if kind is None and report.status in (401, 403):
        kind = BadKey
    if kind is None or not kind.retryable:
        return (kind or VendorFailed)(vendor)
    return kind(vendor, retry_after_s=report.retry_delay_s)


def may_retry(status: int, headers: Mapping[str, str], error: ProviderError) -> bool:
    """Whether the same request may succeed a little later; the vendor's own word on it counts most."""
    if isinstance(error, NoCredit):
        return False
    advice = headers.get("x-should-retry", "").lower()
    if advice in ("true", "false"):
        return advice == "true"
    return error.retryable


def retry_after_s(headers: Mapping[str, str], report: Report) -> float | None:
    """How long the vendor asks to wait, from the most exact source that it gives."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        try:
            delay_s = float(value) * unit_s
        except ValueError:
            delay_s = _until_s(value) if name == "retry-after" and value else -1.0
        if _believable(delay_s) is not None:
            return delay_s
    return report.retry_delay_s


def _until_s(http_date: str) -> float:
    try:
        moment = parsedate_to_datetime(http_date)
    except (ValueError, TypeError, OverflowError):
        return -1.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
