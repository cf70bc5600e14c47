import pytest

from providers.protocols import make_adapter
from providers.registry import LOCAL_SERVERS, Vendor, all_vendors
from providers.wire.http import ProviderClient


@pytest.mark.parametrize("vendor", all_vendors(), ids=lambda vendor: vendor.slug)
def test_every_vendor_has_an_adapter(vendor: Vendor) -> None:
    assert make_adapter(vendor.protocol, ProviderClient()) is not None


def test_every_local_server_has_an_adapter_and_a_place_of_its_own() -> None:
    for server in LOCAL_SERVERS:
        assert make_adapter(server.protocol, ProviderClient()) is not None
    assert len({server.base_url for server in LOCAL_SERVERS}) == len(LOCAL_SERVERS)
