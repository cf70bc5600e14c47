"""Images of messages over REST: sent once, shown to their owner alone."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import PersonalToken
from chat import limits
from chat.api.ais.providers import person
from chat.api.throttles import count
from chat.errors import AttachmentNotFound, UploadTooLarge
from chat.events import AttachmentRecord
from chat.models import Attachment
from chat.store import uploads
from chat.store.records import attachment_record
from common.http.api import StrictSerializer, answer
from common.http.schema import LOCATION, operation

# A multipart body is a little larger than the file in it.
BODY_BYTES = limits.UPLOAD_BYTES + 64 * 1024
# What a browser that is shown only the image by its address may do with it: nothing.
SANDBOX = "default-src 'none'; sandbox"


class UploadSerializer(StrictSerializer):
    """An image file."""

    file = serializers.FileField(allow_empty_file=True)


def find_attachment(request: Request, attachment_id: UUID) -> Attachment:
    """The signed-in person's image. Raises AttachmentNotFound, also for somebody else's."""
    found = Attachment.objects.for_user(person(request)).filter(pk=attachment_id).first()
    if found is None:
        raise AttachmentNotFound
    return found


class AttachmentsView(APIView):
    description = _(
        "Send an image (PNG, JPEG, WebP or GIF, at most 10 MB) as the form field `file`; ask about it by "
        "its id.\n\n"
        "It is kept upright, at most 2,048 pixels wide and high, and without what else the file held. "
        "Images that nobody asks about are gone after a day."
    )

    token_scope = PersonalToken.Scope.CHAT
    parser_classes = (MultiPartParser,)
    serializer_class = UploadSerializer

    @operation(
        "uploadImage",
        _("Send an image"),
        body={"multipart/form-data": UploadSerializer},
        answer=AttachmentRecord,
        status=201,
        parameters=[LOCATION],
        errors=(413,),
    )
    def post(self, request: Request) -> Response:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > BODY_BYTES:
            raise UploadTooLarge(limit_mb=limits.UPLOAD_BYTES // uploads.MB)
        count(request, "upload")
        body = UploadSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        file: Any = body.validated_data["file"]
        made = uploads.store(person(request), file.read(limits.UPLOAD_BYTES + 1))
        record = attachment_record(made)
        return answer(record, status=201, headers={"Location": request.build_absolute_uri(record.url)})


class AttachmentView(APIView):
    description = _("One image, as a file; DELETE removes one that waits for its question.")

    token_scope = PersonalToken.Scope.CHAT

    @operation("getImage", _("An image as a file"), answer=OpenApiTypes.BINARY, media_type="image/*")
    def get(self, request: Request, attachment_id: UUID) -> HttpResponse:
        image = find_attachment(request, attachment_id)
        file = HttpResponse(bytes(image.data), content_type=image.media_type)
        ending = image.media_type.partition("/")[2]
        file.headers["Content-Disposition"] = f'attachment; filename="image-{str(image.pk)[:8]}.{ending}"'
        file.headers["Content-Security-Policy"] = SANDBOX
        # An image never changes under its id.
        file.headers["Cache-Control"] = "private, max-age=31536000, immutable"
        return file

    @operation("removeImage", _("Remove an image that waits for its question"), status=204)
    def delete(self, request: Request, attachment_id: UUID) -> Response:
        image = find_attachment(request, attachment_id)
        if image.message_id is not None:
            # It is part of a message: it goes with that.
            raise AttachmentNotFound
        image.delete()
        return Response(status=204)
