"""Photograph every page and state of WeBox: `python -m tests.browser.kit.screens OUT [--only NAME …]`.

Starts the two sites of tests/site/scene.py by itself and takes each of tests/browser/kit/places.py in both
widths, themes and languages. OUT/index.html shows them all, side by side.
"""

import argparse
import html
import itertools
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error

from tests.browser.kit.browser import DESKTOP, PHONE, running_chromium
from tests.browser.kit.places import PLACES, Place
from tests.browser.kit.visit import Visit
from tests.site.fixtures import vendor_settings
from tests.site.running import OWNER_EMAIL, PASSWORD, environment, free_port, running_site, server_command
from tests.site.scene import Scene
from tests.site.vendor import running_vendor

SIZES = {"1440": DESKTOP, "375": PHONE}
SCHEMES = ("light", "dark")
LANGUAGES = ("fr", "en")
PACE_S = 0.03
STYLE = """
body { margin: 2rem; font: 0.875rem system-ui, sans-serif; }
h2 { margin-block: 2rem 0.5rem; }
div { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: start; }
img { block-size: 18rem; border: 1px solid #ccc; }
"""


@contextmanager
def own_scene() -> Iterator[Scene]:
    """Both sites on free ports, for as long as the block lasts."""
    with running_vendor() as vendor, tempfile.TemporaryDirectory() as folder:
        site_var, keyless_var = Path(folder, "site"), Path(folder, "keyless")
        ports = free_port(), free_port()
        for var in (site_var, keyless_var):
            var.mkdir()
        owner = {"WEBOX_OWNER_EMAIL": OWNER_EMAIL, "WEBOX_OWNER_PASSWORD": PASSWORD}
        site_env = environment(site_var, **vendor_settings(vendor))
        keyless_env = environment(keyless_var, **owner)
        with (
            running_site(server_command(ports[0]), site_env, ports[0], site_var / "log") as site,
            running_site(server_command(ports[1]), keyless_env, ports[1], keyless_var / "log") as keyless,
        ):
            yield Scene(site, keyless, vendor, PACE_S)


def photograph(scene: Scene, browser: Browser, place: Place, out: Path) -> Iterator[str]:
    """Take one place in every look; yields what could not be taken, and why."""
    for (width, size), scheme, language in itertools.product(SIZES.items(), SCHEMES, LANGUAGES):
        if not place.is_for(size):
            continue
        name = f"{place.name}-{width}-{scheme}-{language}"
        with Visit(browser, scene, language, size, color_scheme=scheme) as visit:
            try:
                visit.go(place.who, place.open).screenshot(
                    path=out / f"{name}.png", animations="disabled", caret="hide"
                )
            except (Error, AssertionError) as error:
                yield f"{name}: {error}"


def pictures(out: Path, place: Place) -> list[Path]:
    """Those of one place that are there."""
    found = sorted(out.glob(f"{place.name}-*-*-*.png"))
    return [path for path in found if path.stem.rsplit("-", 3)[0] == place.name]


def sheet(out: Path) -> str:
    """The page with all pictures, by place."""
    parts = []
    for place in PLACES:
        own = [path.name for path in pictures(out, place)]
        images = "".join(
            f'<a href="{name}"><img src="{name}" alt="{name}" loading="lazy"></a>' for name in own
        )
        if own:
            parts.append(f"<h2>{html.escape(place.name)}</h2><div>{images}</div>")
    return f"<!doctype html><meta charset=utf-8><title>WeBox</title><style>{STYLE}</style>{''.join(parts)}"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.browser.kit.screens", description="Photograph every page."
    )
    parser.add_argument("out", type=Path, help="the folder for the pictures")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[place.name for place in PLACES])
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    failed: list[str] = []
    with own_scene() as scene, running_chromium() as browser:
        for place in PLACES:
            if options.only and place.name not in options.only:
                continue
            print(place.name, flush=True)
            for old in pictures(options.out, place):
                old.unlink()
            failed += photograph(scene, browser, place, options.out)
    (options.out / "index.html").write_text(sheet(options.out))
    for line in failed:
        print(line, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
