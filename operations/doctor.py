"""What is wrong with this WeBox, in words, and what to do: the questions that `manage.py doctor` asks."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from django.conf import settings
from django.core.checks import WARNING, run_checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from accounts.signing_in.owner import has_owner
from chat.ais import keys
from chat.ais.access import is_there
from chat.models import Answer, Conversation, Provider, ProviderKey
from common.data.crypto import Undecryptable
from common.data.database_time import ago
from common.http.address import public_hosts, public_url
from common.process import health
from dashboard import aggregate, site_stats

State = Literal["ok", "warning", "error"]
MIB = 2**20
LITTLE_BYTES, TOO_LITTLE_BYTES = 1024 * MIB, 100 * MIB
"""Free on the disk: answers are saved every second, and SQLite and backups need room beside them."""
WAIT_S = 60
"""An answer that waits for longer has nobody who would take it, or its provider is very busy."""
LATE_STATISTICS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    state: State
    about: str
    said: str
    cure: str = ""


def examine() -> Iterator[Finding]:
    """Everything, one after the other; what needs the database is left out while that can't be used."""
    yield from _settings()
    yield from _folder()
    services = health.services()
    yield from _services(services)
    if not services["database"]:
        return
    schema = _migrations()
    yield schema
    if schema.state != "error":
        for question in (_owner, _keys, _ais, _turns, _statistics):
            yield from question()


def _settings() -> Iterator[Finding]:
    found = run_checks(include_deployment_checks=bool(public_hosts()))
    for message in found:
        # Without https Django lists all that follows from it; ours says it once.
        if message.level < WARNING or (not settings.HTTPS and str(message.id).startswith("security.")):
            continue
        state: State = "error" if message.is_serious() else "warning"
        yield Finding(state, f"settings ({message.id})", str(message.msg), message.hint or "")
    where = public_url() or ", ".join(public_hosts()) or "this machine alone"
    mode = "several processes" if settings.SCALED else "one process"
    yield Finding("ok", "settings", f"{mode}, for {where}, Python {sys.version.split()[0]}")
    if public_hosts() and settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        said = "There is no mail server: letters stand in the log, and nobody gets a link for a new password."
        yield Finding("warning", "e-mail", said, "Set EMAIL_URL; or make such links in the administration.")


def _folder() -> Iterator[Finding]:
    free = shutil.disk_usage(settings.VAR_DIR).free
    said = f"{free // MIB} MiB are free in {settings.VAR_DIR}"
    if free >= LITTLE_BYTES:
        yield Finding("ok", "disk", said)
    else:
        yield Finding("error" if free < TOO_LITTLE_BYTES else "warning", "disk", said, "Make room.")
    for name in ("secret.key", "encryption.key"):
        path = settings.VAR_DIR / name
        if sys.platform != "win32" and path.exists() and path.stat().st_mode & 0o077:
            yield Finding("error", "keys", f"Others on this machine may read {path}.", f"chmod 600 {path}")


def _services(services: dict[str, bool]) -> Iterator[Finding]:
    for name, answers in services.items():
        if answers:
            yield Finding("ok", name, _version(name) if name == "database" else "answers")
        else:
            setting = "DATABASE_URL" if name == "database" else "REDIS_URL"
            yield Finding("error", name, "does not answer", f"Start it, or mend {setting}.")
    starts = {"turns": "--only worker", "statistics": "--only stats", "beat": "--only beat"}
    for part, shows in health.parts().items() if services.get("redis") else ():
        if shows:
            yield Finding("ok", part, "has shown itself")
        else:
            cure = f"Start python3 -m webox {starts[part]}, or look at its log."
            yield Finding("error", part, "nothing is heard of it", cure)


def _version(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_version()" if connection.vendor == "sqlite" else "SHOW server_version")
        version = cursor.fetchone()[0].split()[0]
    return f"{connection.display_name} {version}"


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        cure = "Stop WeBox, back up, then: manage.py migrate."
        return Finding("error", "migrations", f"{len(missing)} are not applied", cure)
    known = set(executor.loader.disk_migrations or ())
    apps = {app for app, _name in known}
    applied = MigrationRecorder(connection).applied_migrations()
    newer = sorted(" ".join(one) for one in applied if one[0] in apps and one not in known)
    if newer:
        said = f"The database has {', '.join(newer)}, which this code does not know."
        return Finding("warning", "migrations", said, "A newer WeBox was here: bring this one up to date.")
    return Finding("ok", "migrations", "all are applied")


def _owner() -> Iterator[Finding]:
    if has_owner():
        yield Finding("ok", "owner", f"there is one; {Conversation.objects.count()} conversations in all")
    else:
        yield Finding("warning", "owner", "There is no owner yet.", "Open the link of: manage.py owner_link.")


def _keys() -> Iterator[Finding]:
    secrets = list(ProviderKey.objects.values_list("secret", flat=True))
    unreadable = sum(not _can_be_read(secret) for secret in secrets)
    if unreadable:
        said = f"{unreadable} of {len(secrets)} stored keys can't be read."
        cure = "Put back the encryption keys they were stored with (those of the backup), or enter them anew."
        yield Finding("error", "stored keys", said, cure)
    else:
        yield Finding("ok", "stored keys", f"{len(secrets)} can be read")


def _can_be_read(secret: str) -> bool:
    try:
        keys.RING.decrypt(secret)
    except Undecryptable:
        return False
    return True


def _ais() -> Iterator[Finding]:
    servers = set(ProviderKey.objects.filter(owner=None).values_list("provider__slug", flat=True))
    servers |= {variable.lower() for variable, key in settings.VENDOR_KEYS.items() if key}
    enabled = Provider.objects.filter(owner=None, enabled=True).exclude(protocol=Provider.Protocol.DEMO)
    free = [provider for provider in enabled if not provider.needs_key and is_there(provider)]
    if servers or free or ProviderKey.objects.exists():
        yield Finding("ok", "AIs", f"the server has keys for {len(servers)}, {len(free)} need none")
    else:
        cure = "Enter a key on the page “AIs and keys”, or in .env."
        yield Finding("warning", "AIs", "No vendor has a key: only the demonstration answers.", cure)
    for provider, calls in site_stats.calls(now=timezone.now()).items():
        if calls.is_down:
            said = f"has failed since {calls.bad_at:%Y-%m-%d %H:%M} UTC"
            yield Finding("warning", provider, said, "Its page in the administration tests it and says why.")


def _turns() -> Iterator[Finding]:
    waiting = Answer.objects.filter(status=Answer.Status.QUEUED, message__created_at__lt=ago(WAIT_S)).count()
    if waiting:
        said = f"{waiting} answers have waited for more than {WAIT_S} s."
        cure = "Start turn workers, or raise the provider's calls at once."
        yield Finding("warning", "queue", said, cure)
    else:
        writing = Answer.objects.filter(status=Answer.Status.STREAMING).count()
        yield Finding("ok", "queue", f"{writing} answers are being written, none waits for long")


def _statistics() -> Iterator[Finding]:
    since = aggregate.waits_since()
    lag = timezone.now() - since if since else timedelta()
    if lag > LATE_STATISTICS:
        said = f"Calls have waited for {lag.total_seconds() // 60:.0f} minutes to be added up."
        cure = "It is done while WeBox runs: start it, or its statistics worker and beat."
        yield Finding("warning", "statistics", said, cure)
    else:
        yield Finding("ok", "statistics", "are up to date")
