from itertools import chain

import pytest
from django.conf import settings

from providers.registry import all_vendors, find


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("GPT-4", "openai"),
        ("gpt-4o", "openai"),
        ("ChatGPT", "openai"),
        (" chatgpt ", "openai"),
        ("GPT", "openai"),
        ("OpenAI", "openai"),
        ("Claude", "anthropic"),
        ("ANTHROPIC", "anthropic"),
        ("Gemini", "google"),
        ("Google Gemini", "google"),
        ("Mistral AI", "mistral"),
        ("le chat", "mistral"),
        ("Cohere", "cohere"),
        ("Perplexity", "perplexity"),
        ("DeepSeek", "deepseek"),
        ("Groq", "groq"),
        ("Together AI", "together"),
        ("Replicate", "replicate"),
        ("Hugging Face", "huggingface"),
        ("HuggingFace", "huggingface"),
        ("hf", "huggingface"),
        ("Grok", "xai"),
        ("xAI", "xai"),
        ("OpenRouter", "openrouter"),
        ("ollama", "ollama"),
        ("démo", "demo"),
    ],
)
def test_common_names_are_understood_in_any_case(name: str, slug: str) -> None:
    vendor = find(name)
    assert vendor is not None
    assert vendor.slug == slug


@pytest.mark.parametrize("name", ["", " ", "-", "Llama", "openai:gpt", "unknown"])
def test_other_names_are_unknown(name: str) -> None:
    assert find(name) is None


def test_no_two_vendors_share_a_name_or_a_mark() -> None:
    vendors = all_vendors()
    for vendor in vendors:
        assert all(find(name) is vendor for name in (vendor.slug, vendor.label, *vendor.aliases))
    assert len({vendor.mark for vendor in vendors}) == len(vendors)


def test_every_vendor_that_settings_name_is_known_and_no_other() -> None:
    assert {vendor.variable for vendor in all_vendors()} - {""} == set(settings.VENDOR_VARIABLES)


def test_every_row_can_be_used() -> None:
    for vendor in all_vendors():
        assert vendor.default_model == vendor.models[0]
        assert len(set(vendor.models)) == len(vendor.models)
        assert vendor.needs_key == bool(vendor.key_url)
        assert bool(vendor.base_url) == bool(vendor.variable)
        assert not vendor.base_url.endswith("/")
    urls = chain.from_iterable((vendor.base_url, vendor.key_url) for vendor in all_vendors())
    assert all(url.startswith("https://") for url in urls if url and "localhost" not in url)


@pytest.mark.parametrize(
    ("slug", "given", "address"),
    [
        ("ollama", "", "http://localhost:11434"),
        ("ollama", "http://box:11434", "http://box:11434"),
        ("ollama", "http://box:11434/v1/ ", "http://box:11434/v1"),
        ("groq", "https://proxy.example", "https://proxy.example/openai/v1"),
        ("groq", "https://proxy.example/groq", "https://proxy.example/groq"),
        ("perplexity", "https://proxy.example/", "https://proxy.example"),
    ],
)
def test_an_address_without_a_path_gets_the_usual_one(slug: str, given: str, address: str) -> None:
    vendor = find(slug)
    assert vendor is not None
    assert vendor.address(given) == address
