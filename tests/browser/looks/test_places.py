"""Every page and state there is: for axe, in both themes, in both languages, on a desk and under a finger.

Each place is gone to once for all that can be seen there: going there takes longer than looking.
"""

import pytest
from playwright.sync_api import Browser

from tests.browser.kit.browser import DESKTOP, PHONE
from tests.browser.kit.places import PLACES, Place
from tests.browser.kit.visit import STILL, Visit
from tests.browser.kit.words import strange_lines
from tests.browser.looks.test_accessibility import FOREIGN, serious
from tests.browser.looks.test_small import CONTROLS, SMALLEST, TARGET_PX, TOO_SMALL, ZOOMED, crowded, wide
from tests.site.scene import Scene

pytestmark = pytest.mark.browser


def every(places: list[Place]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("place", places, ids=lambda place: place.name)


@every([*PLACES])
def test_axe_finds_nothing_serious_and_every_word_is_french(
    place: Place, scene: Scene, chromium: Browser
) -> None:
    size = PHONE if place.only_on_phones else DESKTOP
    # Without motion nothing is half transparent when it is looked at.
    with Visit(chromium, scene, "fr", size, reduced_motion="reduce") as visit:
        page = visit.go(place.who, place.open)
        rules = {"rules": {name: {"enabled": False} for name in FOREIGN.get(place.name, {})}}
        found = [f"word: {line}" for line in strange_lines(page, "fr", is_foreign=place.is_foreign)]
        found += serious(page, **rules)
        page.emulate_media(color_scheme="dark")
        # Other projects' pages change their colours slowly.
        page.evaluate(STILL)
        found += [f"in the dark: {fault}" for fault in serious(page, **rules)]
        if place.is_for(ZOOMED) and not place.is_foreign:
            # A window of half the size is what 200 % zoom makes of a desk's: the same layout.
            page.set_viewport_size({"width": ZOOMED[0], "height": ZOOMED[1]})
            found += [f"at twice the size: {fault}" for fault in crowded(page)]
        assert not found, "\n".join(found)


@every([place for place in PLACES if place.is_for(PHONE)])
def test_a_phone_shows_all_a_finger_meets_it_and_every_word_is_english(
    place: Place, scene: Scene, chromium: Browser
) -> None:
    with Visit(chromium, scene, "en", PHONE, has_touch=True) as visit:
        page = visit.go(place.who, place.open)
        found = [f"word: {line}" for line in strange_lines(page, "en", is_foreign=place.is_foreign)]
        found += [f"too wide: {one}" for one in wide(page)]
        if place.name.startswith("chat"):
            found += [f"too small: {one}" for one in page.evaluate(TOO_SMALL, [CONTROLS, TARGET_PX])]
        page.set_viewport_size({"width": SMALLEST[0], "height": SMALLEST[1]})
        found += [f"too wide at {SMALLEST[0]} px: {one}" for one in wide(page)]
        assert not found, "\n".join(found)


@every([place for place in PLACES if not place.is_for(PHONE)])
def test_what_a_phone_does_not_have_is_english_too(place: Place, scene: Scene, chromium: Browser) -> None:
    with Visit(chromium, scene, "en", DESKTOP) as visit:
        page = visit.go(place.who, place.open)
        assert strange_lines(page, "en", is_foreign=place.is_foreign) == []
