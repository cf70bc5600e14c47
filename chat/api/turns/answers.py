"""Single answers over REST: how far they are, stop, ask again, choose."""

from typing import cast

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import PersonalToken, User
from chat.actions import choosing, retrying, stopping, waiting
from chat.errors import AnswerNotFound
from chat.events import AnswerRecord
from chat.models import Answer
from chat.store.records import answer_record
from common.http.api import answer
from common.http.schema import LOCATION, operation

STOP_TIMEOUT_S = 5


def find_answer(request: Request, answer_id: int) -> Answer:
    """The signed-in person's answer, with its message. Raises AnswerNotFound, also for somebody else's."""
    own = Answer.objects.for_user(cast("User", request.user)).select_related("message")
    found = own.filter(pk=answer_id).first()
    if found is None:
        raise AnswerNotFound
    return found


class AnswerView(APIView):
    description = _("One answer and how far it is, to the second.")

    @operation("getAnswer", _("One answer"), answer=AnswerRecord)
    def get(self, request: Request, answer_id: int) -> Response:
        return answer(answer_record(find_answer(request, answer_id)))


class StopView(APIView):
    description = _("Stop an answer: its text so far is kept. One that has ended stays as it is.")

    token_scope = PersonalToken.Scope.CHAT

    @operation("stopAnswer", _("Stop an answer"), answer=AnswerRecord)
    def post(self, request: Request, answer_id: int) -> Response:
        found = find_answer(request, answer_id)
        user, conversation_id = cast("User", request.user), found.message.conversation_id
        stopping.stop(user, conversation_id, [found.pk])
        waiting.wait(conversation_id, found.message_id, user.pk, STOP_TIMEOUT_S, [found.pk])
        return answer(answer_record(find_answer(request, answer_id)))


class RetryView(APIView):
    description = _(
        "Ask the AI of an ended answer again: a new answer begins beside the old one, at `Location`."
    )

    token_scope = PersonalToken.Scope.CHAT

    @operation(
        "retryAnswer",
        _("Ask an AI again"),
        answer=AnswerRecord,
        status=202,
        parameters=[LOCATION],
        errors=(409,),
    )
    def post(self, request: Request, answer_id: int) -> Response:
        found = find_answer(request, answer_id)
        retrying.retry(cast("User", request.user), found.message.conversation_id, [found.pk])
        column = Answer.objects.filter(message_id=found.message_id, position=found.position)
        begun = column.select_related("message").order_by("-version")[0]
        location = request.build_absolute_uri(f"/api/chat/answers/{begun.pk}")
        return answer(answer_record(begun), status=202, headers={"Location": location})


class ChooseView(APIView):
    description = _(
        "Choose an answer as the best of its turn, in place of another; DELETE chooses it no more."
    )

    token_scope = PersonalToken.Scope.CHAT

    @operation("chooseAnswer", _("Choose an answer"), answer=AnswerRecord)
    def post(self, request: Request, answer_id: int) -> Response:
        return self._choose(request, answer_id, is_chosen=True)

    @operation("unchooseAnswer", _("Choose an answer no more"), answer=AnswerRecord)
    def delete(self, request: Request, answer_id: int) -> Response:
        return self._choose(request, answer_id, is_chosen=False)

    def _choose(self, request: Request, answer_id: int, *, is_chosen: bool) -> Response:
        choosing.choose(find_answer(request, answer_id), is_chosen=is_chosen)
        return answer(answer_record(find_answer(request, answer_id)))
