"""The vendors that WeBox knows, as data. A vendor that speaks a known protocol is a row here, not a file.

The catalogue in the database is filled from these rows and may be edited there.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from outbound import addresses
from providers.base import ProtocolName, Quirk

DEMO = "demo"
"""The slug of the demonstration, which is no AI."""
# Models that think in silence, servers that queue or first load a model.
PATIENT_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One vendor. `find` knows it by slug, label and aliases, in any case.

    `mark` is the letter or two by which the page tells vendors apart.
    """

    slug: str
    label: str
    mark: str
    protocol: ProtocolName
    aliases: tuple[str, ...] = ()
    variable: str = ""
    """Prefix of its environment variables: <variable>_API_KEY, <variable>_BASE_URL."""
    base_url: str = ""
    default_model: str
    models: tuple[str, ...] = ()
    """Suggestions, the default one first; any other model may be named too."""
    sees_images: str = ""
    """A pattern of the names of its models that see images; what it matches not is not known."""
    reasons: str = ""
    """A pattern of the names of its models that think before they answer."""
    prices: str = ""
    """Its name in genai-prices; empty where that has none."""
    silence_s: int = 0
    """The least silence to bear from it; 0 leaves it to the owner's setting."""
    max_calls: int = 0
    """How many answers it can write at once; 0 leaves it to the owner's setting."""
    quirks: frozenset[Quirk] = frozenset()
    needs_key: bool = True
    key_url: str = ""
    """The page on which a key is made."""

    def address(self, override: str = "") -> str:
        """Where it is reached; an override without a path gets the path of the usual address.

        Raises BadAddress for an override that is none.
        """
        if not override.strip():
            return self.base_url
        return addresses.parse(override, usual_path=urlsplit(self.base_url).path).url


