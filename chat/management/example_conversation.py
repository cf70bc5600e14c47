"""The conversation that docs/protocol.md shows: one question, two AIs, one of which breaks off.

tests/promises/test_docs.py plays it on a running WeBox; what comes back must be these frames.
"""

from chat import events
from chat.store.booking import tokens_of

QUESTION = "Bonjour 👋, qui êtes-vous ?"
CREATED_AT = "2026-01-05T09:00:00Z"
OPENAI, MISTRAL = 51, 52
"""Answer ids."""

ASK = events.Ask(
    message=QUESTION, targets=["GPT-4", "mistral:mistral-large-latest"], client_id="tab-1-send-1"
)
PIECES = {OPENAI: ("Bonjour 👋", " à vous."), MISTRAL: ("Je suis",)}

Frame = events.Command | events.Event


def _answer(
    answer_id: int, name: str, provider: str, label: str, mark: str, model: str
) -> events.AnswerRecord:
    return events.AnswerRecord(
        id=answer_id,
        message_id=42,
        target=name,
        name=name,
        provider=provider,
        label=label,
        mark=mark,
        model=model,
        settings=events.TargetSettings(),
        position=answer_id - OPENAI,
        version=1,
        is_chosen=False,
        status="queued",
        text="",
        reasoning="",
        error=None,
        refusal="",
        notes=[],
        finish_reason="",
        vendor_finish_reason="",
        request_id="",
        attempts=0,
        input_tokens=None,
        output_tokens=None,
        cached_tokens=None,
        reasoning_tokens=None,
        cost_usd=None,
        is_estimated=False,
        first_token_ms=None,
        reasoning_ms=None,
        total_ms=None,
        created_at=CREATED_AT,
        started_at=None,
    )


def _message(message_id: int, content: str, answers: list[events.AnswerRecord]) -> events.MessageRecord:
    return events.MessageRecord(
        id=message_id,
        parent_id=41 if answers else None,
        role="assistant" if answers else "user",
        content=content,
        created_at=CREATED_AT,
        context="own",
        siblings=[] if answers else [message_id],
        attachments=[],
        answers=answers,
    )


def frames() -> list[Frame]:
    """Every frame in order, from the opening of the socket to a command that is refused."""
    answers = [
        _answer(OPENAI, "GPT-4", "openai", "OpenAI", "O", "gpt-5.4-mini"),
        _answer(MISTRAL, "mistral:mistral-large-latest", "mistral", "Mistral", "M", "mistral-large-latest"),
    ]
    first, rest = PIECES[OPENAI]
    only = PIECES[MISTRAL][0]
    return [
        events.Snapshot(messages=[], from_rows=[]),
        ASK,
        events.Accepted(
            client_id=ASK.client_id,
            conversation_id=7,
            title=QUESTION,
            messages=[_message(41, QUESTION, []), _message(42, "", answers)],
            answers=answers,
        ),
        events.AnswerChanged(id=OPENAI, status="streaming", text_length=0, reasoning_length=0),
        events.AnswerChanged(id=MISTRAL, status="streaming", text_length=0, reasoning_length=0),
        events.Deltas(deltas=[(OPENAI, 0, first)], reasoning=[]),
        events.AnswerChanged(
            id=OPENAI, status="streaming", text_length=len(first), reasoning_length=0, first_token_ms=310
        ),
        events.Deltas(deltas=[(OPENAI, len(first), rest), (MISTRAL, 0, only)], reasoning=[]),
        events.AnswerChanged(
            id=MISTRAL, status="streaming", text_length=len(only), reasoning_length=0, first_token_ms=460
        ),
        events.AnswerChanged(
            id=MISTRAL,
            status="interrupted",
            text_length=len(only),
            reasoning_length=0,
            error=events.ErrorInfo("cut_off", {"vendor": "Mistral", "stage": "mid-stream"}),
            input_tokens=tokens_of(QUESTION),
            output_tokens=tokens_of(only),
            cost_usd=0.000038,
            is_estimated=True,
            attempts=1,
            first_token_ms=460,
            total_ms=812,
        ),
        events.Lengths(lengths=[(OPENAI, len(first + rest), 0)]),
        events.AnswerChanged(
            id=OPENAI,
            status="done",
            text_length=len(first + rest),
            reasoning_length=0,
            finish_reason="stop",
            vendor_finish_reason="stop",
            attempts=1,
            input_tokens=5,
            output_tokens=2,
            cost_usd=0.00001275,
            first_token_ms=310,
            total_ms=1240,
        ),
        events.TurnChanged(state="complete", message_id=42),
        events.Ask(message=" ", targets=["GPT-4"], client_id="tab-1-send-2"),
        events.Refused(code="empty_message", detail="The message is empty.", client_id="tab-1-send-2"),
    ]
