"""Secrets at rest: what goes in comes out, with the keys at hand and no others."""

import pytest

from common.data.crypto import KeyRing, Undecryptable, key_id_of

OLD, NEW = "o" * 40, "n" * 40


def ring(*secrets: str) -> KeyRing:
    return KeyRing(lambda: list(secrets))


def test_a_record_comes_back_and_its_token_names_the_key() -> None:
    token = ring(NEW, OLD).encrypt({"key": "sk-1", "owner": None})
    assert token.startswith(f"v1:{key_id_of(NEW)}:")
    assert "sk-1" not in token
    assert ring(NEW).decrypt(token) == {"key": "sk-1", "owner": None}


def test_an_older_key_still_decrypts() -> None:
    assert ring(NEW, OLD).decrypt(ring(OLD).encrypt({"a": 1})) == {"a": 1}


def test_without_its_key_a_token_can_not_be_read() -> None:
    with pytest.raises(Undecryptable):
        ring(NEW).decrypt(ring(OLD).encrypt({"a": 1}))


@pytest.mark.parametrize("token", ["", "v1", "v1::", "v2:aa:bb", "plain", "v1:deadbeef:x"])
def test_what_is_no_token_can_not_be_read(token: str) -> None:
    with pytest.raises(Undecryptable):
        ring(NEW).decrypt(token)


def test_a_damaged_token_can_not_be_read() -> None:
    token = ring(NEW).encrypt({"a": 1})
    with pytest.raises(Undecryptable):
        ring(NEW).decrypt(token[:-8] + "AAAAAAA=")


def test_a_key_added_after_the_start_is_found() -> None:
    secrets = [OLD]
    running = KeyRing(lambda: list(secrets))
    assert running.decrypt(running.encrypt({"a": 1})) == {"a": 1}
    secrets.insert(0, NEW)
    assert running.decrypt(ring(NEW).encrypt({"a": 2})) == {"a": 2}


@pytest.mark.parametrize("secrets", [[], ["short"], ["k" * 31]])
def test_missing_and_short_keys_are_refused(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="key"):
        ring(*secrets).check()


def test_a_key_of_thirty_two_characters_is_long_enough() -> None:
    ring("k" * 32).check()
    assert len(key_id_of("k" * 32)) == 8


def test_a_token_of_another_version_can_not_be_read() -> None:
    token = ring(NEW).encrypt({"a": 1})
    with pytest.raises(Undecryptable):
        ring(NEW).decrypt(token.replace("v1:", "v2:", 1))


def test_what_holds_no_record_can_not_be_read() -> None:
    token = ring(NEW).encrypt(["no", "record"])  # type: ignore[arg-type]
    with pytest.raises(Undecryptable):
        ring(NEW).decrypt(token)


def test_a_ring_that_gives_back_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeyRing, "decrypt", lambda *_: {"canary": "another"})
    with pytest.raises(Undecryptable):
        ring(NEW).check()
