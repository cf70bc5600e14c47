"""The models that each vendor lists, in the shapes of the vendors' documentation."""

import json
from collections.abc import AsyncIterator
from typing import Any, get_args

import pytest

from providers.base import ListedModel, ProtocolName
from providers.errors import BadKey, BadStream
from providers.protocols import make_adapter
from providers.tests.vendor import Reply, Request, VendorServer
from providers.wire.http import ProviderClient

PROTOCOLS = [name for name in get_args(ProtocolName) if name != "demo"]
JSON = {"Content-Type": "application/json"}


def json_reply(value: object, status: int = 200) -> Reply:
    return Reply((json.dumps(value).encode(),), status, JSON)


@pytest.fixture
async def client() -> AsyncIterator[ProviderClient]:
    client = ProviderClient(backoff_s=0.001)
    yield client
    await client.aclose()


async def listed(client: ProviderClient, protocol: ProtocolName, *pages: object) -> list[ListedModel]:
    async with VendorServer(*map(json_reply, pages)) as vendor:
        return await make_adapter(protocol, client).models(vendor.endpoint())


def names(models: list[ListedModel]) -> list[str]:
    return [model.name for model in models]


async def test_openais_mixed_list_keeps_what_can_chat(client: ProviderClient) -> None:
    chat = ["gpt-5.4-mini", "gpt-4o", "o3", "chatgpt-4o-latest", "ft:gpt-4.1-mini:acme::x"]
    other = [
        "text-embedding-3-small", "whisper-1", "tts-1", "gpt-4o-mini-tts", "dall-e-3", "gpt-image-1",
        "omni-moderation-latest", "gpt-realtime", "gpt-4o-audio-preview", "gpt-4o-transcribe", "babbage-002",
        "davinci-002", "sora-2", "computer-use-preview", "gpt-4o-search-api",
    ]  # fmt: skip
    data = [{"id": name, "object": "model", "created": 1, "owned_by": "openai"} for name in other + chat]
    async with VendorServer(json_reply({"object": "list", "data": data})) as vendor:
        models = await make_adapter("openai", client).models(vendor.endpoint())
    assert models == [ListedModel(name) for name in chat]
    (request,) = vendor.requests
    assert (request.method, request.path) == ("GET", "/v1/models")
    assert request.headers["authorization"] == "Bearer key-1"
    assert request.headers["accept"] == "application/json"


async def test_mistral_says_itself_what_can_chat_and_see(client: ProviderClient) -> None:
    def model(name: str, *, chat: bool, vision: bool, **more: Any) -> dict[str, Any]:
        return {"id": name, "capabilities": {"completion_chat": chat, "vision": vision}, **more}

    models = await listed(client, "openai", {"data": [
        model("mistral-large-latest", chat=True, vision=True, max_context_length=131072),
        model("voxtral-small", chat=True, vision=False),
        model("mistral-embed", chat=False, vision=False),
        model("mistral-large-latest", chat=True, vision=True, max_context_length=131072),
    ]})  # fmt: skip
    assert models == [
        ListedModel("mistral-large-latest", context_window=131072, sees_images=True),
        ListedModel("voxtral-small", sees_images=False),
    ]


async def test_a_model_that_groq_has_put_to_rest_is_left_out(client: ProviderClient) -> None:
    models = await listed(client, "openai", {"data": [
        {"id": "openai/gpt-oss-20b", "active": True, "context_window": 131072},
        {"id": "gemma2-9b-it", "active": False, "context_window": 8192},
        {"id": "whisper-large-v3", "active": True, "context_window": 448},
        {"id": "meta-llama/llama-guard-4-12b", "active": True},
    ]})  # fmt: skip
    assert models == [ListedModel("openai/gpt-oss-20b", context_window=131072)]


