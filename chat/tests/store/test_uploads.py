"""Images of messages: made anew, owned, sent to every AI that can see them."""

import base64
import io
import json
import random
import struct
import zlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from accounts.models import User
from chat import limits
from chat.models import Attachment, Conversation, Model
from chat.store import erasing, uploads
from tests.site.vendor import Vendor

ADDRESS = "/api/chat/attachments"
SECRET = "GPS 48.8584, 2.2945"


@pytest.fixture(autouse=True)
def limits_start_anew() -> None:
    cache.clear()


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    out = io.BytesIO()
    colours = random.Random(1).randbytes(size[0] * size[1] * 3)
    Image.frombytes("RGB", size, colours).save(out, kind, **options)
    return out.getvalue()


def upload(client: Client, data: bytes, name: str = "holiday.png") -> Any:
    return client.post(ADDRESS, {"file": SimpleUploadedFile(name, data, "image/png")})


def uploaded(client: Client) -> str:
    answer = upload(client, picture())
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def ask(client: Client, *attachments: str, providers: tuple[str, ...] = ("openai",), **more: object) -> Any:
    body = {"message": "What is this?", "selected_providers": providers, "attachments": attachments} | more
    return client.post("/api/chat/send", json.dumps(body), content_type="application/json")


# --- Taking in ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_every_kind_of_image_is_made_anew(as_bob: Client, kind: str) -> None:
    answer = upload(as_bob, picture(kind))
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["width"], made["height"]) == (40, 30)
    shown = as_bob.get(made["url"])
    assert shown.status_code == 200
    assert shown.headers["Content-Type"] == made["media_type"]
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    with Image.open(io.BytesIO(shown.content)) as image:
        assert image.size == (40, 30)


def test_what_else_was_in_the_file_is_gone(as_bob: Client) -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET
    exif[0x0112] = 6  # to be turned by 90 degrees
    notes = PngInfo()
    notes.add_text("Comment", SECRET)
    for data in (picture("JPEG", exif=exif), picture("PNG", pnginfo=notes), picture("PNG") + SECRET.encode()):
        made = upload(as_bob, data).json()
        assert SECRET.encode() not in as_bob.get(made["url"]).content
    turned = upload(as_bob, picture("JPEG", exif=exif)).json()
    assert (turned["width"], turned["height"]) == (30, 40)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_an_image_whose_exif_is_damaged_is_taken_as_it_is(as_bob: Client, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = picture(kind, exif=exif)
    assert (upload(as_bob, whole).json()["width"], upload(as_bob, whole).json()["height"]) == (30, 40)
    for damage in (b"MM\x00\x00", b"XX\x00*", b"MM\xff\xff"):
        made = upload(as_bob, whole.replace(b"MM\x00*", damage))
        assert (made.status_code, made.json()["width"], made.json()["height"]) == (201, 40, 30)


def test_a_large_image_is_scaled_down(as_bob: Client) -> None:
    made = upload(as_bob, picture("JPEG", (4000, 1000))).json()
    assert (made["width"], made["height"], made["media_type"]) == (2048, 512, "image/jpeg")


def test_transparency_stays(as_bob: Client) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (10, 10), (255, 0, 0, 0)).save(out, "PNG")
    made = upload(as_bob, out.getvalue()).json()
    with Image.open(io.BytesIO(as_bob.get(made["url"]).content)) as image:
        assert image.convert("RGBA").getpixel((0, 0)) == (255, 0, 0, 0)


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 30,000 × 30,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 415, "not_an_image"),
        (b"hello", 415, "not_an_image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", 415, "not_an_image"),
        (b"GIF89a<script>alert(1)</script>", 415, "not_an_image"),
        (b"%PDF-1.7", 415, "not_an_image"),
        (picture("BMP"), 415, "not_an_image"),
        (picture("TIFF"), 415, "not_an_image"),
        (picture()[:-40], 415, "not_an_image"),
        (bomb(), 413, "too_many_pixels"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * limits.UPLOAD_BYTES, 413, "upload_too_large"),
    ],
    ids=["empty", "text", "svg", "gif script", "pdf", "bmp", "tiff", "cut", "bomb", "large"],
)
def test_what_is_no_fit_image_is_refused(as_bob: Client, data: bytes, status: int, code: str) -> None:
    answer = upload(as_bob, data)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\0b.png", "C:\\x.png", "x" * 300 + ".png", "%2e%2e.svg"]
)
def test_the_name_of_a_file_means_nothing(as_bob: Client, name: str) -> None:
    made = upload(as_bob, picture(), name).json()
    assert "/" not in as_bob.get(made["url"]).headers["Content-Disposition"]


