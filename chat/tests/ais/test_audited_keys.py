"""The audit log of keys and servers: which, whose and where, never a key."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, User
from chat.models import Provider
from tests.site.vendor import Vendor

KEY = "sk-very-secret-key-0123456789"


def lines(**about: Any) -> list[tuple[str, str]]:
    return list(AuditEvent.objects.filter(**about).order_by("pk").values_list("action", "subject"))


def test_a_saved_and_a_forgotten_key_are_noted(as_alice: Client, alice: User, vendor: Vendor) -> None:
    before = AuditEvent.objects.count()
    address = "/api/chat/providers/openai/key"
    assert as_alice.put(address, {"key": KEY}, content_type="application/json").status_code == 200
    assert as_alice.delete(address).status_code == 204
    told = AuditEvent.objects.order_by("pk")[before:]
    assert [(line.action, line.subject, line.actor_name, line.person_number) for line in told] == [
        ("key_saved", "openai", "alice", alice.pk),
        ("key_forgotten", "openai", "alice", alice.pk),
    ]
    assert KEY not in json.dumps(list(AuditEvent.objects.values("subject", "details")))


@pytest.mark.usefixtures("open_world")
def test_a_server_of_ones_own_and_its_new_address_are_noted(
    as_alice: Client, alice: User, vendor: Vendor
) -> None:
    base_url = vendor.address("mine")
    given = {"label": "Mine", "protocol": "openai", "base_url": base_url, "key": KEY, "models": ["m"]}
    made = as_alice.post("/api/chat/providers", given, content_type="application/json")
    assert made.status_code == 201, made.content
    slug = made.json()["slug"]
    AuditEvent.objects.get(action="server_added", subject=slug, details={"address": base_url})
    changes = {"base_url": f"{base_url}/other"}
    changed = as_alice.patch(f"/api/chat/providers/{slug}", changes, content_type="application/json")
    assert changed.status_code == 200, changed.content
    AuditEvent.objects.get(action="server_changed", subject=slug)
    assert ("key_forgotten", slug) in lines(person_number=alice.pk)
    as_alice.delete(f"/api/chat/providers/{slug}")
    assert not Provider.objects.filter(slug=slug).exists()
    assert lines(action="deleted") == [("deleted", slug)]
