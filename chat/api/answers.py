"""Single messages and answers over REST: how far they are, stop, ask again."""

from typing import cast

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import PersonalToken, User
from chat import dispatch, turns
from chat.api.records import MessageListed, message_listed
from chat.errors import AnswerNotFound, MessageNotFound
from chat.events import AnswerRecord
from chat.models import Answer, Message
from chat.records import answer_record, with_answers
from webox.api import answer
from webox.schema import LOCATION, operation

STOP_TIMEOUT_S = 5


def find_answer(request: Request, answer_id: int) -> Answer:
    """The signed-in person's answer, with its message. Raises AnswerNotFound, also for somebody else's."""
    own = Answer.objects.for_user(cast("User", request.user)).select_related("message")
    found = own.filter(pk=answer_id).first()
    if found is None:
        raise AnswerNotFound
    return found


class MessageView(APIView):
    """One message; an assistant's says how far its answers are, to the second."""

    @operation("getMessage", _("One message"), answer=MessageListed)
    def get(self, request: Request, message_id: int) -> Response:
        own = Message.objects.for_user(cast("User", request.user))
        found = with_answers(own.filter(pk=message_id)).first()
        if found is None:
            raise MessageNotFound
        return answer(message_listed(found))


class AnswerView(APIView):
    """One answer and how far it is, to the second."""

    @operation("getAnswer", _("One answer"), answer=AnswerRecord)
    def get(self, request: Request, answer_id: int) -> Response:
        return answer(answer_record(find_answer(request, answer_id)))


class StopView(APIView):
    """Stop an answer: its text so far is kept. One that has ended stays as it is."""

    token_scope = PersonalToken.Scope.CHAT

    @operation("stopAnswer", _("Stop an answer"), answer=AnswerRecord)
    def post(self, request: Request, answer_id: int) -> Response:
        found = find_answer(request, answer_id)
        user, conversation_id = cast("User", request.user), found.message.conversation_id
        turns.stop(user, conversation_id, [found.pk])
        dispatch.wait(conversation_id, found.message_id, user.pk, STOP_TIMEOUT_S, [found.pk])
        return answer(answer_record(find_answer(request, answer_id)))


class RetryView(APIView):
    """Ask the AI of an ended answer again: a new answer begins beside the old one, at `Location`."""

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
        turns.retry(cast("User", request.user), found.message.conversation_id, [found.pk])
        column = Answer.objects.filter(message_id=found.message_id, position=found.position)
        begun = column.order_by("-version")[0]
        location = request.build_absolute_uri(f"/api/chat/answers/{begun.pk}")
        return answer(answer_record(begun), status=202, headers={"Location": location})