@pytest.mark.parametrize(
    "body", [{}, {"file": "text"}, {"file": SimpleUploadedFile("x.png", b"x"), "owner": "1"}]
)
def test_a_form_that_is_none_is_refused(as_bob: Client, body: dict[str, Any]) -> None:
    assert as_bob.post(ADDRESS, body).status_code == 400


def test_a_body_said_to_be_huge_is_not_read(as_bob: Client) -> None:
    answer = as_bob.generic(
        "POST", ADDRESS, b"x", "multipart/form-data; boundary=x", CONTENT_LENGTH="99999999999"
    )
    assert answer.status_code == 413


def test_not_too_many_wait(as_bob: Client, bob: User) -> None:
    Attachment.objects.bulk_create(
        Attachment(owner=bob, media_type="image/png", width=1, height=1, size_bytes=1, data=b"x")
        for _ in range(limits.UPLOADS_WAITING)
    )
    answer = upload(as_bob, picture())
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_uploads")


# --- Whose --------------------------------------------------------------------------------------------


def test_an_image_is_its_owners_alone(as_alice: Client, as_bob: Client, client: Client) -> None:
    path = f"{ADDRESS}/{uploaded(as_alice)}"
    assert as_bob.get(path).status_code == 404
    assert as_bob.delete(path).status_code == 404
    assert client.get(path).status_code == 401
    assert client.post(ADDRESS).status_code == 401
    assert as_alice.get(path).status_code == 200
    assert as_alice.delete(path).status_code == 204
    assert as_alice.delete(path).status_code == 404


def test_somebody_elses_image_can_not_be_asked_about(as_alice: Client, as_bob: Client) -> None:
    image = uploaded(as_alice)
    answer = ask(as_bob, image, providers=("demo",))
    assert (answer.status_code, answer.json()["code"]) == (404, "attachment_not_found")
    assert as_bob.get("/api/chat/conversations").json() == []


def test_an_image_of_a_question_can_be_asked_about_again(as_bob: Client) -> None:
    image = uploaded(as_bob)
    first = ask(as_bob, image, providers=("demo",)).json()["conversation_id"]
    again = ask(as_bob, image, providers=("demo",)).json()["conversation_id"]
    [copy] = as_bob.get(f"/api/chat/conversations/{again}/messages").json()[0]["attachments"]
    assert copy["id"] != image
    # Each question has its own: what happens to one leaves the other alone.
    Conversation.objects.get(pk=first).delete()
    assert as_bob.get(copy["url"]).status_code == 200
    assert as_bob.get(f"{ADDRESS}/{image}").status_code == 404


def test_an_image_of_a_deleted_question_can_not_be_asked_about(as_bob: Client) -> None:
    image = uploaded(as_bob)
    first = ask(as_bob, image, providers=("demo",)).json()["conversation_id"]
    as_bob.delete(f"/api/chat/conversations/{first}")
    assert ask(as_bob, image, providers=("demo",)).status_code == 404


def test_an_image_of_a_question_stays_with_it(as_bob: Client) -> None:
    image = uploaded(as_bob)
    assert ask(as_bob, image, providers=("demo",)).status_code == 200
    assert as_bob.delete(f"{ADDRESS}/{image}").status_code == 404
    assert as_bob.get(f"{ADDRESS}/{image}").status_code == 200


