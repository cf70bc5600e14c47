"""Over HTTP nothing breaks by what anybody sends: it is kept as it is, or refused and nothing changed.

What is sent: tests/api/adversarial. What is looked at each time: tests/api/adversarial/probe.py.
"""

import json
import re
from collections.abc import Iterator
from itertools import chain, product
from math import inf
from typing import Any, TypeVar
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from chat import limits
from chat.models import Conversation, Folder
from chat.tests.api.test_authorization import TABLE, everything
from chat.tests.store.test_uploads import picture
from tests.api.adversarial import BODIES, DOCUMENTS, FILENAMES, HEADERS, IDS, NUMBERS, QUERIES, TEXTS, TYPES
from tests.api.adversarial.files import conversation_called, form
from tests.api.adversarial.keeping import PLACES, START, keep
from tests.api.adversarial.made import (
    GATEWAY,
    bounds,
    deep,
    endless,
    fields,
    is_within,
    large,
    lengths,
    places,
    takes,
)
from tests.api.adversarial.people import one_of_everything, owner_of, visitor
from tests.api.adversarial.probe import Probe, addresses
from tests.site.fixtures import vendor_settings
from tests.site.running import (
    OWNER_EMAIL,
    PASSWORD,
    Account,
    Site,
    environment,
    free_port,
    running_site,
    server_command,
)
from tests.site.vendor import Vendor, answering
from tests.tried import sample, tries_all

# They take a minute.
pytestmark = pytest.mark.fuzz

LEAST = {
    "unicode": 40, "formulas": 12, "templates": 10, "commands": 20, "injections": 30, "NUL": 12,
    "lone surrogates": 12, "not UTF-8": 18, "no string of JSON": 20, "documents": 24, "numbers": 18,
    "ids": 22, "queries": 20, "headers": 14, "filenames": 8, "sizes and depths": 26,
}  # fmt: skip


