"""What a page's script imports is asked for at once, under addresses that change with what they hold."""

import posixpath
import re
from pathlib import Path

import pytest

from common.pages.modules import modules_of
from common.pages.static_version import static_version
from tests import ROOT


@pytest.mark.parametrize("path", sorted((ROOT / "static").glob("[!v]*/**/*.js")), ids=lambda path: path.name)
def test_every_import_of_a_module_is_found(path: Path) -> None:
    name = path.relative_to(ROOT / "static").as_posix()
    needed = modules_of(name)
    assert needed[0] == name
    for imported in re.findall(r'from "(\.[^"]+)"', path.read_text("utf-8")):
        assert posixpath.normpath(posixpath.join(posixpath.dirname(name), imported)) in needed


def test_what_is_imported_by_a_call_is_left_for_later() -> None:
    assert "vendor/markdown-it/markdown-it.esm.min.mjs" in modules_of("chat/conversation.js")
    assert "vendor/temml/temml.mjs" not in modules_of("chat/conversation.js")


def test_another_content_another_name_or_other_pins_are_another_version(tmp_path: Path) -> None:
    folder, pins = tmp_path / "static", tmp_path / "pins.txt"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "one.js").write_text("1")
    pins.write_text("django==1")
    before = static_version(folder, pins)
    assert static_version(folder, pins) == before
    seen = {before}
    (folder / "a" / "one.js").write_text("2")
    seen.add(static_version(folder, pins))
    (folder / "a" / "one.js").rename(folder / "a" / "two.js")
    seen.add(static_version(folder, pins))
    pins.write_text("django==2")
    seen.add(static_version(folder, pins))
    (words := tmp_path / "words.mo").write_text("hello")
    seen.add(static_version(folder, pins, words))
    assert len(seen) == 5
