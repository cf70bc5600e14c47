"""Several conversations at once: changed in the same way, deleted, had back. All of them, or none."""

from typing import cast

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import PersonalToken, User
from chat.actions import conversations
from chat.api.serializers import ConversationsChange, ConversationSerializer, SeveralConversations
from common.http.schema import operation

EXAMPLE = {"ids": [17, 23]}


class ChangeView(APIView):
    description = _(
        "Change several conversations in the same way: move, pin, archive, make favourites, put tags on and "
        "take tags off. Answers with all of them; where one is not yours, 404, and nothing is changed."
    )

    token_scope = PersonalToken.Scope.CHAT
    serializer_class = ConversationsChange

    @operation(
        "changeConversations",
        _("Change several conversations"),
        body=ConversationsChange,
        answer=ConversationSerializer(many=True),
        errors=(404,),
        example=EXAMPLE | {"folder": "Work", "is_archived": False, "add_tags": ["buying"]},
    )
    def post(self, request: Request) -> Response:
        body = ConversationsChange(data=request.data)
        body.is_valid(raise_exception=True)
        values = {**body.validated_data}
        ids, added, removed = (values.pop(name, []) for name in ("ids", "add_tags", "remove_tags"))
        changed = conversations.change_all(cast("User", request.user), ids, values, added, removed)
        return Response(ConversationSerializer(changed, many=True).data)


class DeleteView(APIView):
    description = _(
        "Delete several conversations with everything in them, as each of them is deleted by itself; where "
        "one is not yours, 404, and none is deleted."
    )

    token_scope = PersonalToken.Scope.CHAT
    serializer_class = SeveralConversations

    @operation(
        "deleteConversations",
        _("Delete several conversations"),
        body=SeveralConversations,
        status=204,
        errors=(404,),
        example=EXAMPLE,
    )
    def post(self, request: Request) -> Response:
        body = SeveralConversations(data=request.data)
        body.is_valid(raise_exception=True)
        conversations.delete_all(cast("User", request.user), body.validated_data["ids"])
        return Response(status=204)


class UndoView(APIView):
    description = _("Have several deleted conversations back, as they were; all of them, or none.")

    token_scope = PersonalToken.Scope.CHAT
    serializer_class = SeveralConversations

    @operation(
        "undoDeletes",
        _("Have several deleted conversations back"),
        body=SeveralConversations,
        answer=ConversationSerializer(many=True),
        errors=(404,),
        example=EXAMPLE,
    )
    def post(self, request: Request) -> Response:
        body = SeveralConversations(data=request.data)
        body.is_valid(raise_exception=True)
        back = conversations.undo_delete_all(cast("User", request.user), body.validated_data["ids"])
        return Response(ConversationSerializer(back, many=True).data)