async def test_openrouter_lists_modalities_and_prices_of_a_token(client: ProviderClient) -> None:
    def model(slug: str, inputs: list[str], outputs: list[str], **more: Any) -> dict[str, Any]:
        return {
            "id": slug,
            "architecture": {"input_modalities": inputs, "output_modalities": outputs},
            **more,
        }

    prices = {"prompt": "0.00000015", "completion": "0.0000006", "input_cache_read": "0.000000075"}
    models = await listed(client, "openai", {"data": [
        model("openai/gpt-4o-mini", ["text", "image"], ["text"], name="OpenAI: GPT-4o-mini", pricing=prices,
              context_length=128000, supported_parameters=["temperature", "reasoning"]),
        model("black-forest/flux", ["text"], ["image"]),
        model("google/gemini-image", ["text"], ["image", "text"], supported_parameters=["temperature"],
              pricing={"prompt": "0", "completion": "0"}),
        model("openrouter/auto", ["text"], ["text"], pricing={"prompt": "-1", "completion": "-1"}),
    ]})  # fmt: skip
    assert models == [
        ListedModel("openai/gpt-4o-mini", "OpenAI: GPT-4o-mini", 128000, True, True, 0.15, 0.6, 0.075),
        ListedModel(
            "google/gemini-image", sees_images=False, reasons=False, input_price=0.0, output_price=0.0
        ),
        ListedModel("openrouter/auto", sees_images=False),
    ]


async def test_togethers_list_is_a_bare_array_with_prices_of_a_million(client: ProviderClient) -> None:
    models = await listed(client, "openai", [
        {"id": "meta-llama/Llama-3.3-70B", "type": "chat", "display_name": "Llama 3.3 70B",
         "context_length": 131072, "pricing": {"input": 0.88, "output": 0.88, "hourly": 0}},
        {"id": "black-forest-labs/x", "type": "image"},
        {"id": "togethercomputer/m2-bert", "type": "embedding"},
        {"id": "Salesforce/Rank", "type": "rerank"},
    ])  # fmt: skip
    assert models == [
        ListedModel("meta-llama/Llama-3.3-70B", "Llama 3.3 70B", 131072, input_price=0.88, output_price=0.88)
    ]


@pytest.mark.parametrize(
    "price", ["Infinity", "1e400", "NaN", "-0.1", "x", "", None, True, [], {"usd": 1}, "9" * 400]
)
async def test_a_price_that_is_none_is_not_known(client: ProviderClient, price: object) -> None:
    pricing = {"prompt": price, "completion": price, "input": price, "output": price}
    (model,) = await listed(client, "openai", {"data": [{"id": "m", "pricing": pricing}]})
    assert (model.input_price, model.output_price) == (None, None)


async def test_a_local_server_may_list_nothing_yet(client: ProviderClient) -> None:
    assert await listed(client, "openai", {"object": "list", "data": []}) == []
    assert await listed(client, "ollama", {"models": []}) == []


async def test_vllm_says_how_long_a_conversation_may_be(client: ProviderClient) -> None:
    data = [{"id": "Qwen/Qwen3", "object": "model", "max_model_len": 40960}]
    assert await listed(client, "openai", {"data": data}) == [ListedModel("Qwen/Qwen3", context_window=40960)]


async def test_a_responses_server_lists_names(client: ProviderClient) -> None:
    data = [{"id": "gpt-5.5"}, {"id": ""}, {"id": 5}, "x"]
    assert await listed(client, "openai-responses", {"data": data}) == [ListedModel("gpt-5.5")]


async def test_anthropics_pages_are_followed(client: ProviderClient) -> None:
    def model(name: str, **more: Any) -> dict[str, Any]:
        return {"type": "model", "id": name, "display_name": name.title(), **more}

    first = {"data": [model("claude-a", max_input_tokens=200000)], "has_more": True, "last_id": "claude-a"}
    blind = {"capabilities": {"image_input": {"supported": False}}}
    last = {"data": [model("claude-b", **blind)], "has_more": False, "last_id": "claude-b"}
    async with VendorServer(json_reply(first), json_reply(last)) as vendor:
        models = await make_adapter("anthropic", client).models(vendor.endpoint(path=""))
    assert models == [
        ListedModel("claude-a", "Claude-A", 200000, sees_images=True),
        ListedModel("claude-b", "Claude-B", sees_images=False),
    ]
    paths = [request.path for request in vendor.requests]
    assert paths == ["/v1/models?limit=1000", "/v1/models?limit=1000&after_id=claude-a"]
    assert vendor.requests[1].headers["x-api-key"] == "key-1"


