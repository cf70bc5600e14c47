"""The pages say what is there: their links lead somewhere, and both README files name the same."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md")]
README, LISEZMOI = ROOT / "README.md", ROOT / "README.fr.md"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_both_readmes_name_the_same_settings_and_commands() -> None:
    english, french = (page.read_text(encoding="utf-8") for page in (README, LISEZMOI))
    settings = [re.findall(r"^\| `([A-Z_]+)", page, re.MULTILINE) for page in (english, french)]
    assert settings[0] == settings[1]
    for command in ("python3 -m webox", "python3 -m webox test", "py -m webox"):
        assert command in english
        assert command in french
