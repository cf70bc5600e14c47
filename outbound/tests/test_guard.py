"""The guard, through the client that every adapter asks by. A canary on loopback must stay alone.

The spellings are those by which others were fooled, and what getaddrinfo and URL readers make of numbers.
"""

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import pytest

from bench.kit import certificate
from outbound.guard import REFUSED, Outbound, was_refused
from providers.adapters.openai import OpenAIAdapter
from providers.base import ChatMessage, ChatRequest, Endpoint, ProtocolName
from providers.errors import AddressRefused, BadStream, ProviderError, Unreachable
from providers.protocols import make_adapter
from providers.tests.vendor import Heard, Reply, VendorServer, listen, sse
from providers.wire.http import ProviderClient

REQUEST = ChatRequest("owner/model", (ChatMessage("user", "Why?"),))
PROTOCOLS = [name for name in get_args(ProtocolName) if name != "demo"]
WHOLE = Reply((sse({"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}),))
PUBLIC_IP = "93.184.216.34"

# What leads to the canary itself where nobody minds.
LOOPBACK = [
    "127.0.0.1", "127.255.255.254", "0x7f000001", "0x7F.1", "0x7f.0x0.0x0.0x1", "127.0.0.0x1",
    "0.0.0.0", "localhost", "LOCALHOST", "127。0。0。1",  # noqa: S104 -- not to bind to
    "[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:7F00:0001]",
]  # fmt: skip
SPECIAL = [
    *LOOPBACK,
    "localhost.", "127.1", "127.0.1", "2130706433", "017700000001", "0", "0177.0.0.1", "127.0.0.1.",
    "127%2e0%2e0%2e1", "１２７.0.0.1", "①②⑦.0.0.1", "ｌｏｃａｌｈｏｓｔ", "user@127.0.0.1",
    f"{PUBLIC_IP}@127.0.0.1",
    "[::127.0.0.1]", "[::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]", "[2002:a00:1::1]", "[2001:0:4136:e378:8000:63bf:3fff:fdd2]", "[fe80::1]",
    "[fe80::1%25lo]", "[fec0::1]", "[fc00::1]", "[fd12:3456::1]", "[ff02::1]", "[2001:db8::1]",
    "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[::ffff:10.0.0.1]", "[::ffff:0:127.0.0.1]",
    "169.254.169.254", "2852039166", "0xa9fea9fe", "10.0.0.1", "10.1", "172.16.0.1", "172.31.255.255",
    "192.168.0.1", "192.168.1", "100.64.0.1", "100.127.255.254", "0.1.2.3", "192.0.0.8", "192.0.2.1",
    "192.88.99.1", "198.18.0.1", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255",
]  # fmt: skip


class Net:
    """What this test's names resolve to, in turn, and every address that was really connected to."""

    def __init__(self) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.connected: list[str] = []


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Net:
    """No name is asked of another machine, and no connection leaves this one."""
    net = Net()
    resolve, connect = socket.getaddrinfo, asyncio.SelectorEventLoop.sock_connect

    def getaddrinfo(host: str, port: int, *rest: object, **named: object) -> list[Any]:
        answers = net.names.get(host, [[host]])
        ips = answers.pop(0) if len(answers) > 1 else answers[0]
        is_here = host.rstrip(".").lower() == "localhost"
        flags = 0 if is_here else socket.AI_NUMERICHOST
        return [one for ip in ips for one in resolve(ip, port, type=socket.SOCK_STREAM, flags=flags)]

    async def sock_connect(loop: asyncio.SelectorEventLoop, sock: socket.socket, address: Any) -> None:
        net.connected.append(address[0])
        ip = ipaddress.ip_address(address[0].partition("%")[0])
        ip = getattr(ip, "ipv4_mapped", None) or ip
        if not (ip.is_loopback or ip.is_unspecified):
            raise OSError(errno.ENETUNREACH, "the test stays on this machine")
        await connect(loop, sock, address)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", sock_connect)
    return net


class Canary:
    """Listens on every loopback address of one port and counts who came."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connections = 0

    async def sing(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    canary = Canary(port)
    servers = []
    for host in ("0.0.0.0", "::1"):  # noqa: S104 -- every spelling of loopback, not 127.0.0.1 alone
        with contextlib.suppress(OSError):
            servers.append(await asyncio.start_server(canary.sing, host, port))
    assert servers
    yield canary
    for server in servers:
        server.close()
        await server.wait_closed()


@pytest.fixture
async def client() -> AsyncIterator[ProviderClient]:
    client = ProviderClient(backoff_s=0.001)
    yield client
    await client.aclose()


async def ask(client: ProviderClient, base_url: str, *, may_be_private: bool = False) -> Heard:
    endpoint = Endpoint("Vendor", base_url, "key-1", 5.0, may_be_private=may_be_private)
    return await listen(OpenAIAdapter(client).stream(REQUEST, endpoint))


@pytest.mark.parametrize("host", SPECIAL)
async def test_no_spelling_leads_into_a_private_network(
    net: Net, canary: Canary, client: ProviderClient, host: str
) -> None:
    answer = await ask(client, f"http://{host}:{canary.port}/v1")
    assert type(answer.error) in (AddressRefused, Unreachable)
    assert (net.connected, canary.connections) == ([], 0)


@pytest.mark.parametrize("host", LOOPBACK)
async def test_the_same_address_works_where_the_owner_gave_it(
    net: Net, canary: Canary, client: ProviderClient, host: str
) -> None:
    # Else a canary that nobody hears would prove nothing.
    if host.startswith("[") and not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    await ask(client, f"http://{host}:{canary.port}/v1", may_be_private=True)
    assert canary.connections > 0


async def test_an_address_that_the_owner_gave_is_asked_as_it_is(net: Net, client: ProviderClient) -> None:
    async with VendorServer(WHOLE) as vendor:
        port = int(vendor.url.rpartition(":")[2])
        assert (await ask(client, vendor.url, may_be_private=True)).text == "Hi"
        net.names["ollama.lan"] = [["127.0.0.1"]]
        assert (await ask(client, f"http://ollama.lan:{port}", may_be_private=True)).text == "Hi"
        # Leave of one endpoint is none for another, not even over a connection that is open.
        assert type((await ask(client, vendor.url)).error) is AddressRefused
        assert type((await ask(client, f"http://ollama.lan:{port}")).error) is AddressRefused
    assert len(vendor.requests) == 2
    assert vendor.requests[1].headers["host"] == f"ollama.lan:{port}"


@pytest.mark.parametrize(
    "ips",
    [
        ["127.0.0.1"],
        ["::1"],
        ["169.254.169.254"],
        ["10.0.0.7"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["127.0.0.1", "::1", "10.0.0.7"],
    ],
    ids=",".join,
)
async def test_a_public_name_that_resolves_to_a_private_address_is_refused(
    net: Net, canary: Canary, client: ProviderClient, ips: list[str]
) -> None:
    net.names["innocent.example"] = [ips]
    answer = await ask(client, f"http://innocent.example:{canary.port}/v1")
    assert type(answer.error) is AddressRefused
    assert answer.error.attempts == 1
    assert (net.connected, canary.connections) == ([], 0)


@pytest.mark.parametrize("ips", [[PUBLIC_IP, "127.0.0.1"], ["127.0.0.1", PUBLIC_IP]], ids=",".join)
async def test_a_private_address_beside_a_public_one_is_not_tried(
    net: Net, canary: Canary, client: ProviderClient, ips: list[str]
) -> None:
    net.names["innocent.example"] = [ips]
    answer = await ask(client, f"http://innocent.example:{canary.port}/v1")
    assert type(answer.error) in (AddressRefused, Unreachable)
    assert set(net.connected) == {PUBLIC_IP}
    assert canary.connections == 0


async def test_a_name_that_turns_private_after_it_was_public_is_refused(net: Net, canary: Canary) -> None:
    # DNS rebinding. A client of its own for each question, since resolved names are kept for some seconds.
    net.names["rebind.example"] = [[PUBLIC_IP], ["127.0.0.1"]]
    errors = []
    for _ in range(2):
        client = ProviderClient(retries=0)
        errors.append((await ask(client, f"http://rebind.example:{canary.port}/v1")).error)
        await client.aclose()
    assert [type(error) for error in errors] == [Unreachable, AddressRefused]
    assert (net.connected, canary.connections) == ([PUBLIC_IP], 0)


async def test_a_public_name_is_connected_to(net: Net, client: ProviderClient) -> None:
    net.names["vendor.example"] = [[PUBLIC_IP]]
    assert type((await ask(client, "https://vendor.example/v1")).error) is Unreachable
    assert set(net.connected) == {PUBLIC_IP}


async def test_a_name_that_resolves_to_nothing_is_unreachable(net: Net, client: ProviderClient) -> None:
    assert type((await ask(client, "https://nowhere.example/v1")).error) is Unreachable
    assert net.connected == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_the_guard_stands_before_every_door(
    net: Net, canary: Canary, client: ProviderClient, protocol: ProtocolName
) -> None:
    adapter = make_adapter(protocol, client)
    endpoint = Endpoint("Vendor", f"http://127.0.0.1:{canary.port}", "key-1", 5.0)
    assert type((await listen(adapter.stream(REQUEST, endpoint))).error) is AddressRefused
    with pytest.raises(AddressRefused):
        await adapter.models(endpoint)
    assert (net.connected, canary.connections) == ([], 0)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_never_followed(
    net: Net, canary: Canary, client: ProviderClient, protocol: ProtocolName, status: int
) -> None:
    adapter = make_adapter(protocol, client)
    there = {"Location": f"http://127.0.0.1:{canary.port}/", "Refresh": f"0; http://127.0.0.1:{canary.port}/"}
    async with VendorServer(Reply(status=status, headers=there)) as vendor:
        assert type((await listen(adapter.stream(REQUEST, vendor.endpoint()))).error) is BadStream
        with pytest.raises(BadStream):
            await adapter.models(vendor.endpoint())
    assert len(vendor.requests) == 2
    assert canary.connections == 0


async def test_a_vendor_hears_what_asks_it_and_no_more(client: ProviderClient) -> None:
    async with VendorServer(WHOLE) as vendor:
        await ask(client, vendor.url, may_be_private=True)
    [request] = vendor.requests
    # What is packed could unpack to more than any limit.
    assert (request.headers["user-agent"], request.headers["accept-encoding"]) == ("WeBox", "identity")
    assert not {"cookie", "referer", "origin", "x-forwarded-for"} & {*request.headers}


async def test_a_certificate_that_nobody_trusted_signed_is_refused(
    client: ProviderClient, tmp_path: Path
) -> None:
    certificate.make(tmp_path)
    heard: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=certificate.server_context(tmp_path))
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        answer = await ask(client, url, may_be_private=True)
    assert type(answer.error) is Unreachable
    assert heard == []


@pytest.mark.parametrize("may_be_private", [False, True])
async def test_a_proxy_of_the_environment_is_not_used(
    net: Net, canary: Canary, client: ProviderClient, monkeypatch: pytest.MonkeyPatch, may_be_private: bool
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        for spelling in (name, name.lower()):
            monkeypatch.setenv(spelling, f"http://127.0.0.1:{canary.port}")
    net.names["vendor.example"] = [[PUBLIC_IP]]
    for scheme in ("http", "https"):
        answer = await ask(client, f"{scheme}://vendor.example/v1", may_be_private=may_be_private)
        assert type(answer.error) is Unreachable
    assert set(net.connected) == {PUBLIC_IP}
    assert canary.connections == 0


async def test_a_password_file_of_the_environment_is_not_read(
    net: Net, client: ProviderClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login root password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with VendorServer(WHOLE) as vendor:
        endpoint = vendor.endpoint(key="")
        assert (await listen(OpenAIAdapter(client).stream(REQUEST, endpoint))).text == "Hi"
    assert "authorization" not in vendor.requests[0].headers


async def test_a_refused_address_is_named_without_what_was_asked(net: Net, client: ProviderClient) -> None:
    error = (await ask(client, "http://127.0.0.1:9/v1?secret=1")).error
    assert isinstance(error, ProviderError)
    assert error.params == {"vendor": "Vendor"}
    assert error.stage == "before stream"


def test_a_way_out_is_of_one_event_loop() -> None:
    async def make() -> Outbound:
        return Outbound()

    async def ask_there(made: Outbound) -> None:
        with pytest.raises(RuntimeError, match="event loop"):
            made.client(may_be_private=False)

    async def close(made: Outbound) -> None:
        await made.aclose()

    with asyncio.Runner() as own:
        made = own.run(make())
        asyncio.run(ask_there(made))
        own.run(close(made))


def test_a_refusal_of_the_guard_is_known_however_deep_it_lies() -> None:
    try:
        try:
            raise OSError(REFUSED)
        except OSError as error:
            raise RuntimeError("by its cause") from error
    except RuntimeError as error:
        caused = error
    unrelated = OSError("network is unreachable")
    beside = RuntimeError("by what went on around it")
    beside.__context__ = caused
    assert [was_refused(error) for error in (caused, beside, unrelated)] == [True, True, False]
