"""What a provider is: it takes a request and yields events until the answer is finished."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

Role = Literal["system", "user", "assistant"]


class Quirk(StrEnum):
    """How a vendor differs from others of its protocol, as registry.py gives it."""

    MAX_COMPLETION_TOKENS = "max_completion_tokens"
    """Takes its limit under this name instead of max_tokens."""
    NO_STREAM_OPTIONS = "no_stream_options"
    """Refuses stream_options; usage comes unasked or not at all."""
    TEMPERATURE_MAX_1 = "temperature_max_1"
    """Refuses temperatures over 1, where others go to 2."""


class FinishReason(StrEnum):
    """Why an answer ended, in one vocabulary for all vendors."""

    STOP = "stop"
    LENGTH = "length"
    REFUSAL = "refusal"
    CONTENT_FILTER = "content_filter"
    TOOL_CALL = "tool_call"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the conversation as this AI is told it; `content` is never empty."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What is asked of one model. `None` leaves a parameter to the vendor."""

    model: str
    messages: tuple[ChatMessage, ...]
    temperature: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as WeBox counts them: input includes cached ones, output includes reasoning."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of a complete answer; a stream that ends without it was cut."""

    reason: FinishReason
    vendor_reason: str
    usage: Usage
    request_id: str = ""


StreamEvent = TextDelta | ReasoningDelta | Finished


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one vendor is reached, and how it differs from others of its protocol.

    `silence_s` bounds the wait before the first byte and between bytes.
    """

    vendor: str
    """Its label, for people: "OpenAI"."""
    base_url: str
    api_key: str = field(repr=False)
    silence_s: float
    quirks: frozenset[str] = frozenset()


class Provider(Protocol):
    """One wire protocol. The object holds no state of a call and may serve many at once."""

    def stream(self, request: ChatRequest, endpoint: Endpoint) -> AsyncGenerator[StreamEvent, None]:
        """Yield deltas as they arrive, then exactly one Finished. Raises ProviderError, nothing else.

        Who leaves the loop early cancels its task or closes the generator, so that the connection ends.
        """
        ...
