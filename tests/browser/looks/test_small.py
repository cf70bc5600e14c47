"""Every page and state on a phone, at 200 % zoom, and for who wants no motion."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.kit.browser import PHONE
from tests.browser.kit.places import PLACES, Place
from tests.browser.kit.visit import Visit, script
from tests.browser.kit.ways import answers
from tests.site.scene import Scene

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
TWO_FRAMES = "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
AT_LAST_QUESTION = """() => {
  const [thread, turn] = [document.querySelector(".thread"), document.querySelector(".turn.live")];
  return turn !== null && turn.offsetTop > 0 && Math.abs(thread.scrollTop - turn.offsetTop) <= 1;
}"""


def wide(page: Page) -> list[str]:
    """What is wider than the window, where the page scrolls sideways."""
    return list(page.evaluate(SIDEWAYS))


def test_a_phone_opens_a_conversation_at_its_last_question(scene: Scene, chromium: Browser) -> None:
    with Visit(chromium, scene, "fr", PHONE, has_touch=True) as visit:
        page = visit.go("person", answers)
        page.reload()
        page.wait_for_function(AT_LAST_QUESTION)
        # Also once the turns above have their height.
        page.wait_for_function("() => document.querySelectorAll('.turn.unbuilt').length === 0")
        page.evaluate(TWO_FRAMES)
        assert page.evaluate(AT_LAST_QUESTION)


@pytest.mark.parametrize(
    "place",
    [place for place in PLACES if place.is_for(ZOOMED) and not place.is_foreign],
    ids=lambda place: place.name,
)
def test_at_twice_the_size_all_is_there_and_nothing_moves_by_itself(
    place: Place, scene: Scene, chromium: Browser
) -> None:
    with Visit(chromium, scene, "fr", ZOOMED, device_scale_factor=2, reduced_motion="reduce") as visit:
        page = visit.go(place.who, place.open)
        assert wide(page) == []
        assert page.evaluate(CUT) == []
        assert page.evaluate(MOVING) == []
        assert page.evaluate(SMOOTH) == []
        # Last, for it scrolls.
        assert page.evaluate(UNREACHABLE, CONTROLS) == []
