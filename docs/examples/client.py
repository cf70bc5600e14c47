"""WeBox from Python, by every way there is. Needs httpx and websockets.

WEBOX_URL=http://127.0.0.1:8000 WEBOX_TOKEN=webox_… python client.py "Which is faster?" demo:quick demo:code
The token is one of My account → Access tokens that may read and ask.
"""

import json
import os
import sys

import httpx
from websockets import Subprotocol
from websockets.sync.client import connect

URL, TOKEN = os.environ["WEBOX_URL"], os.environ["WEBOX_TOKEN"]
HEADERS, V1 = {"Authorization": f"Bearer {TOKEN}"}, [Subprotocol("webox.v1")]
question, *ais = sys.argv[1:]

with httpx.Client(base_url=URL, headers=HEADERS, timeout=300) as webox:
    # REST: ask several AIs, wait for all of them.
    body = {"message": question, "selected_providers": ais}
    sent = webox.post("/api/chat/send", json=body).raise_for_status().json()
    for name, text in sent["ai_responses"].items():
        print(f"REST: {name} wrote {len(text)} characters", sent["errors"].get(name, ""))

    # The socket: every answer as it is written, all at once.
    address = f"{URL.replace('http', 'ws', 1)}/api/chat/ws/{sent['conversation_id']}"
    with connect(address, additional_headers=HEADERS, subprotocols=V1, max_size=None) as socket:
        socket.send(json.dumps({"type": "ask", "message": "And why?", "targets": ais, "client_id": "second"}))
        pieces = 0
        for event in map(json.loads, socket):
            pieces += len(event["deltas"]) if event["type"] == "deltas" else 0
            if event["type"] == "turn" and event["state"] == "complete":
                break
        print(f"Socket: {pieces} pieces of text")

    # Server-sent events: the same of a turn that was asked without waiting.
    body |= {"message": "Really?", "conversation_id": sent["conversation_id"]}
    asked = webox.post("/api/chat/send", json=body, headers={"Prefer": "respond-async"}).raise_for_status()
    with webox.stream("GET", f"{asked.headers['Location']}/events") as events:
        kinds = [line.removeprefix("event: ") for line in events.iter_lines() if line.startswith("event: ")]
    print(f"Events: {kinds[0]} … {kinds[-1]}")

    # OpenAI's protocol: several models at once, each answer a choice. Every client of OpenAI's speaks it.
    model = ",".join(name.replace(":", "/", 1) for name in ais)
    told = {"model": model, "messages": [{"role": "user", "content": question}]}
    completion = webox.post("/v1/chat/completions", json=told).raise_for_status().json()
    for choice in completion["choices"]:
        print(f"Gateway: {choice['model']} wrote {len(choice['message']['content'])} characters")
