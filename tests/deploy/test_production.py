"""The site of docker-compose.yml with its front and TLS: it works, and bears the loss of each process."""

import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.faults.services import wait_until
from tests.site.client import FINAL, Watcher, open_url
from tests.site.production import READY, Production, production
from tests.site.running import PASSWORD, Account

pytestmark = [pytest.mark.services, pytest.mark.deploy, pytest.mark.timeout(300)]
BACK_S = 10
"""Within this the site is whole again once the process is."""
PACE_S = 0.3
"""Between two questions of one asker: the machine has other work, too."""
QUESTION = "CANARY: what is the capital of nowhere?"


@pytest.fixture(scope="module")
def running() -> Iterator[Production]:
    with production() as site:
        yield site


@pytest.fixture(scope="module")
def owner(running: Production) -> Account:
    """Whoever followed the link that the first start printed."""
    site = running.site
    logs = [running.parts[name].log.read_text() for name in running.ports]
    link = re.search(r"https://localhost(/accounts/owner/\S+)", "".join(logs))
    assert link, logs
    with httpx.Client(base_url=site.url, follow_redirects=True, **site.options) as browser:
        browser.get(link[1]).raise_for_status()
        token = browser.cookies["__Host-webox_csrf"]
        form = {
            "email": "ada@example.org",
            "username": "ada",
            "password": PASSWORD,
            "csrfmiddlewaretoken": token,
        }
        made = browser.post(link[1], data=form, headers={"Referer": site.url + link[1]})
        assert made.status_code == 200, made.text
        assert made.url.path == "/chat/"
        assert [cookie.secure for cookie in browser.cookies.jar if cookie.name.startswith("__Host-")] == [
            True
        ] * 2
    return site.sign_in("ada")


def test_every_part_shows_itself(running: Production) -> None:
    assert running.readiness() == {"status": "ok"} | READY


def test_a_question_goes_through_the_front_and_back(owner: Account) -> None:
    conversation = owner.conversation()
    with Watcher(owner, conversation) as watcher:
        asked = watcher.ask(QUESTION, ["demo:quick", "demo:code"], "through-the-front")
        assert asked["type"] == "accepted", asked
        watcher.read_to_the_end()
    [question, answer] = owner.messages(conversation)
    saved: Any = answer["answers"]
    assert question["content"] == QUESTION
    assert {one["id"]: one["text"] for one in saved} == watcher.texts
    assert [one["status"] for one in saved] == ["done", "done"]
    assert watcher.gaps == 0


def test_events_come_while_they_are_written(owner: Account) -> None:
    body = {"message": "Slowly, please", "selected_providers": ["demo:slow"]}
    url = owner.site.url
    options = owner.site.options | {"headers": owner.headers | {"Prefer": "respond-async"}}
    sent = httpx.post(f"{url}/api/chat/send", json=body, **options)
    assert sent.status_code == 202, sent.text
    message_id = sent.json()["message_id"]
    with httpx.stream("GET", f"{url}/api/chat/messages/{message_id}/events", **options) as events:
        seen = ""
        for piece in events.iter_text():
            seen += piece
            if "event: deltas" in seen:
                break
    [status] = [one["status"] for one in owner.get(f"/api/chat/messages/{message_id}").json()["answers"]]
    assert status == "streaming"


def test_the_front_speaks_https_alone_and_keeps_figures_to_itself(
    running: Production, owner: Account
) -> None:
    site = running.site
    plain = f"http://localhost:{running.front.http_port}"
    page = httpx.get(f"{plain}/chat/?lineup=1", trust_env=False)
    assert (page.status_code, page.headers["location"]) == (308, f"{site.url}/chat/?lineup=1")
    # A program's token must not go on in clear, request by request.
    for path in ("/api/auth/me", "/v1/models"):
        assert httpx.get(plain + path, trust_env=False).status_code == 403
    page = httpx.get(f"{site.url}/", **site.options)
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert httpx.get(f"{site.url}/metrics", **site.options).status_code == 404
    worker = running.parts["worker-1"].env["WEBOX_METRICS_PORT"]
    told = httpx.get(f"http://127.0.0.1:{int(worker) + 1}/metrics", trust_env=False).text
    assert 'webox_up{service="database"} 1.0' in told
    assert "webox_turns_total" in told


def test_another_sites_page_opens_no_socket(owner: Account) -> None:
    url, trust = f"{owner.site.socket_url}/{owner.conversation()}", owner.site.trust
    foreign, ours = f"https://localhost:{owner.site.port + 1}", owner.site.url
    refused = open_url(url, additional_headers=owner.headers | {"Origin": foreign}, ssl=trust)
    with refused as socket, pytest.raises(ConnectionClosed, match="4403"):
        socket.recv(timeout=30)
    with open_url(url, additional_headers=owner.headers | {"Origin": ours}, ssl=trust) as socket:
        socket.send(json.dumps({"message": "Hello", "providers": ["demo:quick"]}))
        assert "chunk" in json.loads(socket.recv(timeout=30))