@pytest.fixture(scope="module")
def site(far_vendor: Vendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One of its own, behind a proxy that says who asks: from one address it would soon be too often."""
    var, port = tmp_path_factory.mktemp("adversarial"), free_port()
    owner = {"WEBOX_OWNER_EMAIL": OWNER_EMAIL, "WEBOX_OWNER_PASSWORD": PASSWORD, "WEBOX_PROXIES": "1"}
    env = environment(var, **vendor_settings(far_vendor), **owner)
    with running_site(server_command(port), env, port, var / "log") as site:
        yield site


@pytest.fixture(scope="module")
def zoe(site: Site) -> Account:
    return site.account("zoe")


@pytest.fixture(scope="module")
def owner(site: Site) -> Account:
    return owner_of(site)


@pytest.fixture(scope="module")
def names(owner: Account, far_vendor: Vendor) -> dict[str, Any]:
    return one_of_everything(owner, far_vendor)


def probing(account: Account, vendor: Vendor) -> Iterator[Probe]:
    vendor.scripts["openai"] = answering("Well.")
    probe = Probe(account)
    yield probe
    probe.end()


@pytest.fixture
def probe(zoe: Account, vendor_scripts: Vendor) -> Iterator[Probe]:
    """Zoe's, who is a person like any other."""
    yield from probing(zoe, vendor_scripts)


@pytest.fixture
def owners_probe(owner: Account, vendor_scripts: Vendor) -> Iterator[Probe]:
    yield from probing(owner, vendor_scripts)


@pytest.fixture
def pages(site: Site, zoe: Account, vendor_scripts: Vendor) -> Iterator[Probe]:
    """Zoe's, in her browser. Her name may have become another meanwhile, her address not."""
    yield from probing(visitor(site, "zoe@example.org"), vendor_scripts)


def filled(template: str, names: dict[str, Any]) -> str:
    """A path or a body with the names of the owner's own things in it."""
    for name, value in names.items():
        template = template.replace(f'"{{{name}}}"', json.dumps(value)).replace(f"{{{name}}}", str(value))
    return template


Item = TypeVar("Item")
One = TypeVar("One")


def shared(items: dict[str, Item], among: list[One], every: int) -> Iterator[tuple[str, Item, One]]:
    """Name, item and one of many: each item meets a share of them, and each of them all kinds of items."""
    met = [
        (name, item, one)
        for number, (name, item) in enumerate(items.items())
        for at, one in enumerate(among)
        if (number + at) % every == 0
    ]
    yield from sample("adversarial", met)


def test_there_is_enough_of_everything() -> None:
    families: dict[str, dict[str, Any]] = {
        **TEXTS, **BODIES, "documents": DOCUMENTS, "numbers": NUMBERS, "ids": IDS, "queries": QUERIES,
        "headers": HEADERS, "filenames": FILENAMES, "sizes and depths": deep() | large(),
    }  # fmt: skip
    counts = {name: len({*items.values()}) for name, items in families.items()}
    assert {name: counts[name] for name in LEAST if counts[name] < LEAST[name]} == {}
    assert sum(counts.values()) >= 400
    assert len({item for items in families.values() for item in items.values()}) >= 400
    assert len(list(places())) * len(TYPES) >= 500


@pytest.mark.timeout(300)
@pytest.mark.parametrize("family", TEXTS)
def test_a_text_is_kept_as_it_is_or_refused(family: str, probe: Probe) -> None:
    for place in PLACES:
        texts = dict(sample("adversarial", [*TEXTS[family].items()][:: place.every]))
        # Where all was refused nothing was tried; the few of a sample may all be refused.
        assert keep(probe, place, texts) or not tries_all("adversarial"), place.name


SEEKING: list[tuple[str, Any]] = [
    ("GET /api/chat/search?words={text}", None),
    ("GET /api/chat/conversations?search={text}&folder={text}&tag={text}", None),
    ("GET /api/chat/conversations?order={text}&since={text}", None),
    ("GET /api/stats/activity?provider={text}&days={text}", None),
    ("GET /api/chat/providers/{text}", None),
    ("GET /v1/models/{text}", None),
    ("POST /api/chat/send", {"message": "x", "selected_providers": ["HOLE"]}),
    ("POST /api/chat/send", {"message": "x", "selected_providers": ["openai"], "context": "HOLE"}),
    ("POST /v1/chat/completions", {"model": "HOLE", "messages": [{"role": "user", "content": "x"}]}),
    ("PATCH /api/auth/preferences", {"theme": "HOLE"}),
    ("POST /api/chat/providers", {"label": "HOLE", "base_url": "http://127.0.0.1:9/"}),
    ("POST /api/chat/providers", {"label": "x", "base_url": "HOLE"}),
    ("POST /api/auth/token/refresh", {"refresh": "HOLE"}),
]
"""Where a text only names or looks for something."""
COSTLY: list[tuple[str, Any]] = [
    ("POST /api/auth/token", {"username": "HOLE", "password": "HOLE"}),
    ("POST /api/auth/token", {"email": "HOLE", "password": "HOLE", "otp": "HOLE"}),
    ("POST /api/auth/register", {"email": "x@example.org", "username": "HOLE", "password": "HOLE"}),
    ("POST /api/auth/register", {"email": "HOLE", "username": "x", "password": PASSWORD}),
    ("PUT /api/chat/providers/openai/key", {"key": "HOLE"}),
]
"""The same where passwords are hashed or a vendor is asked."""
# Of how many places each item is sent to one.
EVERY, EVERY_COSTLY, EVERY_ROUTE, EVERY_LIST, EVERY_PAGE = 5, 24, 7, 3, 8


@pytest.mark.timeout(300)
@pytest.mark.parametrize("family", TEXTS)
def test_a_text_does_no_harm_where_it_names_or_seeks(family: str, probe: Probe) -> None:
    cheap, costly = shared(TEXTS[family], SEEKING, EVERY), shared(TEXTS[family], COSTLY, EVERY_COSTLY)
    for name, text, (operation, body) in chain(cheap, costly):
        told = None if body is None else json.dumps(body).replace('"HOLE"', json.dumps(text)).encode()
        path = operation.replace("{text}", quote(text, safe=""))
        probe.ask(f"{operation} {body}: {name}", path, told)


HOLDERS: list[tuple[str, bytes]] = [
    ("POST /api/chat/conversations", b'{"title": HOLE}'),
    ("PATCH /api/auth/me", b'{"preferences": {"note": HOLE}}'),
    ("POST /api/chat/send", b'{"message": HOLE, "selected_providers": ["openai"]}'),
    ("POST /v1/chat/completions", b'{"model": "x", "messages": [{"role": "user", "content": HOLE}]}'),
    ("POST /api/auth/token", b'{"username": HOLE, "password": "x"}'),
]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("family", BODIES)
def test_what_is_no_text_of_json_is_refused_everywhere(family: str, probe: Probe) -> None:
    for name, hole, (operation, body) in shared(BODIES[family], HOLDERS, 2):
        label = f"{operation}: {name}"
        answer = probe.ask(label, operation, body.replace(b"HOLE", hole))
        probe.expect(label, answer.status == 400, f"{answer.status}")


@pytest.mark.timeout(300)
def test_what_is_no_document_is_refused_everywhere(probe: Probe) -> None:
    for name, document, (operation, _body) in shared(DOCUMENTS | deep(), HOLDERS, 2):
        probe.ask(f"{operation}: {name}", operation, document)
    for name, document in large().items():
        for operation in (START, GATEWAY):
            probe.ask(f"{operation}: {name}", operation, document)


@pytest.mark.timeout(300)
def test_every_field_takes_its_own_type_or_refuses(owners_probe: Probe, names: dict[str, Any]) -> None:
    described = {f"{operation} {field}": schema for operation, field, schema in fields()}
    # Who is glad of better titles has them made a moment after an answer: that is the last thing to like.
    in_order = sorted(places(), key=lambda place: "/api/auth/" in place[0])
    for (operation, field, body), (name, value) in sample("adversarial", [*product(in_order, TYPES.items())]):
        label = f"{operation} {field}: {name}"
        told = filled(body, names).replace('"HOLE"', json.dumps(value))
        answer = owners_probe.ask(label, filled(operation, names), told.encode())
        may_take = takes(described.get(f"{operation} {field}", {}), value)
        owners_probe.expect(label, may_take or answer.status >= 400, f"taken: {answer.status}")
    owners_probe.write("as before", "PATCH /api/auth/preferences", {"better_titles": False})


@pytest.mark.timeout(300)
def test_numbers_past_every_bound_are_refused(owners_probe: Probe, names: dict[str, Any]) -> None:
    bounded = bounds()
    for operation, field, body in places():
        place = f"{operation} {field}"
        if place not in bounded and not re.search("ids|temperature|max_tokens", field):
            continue
        least, most = bounded.get(place, (-inf, inf))
        for name, number in NUMBERS.items():
            told = filled(body, names).encode().replace(b'"HOLE"', number)
            answer = owners_probe.ask(f"{place}: {name}", filled(operation, names), told)
            may_take = is_within(least, number, most)
            owners_probe.expect(f"{place}: {name}", may_take or answer.status >= 400, "taken")


# What accounts.identity looks at, and an amount of money.
BOUND_ELSEWHERE = {
    *("POST /api/auth/register email", "POST /api/auth/register username"),
    *("PATCH /api/auth/me username", "PATCH /api/usage budget_usd"),
}


def test_every_other_text_has_a_bound_that_is_described() -> None:
    assert endless() == BOUND_ELSEWHERE


@pytest.mark.timeout(300)
def test_a_text_that_is_too_long_is_refused(owners_probe: Probe, names: dict[str, Any]) -> None:
    whole = {f"{operation} {field}": filled(body, names) for operation, field, body in places()}
    for operation, field, most in sample("adversarial", [*lengths()]):
        for length in (0, 1, most - 1, most, most + 1):
            for letter in ("x", "\U0001f9d1") if length > most else ("x",):
                told = whole[f"{operation} {field}"].replace("HOLE", letter * length).encode()
                label = f"{operation} {field}: {length} of {most}"
                answer = owners_probe.ask(label, filled(operation, names), told)
                is_right = length <= most or answer.status >= 400
                owners_probe.expect(label, is_right, f"{answer.status}")


@pytest.mark.timeout(300)
def test_an_id_that_is_none_leads_nowhere(probe: Probe) -> None:
    routes = [operation for operation in TABLE if "{" in operation]
    for name, part, operation in shared(IDS, routes, EVERY_ROUTE):
        body = json.dumps(TABLE[operation]["body"]).encode() if "body" in TABLE[operation] else None
        label = f"{operation}: {name}"
        before, after = re.split(r"\{\w+\}", operation)
        answer = probe.ask(label, before + part + after, body)
        probe.expect(label, answer.status in (400, 403, 404), f"{answer.status}")


LISTS = [name for name in TABLE if name.startswith("GET ") and "{" not in name]
PAGES = ["GET /chat/", "GET /dashboard/", "GET /dashboard/usage.csv", "GET /accounts/login/"]


@pytest.mark.timeout(300)
def test_a_query_is_answered_or_refused(probe: Probe) -> None:
    for name, query, operation in shared(QUERIES, LISTS, EVERY_LIST):
        probe.ask(f"{operation}: {name}", f"{operation}?{query}")


@pytest.mark.timeout(300)
def test_a_page_is_shown_whatever_is_asked_of_it(pages: Probe) -> None:
    for name, query, operation in shared(QUERIES, PAGES, 2):
        pages.ask(f"{operation}: {name}", f"{operation}?{query}")
    for family in TEXTS.values():
        asked = {name: f"?lineup={quote(text)}&next={quote(text)}" for name, text in family.items()}
        for name, query, operation in shared(asked, PAGES, EVERY_PAGE):
            pages.ask(f"{operation}: {name}", operation + query)


# What the server says that hands requests to WeBox, of one that it can't hand on.
NO_HTTP = (400, "text/plain", b"Invalid HTTP request received.")
LINES: dict[str, bytes] = {
    "Host": b"127.0.0.1",
    "Content-Type": b"application/json",
    "Content-Length": b"14",
    "Connection": b"close",
}
MANY_HEADERS = {
    "5,000 of one header": b"\r\n".join([b"X-Forwarded-For: 10.0.0.1"] * 5_000),
    "5,000 headers": b"\r\n".join(b"X-%d: x" % number for number in range(5_000)),
    "a cookie of 64 kB": b"Cookie: " + b"a=b; " * 13_000,
    "a thousand cookies": b"\r\n".join([b"Cookie: webox_session=x"] * 1_000),
    "a name of 64 kB": b"X-" + b"x" * 65_536 + b": x",
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", ["/api/chat/conversations", "/v1/chat/completions", "/api/auth/token"])
def test_headers_are_read_or_refused(path: str, probe: Probe) -> None:
    own = LINES | {name: value.encode() for name, value in probe.account.headers.items()}
    for name, line in (HEADERS | MANY_HEADERS).items():
        said = line.partition(b":")[0].decode("latin-1").lower()
        own["X-Forwarded-For"] = next(addresses).encode()
        lines = [f"{key}: ".encode() + value for key, value in own.items() if key.lower() != said]
        request = b"\r\n".join([f"POST {path} HTTP/1.1".encode(), line, *lines, b"", b'{"title": "x"}'])
        answer = probe.raw(f"{path}: {name}", request)
        if (answer.status, answer.media_type, answer.body) != NO_HTTP:
            probe.look(f"{path}: {name}", answer, path, request)
        else:
            probe.expect(f"{path}: {name}", probe.rows.changed() == [], "refused, and something changed")


def test_a_file_may_be_called_anything(probe: Probe) -> None:
    image = picture()
    for name, filename in FILENAMES.items():
        for content in (image, b"<svg onload=alert(1)>"):
            body, media_type = form(filename, content)
            label = f"{content[:5]!r} called {name}"
            answer = probe.ask(label, "POST /api/chat/attachments", body, **{"Content-Type": media_type})
            probe.expect(label, content == image or not answer.is_good, "no image, and taken")
            if answer.is_good:
                gone = probe.ask(f"{label}, removed", f"DELETE {answer.json()['url']}")
                probe.expect(label, gone.status == 204, f"{gone.status}")


def test_a_file_that_is_no_export_changes_nothing(as_alice: Client, monkeypatch: Any) -> None:
    """In this process, since a person brings in a few files a minute at the most."""
    monkeypatch.setattr(limits, "IMPORTS_PER_MINUTE", 10_000)
    as_alice.raise_request_exception = False
    start = b'{"format": "webox-export", "version": 1, "folders": [HOLE]}'
    holes = {"numbers": NUMBERS, **BODIES}
    files = {
        f"{family}: {name}": start.replace(b"HOLE", hole)
        for family, items in holes.items()
        for name, hole in items.items()
    }
    # These are strings, and so names of a folder.
    del files["numbers: a string of digits"], files["numbers: digits of another script"]
    before, faults = everything(), {}
    for name, document in (files | DOCUMENTS | deep()).items():
        file = SimpleUploadedFile("webox.json", document, "application/json")
        got = as_alice.post("/chat/import", {"file": file})
        if got.status_code != 302 or Folder.objects.exists() or Conversation.objects.exists():
            faults[name] = got.status_code
    assert faults == {}
    assert everything() == before


@pytest.mark.timeout(300)
def test_what_is_brought_in_is_exported_as_it_was(site: Site, vendor_scripts: Vendor) -> None:
    site.account("yann")
    pages = Probe(visitor(site, "yann"))
    texts = {text for family in TEXTS.values() for text in family.values()}
    given = {text: conversation_called(text) for text in texts}
    document = {"format": "webox-export", "version": 1, "conversations": [*given.values()]}
    body, media_type = form(b"webox.json", json.dumps(document).encode())
    answer = pages.ask("all texts", "POST /chat/import", body, **{"Content-Type": media_type})
    assert answer.status == 302, answer.body
    exported = pages.ask("export", "GET /chat/export").json()["conversations"]
    found = {one["messages"][0]["content"]: one for one in exported}
    assert found.keys() == texts
    for text, one in found.items():
        wanted = given[text]
        # Names as the API takes them.
        wanted |= {"folder": wanted["folder"].strip(), "tags": [tag.strip() for tag in wanted["tags"]]}
        for name in ("title", "folder", "tags"):
            pages.expect(f"{name} {text!r}", one[name] == wanted[name], f"became {one[name]!r}")
    pages.end()
