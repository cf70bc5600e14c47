"""What a site tells of its data: its rows, and what each person is shown, as JSON on standard output.

It runs inside the site's own Django (tests.releases.asking) and asks its pages and its REST API, as if it
were the moment at which the people left: nothing is told otherwise for having become old.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import QuerySet
from django.test import Client

from accounts.models import (
    AuditEvent,
    Invitation,
    LedgerEntry,
    Plan,
    PremiumChange,
    SitePolicy,
    UsedInPeriod,
    User,
)
from chat.ais import catalogue, keys
from chat.models import Conversation, ProviderKey
from dashboard.models import COUNTS, SKETCHES, PersonHour, SiteHour
from providers import registry
from tests.site.one_time_codes import code

HOST = "127.0.0.1"
ELSEWHERE = "https://elsewhere.example/v1"
OF_THE_INDEX = "chat_searchindex"
"""SQLite's own tables of its index of words."""
WORDED = ("plan_name", "notice")
"""Sentences: a later version may find better ones."""
SPAN_DAYS = 7


def main() -> None:
    """Tell everything."""
    known = json.loads(sys.stdin.read())
    moment = datetime.fromisoformat(known["at"])
    with patch("django.utils.timezone.now", lambda: moment):
        # The rows first: who signs in and reads leaves lines in the audit log.
        told = {
            "migrations": sorted(".".join(one) for one in MigrationRecorder(connection).applied_migrations()),
            "rows": row_counts(),
            "site": of_the_site(),
            "keys": of_keys(),
        }
        clients = {name: entered(name, person) for name, person in known["people"].items()}
        told["people"] = {name: of_person(client, name, known) for name, client in clients.items()}
        told["had_back"] = had_back(clients[known["deleted"]["owner"]], known)
    json.dump(told, sys.stdout, ensure_ascii=False, cls=DjangoJSONEncoder)


def row_counts() -> dict[str, int]:
    """Of each table, but for SQLite's own."""
    with connection.cursor() as cursor:
        counts = {}
        for table in connection.introspection.table_names(cursor):
            if not table.startswith(OF_THE_INDEX):
                cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608
                counts[table] = cursor.fetchone()[0]
    return counts


def of_the_site() -> dict[str, list[Any]]:
    """What is shown to the owner alone, or to nobody."""
    hours = ("hour", "provider", "model", *COUNTS, *SKETCHES)
    limits = ("messages_per_day", "ais_per_turn", "concurrent_answers", "tokens_per_month", "usd_per_month")
    account = (
        *("username", "email", "is_active", "is_staff", "is_superuser", "is_premium", "premium_until"),
        "budget_usd",
    )
    event = ("at", "action", "actor_number", "actor_name", "person_number", "subject", "details")
    return {
        "people": _rows(
            User, *account, "plan__slug", "budget_usd", "created_at", "deletes_at", "preferences"
        ),
        "plans": _rows(Plan, "slug", "name", "uses_server_keys", "uses_premium_ais", "only_models", *limits),
        "premium": _rows(
            PremiumChange,
            *("user__username", "is_premium", "until", "reason", "changed_by__username", "changed_at"),
        ),
        "policy": _rows(SitePolicy, "shows_conversations", "conversation_days", "grace_days", "audit_days"),
        "audit": _rows(AuditEvent, *event, "ip_address", "request_id"),
        "invitations": _rows(
            Invitation, "email", "expires_at", "created_by__username", "used_by__username", "used_at"
        ),
        "ledger": _rows(
            LedgerEntry, "user__username", "purpose", "payer", "messages", "is_first", "outcome", "nanousd"
        ),
        "used": _rows(
            UsedInPeriod,
            *("user__username", "kind", "starts_on", "messages", "tokens", "nanousd", "all_nanousd"),
        ),
        "hours": _rows(SiteHour, *hours, "good_at", "bad_at"),
        "hours_of_people": _rows(PersonHour, *hours, "user__username", "conversation_id"),
        "deleted": _rows(Conversation, "owner__username", "title", "folder", "deleted_at", "is_temporary"),
    }


def _rows(model: Any, *names: str) -> list[Any]:
    rows: QuerySet[Any] = model._default_manager.order_by("pk")
    return list(rows.values(*names))


