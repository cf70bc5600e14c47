"""French and English are equal: both catalogues full, in the words and the typography of each."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.test import Client

from tests import ROOT

CATALOGUES = sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po"))
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|</?\w+>")
# What French typography does not allow, in words a person reads.
FRENCH_FAULTS = {
    "straight apostrophe": re.compile(r"\w'\w"),
    "no narrow space before ; ! ?": re.compile(r"[^\u202f\s][;!?](\s|$)"),
    "plain space before punctuation": re.compile(r" [;!?:»]"),
    "no no-break space before a colon": re.compile(r"[^\u00a0\s]:(\s|$)"),
    "plain space in quotation marks": re.compile(r"« "),
    "veuillez": re.compile(r"\bveuillez\b", re.IGNORECASE),
    "exclamation": re.compile(r"!"),
}


def words(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_there_is_a_catalogue_of_each_domain_in_each_language() -> None:
    names = {str(path.relative_to(ROOT / "locale")) for path in CATALOGUES}
    assert len(names) == 4


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_catalogue_is_full_and_keeps_its_placeholders(path: Path) -> None:
    catalogue = polib.pofile(str(path))
    assert catalogue.fuzzy_entries() == []
    assert catalogue.obsolete_entries() == []
    for entry in catalogue:
        sources = [entry.msgid, entry.msgid_plural or entry.msgid]
        for source, text in zip(sources, words(entry), strict=False):
            assert text, entry.msgid
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(source)), entry.msgid


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_the_compiled_catalogue_says_what_its_source_says(path: Path) -> None:
    compiled = {entry.msgid: words(entry) for entry in polib.mofile(str(path.with_suffix(".mo")))}
    assert compiled == {entry.msgid: words(entry) for entry in polib.pofile(str(path))}


@pytest.mark.parametrize("fault", FRENCH_FAULTS)
def test_french_is_set_as_the_french_set_it(fault: str) -> None:
    for path in (ROOT / "locale" / "fr" / "LC_MESSAGES").glob("*.po"):
        for entry in polib.pofile(str(path)):
            for text in words(entry):
                # What is code has its own typography.
                prose = re.sub(r"<[^>]+>|%%|`[^`]*`", "", text)
                assert not FRENCH_FAULTS[fault].search(prose), text


@pytest.mark.gettext
def test_no_marked_string_is_missing_and_none_is_left_over(tmp_path: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, tracked.stdout.decode().split("\0")):
        if (ROOT / name).is_file() and not name.startswith("static/vendor/"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    for domain in ("django", "djangojs"):
        make = [sys.executable, "-m", "django", "makemessages", "--all", "--domain", domain]
        subprocess.run([*make, "--add-location", "file"], cwd=tmp_path, check=True, capture_output=True)
    for path in CATALOGUES:
        fresh = polib.pofile(str(tmp_path / path.relative_to(ROOT)))
        ours = {entry.msgid for entry in polib.pofile(str(path))}
        assert {entry.msgid for entry in fresh if not entry.obsolete} == ours


@pytest.mark.parametrize(
    ("path", "french", "english"),
    [
        ("/", "Une question.", "One question."),
        ("/accounts/login/", "Se connecter", "Sign in"),
        ("/accounts/signup/", "Créer mon compte", "Create my account"),
        ("/accounts/password/reset/", "Envoyer le lien", "Send the link"),
        ("/nowhere", "Cette page n’existe pas", "This page does not exist"),
    ],
)
def test_a_page_speaks_the_visitors_language(
    client: Client, db: None, path: str, french: str, english: str
) -> None:
    for language, own, other in (("fr", french, english), ("en", english, french)):
        page = client.get(path, headers={"Accept-Language": language}).content.decode()
        assert f'<html lang="{language}"' in page
        assert own in page
        assert other not in page


def test_the_chat_page_and_its_script_speak_french(as_alice: Client) -> None:
    page = as_alice.get("/chat/", headers={"Accept-Language": "fr"}).content.decode()
    assert "Posez votre question…" in page
    [address] = re.findall(r'src="(/i18n/[^"]+)"', page)
    # Whatever its browser asks for: a page and its scripts speak the same language.
    words = as_alice.get(address, headers={"Accept-Language": "en"})
    assert "Tout arr\\u00eater" in words.content.decode()
    assert words.headers["Content-Language"] == "fr"
    assert words.headers["Cache-Control"] == "public, immutable, max-age=31536000"


def test_the_scripts_words_are_kept_under_their_version_alone(client: Client) -> None:
    older = client.get("/i18n/0123456789ab/fr.js")
    assert "Tout arr\\u00eater" in older.content.decode()
    assert older.headers["Cache-Control"] == "no-store"
    for address in ("/i18n/0123456789ab/de.js", "/i18n/0123456789ab/fr-FR.js", "/i18n/fr.js"):
        assert client.get(address).status_code == 404


def test_the_language_switch_is_kept(client: Client, db: None) -> None:
    client.post("/i18n/setlang/", {"language": "fr"})
    assert "Une question." in client.get("/", headers={"Accept-Language": "en"}).content.decode()
