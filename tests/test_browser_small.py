"""Every page and state on a phone, at 200 % zoom, and for who wants no motion."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import PHONE
from tests.places import PLACES, Place, Visit, script
from tests.scene import Scene

pytestmark = pytest.mark.browser

SMALLEST, ZOOMED = (320, 640), (720, 450)
TARGET_PX = 44
SIDEWAYS = script("sideways")
CUT = script("cut")
CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=tab], [tabindex='0']"
UNREACHABLE = script("unreachable")
TOO_SMALL = script("too_small")
MOVING = script("moving")
SMOOTH = script("smooth")

OURS = [place for place in PLACES if not place.is_foreign]
by_name = pytest.mark.parametrize("place", OURS, ids=lambda place: place.name)


def wide(page: Page) -> list[str]:
    """What is wider than the window, where the page scrolls sideways."""
    return list(page.evaluate(SIDEWAYS))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_no_page_scrolls_sideways_on_a_phone(place: Place, scene: Scene, chromium: Browser) -> None:
    if not place.is_for(PHONE):
        pytest.skip("not on a phone")
    with Visit(chromium, scene, "fr", PHONE) as visit:
        page = visit.go(place)
        assert wide(page) == []
        page.set_viewport_size({"width": SMALLEST[0], "height": SMALLEST[1]})
        assert wide(page) == []


@by_name
def test_at_twice_the_size_all_is_there(place: Place, scene: Scene, chromium: Browser) -> None:
    if not place.is_for(ZOOMED):
        pytest.skip("not in a window of this width")
    with Visit(chromium, scene, "fr", ZOOMED, device_scale_factor=2) as visit:
        page = visit.go(place)
        assert wide(page) == []
        assert page.evaluate(CUT) == []
        assert page.evaluate(UNREACHABLE, CONTROLS) == []


@pytest.mark.parametrize(
    "place",
    [place for place in OURS if place.name.startswith("chat") and place.is_for(PHONE)],
    ids=lambda place: place.name,
)
def test_a_finger_meets_every_control_of_the_chat(place: Place, scene: Scene, chromium: Browser) -> None:
    with Visit(chromium, scene, "fr", PHONE, has_touch=True) as visit:
        page = visit.go(place)
        assert page.evaluate(TOO_SMALL, [CONTROLS, TARGET_PX]) == []


@by_name
def test_nothing_moves_for_who_wants_no_motion(place: Place, scene: Scene, chromium: Browser) -> None:
    size = PHONE if place.only_on_phones else (1440, 900)
    with Visit(chromium, scene, "en", size, reduced_motion="reduce") as visit:
        page = visit.go(place)
        assert page.evaluate(MOVING) == []
        assert page.evaluate(SMOOTH) == []
