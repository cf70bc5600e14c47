"""What follows from a person signing in, signing out or being deleted, and what the audit log keeps of it."""

from functools import partial
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.signals import password_changed, password_reset, password_set, user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth import signals
from django.contrib.auth.models import AbstractBaseUser, Group
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts import audit, preferences
from accounts.audit import Action
from accounts.models import Invitation, PersonalToken, Plan, User
from accounts.signing_in.sessions import end_what_it_opened
from common.signals import sockets_must_close


@receiver(user_logged_in)
def follow_preferences(response: HttpResponseBase, user: AbstractBaseUser, **_kwargs: Any) -> None:
    """From here on this browser has the person’s theme and language, also once they are signed out."""
    if isinstance(user, User) and user.preferences:
        preferences.remember(response, preferences.of(user))


@receiver(signals.user_logged_out)
def end_session_access(request: HttpRequest, user: AbstractBaseUser | None, **_kwargs: Any) -> None:
    """End what the session opened; Django flushes it right after this signal, and the browser clears up."""
    request.signed_out = True  # type: ignore[attr-defined]
    if user is not None and request.session.session_key:
        end_what_it_opened(user.pk, request.session.session_key)


@receiver(post_delete, sender=User)
def end_deleted_access(instance: User, **_kwargs: Any) -> None:
    """Close what a deleted person left open; their tokens went with the row."""
    transaction.on_commit(
        partial(sockets_must_close.send, sender=User, user_id=instance.pk, session_key=None)
    )


# --- The audit log --------------------------------------------------------------------------------------


@receiver(signals.user_logged_in)
def note_sign_in(request: HttpRequest | None, user: AbstractBaseUser, **_kwargs: Any) -> None:
    records = get_authentication_records(request, user) if request else []
    steps = [{"step": str(one["type"])} for one in records if one["method"] == "mfa"]
    if isinstance(user, User):
        audit.record(Action.SIGNED_IN, person=user, by=user, **(steps[-1] if steps else {}))


@receiver(signals.user_login_failed)
def note_failed_sign_in(credentials: dict[str, Any], **_kwargs: Any) -> None:
    """Whose account it was, if anybody's; not what was typed: it may be a password in the wrong field."""
    login = credentials.get("username") or credentials.get("email") or ""
    audit.record(Action.SIGN_IN_FAILED, person=User.objects.by_login(str(login)))


@receiver(authentication_failed)
def note_wrong_second_step(user: AbstractBaseUser, authenticator: Authenticator, **_kwargs: Any) -> None:
    """Who gets this far knows the password."""
    if isinstance(user, User):
        audit.record(Action.SIGN_IN_FAILED, person=user, step=str(authenticator.type))


@receiver([password_changed, password_reset, password_set])
def note_password(user: AbstractBaseUser, **_kwargs: Any) -> None:
    if isinstance(user, User):
        audit.record(Action.PASSWORD_CHANGED, person=user, by=user)


@receiver(authenticator_added)
def note_second_step(user: AbstractBaseUser, authenticator: Authenticator, **_kwargs: Any) -> None:
    if isinstance(user, User):
        audit.record(Action.SECOND_STEP_ADDED, person=user, step=str(authenticator.type))


@receiver(authenticator_removed)
def note_lost_second_step(user: AbstractBaseUser, authenticator: Authenticator, **_kwargs: Any) -> None:
    if isinstance(user, User):
        audit.record(Action.SECOND_STEP_REMOVED, person=user, step=str(authenticator.type))


@receiver(post_save, sender=User)
def note_new_account(instance: User, created: bool, raw: bool, **_kwargs: Any) -> None:
    if created and not raw:
        audit.record(Action.SIGNED_UP, person=instance)


@receiver(post_save, sender=LogEntry)
def note_administration(instance: LogEntry, created: bool, raw: bool, **_kwargs: Any) -> None:
    """What is added and changed; deletions come from the rows themselves, also those of many at once."""
    actions = {ADDITION: Action.ADDED, CHANGE: Action.CHANGED}
    if not created or raw or instance.action_flag not in actions or instance.content_type is None:
        return
    kind = instance.content_type
    is_person = kind.model_class() is User
    audit.record(
        actions[instance.action_flag],
        instance.object_repr,
        person=User.objects.filter(pk=instance.object_id or "0").first() if is_person else None,
        kind=f"{kind.app_label}.{kind.model}",
        what=instance.change_message[:1000],
    )


@receiver(post_delete, sender=User)
@receiver(post_delete, sender=Plan)
@receiver(post_delete, sender=Invitation)
@receiver(post_delete, sender=Group)
def note_deletion(instance: User | Plan | Invitation | Group, **_kwargs: Any) -> None:
    person = instance if isinstance(instance, User) else None
    audit.record(Action.DELETED, str(instance), person=person, kind=instance._meta.label_lower)


@receiver(post_delete, sender=PersonalToken)
def note_ended_token(instance: PersonalToken, **_kwargs: Any) -> None:
    person = User.objects.filter(pk=instance.user_id).first()
    audit.record(Action.TOKEN_ENDED, instance.name, person=person)
