"""The secrets of authenticator apps and recovery codes at rest: encrypted as vendors' keys are."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from common.data.crypto import KeyRing, Rotated, Undecryptable, configured_secrets

RING = KeyRing(configured_secrets)
# Where an app's secret and the seed of recovery codes stand in `Authenticator.data`.
PLACES = ("secret", "seed")


def seal(text: str) -> str:
    """The token under which a secret is kept."""
    return RING.encrypt({"second_step": text})


def unseal(token: str) -> str:
    """The secret of a token. Raises Undecryptable."""
    text = RING.decrypt(token).get("second_step")
    # An empty secret would be one that everybody can compute codes of.
    if not isinstance(text, str) or not text:
        raise Undecryptable
    return text


def rotate(*, dry_run: bool = False) -> Rotated:
    """Encrypt with the newest key what was encrypted with an older one; can be stopped and started again."""
    renewed = unreadable = 0
    current = f"v1:{RING.current_id}:"
    for pk in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            old = {name: row.data[name] for name in PLACES if name in row.data} if row else {}
            try:
                new = {
                    name: seal(unseal(token)) for name, token in old.items() if not token.startswith(current)
                }
            except Undecryptable:
                unreadable += 1
                continue
            renewed += bool(new)
            if row and new and not dry_run:
                row.data |= new
                row.save(update_fields=["data"])
    return Rotated(renewed, unreadable)
