"""A vendor that streams tokens at a steady pace in every protocol. Run by the benchmarks as a process.

`POST /<protocol>/…` is answered with TOKENS tokens, one chunk each, `PACE_S` apart.
"""

import asyncio
import json
import sys

TOKENS = 200
PACE_S = 0.02
WORD = "token "


def event(value: object, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value)}\n\n".encode()


def openai(delta: dict[str, str], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    common = {
        "id": "chatcmpl-9f3a",
        "object": "chat.completion.chunk",
        "created": 1780000000,
        "model": "m-large",
    }
    return event(common | {"choices": [choice]})


def responses(kind: str, **fields: object) -> bytes:
    return event({"type": kind, "sequence_number": 7, **fields}, kind)


def anthropic(kind: str, **fields: object) -> bytes:
    return event({"type": kind, **fields}, kind)


def gemini(text: str, reason: str | None = None) -> bytes:
    candidate = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 12, "totalTokenCount": 21}
    finish = {"finishReason": reason} if reason else {}
    return event(
        {"candidates": [candidate | finish], "usageMetadata": usage, "modelVersion": "g", "responseId": "r"}
    )


def cohere(kind: str, **delta: object) -> bytes:
    return event({"type": kind, "index": 0, "delta": delta}, kind)


def ollama(content: str, **more: object) -> bytes:
    line = {
        "model": "q",
        "created_at": "2026-01-01T00:00:00Z",
        "message": {"role": "assistant", "content": content},
    }
    return json.dumps(line | {"done": False} | more).encode() + b"\n"


# Token, end.
STREAMS: dict[str, tuple[bytes, bytes]] = {
    "openai": (openai({"content": WORD}), openai({}, "stop") + b"data: [DONE]\n\n"),
    "openai-responses": (
        responses("response.output_text.delta", item_id="msg_1", output_index=0, content_index=0, delta=WORD),
        responses("response.completed", response={"id": "r", "status": "completed", "usage": {}}),
    ),
    "anthropic": (
        anthropic("content_block_delta", index=0, delta={"type": "text_delta", "text": WORD}),
        anthropic("message_delta", delta={"stop_reason": "end_turn"}) + anthropic("message_stop"),
    ),
    "gemini": (gemini(WORD), gemini("", "STOP")),
    "cohere": (
        cohere("content-delta", message={"content": {"text": WORD}}),
        cohere("message-end", finish_reason="COMPLETE"),
    ),
    "ollama": (ollama(WORD), ollama("", done=True, done_reason="stop")),
}


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
        protocol = head.split(b"/")[1].decode()
        token, end = STREAMS[protocol]
        kind = b"application/x-ndjson" if protocol == "ollama" else b"text/event-stream"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\nTransfer-Encoding: chunked\r\n\r\n")
        loop = asyncio.get_running_loop()
        due = loop.time()
        for _ in range(TOKENS):
            due += PACE_S
            await asyncio.sleep(due - loop.time())
            writer.write(chunk(token))
        writer.write(chunk(end) + b"0\r\n\r\n")
        await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Ends with the benchmark: it closes our standard input.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
