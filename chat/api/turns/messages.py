"""Single messages over REST, and the branches that begin where one stands."""

from typing import cast

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import PersonalToken, User
from chat.actions import choosing
from chat.api.records import BranchRecord, MessageListed, message_listed
from chat.errors import MessageNotFound
from chat.models import Message
from chat.store import branches
from chat.store.records import with_answers
from common.http.api import answer
from common.http.schema import ListOf, operation
from common.words.times import timestamp


def find_message(request: Request, message_id: int) -> Message:
    """The signed-in person's message, with its answers. Raises MessageNotFound, also for somebody else's."""
    own = Message.objects.for_user(cast("User", request.user)).select_related("conversation", "parent")
    found = with_answers(own.filter(pk=message_id)).first()
    if found is None:
        raise MessageNotFound
    return found


class MessageView(APIView):
    description = _("One message; an assistant’s says how far its answers are, to the second.")

    @operation("getMessage", _("One message"), answer=MessageListed)
    def get(self, request: Request, message_id: int) -> Response:
        found = find_message(request, message_id)
        beside = branches.siblings(found.conversation_id) if found.conversation.head_id is not None else {}
        return answer(message_listed(found, beside.get(found.pk, ())))


class BranchesView(APIView):
    description = _("The questions that were asked in this one’s place, the oldest first, itself among them.")

    @operation("listBranches", _("The branches of a message"), answer=ListOf(BranchRecord))
    def get(self, request: Request, message_id: int) -> Response:
        return answer(
            [
                BranchRecord(
                    message_id=one.question.pk,
                    content=one.question.content,
                    is_active=one.is_active,
                    created_at=timestamp(one.question.created_at),
                )
                for one in branches.beside(find_message(request, message_id))
            ]
        )


class ShowBranchView(APIView):
    description = _(
        "Show the branch that this message is in, to its newest end: lists and further questions follow it."
    )

    token_scope = PersonalToken.Scope.CHAT

    @operation("showBranch", _("Show the branch of a message"), status=204)
    def post(self, request: Request, message_id: int) -> Response:
        choosing.show_branch(find_message(request, message_id))
        return Response(status=204)
