"""What people do on a site that a release leaves behind: a little of everything that WeBox keeps."""

import re
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import httpx
from PIL import Image

from tests.faults.parts import EmbeddedSite, ScaledSite
from tests.faults.services import wait_until
from tests.releases.person import Person
from tests.site.client import FINAL
from tests.site.one_time_codes import code
from tests.site.running import PASSWORD, Site, manage
from tests.site.vendor import Exchange, Script, Vendor

OWN_KEY, SERVER_KEY = "sk-good-key-of-somebody-9876", "sk-good-key-of-the-server-4321"
QUESTION = "Où passer l’été au bord de la mer\u202f? 🌊"
TITLE_WISH = "\n\nTitle:"
WORDS = ("ete", "phenix")
"""What is searched; it is written with accents."""
ANSWERED_S, REAPED_S = 30, 120
OF_THE_FREE_PLAN = ("--messages-per-day", "300", "--concurrent-answers", "8", "--ais-per-turn", "6")


def said(*pieces: str, reasoning: str = "") -> Script:
    """An answer of these pieces; asked for a title, a title."""

    def script(exchange: Exchange) -> None:
        if str(exchange.body["messages"][-1]["content"]).endswith(TITLE_WISH):
            exchange.answer("L’été à la mer")
            return
        exchange.start()
        if reasoning:
            exchange.send({"choices": [{"index": 0, "delta": {"reasoning_content": reasoning}}]})
        for piece in pieces:
            exchange.text(piece)
        exchange.finish(len(pieces))

    return script


def begun(text: str) -> Script:
    """The beginning of an answer, and nothing more."""

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text(text)
        exchange.hang()

    return script


def broken(text: str) -> Script:
    """An answer that breaks off."""

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text(text)

    return script