class Asker(threading.Thread):
    """Somebody who asks again and again, and sends again what was not accepted."""

    def __init__(self, account: Account) -> None:
        super().__init__(daemon=True)
        self.account = account
        self.conversation = account.conversation()
        self.accepted: dict[str, int] = {}
        self.refused: list[str] = []
        """What came of the tries that were not accepted."""
        self.enough = threading.Event()

    def run(self) -> None:
        while not self.enough.is_set():
            question = f"What is left of {uuid.uuid4().hex}?"
            while question not in self.accepted and not self.enough.is_set():
                self._ask(question)
            self.enough.wait(PACE_S)

    def _ask(self, question: str) -> None:
        site = self.account.site
        headers = self.account.headers | {"Prefer": "respond-async", "Idempotency-Key": question[-33:-1]}
        body = {
            "conversation_id": self.conversation,
            "message": question,
            "selected_providers": ["demo:quick"],
        }
        try:
            got = httpx.post(f"{site.url}/api/chat/send", json=body, headers=headers, **site.options)
        except httpx.HTTPError as error:
            self._try_again_after(type(error).__name__)
            return
        if got.status_code == 202:
            self.accepted[question] = got.json()["message_id"]
        else:
            self._try_again_after(str(got.status_code))

    def _try_again_after(self, reason: str) -> None:
        self.refused.append(reason)
        time.sleep(0.2)


def answered(account: Account) -> bool:
    """Whether a new question is answered, through the front."""
    body = {"message": "And now?", "selected_providers": ["demo:quick"]}
    try:
        got = httpx.post(
            f"{account.site.url}/api/chat/send", json=body, headers=account.headers, **account.site.options
        )
    except httpx.HTTPError:
        return False
    return got.status_code == 200 and not got.json()["errors"]


def kill(running: Production, name: str) -> None:
    if name in running.parts:
        running.parts[name].kill()
    else:
        getattr(running, name).kill()


def start(running: Production, name: str) -> None:
    (running.parts[name] if name in running.parts else getattr(running, name)).start()


@pytest.mark.parametrize(
    "name", ["web-1", "web-2", "worker-1", "worker-2", "stats", "beat", "front", "redis", "postgres"]
)
def test_a_killed_process_loses_no_accepted_question(running: Production, owner: Account, name: str) -> None:
    askers = [Asker(owner) for _ in range(3)]
    for asker in askers:
        asker.start()
    wait_until(lambda: all(len(asker.accepted) >= 3 for asker in askers), 60, "three questions each")
    kill(running, name)
    # As long as a container takes to be started again.
    time.sleep(1)
    start(running, name)
    wait_until(lambda: answered(owner), BACK_S, f"the site is back after {name} was killed")
    known = sum(len(asker.accepted) for asker in askers)
    wait_until(lambda: sum(len(asker.accepted) for asker in askers) > known + 3, 60, "they go on")
    nothing_is_lost(owner, askers)


def test_restarting_one_after_the_other_refuses_nobody(running: Production, owner: Account) -> None:
    """How a site is brought up to date: each process is told to stop and started anew while people ask."""
    askers = [Asker(owner) for _ in range(3)]
    for asker in askers:
        asker.start()
    for name in ("web-1", "web-2", "worker-1"):
        running.parts[name].terminate()
        running.parts[name].start()
        if name in running.ports:
            wait_until(lambda name=name: running.is_healthy(name), 60, f"{name} serves")  # type: ignore[misc]
        wait_until(lambda: answered(owner), 30, f"answers come while {name} starts")
    nothing_is_lost(owner, askers)
    assert [reason for asker in askers for reason in asker.refused] == []


def nothing_is_lost(owner: Account, askers: list[Asker]) -> None:
    """Let them finish; then each accepted question stands there once, and every answer has its end."""
    for asker in askers:
        asker.enough.set()
    for asker in askers:
        asker.join(60)
        wait_until(lambda asker=asker: all_ended(asker), 90, "every answer has an end")  # type: ignore[misc]
        told: list[Any] = owner.messages(asker.conversation)
        asked = [one["content"] for one in told if one["role"] == "user"]
        assert sorted(asked) == sorted(asker.accepted)


def all_ended(asker: Asker) -> bool:
    told: list[Any] = asker.account.messages(asker.conversation)
    return all(one["status"] in FINAL for message in told for one in message["answers"] or [])


def test_logs_are_lines_of_json_without_a_word_of_anybodys(running: Production, owner: Account) -> None:
    body = {"message": QUESTION, "selected_providers": ["demo:quick"]}
    options = owner.site.options | {"headers": owner.headers}
    answer = httpx.post(f"{owner.site.url}/api/chat/send", json=body, **options)
    assert answer.status_code == 200, answer.text
    logs = {name: part.log.read_text() for name, part in running.parts.items()}
    assert not [name for name, text in logs.items() if "CANARY" in text or PASSWORD in text]
    lines = [
        json.loads(line)
        for name in running.ports
        for line in logs[name].splitlines()
        if answer.headers["X-Request-ID"] in line
    ]
    [sent] = [line for line in lines if line.get("route") == "/api/chat/send"]
    assert {
        "time",
        "level",
        "logger",
        "message",
        "request_id",
        "method",
        "status",
        "duration_ms",
    } <= sent.keys()
