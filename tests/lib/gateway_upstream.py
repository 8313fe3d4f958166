#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What stands behind the gateways: OpenAI's chat and Anthropic's messages, as far as a gateway needs them.

A prompt says which call it is ("call 17"); the answer tells of 1000 + 17 tokens in and 17 out, and has an id of its
own, so that every record can be told apart. Asked for "a long answer" it streams some megabytes. Otherwise it is provider.py: it prints its port, serves until standard input
ends, and then prints its counts.
"""
import json
import re
import ssl
import sys
import threading

import provider


def events(pairs):
    return "".join((f"event: {name}\n" if name else "") + f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n"
                   for name, data in pairs).encode()


class Upstream(provider.Provider):
    def plan(self, headers, body):
        named = re.search(r"call (\d+)", body.decode())
        if not named:    # a gateway may look around at its start
            return 404, [["content-type", "application/json"]], b"{}"
        self.add("calls", 1)
        asked, number = json.loads(body), int(named.group(1))
        answer = self.anthropic if "anthropic-version" in headers else self.openai
        kind = "text/event-stream" if asked.get("stream") else "application/json"
        name = "request-id" if "anthropic-version" in headers else "x-request-id"
        return 200, [["content-type", kind], [name, f"req_up{number:06}"]], answer(asked, number)

    def openai(self, asked, number):
        usage = {"prompt_tokens": 1000 + number, "completion_tokens": number, "total_tokens": 1000 + 2 * number,
                 "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
                 "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0}}
        base = {"id": f"chatcmpl-up{number:06}", "created": 1763800000, "model": "gpt-4o-2024-08-06",
                "service_tier": "default", "system_fingerprint": "fp_1"}
        if not asked.get("stream"):
            return json.dumps(dict(base, object="chat.completion", usage=usage, choices=[
                {"index": 0, "message": {"role": "assistant", "content": f"This is answer {number}.", "refusal": None},
                 "logprobs": None, "finish_reason": "stop"}])).encode()
        base["object"] = "chat.completion.chunk"
        asked_usage = asked.get("stream_options", {}).get("include_usage")
        chunks = [dict(base, choices=[{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])]
        chunks += [dict(base, choices=[{"index": 0, "delta": {"content": word + " "}, "finish_reason": None}])
                   for word in f"This is answer {number}".split() * (1000 if "a long answer" in json.dumps(asked) else 1)]
        chunks.append(dict(base, choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]))
        if asked_usage:
            chunks = [dict(c, usage=None) for c in chunks] + [dict(base, choices=[], usage=usage)]
        return events([(None, c) for c in chunks] + [(None, "[DONE]")])

    def anthropic(self, asked, number):
        usage = {"input_tokens": 1000 + number, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
                 "output_tokens": number, "service_tier": "standard"}
        message = {"id": f"msg_up{number:06}", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
                   "content": [{"type": "text", "text": f"This is answer {number}."}], "stop_reason": "end_turn",
                   "stop_sequence": None, "usage": usage}
        if not asked.get("stream"):
            return json.dumps(message).encode()
        start = dict(message, content=[], stop_reason=None, usage=dict(usage, output_tokens=1))
        return events([
            ("message_start", {"type": "message_start", "message": start}),
            ("content_block_start", {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
            *[("content_block_delta", {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": w}})
              for w in ("This is ", f"answer {number}.")],
            ("content_block_stop", {"type": "content_block_stop", "index": 0}),
            ("message_delta", {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                               "usage": {"output_tokens": number}}),
            ("message_stop", {"type": "message_stop"})])


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    upstream = Upstream({}, context)
    upstream.counts["calls"] = 0
    threading.Thread(target=upstream.run, daemon=True).start()
    print(json.dumps({"port": upstream.port}), flush=True)
    sys.stdin.read()
    print(json.dumps(upstream.counts), flush=True)


main()
