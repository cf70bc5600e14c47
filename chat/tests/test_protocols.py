import pytest

from chat.providers.base import ChatMessage, ChatRequest, Endpoint
from chat.providers.errors import Unsupported
from chat.providers.http import ProviderClient
from chat.providers.protocols import UnsupportedProvider, make_provider
from chat.providers.registry import Vendor, all_vendors
from chat.tests.vendor import listen

REQUEST = ChatRequest("m", (ChatMessage("user", "Why?"),))


@pytest.mark.parametrize("vendor", all_vendors(), ids=lambda vendor: vendor.slug)
def test_every_available_vendor_has_an_adapter(vendor: Vendor) -> None:
    provider = make_provider(vendor.protocol, ProviderClient())
    assert isinstance(provider, UnsupportedProvider) is not vendor.available


async def test_a_protocol_that_is_not_spoken_yet_says_so() -> None:
    provider = make_provider("replicate", ProviderClient())
    error = (await listen(provider.stream(REQUEST, Endpoint("Replicate", "", "", 1.0)))).error
    assert isinstance(error, Unsupported)
    assert error.detail == "WeBox cannot talk to Replicate yet."
