"""What an adapter is: it takes a request and yields events until the answer is finished."""

import base64
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, Protocol

from msgspec import Struct

Role = Literal["system", "user", "assistant"]
ProtocolName = Literal[
    "openai", "openai-responses", "anthropic", "gemini", "cohere", "replicate", "ollama", "demo"
]

WITHOUT_STOP: frozenset[ProtocolName] = frozenset({"openai-responses", "replicate"})
"""Protocols that have no word for sequences at which an answer ends."""


class Quirk(StrEnum):
    """How a vendor differs from others of its protocol, as registry.py and the catalogue give it."""

    MAX_COMPLETION_TOKENS = "max_completion_tokens"
    """Takes its limit under this name instead of max_tokens."""
    NO_STREAM_OPTIONS = "no_stream_options"
    """Refuses stream_options; usage comes unasked or not at all."""
    TEMPERATURE_MAX_1 = "temperature_max_1"
    """Refuses temperatures over 1, where others go to 2."""
    DEVELOPER_ROLE = "developer_role"
    """Calls the system prompt's role "developer"."""
    NO_SYSTEM_ROLE = "no_system_role"
    """Has no role for a system prompt: it goes before the first question."""
    PUBLIC_MODEL_LIST = "public_model_list"
    """Lists its models without a key or not at all: a key is tested by a question of one token."""
    LISTS_PRICES = "lists_prices"
    """Its model list has prices, which are newer than those WeBox knows."""
    REPORTS_COST = "reports_cost"
    """Says in its usage what an answer cost, in US dollars."""


class FinishReason(StrEnum):
    """Why an answer ended, in one vocabulary for all vendors."""

    STOP = "stop"
    LENGTH = "length"
    REFUSAL = "refusal"
    CONTENT_FILTER = "content_filter"
    TOOL_CALL = "tool_call"
    OTHER = "other"


class Note(StrEnum):
    """What a reader should know about an answer beside its text."""

    IMAGES_LEFT_OUT = "images_left_out"
    """The model can't see images: it was given the text alone."""


@dataclass(frozen=True, slots=True)
class Image:
    """One image of a user's message, checked and made anew by WeBox: PNG, JPEG or WebP."""

    media_type: str
    data: bytes = field(repr=False)

    @property
    def base64(self) -> str:
        return base64.b64encode(self.data).decode("ascii")

    @property
    def data_url(self) -> str:
        return f"data:{self.media_type};base64,{self.base64}"


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the conversation as this AI is told it; `content` is never empty."""

    role: Role
    content: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What is asked of one model. `None` leaves a parameter to the vendor.

    `show_reasoning` asks for a summary of the thoughts of a model that is known to think. `stop` are texts
    before which the answer ends; protocols in WITHOUT_STOP are not asked with any.
    """

    model: str
    messages: tuple[ChatMessage, ...]
    temperature: float | None = None
    max_tokens: int | None = None
    show_reasoning: bool = False
    stop: tuple[str, ...] = ()

    @property
    def has_images(self) -> bool:
        return any(message.images for message in self.messages)

    def without_images(self) -> "ChatRequest":
        """The same question, told in words alone."""
        in_words = tuple(ChatMessage(message.role, message.content) for message in self.messages)
        return replace(self, messages=in_words)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as WeBox counts them for every vendor (docs/providers.md).

    `input_tokens` includes cached ones, `output_tokens` includes reasoning. `cost_usd` is the vendor's own
    word, where it has one.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: float | None = None


class TextDelta(Struct, frozen=True, gc=False):
    text: str


class ReasoningDelta(Struct, frozen=True, gc=False):
    text: str


@dataclass(frozen=True, slots=True)
class Noted:
    """Comes before the first delta."""

    note: Note


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of a complete answer; a stream that ends without it was cut.

    `refusal` is what the model said in place of an answer, where the vendor tells the two apart.
    `attempts` counts the requests that were sent.
    """

    reason: FinishReason
    vendor_reason: str
    usage: Usage
    request_id: str = ""
    refusal: str = ""
    attempts: int = 1


StreamEvent = TextDelta | ReasoningDelta | Noted | Finished


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one vendor is reached, and how it differs from others of its protocol.

    `silence_s` bounds the wait before the first byte and between bytes, `total_s` the whole answer.
    `may_be_private`: the server's owner gave this address, so it may lead to this machine or its network.
    """

    vendor: str
    """Its label, for people: "OpenAI"."""
    base_url: str
    api_key: str = field(repr=False)
    silence_s: float
    quirks: frozenset[str] = frozenset()
    total_s: float = 600.0
    may_be_private: bool = False


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One model in a vendor's own list. `None` is what the list does not say.

    Prices are US dollars for a million tokens.
    """

    name: str
    label: str = ""
    context_window: int | None = None
    sees_images: bool | None = None
    reasons: bool | None = None
    input_price: float | None = None
    output_price: float | None = None
    cached_price: float | None = None


class Adapter(Protocol):
    """One wire protocol. The object holds no state of a call and may serve many at once."""

    def stream(self, request: ChatRequest, endpoint: Endpoint) -> AsyncGenerator[StreamEvent, None]:
        """Yield deltas as they arrive, then exactly one Finished. Raises ProviderError, nothing else.

        Who leaves the loop early cancels its task or closes the generator, so that the connection ends.
        """
        ...

    async def models(self, endpoint: Endpoint) -> list[ListedModel]:
        """The vendor's models that can chat, every page of its list. Raises ProviderError, nothing else."""
        ...
