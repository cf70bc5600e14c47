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
REALLY_ZOOMED = {"chat-answers", "home", "security"}
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


def crowded(page: Page) -> list[str]:
    """What a small window or a wish for no motion breaks: in French, whose words are the longest."""
    found = [f"too wide: {one}" for one in wide(page)]
    found += [f"cut: {one}" for one in page.evaluate(CUT)]
    found += [f"moves: {one}" for one in page.evaluate(MOVING)]
    found += [f"scrolls smoothly: {one}" for one in page.evaluate(SMOOTH)]
    # Last, for it scrolls.
    return found + [f"out of reach: {one}" for one in page.evaluate(UNREACHABLE, CONTROLS)]


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
    [place for place in PLACES if place.name in REALLY_ZOOMED],
    ids=lambda place: place.name,
)
def test_at_twice_the_size_all_is_there_and_nothing_moves_by_itself(
    place: Place, scene: Scene, chromium: Browser
) -> None:
    """With a real device scale; every other place is held to the same in test_places.py."""
    with Visit(chromium, scene, "fr", ZOOMED, device_scale_factor=2, reduced_motion="reduce") as visit:
        assert crowded(visit.go(place.who, place.open)) == []


def test_the_places_that_are_really_zoomed_are_there() -> None:
    assert {place.name for place in PLACES} >= REALLY_ZOOMED
