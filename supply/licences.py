"""docs/licences.md: everything that ships with WeBox or is installed for it, and under which licence."""

import importlib.metadata
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from packaging.utils import canonicalize_name

from supply import pins, vendored
from supply.tools import UV, run

PAGE = "docs/licences.md"
REQUIREMENTS = "requirements.txt"
READ_IN_ITS_TEXT = {"httpx-aiohttp": "BSD-3-Clause", "qrcode": "BSD-3-Clause AND MIT"}
"""Packages whose metadata name no licence, or a wrong one: what their licence files are."""
LONGEST = 60
NEWEST_PYTHON = "3.13"
"""Some packages are for newer versions of Python alone."""

HEAD = """\
# Licences

Made by `python -m supply licences`; a test says whether it is up to date. WeBox itself is under the MIT
licence (`LICENSE`).

## Python packages
Everything in `requirements.txt`, with the licence that its own metadata state. They are installed as they
are, not changed. Some wheels carry compiled libraries of others too; which, they say themselves.

| package | version | licence | only where |
|---|---|---|---|
"""
TEXT_NOTE = """
\\* Read in the package’s licence file: its metadata name no licence, or a wrong one.
"""
SERVED = """
## Front-end files
Copied from their packages into `static/vendor/`, unchanged, and served with WeBox.

"""
FOR_TESTS = """
## Only for the tests
In `tests/browser/vendor_js/`; WeBox does not serve it.

"""

Known = dict[tuple[str, str], str]  # name and version → licence


def write(root: Path) -> None:
    """Write the page. What is neither installed here nor on the page yet is downloaded.

    Raises CouldNotLook when that fails.
    """
    wanted = pins.read(root / REQUIREMENTS)
    known = recorded(root) | installed(wanted)
    for pin in wanted:
        if (pin.name, pin.version) not in known:
            known[pin.name, pin.version] = downloaded(pin)
    (root / PAGE).write_text(render(root, known), encoding="utf-8", newline="\n")


def recorded(root: Path) -> Known:
    """What the page says now."""
    page = root / PAGE
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    packages = text.partition(TEXT_NOTE)[0]
    rows = re.findall(r"^\| ([a-z0-9-]+) \| ([0-9][^| ]*) \| ([^|]+?)(?: \\\*)? \|", packages, re.MULTILINE)
    return {(name, version): licence for name, version, licence in rows}


def installed(wanted: list[pins.Pin]) -> Known:
    """What the packages installed here say, where they are the pinned ones."""
    return {
        (pin.name, pin.version): stated_licence(found)
        for pin in wanted
        for found in importlib.metadata.distributions(name=pin.name)
        if found.version == pin.version
    }


def downloaded(pin: pins.Pin) -> str:
    """What a package says that is not installed here, because it is newer or for other platforms.

    Its wheel is unpacked and nothing of it is run. Raises CouldNotLook.
    """
    with tempfile.TemporaryDirectory(prefix="webox-supply-") as scratch:
        folder = Path(scratch)
        hashes = " ".join(f"--hash={one}" for one in pin.hashes)
        (folder / "one.txt").write_text(f"{pin.name}{pin.specifier} {hashes}\n", encoding="utf-8")
        options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", "here"]
        platform = ["--python-platform", "linux", "--python-version", NEWEST_PYTHON]
        run(*UV, "pip", "install", *options, *platform, "-r", "one.txt", cwd=folder)
        [found] = importlib.metadata.distributions(path=[str(folder / "here")])
        return stated_licence(found)


def stated_licence(package: importlib.metadata.Distribution) -> str:
    """A package's licence in a few words."""
    name = canonicalize_name(package.name)
    if name in READ_IN_ITS_TEXT:
        return READ_IN_ITS_TEXT[name]
    says = package.metadata.get_all
    classifiers = [one for one in says("Classifier", []) if one.startswith("License ::")]
    [expression, *_] = says("License-Expression", [""])
    [text, *_] = says("License", [""])
    if expression or classifiers:
        return expression or ", ".join(one.rpartition(" :: ")[2] for one in classifiers)
    return text.strip().partition("\n")[0][:LONGEST].replace("|", "/") or "not stated"


def render(root: Path, known: Known) -> str:
    """The whole page, with a ? for a licence that is not known."""
    served, for_tests = (root / name for name in vendored.MANIFESTS)
    return "".join(
        [
            HEAD,
            *package_rows(pins.read(root / REQUIREMENTS), known),
            TEXT_NOTE,
            SERVED,
            *vendored_rows(served),
            FOR_TESTS,
            *vendored_rows(for_tests),
        ]
    )


def package_rows(wanted: list[pins.Pin], known: Known) -> Iterator[str]:
    for pin in wanted:
        note = " \\*" if pin.name in READ_IN_ITS_TEXT else ""
        where = f"`{pin.marker}`" if pin.marker else ""
        licence = known.get((pin.name, pin.version), "?")
        yield f"| {pin.name} | {pin.version} | {licence}{note} | {where} |\n"


def vendored_rows(manifest: Path) -> Iterator[str]:
    yield "| name | version | licence | file | text |\n|---|---|---|---|---|\n"
    for entry in vendored.read(manifest).files:
        own = " and ".join(f"`{text}`" for text in entry.own_texts())
        yield f"| {entry.name} | {entry.version} | {entry.licence} | `{entry.file}` | {own} |\n"
        for one in entry.bundled():
            where = f"inside {entry.name}"
            yield f"| {one.name} | {one.version} | {one.licence} | {where} | `{one.licence_file}` |\n"