async def test_geminis_pages_are_followed_and_only_what_can_chat_is_kept(client: ProviderClient) -> None:
    def model(name: str, *methods: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "supportedGenerationMethods": list(methods), **more}

    first = {"nextPageToken": "t&1", "models": [
        model("models/gemini-9", "generateContent", "countTokens", displayName="Gemini 9",
              inputTokenLimit=1048576, thinking=True),
        model("models/text-embedding-004", "embedContent"),
        model("models/gemini-9-image", "generateContent"),
        model("models/gemini-9-tts", "generateContent"),
    ]}  # fmt: skip
    last = {"models": [
        model("models/gemma-3", "generateContent"),
        model("tunedModels/x", "generateContent"),
        {"name": "models/aqa", "supportedGenerationMethods": "generateAnswer"},
    ]}  # fmt: skip
    async with VendorServer(json_reply(first), json_reply(last)) as vendor:
        models = await make_adapter("gemini", client).models(vendor.endpoint(path="/v1beta"))
    assert models == [
        ListedModel("gemini-9", "Gemini 9", 1048576, sees_images=True, reasons=True),
        ListedModel("gemma-3"),
    ]
    paths = [request.path for request in vendor.requests]
    assert paths == ["/v1beta/models?pageSize=1000", "/v1beta/models?pageSize=1000&pageToken=t%261"]
    assert all("key" not in path for path in paths)


async def test_coheres_pages_are_followed(client: ProviderClient) -> None:
    first = {"next_page_token": "t2", "models": [
        {"name": "command-a-vision", "endpoints": ["chat"], "context_length": 128000.0,
         "features": ["vision", "json_mode"]}]}  # fmt: skip
    last = {"models": [{"name": "command-a-reasoning", "features": ["reasoning"]}, {"name": "command-r"}, 7]}
    async with VendorServer(json_reply(first), json_reply(last)) as vendor:
        models = await make_adapter("cohere", client).models(vendor.endpoint(path="/v2"))
    assert models == [
        ListedModel("command-a-vision", context_window=128000, sees_images=True, reasons=False),
        ListedModel("command-a-reasoning", sees_images=False, reasons=True),
        ListedModel("command-r"),
    ]
    query = "/v1/models?endpoint=chat&page_size=1000"
    assert [request.path for request in vendor.requests] == [query, f"{query}&page_token=t2"]


class Ollama(VendorServer):
    """Tags, and what it shows of each model; an int is a refusal."""

    def __init__(self, shown: dict[str, Any]) -> None:
        super().__init__()
        self.shown = shown

    def reply_to(self, request: Request) -> Reply:
        if request.path == "/api/tags":
            return json_reply({"models": [{"name": name, "size": 5} for name in self.shown]})
        assert (request.method, request.path) == ("POST", "/api/show")
        shown = self.shown[request.body["model"]]
        return json_reply({"error": "no"}, shown) if isinstance(shown, int) else json_reply(shown)


async def test_ollama_is_asked_what_each_model_can_do(client: ProviderClient) -> None:
    shown = {
        "qwen3:8b": {
            "capabilities": ["completion", "tools", "thinking"],
            "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40960},
        },
        "nomic-embed-text": {"capabilities": ["embedding"], "model_info": {"nomic.context_length": 2048}},
        "llava": {"capabilities": ["completion", "vision"]},
        "of-an-old-server": {"details": {}},
        "broken": 400,
        "odd": [],
    }
    async with Ollama(shown) as vendor:
        models = await make_adapter("ollama", client).models(vendor.endpoint())
    assert models == [
        ListedModel("qwen3:8b", context_window=40960, sees_images=False, reasons=True),
        ListedModel("llava", sees_images=True, reasons=False),
        ListedModel("of-an-old-server"),
        ListedModel("broken"),
        ListedModel("odd"),
    ]


