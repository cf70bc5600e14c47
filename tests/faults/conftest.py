"""Sites to be hit, one of each kind a session; every test finds them whole and tells a story of its own."""

from collections.abc import Iterator

import pytest

from tests.faults.invariants import SECRET
from tests.faults.parts import PROBE, EmbeddedSite, FaultSite, ScaledSite, started
from tests.faults.scripts import closed_port, resetting_vendor
from tests.faults.services import OwnPostgres, OwnRedis
from tests.faults.story import Story, story_on
from tests.site.fixtures import vendor_settings
from tests.site.vendor import Vendor

TOTAL_S = 10
"""How long an answer may take on the embedded site. The scaled one has the usual ten minutes."""


@pytest.fixture(scope="session")
def fault_settings(far_vendor: Vendor) -> Iterator[dict[str, str]]:
    """Beside the vendors of every whole-system test: one that is not there, one that resets, the probe."""
    settings = vendor_settings(far_vendor)
    with closed_port() as closed, resetting_vendor() as resetting:
        settings["DEEPSEEK_BASE_URL"] = f"http://127.0.0.1:{closed}/v1"
        settings["TOGETHER_BASE_URL"] = f"http://127.0.0.1:{resetting}/v1"
        settings[f"{PROBE.upper()}_BASE_URL"] = far_vendor.address(PROBE)
        names = [name.removesuffix("_BASE_URL") for name in settings if name.endswith("_BASE_URL")]
        yield settings | {f"{name}_API_KEY": SECRET for name in names}


@pytest.fixture(scope="session")
def embedded_fault_site(
    fault_settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedSite]:
    settings = fault_settings | {"WEBOX_VENDOR_TOTAL_S": str(TOTAL_S)}
    site = EmbeddedSite(tmp_path_factory.mktemp("embedded-faults"), settings)
    with started(site):
        yield site


@pytest.fixture(scope="session")
def scaled_fault_site(
    fault_settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ScaledSite]:
    with OwnRedis() as own_redis, OwnPostgres() as own_postgres:
        var = tmp_path_factory.mktemp("scaled-faults")
        site = ScaledSite(var, fault_settings, own_redis, own_postgres)
        with started(site):
            yield site


@pytest.fixture
def probed_vendor(vendor_scripts: Vendor) -> Vendor:
    """The vendor with no script but the probe's."""
    vendor_scripts.scripts[PROBE] = lambda exchange: exchange.answer("Well")
    return vendor_scripts


@pytest.fixture
def embedded(embedded_fault_site: EmbeddedSite, probed_vendor: Vendor) -> EmbeddedSite:
    embedded_fault_site.heal()
    return embedded_fault_site


@pytest.fixture
def scaled(scaled_fault_site: ScaledSite, probed_vendor: Vendor) -> ScaledSite:
    scaled_fault_site.heal()
    return scaled_fault_site


@pytest.fixture(params=["embedded", pytest.param("scaled", marks=pytest.mark.services)])
def either(request: pytest.FixtureRequest) -> FaultSite:
    """Each kind of site in turn, for faults that both must bear."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, FaultSite)
    return found


@pytest.fixture
def story(either: FaultSite, probed_vendor: Vendor) -> Iterator[Story]:
    """A story on either kind of site."""
    with story_on(either, probed_vendor) as story:
        yield story


@pytest.fixture
def embedded_story(embedded: EmbeddedSite, probed_vendor: Vendor) -> Iterator[Story]:
    with story_on(embedded, probed_vendor) as story:
        yield story


@pytest.fixture
def scaled_story(scaled: ScaledSite, probed_vendor: Vendor) -> Iterator[Story]:
    with story_on(scaled, probed_vendor) as story:
        yield story
