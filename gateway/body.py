"""What a program may ask: the body of `POST /v1/chat/completions`, read strictly."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from chat import limits
from chat.errors import TooManyImages
from chat.events import MaxTokens, Temperature, parse
from gateway.errors import BadBody, BadImage, NotTheUsersTurn, Unsupported

WITHOUT_EFFECT = frozenset(
    {
        "metadata", "parallel_tool_calls", "prompt_cache_key", "safety_identifier", "service_tier",
        "user", "verbosity",
    }
)  # fmt: skip
"""Parameters that do not change what an answer is about: taken, and left aside."""
NEUTRAL: dict[str, tuple[Any, ...]] = {
    "frequency_penalty": (0,),
    "function_call": ("none", "auto"),
    "functions": ([],),
    "logit_bias": ({},),
    "logprobs": (False,),
    "modalities": (["text"],),
    "presence_penalty": (0,),
    "reasoning_effort": (),
    "response_format": ({"type": "text"},),
    "seed": (),
    "tool_choice": ("none", "auto"),
    "tools": ([],),
    "top_logprobs": (0,),
    "top_p": (1,),
}
"""Parameters that are not passed on: taken as null and with the values that change nothing."""
DATA_URL = re.compile(r"data:image/[a-z+.-]{1,20};base64,", re.IGNORECASE)

Stop = Annotated[str, Meta(min_length=1, max_length=100)]


class TextPart(Struct, tag_field="type", tag="text", frozen=True):
    """Words of a message."""

    text: str


class ImageUrl(Struct, frozen=True):
    """An image as a `data:` URL."""

    url: str
    detail: str | None = None


class ImagePart(Struct, tag_field="type", tag="image_url", frozen=True):
    """An image of a user's message."""

    image_url: ImageUrl


class MessageParam(Struct, frozen=True):
    """One message of the conversation so far. Tools are not spoken here."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart | ImagePart] | None = None


class StreamOptions(Struct, frozen=True):
    """`include_usage`: a last chunk with the tokens of all choices together."""

    include_usage: bool = False


class CompletionBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A question in OpenAI's protocol.

    `model` is `provider/model`, several of them with commas between, or the name of a line-up: each AI's
    answer is a choice of its own. `n` asks each AI so many times. `store` keeps the conversation in WeBox.
    Other parameters of OpenAI's are taken where they do not change the answer, and refused else.
    """

    model: Annotated[str, Meta(min_length=1, max_length=2000)]
    messages: Annotated[list[MessageParam], Meta(min_length=1, max_length=limits.MESSAGES_TOLD)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    max_completion_tokens: MaxTokens | None = None
    stop: Stop | Annotated[list[Stop], Meta(max_length=4)] | None = None
    n: Annotated[int, Meta(ge=1, le=limits.TARGETS_PER_TURN)] | None = None
    store: bool | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One message as a program says it was."""

    role: Literal["system", "user", "assistant"]
    text: str
    images: list[bytes] = field(default_factory=list, repr=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a program asks: `past` and the question at the end of it."""

    model: str
    past: list[Said]
    question: Said
    temperature: float | None
    max_tokens: int | None
    stop: tuple[str, ...]
    times: int
    is_streamed: bool
    includes_usage: bool
    is_kept: bool


def read(value: Any) -> Wanted:
    """What a decoded body asks for.

    Raises BadBody, Unsupported, NotTheUsersTurn, BadImage or TooManyImages.
    """
    body = _body(value)
    *past, question = [_said(message) for message in body.messages]
    if question.role != "user" or not question.text.strip():
        raise NotTheUsersTurn
    if sum(len(said.text) for said in [*past, question]) > limits.TOLD_CHARS:
        raise BadBody(reason=f"more than {limits.TOLD_CHARS} characters")
    if sum(len(said.images) for said in [*past, question]) > limits.IMAGES_TOLD:
        raise TooManyImages(limit=limits.IMAGES_TOLD)
    return Wanted(
        model=body.model,
        past=past,
        question=question,
        temperature=body.temperature,
        max_tokens=body.max_completion_tokens or body.max_tokens,
        stop=(body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ()),
        times=body.n or 1,
        is_streamed=bool(body.stream),
        includes_usage=bool(body.stream_options and body.stream_options.include_usage),
        is_kept=bool(body.store),
    )


def _body(value: Any) -> CompletionBody:
    if isinstance(value, dict):
        for name, neutral in NEUTRAL.items():
            if value.get(name) is not None and value[name] not in neutral:
                raise Unsupported(name=name)
        value = {key: one for key, one in value.items() if key not in WITHOUT_EFFECT and key not in NEUTRAL}
    try:
        return parse(value, CompletionBody)
    except ValueError as error:
        raise BadBody(reason=str(error)) from error


def _said(message: MessageParam) -> Said:
    role = "system" if message.role == "developer" else message.role
    parts = [TextPart(message.content)] if isinstance(message.content, str) else message.content or []
    text = "\n\n".join(part.text for part in parts if isinstance(part, TextPart))
    images = [_image(part.image_url.url) for part in parts if isinstance(part, ImagePart)]
    if images and role != "user":
        raise BadBody(reason="images are a user's")
    return Said(role, text, images)


def _image(url: str) -> bytes:
    start = DATA_URL.match(url)
    if start is None:
        raise BadImage
    try:
        return base64.b64decode(url[start.end() :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadImage from error
