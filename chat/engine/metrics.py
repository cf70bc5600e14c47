"""Of the answers this process has written since it started: how many, how they ended, how fast they were.

Prometheus reads them (operations.metrics). A person's own servers are one provider, "own".
"""

from prometheus_client import Counter, Histogram

from chat.engine.running import Outcome, RunningAnswer

OWN = "own"
_FIRST_TOKEN_S = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 8, 13, 30, 60, 120, 300)
_TOKENS_PER_S = (5, 10, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 1000)

turns = Counter("webox_turns", "Turns that have begun to be written.")
answers = Counter("webox_answers", "Answers that ended, and how.", ["provider", "outcome"])
first_token = Histogram(
    "webox_first_token_seconds", "Until an answer's first token.", ["provider"], buckets=_FIRST_TOKEN_S
)
speed = Histogram(
    "webox_answer_tokens_per_second",
    "Tokens a second from the first to the last, of answers that are done.",
    ["provider"],
    buckets=_TOKENS_PER_S,
)
tokens = Counter("webox_tokens", "Tokens that vendors counted, or were estimated.", ["provider", "direction"])
cost = Counter("webox_cost_usd", "What answers cost, as far as prices are known.", ["provider"])


def count(provider: str, answer: RunningAnswer, outcome: Outcome) -> None:
    """Take in an answer that has ended as this."""
    answers.labels(provider, outcome.status).inc()
    usage = outcome.usage
    tokens.labels(provider, "in").inc(usage.input_tokens or 0)
    tokens.labels(provider, "out").inc(usage.output_tokens or 0)
    cost.labels(provider).inc((outcome.cost_nanousd or 0) / 1e9)
    if answer.first_token_ms is None:
        return
    first_token.labels(provider).observe(answer.first_token_ms / 1000)
    writing_ms = (answer.total_ms or 0) - answer.first_token_ms
    if outcome.status == "done" and usage.output_tokens and writing_ms > 0:
        speed.labels(provider).observe(usage.output_tokens / writing_ms * 1000)