def of_keys() -> list[dict[str, Any]]:
    """Each stored key in clear where it belongs, and what is to be had of it anywhere else: nothing."""
    told = []
    for row in ProviderKey.objects.select_related("owner", "provider").order_by("pk"):
        address = catalogue.address(row.provider)
        here, elsewhere = keys.reveal(row, address), keys.reveal(row, ELSEWHERE)
        owner, row.owner_id = row.owner, 0
        told.append(
            {
                "owner": owner.username if owner else None,
                "provider": row.provider.slug,
                "address": address,
                "here": here,
                "elsewhere": elsewhere,
                "as_somebody_elses": keys.reveal(row, address),
                "last4": row.last4,
                "tested_at": row.tested_at,
                "test_code": row.test_code,
            }
        )
    return told


def of_person(client: Client, name: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """What one of them is shown over REST, and everything of theirs in one document."""
    today = datetime.fromisoformat(known["at"]).date()
    told = {
        "account": get(client, "/api/auth/me"),
        "preferences": get(client, "/api/auth/preferences"),
        "tokens": get(client, "/api/auth/tokens"),
        "usage": {name: value for name, value in get(client, "/api/usage").items() if name not in WORDED},
        "statistics": statistics(client, today),
        "folders": get(client, "/api/chat/folders"),
        "tags": get(client, "/api/chat/tags"),
        "line_ups": get(client, "/api/chat/line-ups"),
        "conversations": get(client, "/api/chat/conversations?limit=200"),
        "archived": get(client, "/api/chat/conversations?limit=200&archived=true"),
        "ais": ais(client),
        "found": {words: found(client, words) for words in known["words"]},
        "export": exported(client),
    }
    ids = [one["id"] for one in [*told["conversations"], *told["archived"]]]
    told["shown"] = {str(number): shown(client, number) for number in ids}
    if token := known["people"][name].get("token"):
        by_token = Client(SERVER_NAME=HOST, headers={"Authorization": f"Bearer webox_{token}"})
        told["by_token"] = get(by_token, "/api/auth/me")["username"]
    return told


def entered(name: str, person: Mapping[str, Any]) -> Client:
    """A browser in which this person has signed in, with the second step where they have one."""
    client = Client(SERVER_NAME=HOST)
    client.post("/accounts/login/", {"login": name, "password": person["password"]})
    if secret := person.get("app"):
        client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    return client


def get(client: Client, path: str) -> Any:
    got = client.get(path)
    assert got.status_code == 200, f"{path}: {got.status_code} {got.content!r:.500}"
    return got.json()


def statistics(client: Client, today: date) -> dict[str, Any]:
    """Over the days around the one on which all was done."""
    span = f"first={today - timedelta(days=SPAN_DAYS)}&last={today}"
    figures = {name: get(client, f"/api/stats/{name}?{span}") for name in ("activity", "providers", "costs")}
    return figures | {"figures": get(client, "/api/stats/user")}


def ais(client: Client) -> dict[str, Any]:
    """Of each AI what this person made of it; of servers that somebody added everything."""
    told = {}
    for one in get(client, "/api/chat/providers"):
        names = ["is_own", "key", "server_key", "preference"]
        if registry.find(one["slug"]) is None:
            names += ["label", "mark", "protocol", "base_url", "needs_key", "default_model", "models"]
        told[one["slug"]] = {name: one[name] for name in names if name in one}
    return told


def found(client: Client, words: str) -> list[Any]:
    """Where these words are; how the text around them is cut is not told."""
    hits = get(client, f"/api/chat/search?words={quote(words)}")
    return [{name: value for name, value in hit.items() if name != "snippet"} for hit in hits]


def shown(client: Client, conversation_id: int) -> list[int]:
    """The messages of the branch that is shown."""
    return [one["id"] for one in get(client, f"/api/chat/conversations/{conversation_id}/messages")]


def exported(client: Client) -> Any:
    """The person's own document."""
    response = client.get("/chat/export")
    assert response.status_code == 200

    async def read(pieces: AsyncIterator[bytes]) -> bytes:
        return b"".join([piece async for piece in pieces])

    return json.loads(asyncio.run(read(response.streaming_content)))  # type: ignore[attr-defined]


def had_back(owner: Client, known: Mapping[str, Any]) -> dict[str, Any]:
    """What can be had at that moment, and is: a deleted conversation, a closed account, a way in."""
    path = f"/api/chat/conversations/{known['deleted']['id']}"
    undone = owner.post(f"{path}/undo").json()
    closed = known["closed"]
    visitor = entered(closed["name"], closed)
    assert visitor.get("/accounts/closed").status_code == 200
    visitor.post("/accounts/closed")
    invited = Client(SERVER_NAME=HOST).get(f"/accounts/invite/{known['invitation']}")
    return {
        "conversation": undone,
        "messages": get(owner, f"{path}/messages"),
        "account": exported(entered(closed["name"], closed)),
        "invitation": invited["Location"],
    }
