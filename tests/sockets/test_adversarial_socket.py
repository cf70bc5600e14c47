"""Over the sockets nothing breaks by what anybody sends: it is carried out, or refused and nothing changed.

What is sent: tests/api/adversarial. Floods, bounds and who may come in: test_socket_bounds.py and
test_socket_input.py.
"""

import itertools
import json
from collections.abc import Iterable, Iterator
from math import inf
from typing import Any

import msgspec
import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection

from chat import events, limits
from common.data import strict_json
from tests.api.adversarial import BODIES, DOCUMENTS, HEADERS, IDS, NUMBERS, QUERIES, TEXTS, TYPES
from tests.api.adversarial.made import deep, is_within
from tests.api.adversarial.probe import Probe, told_too_much
from tests.site.client import Watcher, frames_until, open_socket, open_url
from tests.site.running import Account, Site
from tests.site.vendor import Vendor, answering

# They take a minute.
pytestmark = pytest.mark.fuzz

# Each is followed by a command that is answered, and twenty may come at once.
FRAMES = limits.SOCKET_COMMAND_BURST // 2 - 1
FENCE = {"type": "resume", "answer_ids": [1]}
COMMANDS: dict[str, tuple[type[events.Command], dict[str, Any]]] = {
    "ask": (events.Ask, {"message": "Hello", "targets": ["openai"], "client_id": "c"}),
    "stop": (events.Stop, {"answer_ids": [1]}),
    "retry": (events.Retry, {"answer_ids": [2**40]}),
    "resume": (events.Resume, {"answer_ids": [1]}),
}
SETTINGS = ("temperature", "max_tokens", "system_prompt")
_numbers = itertools.count()


@pytest.fixture(scope="module")
def person(embedded_site: Site) -> Account:
    return embedded_site.account("adversary")


@pytest.fixture
def probe(person: Account, vendor_scripts: Vendor) -> Iterator[Probe]:
    vendor_scripts.scripts["openai"] = answering("Well.")
    probe = Probe(person)
    yield probe
    probe.end()


def refused_or_carried_out(probe: Probe, frames: dict[str, str]) -> dict[int, list[str]]:
    """Send frames to new conversations, some to each, and look at what comes of each.

    Returns the names of those that began a turn, by conversation.
    """
    begun: dict[int, list[str]] = {}
    names = iter(frames)
    while some := [*itertools.islice(names, FRAMES)]:
        conversation_id = probe.account.conversation()
        with Watcher(probe.account, conversation_id) as watcher:
            watcher.read_until(lambda event: event["type"] == "snapshot")
            for name in some:
                if send(probe, watcher, name, frames[name]):
                    begun.setdefault(conversation_id, []).append(name)
    return begun


def send(probe: Probe, watcher: Watcher, name: str, frame: str) -> bool:
    """Send one frame; note where it is neither refused nor carried out. Whether it began a turn."""
    probe.rows.hold()
    at = len(watcher.frames)
    watcher.socket.send(frame)
    watcher.send(**FENCE)
    wanted = 2 if is_resume(frame) else 1
    watcher.read_until(lambda _: kinds(watcher.frames[at:]).count("snapshot") == wanted)
    said = watcher.frames[at:]
    errors = [event for event in said if event["type"] == "error"]
    for error in errors:
        probe.expect(name, error["code"] != "internal" and bool(error["detail"]), f"said {error}")
        probe.expect(name, not told_too_much(json.dumps(error), frame), f"told {error}")
    if errors:
        probe.expect(name, probe.rows.changed() == [], f"refused, and {probe.rows.changed()} changed")
    return "accepted" in kinds(said)


