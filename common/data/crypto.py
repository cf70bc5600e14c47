"""Secrets at rest: Fernet tokens that name the key they were made with.

The keys come from WEBOX_ENCRYPTION_KEYS or from a file under `var/`, never from SECRET_KEY, so that signing
and storing can be renewed apart. The first key encrypts; all of them decrypt.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from common.data.secret_file import read_or_make

VERSION = "v1"
LEAST_CHARS = 32
_SELF_TEST = {"canary": "WeBox"}


class Undecryptable(Exception):
    """The token was made with a key that is not at hand, or it is damaged."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did: `unreadable` rows were made with a key that is gone."""

    renewed: int
    unreadable: int


def configured_secrets() -> list[str]:
    """The encryption keys, the newest first: from the settings, else from the file, made at the first use."""
    if settings.ENCRYPTION_KEYS:
        return list(settings.ENCRYPTION_KEYS)
    return read_or_make(settings.ENCRYPTION_KEY_FILE).split()


class KeyRing:
    """Encrypts and decrypts small records with the keys that `read_secrets` gives, the newest first.

    A token looks like `v1:<key id>:<Fernet token>`. A key that was added after the start is found when the
    first token of it comes by.
    """

    def __init__(self, read_secrets: Callable[[], list[str]]) -> None:
        self._read_secrets = read_secrets
        self._keys: dict[str, Fernet] = {}

    @property
    def current_id(self) -> str:
        """The id of the key that encrypts now."""
        return next(iter(self._loaded()))

    def encrypt(self, record: Mapping[str, Any]) -> str:
        """The token of a record that JSON can hold."""
        key_id, fernet = next(iter(self._loaded().items()))
        return f"{VERSION}:{key_id}:{fernet.encrypt(json.dumps(record).encode()).decode()}"

    def decrypt(self, token: str) -> dict[str, Any]:
        """The record of a token. Raises Undecryptable."""
        version, _, rest = token.partition(":")
        key_id, _, body = rest.partition(":")
        if version != VERSION:
            raise Undecryptable
        if key_id not in self._loaded():
            self.reload()
        fernet = self._loaded().get(key_id)
        if fernet is None:
            raise Undecryptable
        try:
            record = json.loads(fernet.decrypt(body))
        except (InvalidToken, ValueError) as error:
            raise Undecryptable from error
        if not isinstance(record, dict):
            raise Undecryptable
        return record

    def reload(self) -> None:
        """Read the keys again when one is needed next."""
        self._keys = {}

    def check(self) -> None:
        """Encrypt and decrypt a canary with what is there now. Raises ValueError or Undecryptable."""
        self.reload()
        if self.decrypt(self.encrypt(_SELF_TEST)) != _SELF_TEST:
            raise Undecryptable

    def _loaded(self) -> dict[str, Fernet]:
        if not self._keys:
            self._keys = {key_id_of(secret): _fernet(secret) for secret in self._read_secrets()}
        if not self._keys:
            raise ValueError("There is no encryption key.")
        return self._keys


def key_id_of(secret: str) -> str:
    """A key's name: it tells nothing of the key."""
    return hashlib.sha256(b"webox key id " + secret.encode()).hexdigest()[:8]


def _fernet(secret: str) -> Fernet:
    if len(secret) < LEAST_CHARS:
        raise ValueError("An encryption key is too short.")
    derived = HKDF(SHA256(), 32, salt=None, info=b"webox secrets at rest").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
