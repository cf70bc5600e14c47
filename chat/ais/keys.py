"""Vendors' keys at rest: stored for one owner, one provider and one address, and good for nothing else.

The plaintext of a stored key names its owner, its provider and the address it was entered for. A row that
was moved to somebody else, or an address that has changed, makes it useless.
"""

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import User
from chat.models import Provider, ProviderKey
from common.data.crypto import KeyRing, Rotated, Undecryptable, configured_secrets
from outbound import addresses

RING = KeyRing(configured_secrets)


def store(
    owner: User | None, provider: Provider, address: str, key: str, *, test_code: str | None
) -> ProviderKey:
    """Save a person's key (the server's where `owner` is None) for the provider at this address.

    `test_code`: how its test ended, empty for well, None where it was not tested.
    """
    row, _is_new = ProviderKey.objects.update_or_create(
        owner=owner,
        provider=provider,
        defaults={
            "secret": RING.encrypt(_record(owner.pk if owner else None, provider.pk, address, key)),
            "last4": key[-4:] if len(key) >= 12 else "",
            "created_at": timezone.now(),
            "tested_at": None if test_code is None else timezone.now(),
            "test_code": test_code or "",
            "last_used_at": None,
        },
    )
    audit.record(audit.Action.KEY_SAVED, provider.slug, person=owner)
    return row


def reveal(row: ProviderKey, address: str) -> str | None:
    """The key, if the row may be used at this address; None where it is another's, or can't be read."""
    try:
        record = RING.decrypt(row.secret)
    except Undecryptable:
        return None
    key = record.get("key")
    wanted = _record(row.owner_id, row.provider_id, address, "")
    return key if isinstance(key, str) and record | {"key": ""} == wanted else None


def rotate(*, batch: int = 100, dry_run: bool = False) -> Rotated:
    """Encrypt with the newest key what was encrypted with an older one.

    Can be stopped at any time and started again: each batch is one transaction, and what is done is left out.
    """
    renewed = unreadable = last = 0
    current = f"v1:{RING.current_id}:"
    while True:
        with transaction.atomic():
            rows = ProviderKey.objects.select_for_update().exclude(secret__startswith=current)
            found = list(rows.filter(pk__gt=last).order_by("pk")[:batch])
            for row in found:
                try:
                    secret = RING.encrypt(RING.decrypt(row.secret))
                except Undecryptable:
                    unreadable += 1
                    continue
                renewed += 1
                if not dry_run:
                    ProviderKey.objects.filter(pk=row.pk).update(secret=secret)
        if len(found) < batch:
            return Rotated(renewed, unreadable)
        last = found[-1].pk


def _record(owner_id: int | None, provider_id: int, address: str, key: str) -> dict[str, object]:
    origin = addresses.parse(address).origin
    return {"owner": owner_id, "provider": provider_id, "origin": origin, "key": key}