@dataclass
class Life:
    """One site and its people; `live` lets them do it all, `known` is what they know afterwards."""

    site: EmbeddedSite | ScaledSite
    vendor: Vendor
    stack: ExitStack
    """It closes their browsers."""
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)

    def live(self) -> None:
        """All of it, with the site killed in between. What is told of it begins at its end."""
        self.owner = self.person("owner")
        self.owner.enter()
        self.owner_prepares()
        self.zoe = self.join("zoé", "zoe@example.org")
        self.max = self.join("max", "max@example.org")
        self.lou = self.join("lou", "lou@example.org")
        self.owner_looks_after_people()
        self.zoe_settles_in()
        self.zoe_asks()
        self.zoe_asks_about_an_image()
        self.max_asks_by_program()
        self.invited_person_joins()
        self.something_is_interrupted()
        self.zoe_sorts()
        self.lou_leaves()
        self.zoe_adds_a_second_step()
        self.owner_reads_a_conversation()
        self.known |= {"closed": {"name": "lou", **self.people.pop("lou")}}
        self.known |= {"people": self.people, "words": WORDS}

    @property
    def web(self) -> Site:
        return self.site.webs[0].site

    def person(self, username: str) -> Person:
        self.people[username] = {"password": PASSWORD}
        return self.stack.enter_context(closing(Person(self.web, username)))

    def join(self, username: str, email: str) -> Person:
        """Somebody who makes an account by a program."""
        body = {"username": username, "email": email, "password": PASSWORD}
        made = httpx.post(f"{self.web.url}/api/auth/register", json=body, **self.web.options)
        assert made.status_code == 201, made.text
        return self.person(username)

    # --- The owner ----------------------------------------------------------------------------------

    def owner_prepares(self) -> None:
        """Keys and servers for everybody, plans, and the rules for people's data."""
        self.owner.rest("PUT", "/api/chat/providers/groq/server-key", key=SERVER_KEY)
        address = self.vendor.address("labo")
        server = {"label": "Labo", "base_url": address, "key": SERVER_KEY, "for_everyone": True}
        self.owner.rest("POST", "/api/chat/providers", **server)
        self.owner.rest("PATCH", "/api/chat/providers/xai", label="Grok à nous")
        env = self.site.webs[0].env
        manage(env, "plan", "set", "free", "--uses-server-keys", "yes", *OF_THE_FREE_PLAN)
        manage(env, "plan", "set", "famille", "--name", "Famille", "--uses-server-keys", "yes")
        manage(env, "plan", "set", "famille", "--only-models", "openai:*\ndemo:*", "--usd-per-month", "3.50")
        # The longest that there are: what is kept here is not over when a later version reads it.
        rules = {"conversation_days": "36500", "grace_days": "90", "audit_days": "36500"}
        self.owner.form(
            "/admin/accounts/sitepolicy/1/change/", **rules, shows_conversations="on", _save="Save"
        )

    def owner_looks_after_people(self) -> None:
        """Premium, given, taken and given again; a plan of one's own; two invitations."""
        number = self.zoe.rest("GET", "/api/auth/me")["id"]
        until = (date.today() + timedelta(days=90)).isoformat()
        self.change_premium("give_premium", number, until=until, reason="Trois mois d’essai")
        self.change_premium("take_premium", number, reason="Par erreur")
        self.change_premium("give_premium", number, until="", reason="Merci pour l’aide")
        manage(self.site.webs[0].env, "plan", "give", "famille", "max")
        self.invitations = [self.invite(email) for email in ("", "eve@example.org")]
        self.known["invitation"] = self.invitations[0]

    def change_premium(self, action: str, number: int, **answers: str) -> None:
        address = "/admin/accounts/user/"
        self.owner.form(address, action=action, _selected_action=str(number), apply="1", **answers)

    def invite(self, email: str) -> str:
        """The token of a new invitation."""
        page = self.owner.form("/admin/accounts/invitation/add/", email=email, _save="Save").text
        link = re.search(r"/accounts/invite/([\w-]+)", page)
        assert link, page
        return link[1]

    def owner_reads_a_conversation(self) -> None:
        self.owner.page(f"/admin/chat/conversation/{self.first}/change/")

    # --- Zoé, who is premium ----------------------------------------------------------------------------

    def zoe_settles_in(self) -> None:
        """Keys, a server, likes, line-ups, a budget and a token of her own."""
        zoe = self.zoe
        zoe.rest("PUT", "/api/chat/providers/openai/key", key=OWN_KEY)
        server = {"label": "Chez moi", "base_url": "https://ai.invalid/v1", "key": OWN_KEY}
        zoe.rest("POST", "/api/chat/providers", **server, models=["petit-modèle", "grand-modèle"])
        wish = {"temperature": 0.3, "max_tokens": 900, "system_prompt": "Réponds en français, s’il te plaît."}
        zoe.rest("PUT", "/api/chat/providers/mistral/preference", **wish)
        targets = ["openai", {"target": "mistral", "settings": {"temperature": 1.2}}, "demo:quick"]
        line_up = zoe.rest("POST", "/api/chat/line-ups", name="Trois avis", targets=targets)
        likes = {"theme": "dark", "language": "fr", "better_titles": True, "line_up": line_up["id"]}
        zoe.rest("PATCH", "/api/auth/preferences", **likes)
        zoe.rest("PATCH", "/api/usage", budget_usd="20.00")
        zoe.rest("POST", "/api/chat/folders", name="Vide")
        self.make_token(zoe, "zoé", "manage")

    def make_token(self, person: Person, name: str, scope: str) -> str:
        """A token for their programs; without its first part, by which one is known when it is leaked."""
        made = person.rest("POST", "/api/auth/tokens", name="Script d’été", scope=scope, days=366)
        self.people[name]["token"] = str(made["token"]).removeprefix("webox_")
        return str(made["token"])

    def zoe_asks(self) -> None:
        """Several AIs, of which one thinks, one declines, one fails; again, chosen, in context; a branch."""
        self.vendor.scripts |= {
            "openai": said("À **Cancale**", ", où l’été est frais. ☀️"),
            "mistral": said("En Bretagne.", reasoning="Elle cherche la mer, pas la foule."),
            "groq": lambda exchange: exchange.decline("Je ne donne pas d’avis sur les vacances."),
            "xai": lambda exchange: exchange.refuse(401, "no such key"),
        }
        asked = self.ask(self.zoe, QUESTION, "openai", "mistral", "groq", "xai", temperature=0.4)
        self.first, turn = asked["conversation_id"], asked["message_id"]
        answers = {one["provider"]: one["id"] for one in self.answers(self.zoe, turn)}
        self.vendor.scripts["openai"] = said("À Belle-Île, finalement.")
        again = self.zoe.rest("POST", f"/api/chat/answers/{answers['openai']}/retry")
        self.wait(self.zoe, again["id"], lambda row: row["status"] in FINAL)
        self.zoe.rest("POST", f"/api/chat/answers/{answers['mistral']}/choose")
        here = {"conversation_id": self.first}
        self.vendor.scripts["labo"] = said("Avec tout ce que disent les autres\u00a0: oui.")
        second = self.ask(self.zoe, "Et en train\u202f?", "mistral", "labo", context="all", **here)
        self.ask(self.zoe, "Combien cela coûte-t-il\u202f?", "openai", context="chosen", **here)
        branch = {"parent_id": turn, **here}
        self.ask(self.zoe, "Et en vélo\u202f? 🚲", "openai", "mistral", **branch)
        self.zoe.rest("POST", f"/api/chat/messages/{second['message_id']}/show")

    def zoe_asks_about_an_image(self) -> None:
        """Two AIs of which one does not see, and one that she stops."""
        picture = BytesIO()
        Image.new("RGB", (24, 16), "teal").save(picture, "PNG")
        file = {"file": ("mer.png", picture.getvalue(), "image/png")}
        image = self.zoe.request("POST", "/api/chat/attachments", files=file).json()
        self.vendor.scripts |= {"openai": said("La mer, sans doute."), "mistral": begun("Du bleu, et")}
        targets = ("openai", "demo:quick", "mistral")
        asked = self.ask(self.zoe, "Que vois-tu\u202f?", *targets, wait=False, attachments=[image["id"]])
        self.second = asked["conversation_id"]
        stopped = self.answers(self.zoe, asked["message_id"])[2]["id"]
        self.wait(self.zoe, stopped, lambda row: bool(row["text"]))
        self.zoe.rest("POST", f"/api/chat/answers/{stopped}/stop")
        for one in self.answers(self.zoe, asked["message_id"]):
            self.wait(self.zoe, one["id"], lambda row: row["status"] in FINAL)

    def something_is_interrupted(self) -> None:
        """An answer that breaks off, and one whose process is killed."""
        self.vendor.scripts |= {"mistral": broken("Il était une fois"), "openai": begun("Le phénix renaît")}
        asked = self.ask(self.zoe, "Raconte-moi le phénix.", "mistral", "openai", wait=False)
        self.third = asked["conversation_id"]
        broken_off, lost = (one["id"] for one in self.answers(self.zoe, asked["message_id"]))
        self.wait(self.zoe, broken_off, lambda row: row["status"] == "interrupted")
        self.wait(self.zoe, lost, lambda row: bool(row["text"]))
        self.site.writer.kill()
        self.site.start()
        self.wait(self.zoe, lost, lambda row: row["status"] == "interrupted", within_s=REAPED_S)

    def zoe_sorts(self) -> None:
        """Folders, tags, a pin, a favourite, the archive; and a conversation that can be had back."""
        path = "/api/chat/conversations"
        tags = ["à lire", "Été"]
        kept = {"folder": "Voyages d’été", "tags": tags, "is_pinned": True, "is_favourite": True}
        self.zoe.rest("PATCH", f"{path}/{self.first}", **kept)
        self.zoe.rest("PATCH", f"{path}/{self.second}", folder="Images", is_archived=True, tags=["à lire"])
        self.zoe.rest("PATCH", f"{path}/{self.third}", title="Le phénix 🔥")
        self.vendor.scripts["mistral"] = said("Oui, encore une heure.")
        gone = self.ask(self.zoe, "Peut-on revenir\u202f?", "mistral")["conversation_id"]
        self.zoe.rest("DELETE", f"{path}/{gone}")
        self.known["deleted"] = {"owner": "zoé", "id": gone}

    def zoe_adds_a_second_step(self) -> None:
        """An authenticator app, and the codes for the day without it."""
        self.zoe.enter()
        self.zoe.form("/accounts/reauthenticate/", password=PASSWORD)
        address = "/accounts/2fa/totp/activate/"
        page = self.zoe.page(address)
        secret = re.search(r'id="app-key">([A-Z2-7]+)<', page)
        assert secret, page
        codes = self.zoe.send(address, {"code": code(secret[1])})
        found = re.findall(r"<code>(\d{8})</code>", codes.text)
        assert found, codes.text
        self.people["zoé"] |= {"app": secret[1], "codes": found}

    # --- The others ---------------------------------------------------------------------------------------

    def max_asks_by_program(self) -> None:
        """On the free side: by the page's way, and over OpenAI's protocol, kept and not kept."""
        self.vendor.scripts["openai"] = said("Un été sans fin.")
        self.ask(self.max, "Quel titre pour l’été\u202f?", "openai", "demo:code")
        self.max.rest("PATCH", "/api/usage", budget_usd="2.50")
        token = self.make_token(self.max, "max", "chat")
        for is_kept in (True, False):
            told = [
                {"role": "system", "content": "Sois bref."},
                {"role": "user", "content": "Bonjour, phénix"},
                {"role": "assistant", "content": "Bonjour\u202f!"},
                {"role": "user", "content": f"Et l’été, {'gardé' if is_kept else 'oublié'}\u202f?"},
            ]
            body = {"model": "openai/gpt-5.4-mini", "messages": told, "store": is_kept}
            headers = {"Authorization": f"Bearer {token}"}
            url = f"{self.web.url}/v1/chat/completions"
            got = httpx.post(url, json=body, headers=headers, **self.web.options)
            assert got.status_code == 200, got.text

    def invited_person_joins(self) -> None:
        """By the link of her invitation, on the pages."""
        eve = self.person("ève")
        eve.page(f"/accounts/invite/{self.invitations[1]}")
        form = {"email": "eve@example.org", "username": "ève", "password": PASSWORD}
        eve.form("/accounts/signup/", **form)
        self.ask(eve, "Montre-moi du code.", "demo:code", "demo:quick")

    def lou_leaves(self) -> None:
        """With a conversation, which comes back with the account."""
        self.ask(self.lou, "Que reste-t-il de l’été\u202f?", "demo:quick")
        self.lou.enter()
        self.lou.form("/accounts/delete", password=PASSWORD, is_sure="on")

    # --- Asking ---------------------------------------------------------------------------------------------

    def ask(self, person: Person, message: str, *targets: str, wait: bool = True, **more: Any) -> Any:
        """Put a question; without `wait` the answers are still being written."""
        body = {"message": message, "selected_providers": targets, **more}
        headers = {} if wait else {"Prefer": "respond-async"}
        got = person.request("POST", "/api/chat/send", json=body, headers=headers)
        assert got.is_success, got.text
        return got.json()

    def answers(self, person: Person, message_id: int) -> list[dict[str, Any]]:
        """Those of a turn, in order."""
        return list(person.rest("GET", f"/api/chat/messages/{message_id}")["answers"])

    def wait(
        self,
        person: Person,
        answer_id: int,
        is_so: Callable[[Any], bool],
        within_s: float = ANSWERED_S,
    ) -> None:
        """Until an answer's row is like this."""
        path = f"/api/chat/answers/{answer_id}"
        wait_until(lambda: is_so(person.rest("GET", path)), within_s, f"answer {answer_id} is as expected")
