"""What a person types as an address, and which of them lead to the internet."""

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from outbound.addresses import (
    URL_CHARS,
    Address,
    BadAddress,
    PrivateAddress,
    check_public,
    is_public,
    parse,
)


@pytest.mark.parametrize(
    ("typed", "url", "origin"),
    [
        ("https://api.example.org/v1", "https://api.example.org/v1", "https://api.example.org"),
        (" https://api.example.org/v1/\n", "https://api.example.org/v1", "https://api.example.org"),
        ("https://api.example.org", "https://api.example.org", "https://api.example.org"),
        ("https://api.example.org/", "https://api.example.org", "https://api.example.org"),
        ("HTTPS://API.Example.ORG/V1", "https://api.example.org/V1", "https://api.example.org"),
        ("https://api.example.org:443/v1", "https://api.example.org/v1", "https://api.example.org"),
        ("http://h:80/v1", "http://h/v1", "http://h"),
        ("http://h:443", "http://h:443", "http://h:443"),
        ("http://h:1", "http://h:1", "http://h:1"),
        ("http://h:65535", "http://h:65535", "http://h:65535"),
        ("http://localhost:11434", "http://localhost:11434", "http://localhost:11434"),
        ("http://[::1]:8080/v1/", "http://[::1]:8080/v1", "http://[::1]:8080"),
        ("http://192.168.0.7:1234/v1", "http://192.168.0.7:1234/v1", "http://192.168.0.7:1234"),
        ("https://bücher.example/v1", "https://xn--bcher-kva.example/v1", "https://xn--bcher-kva.example"),
        ("https://127。0。0。1", "https://127.0.0.1", "https://127.0.0.1"),
        ("https://h.example/a/../b", "https://h.example/b", "https://h.example"),
        ("https://h.example/ü", "https://h.example/%C3%BC", "https://h.example"),
        ("https://h.example/v1/chat/completions", "https://h.example/v1", "https://h.example"),
        ("https://h.example/v1/chat/completions/", "https://h.example/v1", "https://h.example"),
        ("https://h.example/v1//chat/completions/", "https://h.example/v1", "https://h.example"),
        ("https://h.example/v1/responses", "https://h.example/v1", "https://h.example"),
        ("https://h.example/v1/messages", "https://h.example/v1", "https://h.example"),
        ("http://h.example:11434/api/chat", "http://h.example:11434", "http://h.example:11434"),
        ("https://api.cohere.com/v2/chat", "https://api.cohere.com", "https://api.cohere.com"),
    ],
)
def test_an_address_is_read_as_it_is_meant(typed: str, url: str, origin: str) -> None:
    address = parse(typed)
    assert (address.url, address.origin) == (url, origin)
    assert address.is_https is url.startswith("https:")
    assert parse(address.url) == address


def test_a_path_is_given_only_where_none_was_typed() -> None:
    assert parse("https://h.example", usual_path="/v1").url == "https://h.example/v1"
    assert parse("https://h.example/", usual_path="/v1").url == "https://h.example/v1"
    assert parse("https://h.example/v9", usual_path="/v1").url == "https://h.example/v9"


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "h.example", "h.example/v1", "//h.example", "/v1", "https:", "https://", "https:///v1",
        "https:/h.example", "ftp://h.example", "file:///etc/passwd", "javascript:alert(1)", "unix:///sock",
        "data:text/html,x", "gopher://h.example", "httpx://h.example", "ws://h.example",
        "https://user@h.example", "https://user:pass@h.example", "https://:pass@h.example",
        "https://api.openai.com@evil.test", "https://h.example/?x=1", "https://h.example?x=1",
        "https://h.example/v1?", "https://h.example/#x", "https://h.example#", "https://h.example/a b",
        "https://h example", "https://h.example\\@evil.test", "https://h.example/\\..", "https://h\n.example",
        "https://h.example/\tx", "https://h.example/\x00", "https://h\u200b.example", "https://h\u202e.example",
        "https://h.example:0", "https://h.example:65536", "https://h.example:99999", "https://h.example:-1",
        "https://h.example:x",
        "https://h.example:1:2", "https://[::1", "https://[::g]", "https://[127.0.0.1]", "https://256.1.1.1",
        "https://１２７.0.0.1", "https://①②⑦.0.0.1", "https://ｌｏｃａｌｈｏｓｔ", "https://evil.test／.example.org",
        "https://%2f.example", "https://h%00.example", "https://h%2eexample", "https://h<x.example",
        "https://h^x.example", "https://{h}.example", "https://h!.example", "https://xn--&.example",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused(typed: str) -> None:
    with pytest.raises(BadAddress):
        parse(typed)


def test_an_address_has_a_limit() -> None:
    start = "https://h.example/"
    assert len(parse(start + "x" * (URL_CHARS - len(start))).url) == URL_CHARS
    for size in (URL_CHARS + 1 - len(start), 5000, 1_000_000):
        with pytest.raises(BadAddress):
            parse(start + "x" * size)
    with pytest.raises(BadAddress):
        parse("https://" + "é" * 300 + ".example")


