#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A provider on loopback: plays recorded answers over TLS and counts what it served.

A request names what it wants: `x-case: ID` a recording, `x-play: {"kind": ...}` something made up.
`x-frame` says how the answer is framed: length, chunked, bytes (one byte a chunk), close, gzip.
Prints one JSON line {"port": N}, then serves until standard input ends, then prints its counts.
"""
import base64
import gzip
import json
import random
import socket
import ssl
import sys
import threading

REASON = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}
HOP = {"content-length", "transfer-encoding", "connection", "keep-alive", "content-encoding", "alt-svc"}


def load_cases(path):
    with gzip.open(path, "rt") as file:
        cases = [json.loads(line) for line in file]
    return {c["id"]: c for c in cases if c["stream_format"] != "websocket"}


def body_of(text, encoding):
    if text is None:
        return b""
    return base64.b64decode(text) if encoding == "base64" else text.encode()


class Refused(Exception):
    pass


class Connection:
    """One served connection: requests in, answers out, as HTTP/1.1 says."""

    def __init__(self, provider, sock):
        self.provider, self.sock, self.buffer = provider, sock, b""

    def read_until(self, mark):
        while mark not in self.buffer:
            more = self.sock.recv(65536)
            if not more:
                raise Refused
            self.provider.add("received", len(more))
            self.buffer += more
        head, self.buffer = self.buffer.split(mark, 1)
        return head

    def read_exactly(self, count):
        parts, have = [self.buffer], len(self.buffer)
        while have < count:
            more = self.sock.recv(min(1 << 20, count - have))
            if not more:
                raise Refused
            self.provider.add("received", len(more))
            parts.append(more)
            have += len(more)
        whole = b"".join(parts)
        self.buffer = whole[count:]
        return whole[:count]

    def read_body(self, headers):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = b""
            while True:
                size = int(self.read_until(b"\r\n").split(b";")[0], 16)
                body += self.read_exactly(size)
                self.read_until(b"\r\n")
                if not size:
                    return body
        return self.read_exactly(int(headers.get("content-length", 0)))

    def send(self, data):
        self.sock.sendall(data)
        self.provider.add("sent", len(data))

    def answer(self, status, headers, body, frame, rng, head_only):
        lines = [f"HTTP/1.1 {status} {REASON.get(status, 'Status')}"]
        if frame == "gzip":
            body = gzip.compress(body, 6)
            headers = headers + [["content-encoding", "gzip"]]
        lines += [f"{k}: {v}" for k, v in headers]
        if frame == "close":
            lines.append("connection: close")
        elif frame == "length" or status in (204, 304):
            lines.append(f"content-length: {len(body)}")
        else:
            lines.append("transfer-encoding: chunked")
        head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
        if head_only or status in (204, 304):
            return self.send(head)
        if frame in ("length", "close"):
            self.send(head + body)
        else:
            self.send(head)
            self.send_chunks(body, frame, rng)
        if frame == "close":
            raise Refused
        return None

    def send_chunks(self, body, frame, rng):
        at = 0
        while at < len(body):
            size = 1 if frame == "bytes" else rng.choice((1, 7, 100, 1400, 4096, 16384))
            piece = body[at:at + size]
            extension = b";note=\"a\"" if rng.random() < 0.1 else b""
            self.send(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece))
            at += size
        self.send(b"0\r\nx-trailer: end\r\n\r\n")

    def serve_one(self):
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        method = lines[0].split(" ")[0]
        headers = {k.strip().lower(): v.strip() for k, _, v in (l.partition(":") for l in lines[1:])}
        if headers.get("expect", "").lower() == "100-continue":
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self.read_body(headers)
        frame = headers.get("x-frame", "length")
        rng = random.Random(headers.get("x-case", "") + frame)
        self.provider.add("requests", 1)
        status, answer_headers, answer = self.provider.plan(headers, body)
        self.answer(status, answer_headers, answer, frame, rng, method == "HEAD")
        return headers.get("connection", "").lower() != "close"

    def serve(self):
        try:
            while self.serve_one():
                pass
        except (Refused, OSError, ssl.SSLError):
            pass
        finally:
            try:
                self.sock.unwrap()
            except (OSError, ssl.SSLError, ValueError):
                pass
            self.sock.close()


class Provider:
    def __init__(self, cases, context):
        self.cases, self.context = cases, context
        self.lock, self.counts = threading.Lock(), {"requests": 0, "received": 0, "sent": 0, "connections": 0}
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]

    def add(self, what, count):
        with self.lock:
            self.counts[what] += count

    def plan(self, headers, body):
        if "x-case" in headers and headers["x-case"] in self.cases:
            case = self.cases[headers["x-case"]]
            kept = [[k, v] for k, v in case["response_headers"] if k.lower() not in HOP and v != "**REDACTED**"]
            if case["content_encoding"] != "identity":
                kept.append(["content-encoding", case["content_encoding"]])
            return case["status"], kept, body_of(case["response_body"], case["response_body_enc"])
        return self.made_up(json.loads(headers.get("x-play", "{}")), body)

    def made_up(self, play, body):
        usage = {"prompt_tokens": play.get("in", 11), "completion_tokens": play.get("out", 5)}
        usage["total_tokens"] = sum(usage.values())
        name = play.get("id", "chatcmpl-1")
        if play.get("stream"):
            pad = "x" * 200
            events = [{"id": name, "model": "gpt-4o-2024-08-06", "choices": [{"index": 0, "delta": {"content": pad}}]}
                      for _ in range(max(1, play.get("size", 0) // 300))]
            events.append({"id": name, "model": "gpt-4o-2024-08-06", "choices": [], "usage": usage})
            text = "".join(f"data: {json.dumps(e)}\n\n" for e in events) + "data: [DONE]\n\n"
            return 200, [["content-type", "text/event-stream"], ["x-request-id", f"req_{name}"]], text.encode()
        answer = {"id": name, "object": "chat.completion", "model": "gpt-4o-2024-08-06",
                  "choices": [{"index": 0, "message": {"role": "assistant", "content": "x" * play.get("size", 5)},
                               "finish_reason": "stop"}], "usage": usage}
        return 200, [["content-type", "application/json"], ["x-request-id", f"req_{name}"]], json.dumps(answer).encode()

    def handle(self, raw):
        try:
            raw.settimeout(120)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock = self.context.wrap_socket(raw, server_side=True)
        except (OSError, ssl.SSLError):
            raw.close()
            return
        self.add("connections", 1)
        Connection(self, sock).serve()

    def run(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.handle, args=(raw,), daemon=True).start()


def main():
    cert, key, *corpus = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    cases = load_cases(corpus[0]) if corpus else {}
    provider = Provider(cases, context)
    threading.Thread(target=provider.run, daemon=True).start()
    print(json.dumps({"port": provider.port}), flush=True)
    sys.stdin.read()
    print(json.dumps(provider.counts), flush=True)


if __name__ == "__main__":
    main()