_VENDORS = (
    Vendor(
        slug="openai",
        label="OpenAI",
        mark="O",
        protocol="openai",
        aliases=("ChatGPT", "GPT", "GPT-3.5", "GPT-4", "GPT-4o", "GPT-4.1", "GPT-5"),
        variable="OPENAI",
        base_url="https://api.openai.com/v1",
        default_model="gpt-5.4-mini",
        models=("gpt-5.4-mini", "gpt-5.5", "gpt-4.1-mini"),
        sees_images=r"^(gpt-[4-9](?!.*(audio|search))|gpt-4o|o[1-9]|chatgpt)",
        reasons=r"^(gpt-[5-9]|o[1-9])",
        prices="openai",
        silence_s=PATIENT_S,
        quirks=frozenset({Quirk.MAX_COMPLETION_TOKENS, Quirk.DEVELOPER_ROLE}),
        key_url="https://platform.openai.com/api-keys",
    ),
    Vendor(
        slug="anthropic",
        label="Anthropic",
        mark="A",
        protocol="anthropic",
        aliases=("Claude",),
        variable="ANTHROPIC",
        base_url="https://api.anthropic.com",
        default_model="claude-sonnet-5",
        models=("claude-sonnet-5", "claude-opus-5", "claude-haiku-4-5"),
        sees_images="^claude-",
        prices="anthropic",
        key_url="https://platform.claude.com/settings/keys",
    ),
    Vendor(
        slug="google",
        label="Google Gemini",
        mark="G",
        protocol="gemini",
        aliases=("Gemini", "Google"),
        variable="GOOGLE",
        base_url="https://generativelanguage.googleapis.com/v1beta",
        default_model="gemini-3.6-flash",
        models=("gemini-3.6-flash", "gemini-3.5-flash-lite", "gemini-2.5-flash"),
        sees_images="^gemini-",
        reasons=r"^gemini-(2\.5|[3-9])",
        prices="google",
        silence_s=PATIENT_S,
        key_url="https://aistudio.google.com/apikey",
    ),
    Vendor(
        slug="mistral",
        label="Mistral",
        mark="M",
        protocol="openai",
        aliases=("Mistral AI", "Le Chat"),
        variable="MISTRAL",
        base_url="https://api.mistral.ai/v1",
        default_model="mistral-small-latest",
        models=("mistral-small-latest", "mistral-large-latest"),
        sees_images=r"^(pixtral|mistral-(small|medium|large)-latest|mistral-(medium|large)-2[5-9])",
        reasons="^magistral",
        prices="mistral",
        quirks=frozenset({Quirk.NO_STREAM_OPTIONS, Quirk.TEMPERATURE_MAX_1}),
        key_url="https://console.mistral.ai/api-keys",
    ),
    Vendor(
        slug="cohere",
        label="Cohere",
        mark="C",
        protocol="cohere",
        aliases=("Command",),
        variable="COHERE",
        base_url="https://api.cohere.com",
        default_model="command-a-03-2025",
        models=("command-a-03-2025", "command-a-plus-05-2026"),
        sees_images="vision",
        reasons="reasoning",
        prices="cohere",
        key_url="https://dashboard.cohere.com/api-keys",
    ),
    Vendor(
        slug="perplexity",
        label="Perplexity",
        mark="P",
        protocol="openai",
        aliases=("Perplexity AI", "Sonar"),
        variable="PERPLEXITY",
        base_url="https://api.perplexity.ai",
        default_model="sonar",
        models=("sonar", "sonar-pro", "sonar-reasoning-pro"),
        sees_images="^sonar",
        reasons="reasoning",
        prices="perplexity",
        silence_s=PATIENT_S,
        quirks=frozenset({Quirk.PUBLIC_MODEL_LIST, Quirk.REPORTS_COST}),
        key_url="https://www.perplexity.ai/account/api/keys",
    ),
    Vendor(
        slug="deepseek",
        label="DeepSeek",
        mark="D",
        protocol="openai",
        variable="DEEPSEEK",
        base_url="https://api.deepseek.com",
        default_model="deepseek-flash",
        models=("deepseek-flash", "deepseek-v4-pro"),
        prices="deepseek",
        silence_s=PATIENT_S,
        key_url="https://platform.deepseek.com/api_keys",
    ),
    Vendor(
        slug="groq",
        label="Groq",
        mark="Gq",
        protocol="openai",
        variable="GROQ",
        base_url="https://api.groq.com/openai/v1",
        default_model="openai/gpt-oss-120b",
        models=("openai/gpt-oss-120b", "openai/gpt-oss-20b"),
        sees_images="llama-4|vision",
        reasons="gpt-oss|qwen3|deepseek-r1",
        prices="groq",
        key_url="https://console.groq.com/keys",
    ),
    Vendor(
        slug="together",
        label="Together",
        mark="T",
        protocol="openai",
        aliases=("Together AI",),
        variable="TOGETHER",
        base_url="https://api.together.xyz/v1",
        default_model="meta-llama/Llama-3.3-70B-Instruct-Turbo",
        models=("meta-llama/Llama-3.3-70B-Instruct-Turbo", "openai/gpt-oss-120b"),
        prices="together",
        silence_s=PATIENT_S,
        quirks=frozenset({Quirk.LISTS_PRICES}),
        key_url="https://api.together.ai/settings/api-keys",
    ),
    Vendor(
        slug="replicate",
        label="Replicate",
        mark="R",
        protocol="replicate",
        variable="REPLICATE",
        base_url="https://api.replicate.com/v1",
        default_model="openai/gpt-oss-120b",
        models=("openai/gpt-oss-120b",),
        silence_s=PATIENT_S,
        key_url="https://replicate.com/account/api-tokens",
    ),
    Vendor(
        slug="huggingface",
        label="Hugging Face",
        mark="H",
        protocol="openai",
        aliases=("HF",),
        variable="HUGGINGFACE",
        base_url="https://router.huggingface.co/v1",
        default_model="openai/gpt-oss-120b",
        models=("openai/gpt-oss-120b", "deepseek-ai/DeepSeek-R1"),
        silence_s=PATIENT_S,
        quirks=frozenset({Quirk.PUBLIC_MODEL_LIST}),
        key_url="https://huggingface.co/settings/tokens",
    ),
    Vendor(
        slug="xai",
        label="xAI",
        mark="X",
        protocol="openai",
        aliases=("Grok", "x.ai"),
        variable="XAI",
        base_url="https://api.x.ai/v1",
        default_model="grok-4.3",
        models=("grok-4.3", "grok-4.5"),
        sees_images=r"^grok-([4-9]|2-vision)",
        reasons=r"^grok-([4-9]|3-mini)",
        prices="x-ai",
        silence_s=PATIENT_S,
        quirks=frozenset({Quirk.MAX_COMPLETION_TOKENS}),
        key_url="https://console.x.ai",
    ),
    Vendor(
        slug="openrouter",
        label="OpenRouter",
        mark="Or",
        protocol="openai",
        variable="OPENROUTER",
        base_url="https://openrouter.ai/api/v1",
        default_model="openai/gpt-4o-mini",
        models=("openai/gpt-4o-mini", "anthropic/claude-haiku-4.5", "deepseek/deepseek-chat"),
        prices="openrouter",
        silence_s=PATIENT_S,
        quirks=frozenset({Quirk.PUBLIC_MODEL_LIST, Quirk.LISTS_PRICES, Quirk.REPORTS_COST}),
        key_url="https://openrouter.ai/settings/keys",
    ),
    Vendor(
        slug="ollama",
        label="Ollama",
        mark="Ol",
        protocol="ollama",
        variable="OLLAMA",
        base_url="http://localhost:11434",
        default_model="qwen3",
        models=("qwen3", "gpt-oss:20b", "llama3.2"),
        silence_s=PATIENT_S,
        # One graphics card: more at once would only make each wait in silence.
        max_calls=4,
        needs_key=False,
    ),
    Vendor(
        slug=DEMO,
        label="Demo",
        mark="De",
        protocol="demo",
        aliases=("Démo",),
        default_model="quick",
        models=("quick", "slow", "code", "broken"),
        needs_key=False,
    ),
)


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A kind of server that people run on their own machine, and where it usually listens."""

    slug: str
    label: str
    mark: str
    protocol: ProtocolName
    base_url: str


LOCAL_SERVERS = (
    LocalServer("ollama", "Ollama", "Ol", "ollama", "http://127.0.0.1:11434"),
    LocalServer("llamacpp", "llama.cpp", "Lc", "openai", "http://127.0.0.1:8080/v1"),
    LocalServer("lmstudio", "LM Studio", "Ls", "openai", "http://127.0.0.1:1234/v1"),
    LocalServer("vllm", "vLLM", "Vl", "openai", "http://127.0.0.1:8000/v1"),
)


def name_key(name: str) -> str:
    """People write "GPT 4", "gpt-4" and "Mistral AI": case, spaces and punctuation do not count."""
    return re.sub(r"[\s._-]+", "", name.casefold())


_BY_KEY = {
    name_key(name): vendor for vendor in _VENDORS for name in (vendor.slug, vendor.label, *vendor.aliases)
}


def find(name: str) -> Vendor | None:
    """The vendor of that slug, label or alias, or None."""
    return _BY_KEY.get(name_key(name))


def all_vendors() -> tuple[Vendor, ...]:
    """Every known vendor in the order in which the page offers them, the demo last."""
    return _VENDORS