@pytest.mark.parametrize(
    "typed",
    [
        "https://api.example.org/v1",
        "https://api.example.org:8443/v1",
        "https://api.example.org.",
        "https://8.8.8.8",
        "https://8.8.8.8.",
        "https://[2606:4700::1111]/v1",
        "https://[::ffff:8.8.8.8]",
        "https://127.0.0.1.nip.example",
        "https://localhost.example",
        "https://bücher.example",
    ],
)
def test_what_looks_public_may_be_added_by_anybody(typed: str) -> None:
    check_public(parse(typed))


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LocalHost", "localhost.", "a.localhost", "printer.local", "db.internal", "nas.lan",
        "x.home.arpa", "x.home.arpa.", "metadata.google.internal", "intranet", "ollama", "127.0.0.1",
        "127.0.0.1.", "127.1", "2130706433", "0x7f000001", "0x7f.1", "1.2.3", "1.2.3.4.5", "10.0.0.1",
        "192.168.1.1", "172.20.0.1", "169.254.169.254", "100.64.0.1", "0.1.2.3", "224.0.0.1", "[::1]", "[::]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]",
        "[fec0::1]", "[fe80::1%25eth0]", "[fd00::1]", "127。0。0。1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("start", ["https://{}/v1", "http://{}:11434"])
def test_what_looks_private_is_for_the_owner_alone(host: str, start: str) -> None:
    with pytest.raises(PrivateAddress):
        check_public(parse(start.format(host)))


@pytest.mark.parametrize(
    "typed",
    [
        "http://api.example.org/v1",
        "http://api.example.org:443/v1",
        "https://api.example.org:80/v1",
        "https://api.example.org:22",
        "https://api.example.org:6379",
        "https://api.example.org:4430",
        "https://8.8.8.8:25",
    ],
)
def test_a_public_address_is_https_on_a_usual_port(typed: str) -> None:
    with pytest.raises(BadAddress):
        check_public(parse(typed))


@pytest.mark.parametrize(
    "ip",
    ["8.8.8.8", "1.1.1.1", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1",
     "11.0.0.1", "223.255.255.254", "2606:4700::1111", "2001:4860:4860::8888", "2a00:1450::1",
     "::ffff:8.8.8.8", "::ffff:808:808"],
)  # fmt: skip
def test_the_internet_at_large_is_public(ip: str) -> None:
    assert is_public(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "", "x", "8.8.8.8.", "08.8.8.8", "2130706433", "127.1", "[::1]", "::1 ", "8.8.8.8/32",
        "127.0.0.1", "127.255.255.255", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255",
        "192.168.0.1", "169.254.169.254", "100.64.0.0", "100.127.255.255", "192.0.0.8", "192.0.0.170",
        "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
        "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::2", "::7f00:1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:7f00:1",
        "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:224.0.0.1", "::ffff:0.0.0.0",
        "64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::7f00:1", "64:ff9b:1:ffff::1",
        "2002:7f00:1::", "2002:808:808::1", "2001::1", "2001:0:4136:e378::1", "2001:db8::1", "2001:2::1",
        "2001:10::1", "fc00::1", "fd00::1", "fe80::1", "fe80::1%eth0", "fec0::1", "feff::1", "ff02::1",
        "ff0e::1", "100::1",
        # IPv4-translated (RFC 2765), documentation (RFC 9637), segment routing (RFC 9602), never given out.
        "::ffff:0:127.0.0.1", "3fff::1", "5f00::1", "4000::1", "e000::1",
    ],
)  # fmt: skip
def test_every_private_or_special_range_is_not(ip: str) -> None:
    assert not is_public(ip)


HOSTS = st.lists(
    st.sampled_from([
        "a", "B", "é", "ß", ".", "。", "-", "_", ":", "443", "80", "0", "/", "//", "@", "%", "%2f", "[", "]",
        "::1", "127.0.0.1", "localhost", "xn--", "\\", "?", "#", ";", "!", "<", "^", " ", "\n", "①",
        "/chat/completions", "/v1", "..",
    ]),
    max_size=8,
).map("".join)  # fmt: skip


def where(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.raw_host.decode(), url.port or {"http": 80, "https": 443}[url.scheme]


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(start=st.sampled_from(["https://", "http://", "HTTP://"]), rest=HOSTS)
@example(start="https://", rest="api.example.org/v1")
@example(start="https://", rest="a/v1//chat/completions/")
@example(start="https://", rest="a:0")
def test_what_is_accepted_is_where_httpx_goes(start: str, rest: str) -> None:
    try:
        address = parse(start + rest, usual_path="/v1")
    except BadAddress:
        return
    assert not address.url.endswith("/")
    assert address.url.startswith(address.origin + "/")
    asked = httpx.URL(f"{address.url}/chat/completions")
    assert where(asked) == where(httpx.URL(address.origin))
    assert where(asked) == ("https" if address.is_https else "http", address.host, address.port)
    assert not asked.userinfo
    assert not asked.query
    assert isinstance(address, Address)