def kinds(said: Iterable[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in said]


def is_resume(frame: str) -> bool:
    """Whether the frame itself is one that a snapshot answers."""
    try:
        msgspec.convert(strict_json.loads(frame), events.Resume)
    except ValueError:
        return False
    return True


def command(kind: str, **changes: Any) -> dict[str, Any]:
    whole = {"type": kind, **COMMANDS[kind][1], **changes}
    if kind == "ask" and "client_id" not in changes:
        whole["client_id"] = f"c{next(_numbers)}"
    return whole


@pytest.mark.timeout(300)
@pytest.mark.parametrize("family", TEXTS)
def test_a_text_that_is_asked_is_kept_as_it_is(family: str, probe: Probe) -> None:
    frames = {
        name: json.dumps(command("ask", message=text, client_id=f"{family} {name}"))
        for name, text in TEXTS[family].items()
    }
    begun = refused_or_carried_out(probe, frames)
    assert begun
    for conversation_id, names in begun.items():
        messages = probe.read(f"/api/chat/conversations/{conversation_id}/messages")
        kept = [message["content"] for message in messages if message["role"] == "user"]
        for name, content in zip(names, kept, strict=True):
            probe.expect(name, content == TEXTS[family][name], f"became {content!r}")


@pytest.mark.timeout(300)
def test_a_text_that_only_names_is_known_or_refused(probe: Probe) -> None:
    frames: dict[str, str] = {}
    for family in TEXTS.values():
        for number, (name, text) in enumerate(family.items()):
            named = [
                command("ask", client_id=text),
                command("ask", targets=[text]),
                command("ask", targets=[{"target": "openai", "settings": {"system_prompt": text}}]),
                command("ask", context=text),
                {"type": text},
                {text: text},
            ]
            frames[name] = json.dumps(named[number % len(named)])
    refused_or_carried_out(probe, frames)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", COMMANDS)
def test_a_field_of_another_type_is_refused(kind: str, probe: Probe) -> None:
    fields = [field.name for field in msgspec.structs.fields(COMMANDS[kind][0])]
    frames: dict[str, str] = {}
    for name, value in TYPES.items():
        frames |= {f"{field}: {name}": json.dumps(command(kind, **{field: value})) for field in fields}
        frames |= {
            f"in {field}: {name}": json.dumps(command(kind, **{field: [value]}))
            for field in fields
            if field in ("targets", "attachments", "answer_ids")
        }
        frames[f"type: {name}"] = json.dumps(command(kind) | {"type": value})
    if kind == "ask":
        for field, (name, value) in itertools.product(SETTINGS, TYPES.items()):
            target = {"target": "openai", "settings": {field: value}}
            frames[f"own {field}: {name}"] = json.dumps(command("ask", targets=[target]))
    refused_or_carried_out(probe, frames)


@pytest.mark.timeout(300)
def test_numbers_past_every_bound_are_refused(probe: Probe) -> None:
    places = [
        (command("ask", temperature="HOLE"), 0, limits.TEMPERATURE),
        (command("ask", max_tokens="HOLE"), 1, limits.MAX_TOKENS),
        (command("ask", parent_id="HOLE"), inf, -inf),
        (command("stop", answer_ids=["HOLE"]), inf, -inf),
        (command("resume", answer_ids=["HOLE"]), inf, -inf),
    ]
    frames, past_bounds = {}, set()
    for place, least, most in places:
        for name, number in NUMBERS.items():
            label = f"{place}: {name}"
            frames[label] = json.dumps(place | fresh(place)).replace('"HOLE"', number.decode())
            if not is_within(least, number, most):
                past_bounds.add(label)
    begun = refused_or_carried_out(probe, frames)
    taken = {name for names in begun.values() for name in names}
    assert taken
    assert taken & past_bounds == set()


def fresh(place: dict[str, Any]) -> dict[str, str]:
    """A client's name of its own, where the command has one."""
    return {"client_id": f"c{next(_numbers)}"} if "client_id" in place else {}


def as_text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


@pytest.mark.timeout(300)
def test_what_is_no_command_is_refused(probe: Probe) -> None:
    written = {f"{family}: {name}": body for family in BODIES for name, body in BODIES[family].items()}
    frame = json.dumps(command("ask", message="HOLE")).encode()
    frames = {name: frame.replace(b'"HOLE"', body) for name, body in written.items()} | DOCUMENTS | deep()
    texts = {name: text for name, body in frames.items() if (text := as_text(body)) is not None}
    assert len(texts) >= 80
    assert refused_or_carried_out(probe, texts) == {}


def test_a_text_frame_that_is_not_utf_8_closes_its_socket_alone(probe: Probe) -> None:
    conversation_id = probe.account.conversation()
    with Watcher(probe.account, conversation_id) as neighbour:
        for name, body in BODIES["not UTF-8"].items():
            with open_socket(probe.account, conversation_id, subprotocols=["webox.v1"]) as socket:
                socket.send(b'{"type": ' + body + b"}", text=True)
                probe.expect(name, code_of(socket) == 1007, "not closed for what it is")
        neighbour.send(**FENCE)
        neighbour.read_until(lambda _: kinds(neighbour.frames).count("snapshot") == 2)


def code_of(socket: ClientConnection) -> int | None:
    """The code with which a socket is closed."""
    with pytest.raises(ConnectionClosed) as closed:
        read_for_ever(socket)
    return closed.value.rcvd.code if closed.value.rcvd else None


def read_for_ever(socket: ClientConnection) -> None:
    while True:
        socket.recv(timeout=30)


SIZES: dict[str, tuple[dict[str, Any], bool]] = {
    "the longest message": ({"message": "x" * limits.MESSAGE_CHARS}, True),
    "the longest message of other planes": ({"message": "\U0001f9d1" * limits.MESSAGE_CHARS}, True),
    "a message that is longer by one": ({"message": "x" * (limits.MESSAGE_CHARS + 1)}, False),
    "a client's name of one letter": ({"client_id": "i"}, True),
    "the longest name": ({"client_id": "i" * limits.CLIENT_ID_CHARS}, True),
    "a name that is longer by one": ({"client_id": "i" * (limits.CLIENT_ID_CHARS + 1)}, False),
    "no name": ({"client_id": ""}, False),
    "a target that is longer by one": ({"targets": ["x" * (limits.TARGET_CHARS + 1)]}, False),
    "a target without a name": ({"targets": [""]}, False),
    "eight targets": ({"targets": ["openai"] * limits.TARGETS_PER_TURN}, True),
    "ten thousand targets": ({"targets": ["openai"] * 10_000}, False),
    "ten thousand marks": ({"message": "a" + "\u0301" * 10_000}, True),
    "ten thousand joins": ({"message": "\U0001f9d1\u200d" * 10_000}, True),
    "the longest system prompt": (
        {"targets": [{"target": "openai", "settings": {"system_prompt": "x" * limits.SYSTEM_PROMPT_CHARS}}]},
        True,
    ),
}


@pytest.mark.timeout(300)
def test_sizes_are_taken_up_to_their_bound(probe: Probe) -> None:
    frames = {
        name: json.dumps(command("ask", **changes), ensure_ascii=False)
        for name, (changes, _) in SIZES.items()
    }
    begun = refused_or_carried_out(probe, frames)
    taken = {name for names in begun.values() for name in names}
    assert taken == {name for name, (_, is_taken) in SIZES.items() if is_taken}


def test_a_frame_may_have_a_mebibyte_and_no_more(probe: Probe) -> None:
    fence = json.dumps(FENCE)
    whole = fence + " " * (limits.FRAME_BYTES - len(fence))
    with Watcher(probe.account, probe.account.conversation()) as watcher:
        watcher.socket.send(whole)
        watcher.read_until(lambda _: kinds(watcher.frames).count("snapshot") == 2)
        watcher.socket.send(whole + " ")
        assert watcher.read_until(lambda event: event["type"] == "error")["code"] == "frame_too_large"


@pytest.mark.timeout(300)
def test_the_plain_socket_refuses_or_answers(probe: Probe) -> None:
    whole: dict[str, Any] = {"message": "Hello", "providers": ["openai"]}
    frames: dict[str, str] = {}
    for name, value in TYPES.items():
        frames |= {f"{field}: {name}": json.dumps(whole | {field: value}) for field in whole}
        frames[f"in providers: {name}"] = json.dumps(whole | {"providers": [value]})
    frames |= {name: text for name, body in DOCUMENTS.items() if (text := as_text(body)) is not None}
    names = iter(frames)
    while some := [*itertools.islice(names, 2 * FRAMES)]:
        with open_socket(probe.account, probe.account.conversation()) as socket:
            for name in some:
                probe.rows.hold()
                socket.send(frames[name])
                last = frames_until(socket, lambda frame: "error" in frame or "status" in frame)[-1]
                if "error" in last:
                    is_typed = set(last) == {"error", "code"} and last["code"] != "internal"
                    probe.expect(name, is_typed, f"{last}")
                    probe.expect(name, probe.rows.changed() == [], "refused, and something changed")


def test_no_address_of_a_socket_lets_anybody_in(probe: Probe) -> None:
    nowhere = 2**40
    token = probe.account.headers
    asked: dict[str, tuple[str, dict[str, str]]] = {name: (part, token) for name, part in IDS.items()}
    asked |= {f"?{name}": (f"{nowhere}?{query}", token) for name, query in QUERIES.items()}
    asked |= {f"?{name} by nobody": (f"{nowhere}?{query}", {}) for name, query in QUERIES.items()}
    asked |= {f"ticket {name}": (f"{nowhere}?ticket={part}", {}) for name, part in IDS.items()}
    for name, (part, headers) in asked.items():
        try:
            with open_url(f"{probe.site.socket_url}/{part}", additional_headers=headers) as socket:
                code = code_of(socket)
        except InvalidHandshake as error:
            code = getattr(getattr(error, "response", None), "status_code", None)
        probe.expect(name, code in (4401, 4404, 404, 400, 403), f"{code}")


def test_a_handshake_with_any_header_is_taken_or_refused(probe: Probe) -> None:
    conversation_id = probe.account.conversation()
    own = {"Host": f"127.0.0.1:{probe.site.port}", "Connection": "Upgrade", "Upgrade": "websocket"}
    own |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    own |= probe.account.headers
    for name, line in HEADERS.items():
        if line.startswith(b"Transfer-Encoding"):
            # The server would wait for the body that this announces.
            continue
        said = line.partition(b":")[0].decode("latin-1").lower()
        lines = [f"{key}: {value}".encode() for key, value in own.items() if key.lower() != said]
        start = f"GET /api/chat/ws/{conversation_id} HTTP/1.1".encode()
        answer = probe.raw(name, b"\r\n".join([start, line, *lines, b"", b""]))
        probe.expect(name, answer.status in (101, 400, 403, 404, 426, 431), f"{answer.status}")
