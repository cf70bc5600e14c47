"""Every page and state on a phone, at 200 % zoom, and for who wants no motion."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import PHONE
from tests.places import PLACES, Place, Visit
from tests.scene import Scene

pytestmark = pytest.mark.browser

SMALLEST, ZOOMED = (320, 640), (720, 450)
TARGET_PX = 44
# How wide a page is has nothing to do with us where all of it is another project's; those scroll inside.
SIDEWAYS = """
() => {
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide <= 0) return [];
  const past = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
  return [`${wide} px too wide`, ...past.slice(0, 5).map((one) => one.outerHTML.slice(0, 160))];
}
"""
CUT = """
() => {
  // What scrolls, ends in an ellipsis or is for screen readers alone is not cut off by mistake.
  const spared = (one) => {
    const { overflowX, overflowY, textOverflow, position, clipPath } = getComputedStyle(one);
    const scrolls = [overflowX, overflowY].some((value) => value === "auto" || value === "scroll");
    return scrolls || textOverflow === "ellipsis" || clipPath !== "none" || (position === "absolute" && one.offsetWidth <= 1);
  };
  const cut = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode;
    if (node.data.trim() === "" || !node.parentElement.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const text = range.getBoundingClientRect();
    if (text.width === 0) continue;
    for (let box = node.parentElement; box && box !== document.body; box = box.parentElement) {
      if (spared(box)) break;
      const { overflowX, overflowY } = getComputedStyle(box);
      const edge = box.getBoundingClientRect();
      const across = overflowX !== "visible" && (text.right > edge.right + 1.5 || text.left < edge.left - 1.5);
      const down = overflowY !== "visible" && (text.bottom > edge.bottom + 3 || text.top < edge.top - 3);
      if (across || down) cut.push(`${node.data.trim().slice(0, 40)} in ${box.tagName}.${box.className}`);
    }
  }
  return cut;
}
"""
CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=tab], [tabindex='0']"
UNREACHABLE = """
(controls) => [...document.querySelectorAll(controls)].filter((one) => {
  if (!one.checkVisibility({ visibilityProperty: true }) || one.closest("[inert]") || one.matches(".skip-link")) return false;
  one.scrollIntoView({ block: "nearest", inline: "nearest" });
  const box = one.getBoundingClientRect();
  return box.right < 1 || box.bottom < 1 || box.left > innerWidth - 1 || box.top > innerHeight - 1;
}).map((one) => one.outerHTML.slice(0, 160))
"""
TOO_SMALL = """
([controls, least]) => [...document.querySelectorAll(controls)].flatMap((one) => {
  if (!one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || one.closest("[inert]")) return [];
  // A label is pressed with its field; links in a line of text are as high as it.
  const pressed = one.matches("input[type=checkbox], input[type=radio]") ? (one.closest("label") ?? one) : one;
  const inText = one.matches("a") && getComputedStyle(one).display === "inline";
  if (inText || one.closest(".prose, .visually-hidden") || one.matches(".skip-link, .side-scrim, [role=separator], [role=log], .body")) return [];
  const { width, height } = pressed.getBoundingClientRect();
  if (width === 0 || (width >= least - 0.5 && height >= least - 0.5)) return [];
  return [`${Math.round(width)}×${Math.round(height)} ${one.outerHTML.slice(0, 140)}`];
})
"""
MOVING = """
() => document.getAnimations()
  .filter((one) => one.playState === "running" && one.effect.getComputedTiming().duration > 1)
  .map((one) => `${one.animationName ?? one.transitionProperty} on ${one.effect.target.className}`)
"""
SMOOTH = """
() => [...document.querySelectorAll("*")]
  .filter((one) => getComputedStyle(one).scrollBehavior === "smooth")
  .map((one) => one.tagName + "." + one.className)
"""

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
