"""The eight vendors that a site of the benchmarks asks, all of them bench.kit.stamp_vendor."""

VENDORS = ("OPENAI", "MISTRAL", "GROQ", "XAI", "DEEPSEEK", "TOGETHER", "PERPLEXITY", "OPENROUTER")
SHORT = "0x3"
"""The model that answers with three tokens at once."""


def settings(url: str) -> dict[str, str]:
    """A site's variables that send all of them to one address."""
    keys = {f"{name}_API_KEY": "sk-bench" for name in VENDORS}
    return keys | {f"{name}_BASE_URL": url for name in VENDORS}


def model(tokens_per_s: int, seconds: float) -> str:
    """The model that writes at this pace for so long."""
    return f"{tokens_per_s}x{max(1, round(tokens_per_s * seconds))}"


def prose_model(tokens_per_s: int, seconds: float) -> str:
    """The same, with text as AIs write it."""
    return f"prose-{model(tokens_per_s, seconds)}"


def tokens_of(model: str) -> int:
    """How many tokens an answer of this model has."""
    return int(model.partition("x")[2])


def target(vendor: str, model: str) -> str:
    return f"{vendor.lower()}:{model}"


def targets(count: int, model: str) -> list[str]:
    """So many AIs to ask at once, all with this model."""
    return [target(vendor, model) for vendor in VENDORS[:count]]
