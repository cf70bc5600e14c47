"""`/api/chat/folders`: what conversations are sorted into."""

from typing import cast

from django.utils.translation import gettext_lazy as _
from msgspec import Struct
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import PersonalToken, User
from chat import limits
from chat.models import Folder
from chat.store import folders
from common.http.api import StrictSerializer, TextField, answer
from common.http.schema import ListOf, operation

EXAMPLE = {"name": "Work"}


class FolderRecord(Struct, frozen=True, kw_only=True):
    """A folder, and how many conversations are in it that are not archived.

    `id` is null of “Général”, which everybody has: it can be neither renamed nor removed.
    """

    id: int | None
    name: str
    count: int


class FolderSerializer(StrictSerializer):
    """What a person may write of a folder."""

    name = TextField(max_length=limits.FOLDER_CHARS)


def folder_record(folder: Folder) -> FolderRecord:
    return FolderRecord(id=folder.pk, name=folder.name, count=folders.count_of(folder))


class FoldersView(APIView):
    description = _(
        "Your folders, “Général” first and then by name, the empty ones too; POST makes one.\n\n"
        "A conversation that is put into a folder by its name makes the folder where there is none. Names "
        "are told apart neither by case nor by accents."
    )

    token_scope = PersonalToken.Scope.CHAT
    serializer_class = FolderSerializer

    @operation("listFolders", _("Your folders"), answer=ListOf(FolderRecord))
    def get(self, request: Request) -> Response:
        counted = folders.counts(cast("User", request.user))
        return answer([FolderRecord(id=pk, name=name, count=count) for pk, name, count in counted])

    @operation(
        "createFolder",
        _("Make a folder"),
        body=FolderSerializer,
        answer=FolderRecord,
        status=201,
        errors=(409,),
        example=EXAMPLE,
    )
    def post(self, request: Request) -> Response:
        body = FolderSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = folders.make(cast("User", request.user), body.validated_data["name"])
        return answer(folder_record(made), status=201)


class FolderView(APIView):
    description = _(
        "One folder: rename it, and with it what is in it; or remove it: what is in it goes to “Général”."
    )

    token_scope = PersonalToken.Scope.CHAT
    serializer_class = FolderSerializer

    @operation(
        "renameFolder",
        _("Rename a folder"),
        body=FolderSerializer,
        answer=FolderRecord,
        errors=(409,),
        example=EXAMPLE,
    )
    def patch(self, request: Request, folder_id: int) -> Response:
        user = cast("User", request.user)
        folder = folders.find(user, folder_id)
        body = FolderSerializer(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        if "name" in body.validated_data:
            folder = folders.rename(user, folder_id, body.validated_data["name"])
        return answer(folder_record(folder))

    @operation("deleteFolder", _("Remove a folder"), status=204)
    def delete(self, request: Request, folder_id: int) -> Response:
        folders.remove(cast("User", request.user), folder_id)
        return Response(status=204)
