"""The chat's pages: a new conversation or one that exists, and the AIs with their keys."""

from http import HTTPStatus
from typing import Any

import msgspec
from asgiref.sync import sync_to_async
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from msgspec import to_builtins

from accounts import audit
from accounts.models import User
from chat import limits
from chat.ais.line_ups import targets_of
from chat.ais.offers import Offer, offers
from chat.ais.records import model_record, provider_record
from chat.engine.process import engine_of_process
from chat.errors import ImportTooLarge, NotAnExport
from chat.live.resume import snapshot
from chat.models import Conversation, LineUp
from chat.store import branches
from chat.store.records import message_record, with_answers
from chat.transfer import exporting, importing
from common.errors import WeBoxError
from common.http.throttles import take
from common.words.wording import sentences
from providers import registry
from providers.registry import DEMO, name_key

DEMO_MODELS = ("quick", "slow", "code")
DEFAULT_COLUMNS = 3


@never_cache
@login_required
@require_safe
def conversation(request: HttpRequest, conversation_id: int | None = None) -> HttpResponse:
    """The conversation with its answers as they are now; the socket brings what follows."""
    assert isinstance(request.user, User)
    conversations = Conversation.objects.for_user(request.user)
    current = get_object_or_404(conversations, pk=conversation_id) if conversation_id else None
    ais = available_ais(request.user)
    line_ups = list(LineUp.objects.for_user(request.user))
    state = {
        "conversation": {"id": current.pk, "title": current.title} if current else None,
        "messages": _messages(current),
        "ais": ais,
        "selected": default_selection(ais),
        "line_ups": [_line_up_record(one) for one in line_ups],
        "line_up": _line_up(request, line_ups),
        "limits": {
            "targets": limits.TARGETS_PER_TURN,
            "message_chars": limits.MESSAGE_CHARS,
            "images": limits.IMAGES_PER_MESSAGE,
            "upload_bytes": limits.UPLOAD_BYTES,
        },
        "errors": sentences(),
        "language": (get_language() or "en")[:2],
    }
    return render(request, "chat/conversation.html", {"conversation": current, "state": state})


@never_cache
@login_required
@require_safe
async def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Everything of the person's as one JSON file."""
    user = await request.auser()
    assert isinstance(user, User)
    if wait_s := await sync_to_async(take)(f"export:{user.pk}", limits.EXPORTS_PER_MINUTE):
        return await sync_to_async(_too_often)(request, wait_s)
    await sync_to_async(audit.record)(audit.Action.DATA_EXPORTED, person=user, by=user)
    name = exporting.name_of(user, timezone.now())
    return StreamingHttpResponse(
        exporting.pieces(user),
        content_type="application/json",
        headers={"Content-Disposition": str(content_disposition_header(True, name))},
    )


@login_required
@require_POST
def bring_in(request: HttpRequest) -> HttpResponse:
    """The conversations of a file that WeBox exported, made this person's."""
    assert isinstance(request.user, User)
    if wait_s := take(f"import:{request.user.pk}", limits.IMPORTS_PER_MINUTE):
        return _too_often(request, wait_s)
    file = request.FILES.get("file")
    try:
        if file is None or isinstance(file, list):
            raise NotAnExport(why=gettext("no file"))
        if (file.size or 0) > limits.IMPORT_BYTES:
            raise ImportTooLarge(limit_mb=limits.IMPORT_BYTES // 2**20)
        imported = importing.bring_in(request.user, file.read())
    except WeBoxError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, _told_of(imported))
    return redirect("accounts:data")


def _too_often(request: HttpRequest, wait_s: int) -> HttpResponse:
    page = render(request, "429.html", status=HTTPStatus.TOO_MANY_REQUESTS)
    page.headers["Retry-After"] = str(wait_s)
    return page


