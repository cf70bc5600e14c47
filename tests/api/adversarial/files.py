"""Files as they are sent: in a form, and as an export that holds a text wherever it can."""

from typing import Any


def form(filename: bytes, content: bytes) -> tuple[bytes, str]:
    """A form with one file: its body and its type."""
    head = b'--border\r\nContent-Disposition: form-data; name="file"; filename="' + filename + b'"\r\n'
    whole = head + b"Content-Type: image/png\r\n\r\n" + content + b"\r\n--border--\r\n"
    return whole, "multipart/form-data; boundary=border"


def conversation_called(text: str) -> dict[str, Any]:
    """A conversation of an export in which everything says the text, as far as there is room."""
    now = "2026-11-01T12:00:00Z"
    return {
        "title": text[:255],
        "folder": text[:100],
        "tags": [text[:50]],
        "created_at": now,
        "updated_at": now,
        "messages": [{"id": 1, "role": "user", "content": text, "created_at": now}],
    }
