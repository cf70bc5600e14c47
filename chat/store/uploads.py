"""Images of messages: checked, made anew and stored; nothing of the uploaded file itself is kept.

They live in the database (docs/decisions/0009): whichever process asks the AIs has them at hand.
"""

import io
import struct
import warnings
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from PIL import Image, ImageOps, UnidentifiedImageError

from accounts.models import User
from chat import limits
from chat.errors import (
    AttachmentNotFound,
    NotAnImage,
    TooManyImages,
    TooManyPixels,
    TooManyUploads,
    UploadTooLarge,
)
from chat.models import Attachment, Message

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
JPEG_QUALITY = 88
PNG_COLOURS = 4096
# Anthropic takes 5 MB of base64, a third more than the bytes.
KEPT_BYTES = 3_500_000
MB = 1024 * 1024
# What Pillow's readers raise at what is no image, or a broken one.
_UNREADABLE = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
)
_BROKEN_EXIF = (*_UNREADABLE, TypeError, LookupError, ArithmeticError, struct.error)


def store(user: User, data: bytes) -> Attachment:
    """Save an image that waits for its question.

    It is turned upright, scaled down to 2,048 pixels and written anew as PNG or JPEG: what else was in the
    file (places, names, a second meaning) is gone. Raises UploadTooLarge, NotAnImage, TooManyPixels or
    TooManyUploads.
    """
    if len(data) > limits.UPLOAD_BYTES:
        raise UploadTooLarge(limit_mb=limits.UPLOAD_BYTES // MB)
    if user.attachments.filter(message=None).count() >= limits.UPLOADS_WAITING:
        raise TooManyUploads
    image = remade(user, data)
    image.save(force_insert=True)
    return image


def remade(user: User, data: bytes) -> Attachment:
    """An image as `store` keeps it, not saved. Raises NotAnImage or TooManyPixels."""
    image = _decoded(data)
    media_type, kept = _encoded(image)
    return Attachment(
        owner=user,
        media_type=media_type,
        width=image.width,
        height=image.height,
        size_bytes=len(kept),
        data=kept,
    )


def claim(user: User, ids: Sequence[UUID]) -> list[Attachment]:
    """The user's images with these ids, in this order; to be called in the transaction that asks.

    Those that wait for a question are taken themselves; of those that belong to a message copies are, so that
    a question can be asked again in other words. Raises TooManyImages, and AttachmentNotFound for one that is
    not theirs to see.
    """
    if len(ids) > limits.IMAGES_PER_MESSAGE:
        raise TooManyImages(limit=limits.IMAGES_PER_MESSAGE)
    if not ids:
        return []
    visible = Attachment.objects.for_user(user).filter(pk__in=ids).values_list("pk", flat=True)
    rows = {row.pk: row for row in user.attachments.select_for_update().filter(pk__in=[*visible])}
    if len(rows) != len(ids):
        raise AttachmentNotFound
    return [rows[one] if rows[one].message_id is None else _copy(rows[one]) for one in ids]


def _copy(image: Attachment) -> Attachment:
    """The same image once more, as one that waits for a question."""
    return Attachment.objects.create(
        owner=image.owner,
        media_type=image.media_type,
        width=image.width,
        height=image.height,
        size_bytes=image.size_bytes,
        data=image.data,
    )


def attach(message: Message, images: Sequence[Attachment]) -> None:
    """Make claimed images part of a message."""
    for position, image in enumerate(images):
        image.message, image.position = message, position
        image.save(update_fields=["message", "position"])


def sweep() -> int:
    """Delete the images that nobody asked about in time; return how many."""
    before = timezone.now() - timedelta(seconds=limits.UPLOAD_WAITS_S)
    return Attachment.objects.filter(message=None, created_at__lt=before).delete()[0]


def _decoded(data: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # Pillow warns of what may be a bomb; our own count is stricter, and decides.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
            if image.width * image.height > limits.UPLOAD_PIXELS:
                raise TooManyPixels(limit_mp=limits.UPLOAD_PIXELS // 1_000_000)
            # Decodes for real; of an animation the first picture.
            image.load()
    except Image.DecompressionBombError as error:
        raise TooManyPixels(limit_mp=limits.UPLOAD_PIXELS // 1_000_000) from error
    except _UNREADABLE as error:
        raise NotAnImage from error
    image = _upright(image)
    image.thumbnail((limits.IMAGE_SIDE, limits.IMAGE_SIDE))
    return image


def _upright(image: Image.Image) -> Image.Image:
    """The image as its EXIF says to turn it; as it is where that is damaged, since the picture is whole."""
    try:
        return ImageOps.exif_transpose(image)
    except _BROKEN_EXIF:
        return image


def _encoded(image: Image.Image) -> tuple[str, bytes]:
    """PNG where there is transparency or few colours, as in screenshots of text; JPEG for the rest."""
    has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    clean = image.convert("RGBA" if has_alpha else "RGB")
    clean.info = {}
    if has_alpha or clean.getcolors(maxcolors=PNG_COLOURS) is not None:
        png = _saved(clean, "PNG")
        if len(png) <= KEPT_BYTES:
            return "image/png", png
        # On white, as a page would show it.
        ground = Image.new("RGBA", clean.size, "white")
        clean = Image.alpha_composite(ground, clean.convert("RGBA")).convert("RGB")
    return "image/jpeg", _saved(clean, "JPEG", quality=JPEG_QUALITY)


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, optimize=True, **options)
    return out.getvalue()
