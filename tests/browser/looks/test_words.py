"""The test of words sees what it is there to see."""

import pytest

from tests.browser.kit.words import strange


@pytest.mark.parametrize("line", ["Ask your question…", "3 questions and nothing else", "Sign out"])
def test_english_is_strange_on_a_french_page(line: str) -> None:
    assert strange(line, "fr")
    assert not strange(line, "en")


@pytest.mark.parametrize("line", ["Posez votre question…", "Se déconnecter"])
def test_french_is_strange_on_an_english_page(line: str) -> None:
    assert strange(line, "en")
    assert not strange(line, "fr")
