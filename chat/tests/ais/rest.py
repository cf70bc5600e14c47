"""Requests to the providers' REST API, as short as tests want them."""

import json
from typing import Any

from django.test import Client

KEY = "sk-good-key-of-somebody-9876"
PROVIDERS = "/api/chat/providers"


def send(client: Client, method: str, path: str, body: object = None) -> Any:
    return client.generic(method, PROVIDERS + path, json.dumps(body), content_type="application/json")


def record(client: Client, slug: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{PROVIDERS}/{slug}").json()
    return found