@pytest.mark.parametrize(
    ("images", "status"), [([str(uuid4())], 404), (["x"], 400), ("x", 400), ([str(uuid4())] * 9, 400)]
)
def test_wrong_images_are_refused(as_bob: Client, images: Any, status: int) -> None:
    body = {"message": "?", "selected_providers": ["demo"], "attachments": images}
    answer = as_bob.post("/api/chat/send", json.dumps(body), content_type="application/json")
    assert answer.status_code == status


def test_an_image_named_twice_is_refused(as_bob: Client) -> None:
    image = uploaded(as_bob)
    assert ask(as_bob, image, image, providers=("demo",)).status_code == 404


def test_images_go_with_their_conversation_and_when_nobody_asks(as_bob: Client, bob: User) -> None:
    sent = ask(as_bob, uploaded(as_bob), providers=("demo",)).json()
    waiting = uploaded(as_bob)
    old = timezone.now() - timedelta(seconds=limits.UPLOAD_WAITS_S + 60)
    Attachment.objects.update(created_at=old)
    assert uploads.sweep() == 1
    assert not Attachment.objects.filter(pk=waiting).exists()
    as_bob.delete(f"/api/chat/conversations/{sent['conversation_id']}")
    Conversation.objects.update(deleted_at=timezone.now() - timedelta(seconds=limits.UNDO_S))
    assert erasing.purge_deleted() == 1
    assert not Attachment.objects.exists()


# --- To the AIs ---------------------------------------------------------------------------------------


def test_an_ai_that_sees_gets_the_image_now_and_with_later_questions(
    as_alice: Client, vendor: Vendor
) -> None:
    vendor.scripts["openai"] = lambda exchange: exchange.answer("A wall.")
    image = uploaded(as_alice)
    sent = ask(as_alice, image).json()
    [told] = vendor.asked[-1][1]["messages"]
    kept = as_alice.get(f"{ADDRESS}/{image}")
    url = f"data:{kept.headers['Content-Type']};base64,{base64.b64encode(kept.content).decode()}"
    assert told["content"] == [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    assert sent["answers"][0]["notes"] == []
    ask(as_alice, conversation_id=sent["conversation_id"])
    assert vendor.asked[-1][1]["messages"][0] == told
    messages = as_alice.get(f"/api/chat/conversations/{sent['conversation_id']}/messages").json()
    assert [one["id"] for one in messages[0]["attachments"]] == [image]


def test_an_ai_that_can_not_see_gets_the_words_and_its_column_a_note(
    as_alice: Client, vendor: Vendor
) -> None:
    vendor.scripts["openai"] = lambda exchange: exchange.answer("I can’t see it.")
    Model.objects.filter(provider__slug="openai").update(sees_images=False)
    [answer] = ask(as_alice, uploaded(as_alice)).json()["answers"]
    assert (answer["status"], answer["notes"], answer["attempts"]) == ("done", ["images_left_out"], 1)
    assert vendor.asked[-1][1]["messages"] == [{"role": "user", "content": "What is this?"}]


def test_an_ai_that_turns_out_not_to_see_is_asked_again_in_words(as_alice: Client, vendor: Vendor) -> None:
    def script(exchange: Any) -> None:
        if isinstance(exchange.body["messages"][0]["content"], list):
            exchange.refuse(400, "image_url is only supported by certain models", param="messages")
        else:
            exchange.answer("Words will do.")

    vendor.scripts["mistral"] = script
    [answer] = ask(as_alice, uploaded(as_alice), providers=("mistral:open-mixtral",)).json()["answers"]
    assert (answer["text"], answer["notes"]) == ("Words will do.", ["images_left_out"])
    assert (answer["status"], answer["attempts"], answer["error"]) == ("done", 2, None)


def test_an_image_is_never_larger_than_vendors_take(as_bob: Client) -> None:
    out = io.BytesIO()
    pixels = random.Random(2).randbytes(2000 * 1200 * 4)
    Image.frombytes("RGBA", (2000, 1200), pixels).save(out, "PNG", compress_level=0)
    made = upload(as_bob, out.getvalue()).json()
    assert made["media_type"] == "image/jpeg"
    assert made["size_bytes"] < uploads.KEPT_BYTES
