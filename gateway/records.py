"""What a program gets: OpenAI's objects, with the AI named on each choice."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from gateway.errors import Fault

FinishWord = Literal["stop", "length", "content_filter", "error"]


class CachedTokens(Struct, frozen=True):
    """How many of the tokens that were read came from a vendor's cache."""

    cached_tokens: int


class ReasoningTokens(Struct, frozen=True):
    """How many of the tokens that were written are thoughts."""

    reasoning_tokens: int


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens as the vendors counted them; of an AI that tells of none, none."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: CachedTokens
    completion_tokens_details: ReasoningTokens
    cost_usd: float | None
    """What they cost together; null where a price is not known."""


class CompletionMessage(Struct, frozen=True, kw_only=True):
    """An answer. `refusal` is what the model said in place of one."""

    role: Literal["assistant"]
    content: str | None
    refusal: str | None
    reasoning_content: str | UnsetType = UNSET


class Choice(Struct, frozen=True, kw_only=True):
    """One AI's answer. `error` says why it is not whole, where it is not."""

    index: int
    message: CompletionMessage
    logprobs: None
    finish_reason: FinishWord
    model: str
    usage: Usage
    error: Fault | UnsetType = UNSET


class Completion(Struct, frozen=True, kw_only=True):
    """What several AIs answered, each its own choice. `conversation_id` is of one that is kept."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    conversation_id: int | UnsetType = UNSET


class Delta(Struct, frozen=True, kw_only=True):
    """What is new of one answer."""

    role: Literal["assistant"] | UnsetType = UNSET
    content: str | UnsetType = UNSET
    refusal: str | UnsetType = UNSET
    reasoning_content: str | UnsetType = UNSET


class ChunkChoice(Struct, frozen=True, kw_only=True):
    """A piece of one AI's answer; with its end, its tokens, and why where it is not whole."""

    index: int
    delta: Delta
    logprobs: None
    finish_reason: FinishWord | None
    model: str
    usage: Usage | UnsetType = UNSET
    error: Fault | UnsetType = UNSET


class Chunk(Struct, frozen=True, kw_only=True):
    """One event of a streamed completion."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: Usage | UnsetType | None = UNSET
    conversation_id: int | UnsetType = UNSET


class ModelObject(Struct, frozen=True, kw_only=True):
    """A model, or a line-up, that may be asked."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelList(Struct, frozen=True, kw_only=True):
    """Everything that may be asked."""

    object: Literal["list"]
    data: list[ModelObject]