async def test_ollamas_hundredth_model_is_listed_without_being_asked_for(client: ProviderClient) -> None:
    async with Ollama({f"m{number}": {"capabilities": ["completion"]} for number in range(100)}) as vendor:
        models = await make_adapter("ollama", client).models(vendor.endpoint())
    assert names(models) == [f"m{number}" for number in range(100)]
    assert len(vendor.requests) <= 51


async def test_replicate_lists_its_language_models(client: ProviderClient) -> None:
    found = [{"owner": "meta", "name": "llama"}, {"owner": "x"}, {"name": "y"}, {"owner": 1, "name": 2}, None]
    async with VendorServer(json_reply({"slug": "language-models", "models": found})) as vendor:
        models = await make_adapter("replicate", client).models(vendor.endpoint())
    assert models == [ListedModel("meta/llama")]
    assert vendor.requests[0].path == "/v1/collections/language-models"


# A page that always names a next one, in each protocol that has pages.
PAGES: dict[ProtocolName, Any] = {
    "anthropic": {"data": [{"id": "a"}], "has_more": True, "last_id": "a"},
    "gemini": {
        "models": [{"name": "models/a", "supportedGenerationMethods": ["generateContent"]}],
        "nextPageToken": "t",
    },
    "cohere": {"models": [{"name": "a"}], "next_page_token": "t"},
}


@pytest.mark.parametrize("protocol", PAGES)
async def test_pages_without_end_end_and_a_model_is_listed_once(
    client: ProviderClient, protocol: ProtocolName
) -> None:
    async with VendorServer(json_reply(PAGES[protocol])) as vendor:
        models = await make_adapter(protocol, client).models(vendor.endpoint())
    assert 1 < len(vendor.requests) <= 20
    assert set(names(models)) == {"a"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "value", [{}, 7, None, "x", {"data": None}, {"data": {}}, {"models": "x"}, {"error": "x"}]
)
async def test_what_is_no_list_is_a_bad_stream(
    client: ProviderClient, protocol: ProtocolName, value: object
) -> None:
    with pytest.raises(BadStream):
        await listed(client, protocol, value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "reply",
    [
        Reply((b"<html>Sign in</html>",), headers={"Content-Type": "text/html"}),
        Reply((b"",), headers=JSON),
        Reply((b'{"data": [',), headers=JSON),
        Reply((b"\xff\xfe",), headers=JSON),
        Reply((b"[" * 100_000,), headers=JSON),
    ],
    ids=["html", "nothing", "half", "no text", "deep"],
)
async def test_what_is_no_json_is_a_bad_stream(
    client: ProviderClient, protocol: ProtocolName, reply: Reply
) -> None:
    async with VendorServer(reply) as vendor:
        with pytest.raises(BadStream):
            await make_adapter(protocol, client).models(vendor.endpoint())
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_odd_items_are_passed_over(client: ProviderClient, protocol: ProtocolName) -> None:
    odd: list[object] = [None, 7, "x", [], {}, {"id": None, "name": 5, "owner": []}, {"id": "", "name": ""}]
    assert await listed(client, protocol, {"data": odd, "models": odd, "has_more": "yes"}) == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_wrong_key_is_named(client: ProviderClient, protocol: ProtocolName) -> None:
    async with VendorServer(json_reply({"error": {"message": "no"}}, 401)) as vendor:
        with pytest.raises(BadKey):
            await make_adapter(protocol, client).models(vendor.endpoint())
    assert len(vendor.requests) == 1
