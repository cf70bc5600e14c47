"""How often the API may be asked: exactly so often, by person and by address, and it says when again."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from pytest_django import Settings
from redis.exceptions import RedisError

from accounts.models import User
from common.http.throttles import take

ROOT = "/api/chat/conversations"


@pytest.fixture(autouse=True)
def limits_start_anew(settings: Settings) -> Iterator[None]:
    cache.clear()
    settings.API_PER_MINUTE, settings.API_ANONYMOUS_PER_MINUTE = 5, 3
    yield
    cache.clear()


def statuses(client: Client, path: str, count: int, **headers: str) -> list[int]:
    return [client.get(path, headers=headers).status_code for _ in range(count)]


def test_a_person_who_asks_too_often_is_told_when_to_come_back(as_alice: Client, as_bob: Client) -> None:
    assert statuses(as_alice, ROOT, 6) == [200] * 5 + [429]
    refused = as_alice.get(ROOT)
    assert refused.json()["code"] == "throttled"
    assert 0 < int(refused["Retry-After"]) <= 60
    assert as_bob.get(ROOT).status_code == 200


def test_all_sign_ins_of_a_person_count_together(as_alice: Client, alice: User) -> None:
    assert statuses(as_alice, ROOT, 5) == [200] * 5
    other = Client()
    other.force_login(alice)
    assert other.get(ROOT).status_code == 429


def test_two_hundred_requests_at_once_get_exactly_what_is_allowed(alice: User) -> None:
    def ask(_: int) -> int:
        client = Client()
        client.force_login(alice)
        try:
            return client.get(ROOT).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        assert Counter(threads.map(ask, range(200))) == {200: 5, 429: 195}


@pytest.mark.django_db
def test_strangers_count_by_address_whatever_they_claim_to_forward() -> None:
    client = Client(REMOTE_ADDR="203.0.113.7")
    claims = [client.get("/api/docs/", headers={"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(4)]
    assert [one.status_code for one in claims] == [200] * 3 + [429]
    assert Client(REMOTE_ADDR="203.0.113.8").get("/api/docs/").status_code == 200


@pytest.mark.django_db
def test_behind_a_proxy_the_address_it_saw_counts(settings: Settings) -> None:
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    client = Client(REMOTE_ADDR="127.0.0.1")
    assert statuses(client, "/api/docs/", 4, **{"X-Forwarded-For": "6.6.6.6, 203.0.113.7"})[-1] == 429
    assert statuses(client, "/api/docs/", 1, **{"X-Forwarded-For": "203.0.113.7, 203.0.113.9"}) == [200]


@pytest.mark.django_db
def test_an_ipv6_network_counts_as_one() -> None:
    for number in range(3):
        assert Client(REMOTE_ADDR=f"2001:db8::{number}").get("/api/docs/").status_code == 200
    assert Client(REMOTE_ADDR="2001:db8::ffff").get("/api/docs/").status_code == 429
    assert Client(REMOTE_ADDR="2001:db8:0:1::1").get("/api/docs/").status_code == 200


def test_zero_is_no_limit(as_alice: Client, settings: Settings) -> None:
    settings.API_PER_MINUTE = 0
    assert statuses(as_alice, ROOT, 8) == [200] * 8


def test_with_redis_away_nobody_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RedisError

    monkeypatch.setattr(cache, "add", fail)
    assert take("anybody", 1) == 0
    assert take("anybody", 1) == 0
