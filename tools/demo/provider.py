#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A provider to play with: answers like OpenAI and Anthropic over TLS on loopback, no key, no network.
Usage: provider.py CERT KEY; prints its port, serves until standard input ends."""
import http.server
import json
import ssl
import sys
import threading


def openai_answer(asked, words):
    usage = {"prompt_tokens": 400 + 9 * words, "completion_tokens": 120 + words,
             "prompt_tokens_details": {"cached_tokens": 256 if words > 8 else 0}}
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]
    base = {"id": f"chatcmpl-demo{words}", "model": asked + "-2024-08-06" if asked == "gpt-4o" else asked}
    return base, usage


def anthropic_events(asked, words):
    start = {"input_tokens": 30, "cache_read_input_tokens": 2048, "cache_creation_input_tokens": 0, "output_tokens": 1}
    yield "message_start", {"type": "message_start", "message": {"id": f"msg_demo{words}", "model": asked, "usage": start}}
    for _ in range(words):
        yield "content_block_delta", {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "word "}}
    yield "message_delta", {"type": "message_delta", "delta": {"stop_reason": "end_turn"},
                            "usage": {"output_tokens": 40 + 3 * words}}
    yield "message_stop", {"type": "message_stop"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        words = len(json.dumps(body.get("messages", ""))) // 8
        if self.path.endswith("/messages"):
            self.reply("text/event-stream", "".join(
                f"event: {name}\ndata: {json.dumps(event)}\n\n" for name, event in anthropic_events(body["model"], words)),
                "request-id", f"req_demo{words}")
            return
        base, usage = openai_answer(body["model"], words)
        if body.get("stream"):
            chunks = [dict(base, choices=[{"index": 0, "delta": {"content": "word "}}]) for _ in range(words)]
            chunks.append(dict(base, choices=[], usage=usage))
            text = "".join(f"data: {json.dumps(c)}\n\n" for c in chunks) + "data: [DONE]\n\n"
            self.reply("text/event-stream", text, "x-request-id", f"req_demo{words}")
            return
        choice = {"index": 0, "message": {"role": "assistant", "content": "word " * words}, "finish_reason": "stop"}
        self.reply("application/json", json.dumps(dict(base, choices=[choice], usage=usage)), "x-request-id", f"req_demo{words}")

    def reply(self, kind, text, id_header, request_id):
        data = text.encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.send_header(id_header, request_id)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


main()
