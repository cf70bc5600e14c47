"""Fills the database of a site with hostile texts where a person or an administrator could have typed them.

`manage.py shell -c "from tests.browser.safety.xss import hostile; hostile.fill('mallory', 'http://127.0.0.1:1/v1')"`
"""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import Invitation, User
from accounts.signing_in.personal_tokens import make
from chat import limits
from chat.models import DEFAULT_FOLDER, Answer, Conversation, LineUp, Message, Model, Provider
from tests.browser.safety.xss import PAYLOADS, packed

ANSWERS_PER_TURN = 8


@transaction.atomic
def fill(name: str, base_url: str) -> None:
    """Everything with a name or a text, after the corpus: people, AIs, line-ups, tokens, answers."""
    person = User.objects.get(username=name)
    _people()
    _providers(base_url)
    for number, text in enumerate(packed(limits.LINE_UP_CHARS, prefix="{} ")):
        LineUp.objects.create(owner=person, name=text, targets=[{"target": f"hostile-{number}"}])
    for text in list(packed(1000))[:10]:
        make(person, name=text[:100], scope="read", days=7)
    _history(person)


def _people() -> None:
    """Those names that a sign-up would take, too; an address may hold a quoted text."""
    owner = User.objects.get(is_superuser=True)
    for number, text in enumerate(packed(100, prefix="{} ")):
        user = User(username=text, email=f'"<svg/onload=canary()>{number}"@example.org')
        user.set_unusable_password()
        try:
            user.save_checked()
        except ValidationError:
            continue
        user.preferences = {"theme": text}
        user.save(update_fields=["preferences"])
        Invitation.objects.create(
            email=user.email, created_by=owner, expires_at=timezone.now(), token_hash=f"{number:064}"
        )


def _providers(base_url: str) -> None:
    names = list(packed(limits.MODEL_CHARS))
    for number, label in enumerate(packed(100, prefix="{} ")):
        provider = Provider.objects.create(
            slug=f"hostile-{number}", label=label, mark="<b", protocol="openai", base_url=base_url,
            needs_key=False, default_model=names[number % len(names)],
        )  # fmt: skip
        for name in {names[number % len(names)], label}:
            Model.objects.create(provider=provider, name=name, label=label)


def _history(person: User) -> None:
    """A conversation whose answers failed and declined in every hostile way a vendor can."""
    talk = Conversation.objects.create(
        owner=person, title="<svg onload=canary()>", folder=DEFAULT_FOLDER, updated_at=timezone.now()
    )
    labels, models, ids = (list(packed(chars)) for chars in (100, limits.MODEL_CHARS, 200))
    for first in range(0, len(labels), ANSWERS_PER_TURN):
        question = Message.objects.create(conversation=talk, role="user", content=" ".join(PAYLOADS))
        turn = Message.objects.create(conversation=talk, role="assistant", parent=question)
        for position, label in enumerate(labels[first : first + ANSWERS_PER_TURN]):
            number = first + position
            Answer.objects.create(
                message=turn, position=position, target=label, name=label, provider=f"hostile-{number}",
                label=label, mark="<b", model=models[number % len(models)], request_id=ids[number % len(ids)],
                text=label, reasoning=label, refusal=label if number % 2 else "",
                status="done" if number % 2 else "failed", error_code="" if number % 2 else "bad_key",
                error_params={"vendor": label, "limit": label}, finish_reason="refusal" if number % 2 else "",
                total_ms=1,
            )  # fmt: skip
