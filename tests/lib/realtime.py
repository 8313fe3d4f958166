#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Both ends of realtime sessions over WebSockets (the `websockets` package), on loopback over TLS.

realtime.py serve CERT KEY [CORPUS]: prints {"port": N}, serves until standard input ends, then prints what it counted.
realtime.py call: reads a plan {"port", "sessions": [SESSION, ...]}, plays it, prints what it saw.
SESSION: {"case": ID} plays a recorded session, both ends in the order of its recording; {"turns": [[in, out, cached], ...],
"name": text, "leave": N} one made up, whose client goes away in the middle of turn N; "compression": false for none.
"""
import asyncio
import collections
import gzip
import json
import ssl
import sys

import websockets

COUNTS = collections.Counter()


def load(path):
    with gzip.open(path, "rt") as file:
        cases = [json.loads(line) for line in file]
    return {c["id"]: c for c in cases if c["stream_format"] == "websocket"}


def script(case):
    """(direction, text) in their order."""
    lines = {">": iter(case["request_body"].split("\n")), "<": iter(case["response_body"].split("\n"))}
    return [(direction, next(lines[direction])) for direction in case["ws_order"]]


# ---- the provider

async def recorded(socket, case):
    for direction, text in script(case):
        if direction == ">":
            await socket.recv()
        else:
            # Gemini's server sends JSON in binary messages
            await socket.send(text.encode() if case["api"] == "google.live" else text)


def usage_of(turn):
    tokens_in, tokens_out, cached = turn
    return {"total_tokens": tokens_in + tokens_out, "input_tokens": tokens_in, "output_tokens": tokens_out,
            "input_token_details": {"text_tokens": tokens_in, "audio_tokens": 0, "cached_tokens": cached,
                                    "cached_tokens_details": {"text_tokens": cached, "audio_tokens": 0}},
            "output_token_details": {"text_tokens": tokens_out, "audio_tokens": 0}}


async def made_up(socket):
    session = {"type": "session.created", "event_id": "event_0", "session": {"id": "sess_1", "model": "gpt-realtime", "type": "realtime"}}
    await socket.send(json.dumps(session))
    number = 0
    async for text in socket:
        message = json.loads(text)
        if message["type"] != "response.create":
            continue
        number += 1
        name, turn = f"resp_{message['metadata']['name']}_{number}", message["metadata"]["turn"]
        COUNTS["turns"] += 1
        await socket.send(json.dumps({"type": "response.created", "response": {"id": name, "status": "in_progress", "usage": None}}))
        for i in range(20):
            await socket.send(json.dumps({"type": "response.output_text.delta", "response_id": name, "delta": "some text, said slowly " * 20}))
            if message["metadata"].get("slow"):
                await asyncio.sleep(0.05)
        await socket.send(json.dumps({"type": "response.done", "response": {"id": name, "status": "completed", "usage": usage_of(turn)}}))
        COUNTS["done"] += 1
        COUNTS["input"] += turn[0]
        COUNTS["output"] += turn[1]


async def serve(cert, key, corpus=None):
    cases = load(corpus) if corpus else {}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    async def handle(socket, path=None):
        COUNTS["sessions"] += 1
        case = cases.get(socket.request_headers.get("x-case"))
        try:
            await (recorded(socket, case) if case else made_up(socket))
            await socket.wait_closed()
        except websockets.ConnectionClosed:
            COUNTS["broken"] += 1

    async with websockets.serve(handle, "127.0.0.1", 0, ssl=context, max_size=None) as server:
        print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        print(json.dumps(COUNTS), flush=True)


# ---- the client

async def converse(socket, session):
    await socket.recv()
    for i, turn in enumerate(session["turns"]):
        leaves = session.get("leave") == i
        meta = {"name": session["name"], "turn": turn, "slow": leaves}
        await socket.send(json.dumps({"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "what is the weather " * 30}]}}))
        await socket.send(json.dumps({"type": "response.create", "metadata": meta}))
        while json.loads(await socket.recv())["type"] != "response.done":
            COUNTS["messages"] += 1
            if leaves and COUNTS["messages"] % 5 == 0:
                socket.transport.abort()
                return
        if i % 2:
            await socket.ping()


async def replay(socket, case):
    for direction, text in script(case):
        if direction == ">":
            await socket.send(text)
        else:
            await socket.recv()


async def call(plan):
    cases = load(plan["corpus"]) if plan.get("corpus") else {}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    async def one(session):
        case = cases.get(session.get("case"))
        host = case["host"] if case else "api.openai.com"
        path = case["path"] if case else "/v1/realtime?model=gpt-realtime"
        headers = {"Authorization": "Bearer sk-test-1", "x-case": session.get("case") or session["name"]}
        compression = "deflate" if session.get("compression", True) else None
        async with websockets.connect(f"wss://{host}{path}", host="127.0.0.1", port=plan["port"], ssl=context, server_hostname=host,
                                      extra_headers=headers, compression=compression, max_size=None) as socket:
            await (replay(socket, case) if case else converse(socket, session))
            COUNTS["played"] += 1

    for session in plan["sessions"]:
        try:
            await one(session)
        except websockets.ConnectionClosed:
            COUNTS["broken"] += 1
    print(json.dumps(COUNTS), flush=True)


if sys.argv[1] == "serve":
    asyncio.run(serve(*sys.argv[2:]))
else:
    asyncio.run(call(json.load(sys.stdin)))
