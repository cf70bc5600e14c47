"""Two running sites to look at: answers in every state on one, and nothing yet on the other."""

import functools
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.site.client import Watcher
from tests.site.running import Account, Site
from tests.site.vendor import Exchange, Script, Vendor

PIECE = 12
VENDORS = ("openai", "mistral", "groq", "xai")


@dataclass(frozen=True)
class Words:
    """What the person of a language asks, and what the vendors answer."""

    name: str
    first: str
    second: str
    short: str
    code: str
    table: str


def _text(name: str) -> str:
    return (Path(__file__).parent / "scene_texts" / f"{name}.md").read_text().rstrip("\n")


WORDS = {
    "en": Words(
        name="example",
        first="What do renting and buying a flat cost over ten years?",
        second="How does one sort a list of dates in Python?",
        short="It depends on three figures: the price, the rent and how long you stay.",
        code=_text("code.en"),
        table=_text("table.en"),
    ),
    "fr": Words(
        name="exemple",
        first="Combien coûtent la location et l’achat d’un appartement sur dix ans\u202f?",
        second="Comment trier une liste de dates en Python\u202f?",
        short="Cela dépend de trois chiffres\u00a0: le prix, le loyer et la durée.",
        code=_text("code.fr"),
        table=_text("table.fr"),
    ),
}


@dataclass
class Scene:
    """`site` asks a vendor that does as it is told; `keyless` has the demonstrations alone, and an owner."""

    site: Site
    keyless: Site
    vendor: Vendor
    pace_s: float = 0
    """Between two pieces of an answer; for pictures, so that their figures are those of a real one."""
    _conversations: dict[str, int] = field(default_factory=dict)

    def conversation(self, language: str) -> int:
        """The id of the example: two questions, code, a table, an answer of each state, two versions."""
        if language not in self._conversations:
            self._conversations[language] = self._prepare(WORDS[language])
        return self._conversations[language]

    def _prepare(self, words: Words) -> int:
        account = self.site.account(words.name)
        conversation_id = account.conversation()
        ended = threading.Event()
        self.vendor.scripts |= {
            "openai": written(words.code, self.pace_s),
            "mistral": written(words.table, self.pace_s * 1.6),
            "groq": lambda exchange: exchange.refuse(401, "no such key"),
            "xai": functools.partial(begins, words.short, ended),
        }
        with Watcher(account, conversation_id, subprotocols=["webox.v1"]) as watcher:
            watcher.ask(words.second, ["openai", "mistral", "groq"], "scene-1")
            watcher.read_to_the_end()
            self.vendor.scripts |= {
                "openai": written(words.table, self.pace_s * 1.6),
                "mistral": functools.partial(breaks_off, words.short),
            }
            accepted = watcher.ask(words.first, list(VENDORS), "scene-2")
            ids = {one["provider"]: one["id"] for one in accepted["answers"]}
            watcher.read_until(lambda event: bool(watcher.texts[ids["xai"]]))
            watcher.send(type="stop", answer_ids=[ids["xai"]])
            watcher.read_to_the_end()
            watcher.send(type="retry", answer_ids=[ids["openai"]])
            watcher.read_to_the_end()
        ended.set()
        _name_two_more(account)
        return conversation_id

    def hold(self, language: str) -> threading.Event:
        """Let every vendor write a part and go on when the event is set."""
        may_end = threading.Event()
        words = WORDS[language]
        self.vendor.scripts |= {
            "openai": functools.partial(begins, words.table, may_end),
            "mistral": functools.partial(begins, words.code, may_end),
            "groq": functools.partial(waits, words.short, may_end),
        }
        return may_end


def _name_two_more(account: Account) -> None:
    """Conversations that are only names in the sidebar; stored words, never translated."""
    for title in ("Balcon · balcony", "Vélo · bicycle"):
        made = account.post("/api/chat/conversations", title=title)
        assert made.status_code == 201, made.text


def written(text: str, pace_s: float = 0) -> Script:
    """An answer in small pieces."""

    def script(exchange: Exchange) -> None:
        time.sleep(pace_s * 10)
        exchange.start()
        for index in range(0, len(text), PIECE):
            exchange.text(text[index : index + PIECE])
            time.sleep(pace_s)
        exchange.finish(len(text) // 4)

    return script


def begins(text: str, may_end: threading.Event, exchange: Exchange) -> None:
    """The first half, then nothing until it may end."""
    exchange.start()
    exchange.text(text[: len(text) // 2])
    exchange.wait_for(may_end)
    exchange.text(text[len(text) // 2 :])
    exchange.finish()


def waits(text: str, may_end: threading.Event, exchange: Exchange) -> None:
    """Nothing until it may end."""
    exchange.start()
    exchange.wait_for(may_end)
    exchange.text(text)
    exchange.finish()


def breaks_off(text: str, exchange: Exchange) -> None:
    exchange.start()
    exchange.text(text)