def _told_of(imported: importing.Imported) -> str:
    added = ngettext(
        "%(count)d conversation was brought in.", "%(count)d conversations were brought in.", imported.added
    ) % {"count": imported.added}
    if not imported.skipped:
        return added
    skipped = ngettext("%(count)d was here already.", "%(count)d were here already.", imported.skipped) % {
        "count": imported.skipped
    }
    return f"{added} {skipped}"


@never_cache
@login_required
@require_safe
def ais(request: HttpRequest) -> HttpResponse:
    """The AIs with their keys, models and settings; the owner's own part of it for the owner."""
    assert isinstance(request.user, User)
    state = {
        "providers": [to_builtins(provider_record(offer, request.user)) for offer in offers(request.user)],
        # Of these the owner can only switch one off; a server that was added can be removed.
        "vendors": [vendor.slug for vendor in registry.all_vendors()],
        "is_owner": request.user.is_superuser,
        "errors": sentences(),
    }
    return render(request, "chat/ais.html", {"state": state})


def _messages(current: Conversation | None) -> list[Any]:
    if current is None:
        return []
    beside = branches.siblings(current.pk) if current.head_id is not None else {}
    rows = with_answers(branches.shown(current))
    records = [message_record(row, siblings=beside.get(row.pk, ())) for row in rows]
    answer_ids = {answer.id for record in records for answer in record.answers}
    # What another process writes comes with the first snapshot of the socket.
    texts = {one.id: one for one in engine_of_process().texts(answer_ids)}
    return [msgspec.to_builtins(record) for record in snapshot(records, texts).messages]


def _line_up_record(line_up: LineUp) -> dict[str, Any]:
    targets = [to_builtins(target) for target in targets_of(line_up)]
    return {"id": line_up.pk, "name": line_up.name, "targets": targets}


def _line_up(request: HttpRequest, line_ups: list[LineUp]) -> dict[str, Any]:
    """Which line-up the link names (by name or number), and which one new conversations begin with."""
    assert isinstance(request.user, User)
    asked = request.GET.get("lineup", "").strip()
    found = next((one for one in line_ups if asked and one.name_key == name_key(asked)), None)
    if found is None:
        found = next((one for one in line_ups if str(one.pk) == asked), None)
    chosen = request.user.preferences.get("line_up")
    return {
        "asked_id": found.pk if found else None,
        "is_unknown": bool(asked) and found is None,
        "default_id": next((one.pk for one in line_ups if one.pk == chosen), None),
    }


def available_ais(user: User) -> list[dict[str, Any]]:
    """Every AI for the composer: whether this person may use it, and if not, why."""
    ais: list[dict[str, Any]] = []
    for offer in offers(user):
        provider = offer.provider
        common = {
            "mark": provider.mark,
            "provider": provider.slug,
            # The demo is no vendor, so its name is a word of the page.
            "name": gettext("Demo") if provider.slug == DEMO else provider.label,
            "ready": offer.is_ready,
            "reason": offer.obstacle,
            "needs_key": provider.needs_key,
            "demo": provider.slug == DEMO,
            "facts": _facts(offer),
        }
        if provider.slug == DEMO:
            # Each demonstration is an AI of its own on the page: they are there to be compared.
            ais += [common | {"target": f"{DEMO}:{one.name}", "model": one.name} for one in offer.models]
        else:
            ais.append(common | {"target": provider.slug, "model": offer.default_model})
    return ais


def _facts(offer: Offer) -> dict[str, Any] | None:
    """What the estimate needs to know of the usual model; null where it is not in the catalogue."""
    model = offer.model(offer.default_model)
    if model is None:
        return None
    record = model_record(model)
    return {name: getattr(record, name) for name in ("input_price", "output_price", "context_window")}


def default_selection(ais: list[dict[str, Any]]) -> list[str]:
    """The AIs chosen for who has chosen none: the ready ones, the demonstrations only where none is."""
    real = [ai["target"] for ai in ais if ai["ready"] and not ai["demo"]]
    return real[:DEFAULT_COLUMNS] or [f"{DEMO}:{model}" for model in DEMO_MODELS]
