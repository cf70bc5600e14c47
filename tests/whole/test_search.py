"""Search on running sites: on SQLite and on PostgreSQL, by whichever process takes in what is new."""

import time
from typing import Any
from urllib.parse import quote

from tests.site.running import Account, Site
from tests.site.vendor import Exchange, Vendor

WITHIN_S = 60


def found(person: Account, words: str, count: int) -> list[dict[str, Any]]:
    """The hits, once there are so many."""
    deadline = time.monotonic() + WITHIN_S
    while True:
        got = person.get(f"/api/chat/search?words={quote(words)}")
        assert got.status_code == 200, got.text
        if len(got.json()) >= count:
            return list(got.json())
        assert time.monotonic() < deadline, got.text
        time.sleep(0.2)


def test_what_was_asked_and_answered_is_found(site: Site, vendor_scripts: Vendor) -> None:
    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("L’œuvre complète, aux Éditions du Phénix.")
        exchange.finish()

    vendor_scripts.scripts = {"openai": script, "mistral": script}
    person, other = site.account("searcher"), site.account("snooper")
    body = {"message": "Où est le phénix-canari ?", "selected_providers": ["openai", "mistral"]}
    assert person.post("/api/chat/send", **body).status_code == 200
    hits = found(person, "PHENIX", 4)
    assert [one["found_in"] for one in hits] == ["title", "question", "answer", "answer"]
    assert [one["label"] for one in hits[2:]] == ["OpenAI", "Mistral"]
    for words in ("editions du phen", "oeuvre phenix", "complete oeuvre"):
        assert [part["is_hit"] for part in found(person, words, 2)[0]["snippet"]].count(True) >= 2
    assert other.get("/api/chat/search?words=phenix").json() == []
    log = site.log.read_text(encoding="utf-8")
    assert "words=" not in log
    assert "phenix" not in log.casefold()
