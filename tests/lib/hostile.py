#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A provider on loopback that answers as no provider should. `x-hostile: NAME` picks the answer.

Prints one JSON line {"port": N}, then serves until standard input ends. Every connection ends after its answer.
"""
import gzip
import json
import os
import random
import socket
import ssl
import struct
import sys
import threading
import time
import zlib

ANSWERS = {}
MODEL = "gpt-4o-2024-08-06"


def answers(function):
    ANSWERS[function.__name__.replace("_", "-")] = function
    return function


def document(tokens_in=100, tokens_out=7, **more):
    return {"id": "chatcmpl-h", "object": "chat.completion", "model": MODEL,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}, **more}


def text(**how):
    return json.dumps(document(**how)).encode()


def head(length=None, encoding=None, kind="application/json", extra=b"", status=b"200 OK"):
    lines = [b"HTTP/1.1 " + status, b"content-type: " + kind.encode()]
    if encoding:
        lines.append(b"content-encoding: " + encoding.encode())
    lines.append(b"connection: close" if length is None else b"content-length: %d" % length)
    return b"\r\n".join(lines) + b"\r\n" + extra + b"\r\n"


def whole(body, **how):
    return head(len(body), **how) + body


def brotli(data):
    """One stored metablock (RFC 7932 9.2), since the tree's tests ask for no compressor: at most 64 KiB."""
    bits, count = 0, 0
    for value, width in ((0b0, 1), (0, 1), (0, 2), (len(data) - 1, 16), (1, 1)):
        bits |= value << count
        count += width
    return bits.to_bytes((count + 7) // 8, "little") + data + b"\x03"


def zstd(data):
    """A frame of raw blocks (RFC 8878 3.1.1)."""
    frame = struct.pack("<IB", 0xFD2FB528, 0x20 | 0x80) + struct.pack("<I", len(data))
    for at in range(0, len(data), 65536):
        piece = data[at:at + 65536]
        frame += ((len(piece) << 3) | (at + len(piece) >= len(data))).to_bytes(3, "little") + piece
    return frame


def broken(data, at):
    return data[:at] + bytes(255 - b for b in data[at:at + 8]) + data[at + 8:]


def padded(size=20000):
    noise = random.Random(1)
    return text(tokens_in=100, pad="".join(noise.choice("abcdefghijklmnop") for _ in range(size)))


@answers
def plain(sock, headers):
    body = text(tokens_in=int(headers.get("x-in", 1)))
    sock.sendall(whole(body))


# ---- content codings


@answers
def gzip_corrupt(sock, headers):
    sock.sendall(whole(broken(gzip.compress(padded()), 3000), encoding="gzip"))


@answers
def gzip_not(sock, headers):
    sock.sendall(whole(b"\x1f\x8b\x08\xff" + os.urandom(3000), encoding="gzip"))


@answers
def gzip_cut(sock, headers):
    body = gzip.compress(padded())
    sock.sendall(head(len(body), encoding="gzip") + body[:len(body) // 2])


@answers
def gzip_short(sock, headers):
    body = gzip.compress(padded())
    sock.sendall(whole(body[:len(body) // 2], encoding="gzip"))


@answers
def br_corrupt(sock, headers):
    sock.sendall(whole(brotli(text())[:-1] + b"\x11" * 64, encoding="br"))


@answers
def br_whole(sock, headers):
    sock.sendall(whole(brotli(text()), encoding="br"))


@answers
def zstd_corrupt(sock, headers):
    sock.sendall(whole(broken(zstd(padded()), 9), encoding="zstd"))


@answers
def zstd_whole(sock, headers):
    sock.sendall(whole(zstd(padded()), encoding="zstd"))


@answers
def zstd_window(sock, headers):
    """A frame that asks for a window of 3.75 TiB."""
    sock.sendall(whole(struct.pack("<IBB", 0xFD2FB528, 0, 0xFF) + b"\x01\x00\x00" * 100, encoding="zstd"))


@answers
def stacked(sock, headers):
    body = text()
    for _ in range(40):
        body = gzip.compress(body)
    sock.sendall(whole(body, encoding=", ".join(["gzip"] * 40)))


@answers
def bomb(sock, headers):
    """1 GiB of zeros in front of the document, one gzip member of about a megabyte."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    block, parts = bytes(1 << 20), []
    for _ in range(1024):
        parts.append(packer.compress(block))
    parts.append(packer.compress(text()) + packer.flush())
    sock.sendall(whole(b"".join(parts), encoding="gzip"))


# ---- framing


@answers
def headers_endless(sock, headers):
    sock.sendall(b"HTTP/1.1 200 OK\r\n")
    for i in range(20000):
        sock.sendall(b"x-%d: %s\r\n" % (i, b"y" * 500))


@answers
def header_long(sock, headers):
    sock.sendall(b"HTTP/1.1 200 OK\r\nx-long: ")
    for _ in range(160):
        sock.sendall(b"z" * 65536)


@answers
def status_endless(sock, headers):
    sock.sendall(b"HTTP/1.1 200 ")
    for _ in range(32):
        sock.sendall(b"O" * 65536)


@answers
def interim_endless(sock, headers):
    for _ in range(2000):
        sock.sendall(b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n")
    sock.sendall(whole(text()))


@answers
def chunk_extensions(sock, headers):
    sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n10;")
    for _ in range(64):
        sock.sendall(b"x=y;" * 16384)


@answers
def chunk_huge(sock, headers):
    sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
                 b"fffffffffffffffff\r\n" + text())


@answers
def chunk_negative(sock, headers):
    sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n-5\r\n" + text())


@answers
def trailers_endless(sock, headers):
    body = text()
    sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
                 b"%x\r\n%s\r\n0\r\n" % (len(body), body))
    for i in range(20000):
        sock.sendall(b"t-%d: %s\r\n" % (i, b"y" * 300))


@answers
def length_huge(sock, headers):
    sock.sendall(head(extra=b"content-length: 99999999999999999999999999\r\n") + text())


@answers
def length_twice(sock, headers):
    body = text()
    sock.sendall(head(len(body), extra=b"content-length: 3\r\n") + body)


@answers
def http09(sock, headers):
    sock.sendall(text())


@answers
def noise(sock, headers):
    sock.sendall(random.Random(2).randbytes(200000))


@answers
def tls_garbage(sock, headers):
    """Noise where a TLS record should be."""
    raw = socket.socket(fileno=os.dup(sock.fileno()))
    raw.sendall(random.Random(3).randbytes(5000))
    raw.close()


@answers
def early(sock, headers):
    """The head alone was read: the answer comes before the request's end."""
    sock.sendall(whole(text()))
    time.sleep(0.1)


@answers
def odd_headers(sock, headers):
    sock.sendall(whole(text(), extra=b"x-request-id: req\t\xe9\xff\x80 \xf0\x9f\x98\x80\r\nx-tab:\t\ta\tb\t\r\nx-\xe9: 1\r\n"
                       b"openai-organization: \"};DROP TABLE calls;--\r\n: none\r\nnocolon\r\n"))


@answers
def nul_headers(sock, headers):
    sock.sendall(whole(text(), extra=b"x-request-id: a\0b\r\nx\0y: z\r\n"))


# ---- documents


@answers
def deep(sock, headers):
    body = text()
    sock.sendall(whole(body[:-1] + b', "deep": ' + b"[" * 10000 + b"]" * 10000 + b"}"))


@answers
def deeper(sock, headers):
    body = text()
    sock.sendall(whole(body[:-1] + b', "deep": ' + b'{"a":' * 300000 + b"1" + b"}" * 300001))


@answers
def deep_open(sock, headers):
    sock.sendall(whole(b"[" * 2000000))


@answers
def blank(sock, headers):
    """The usage in 100 MB of whitespace."""
    before, after = text().split(b'"usage"')
    gap = b" \t\r\n" * (1 << 18)
    sock.sendall(head(len(before) + len(after) + 7 + 100 * len(gap)) + before)
    for i in range(100):
        sock.sendall(gap + (b'"usage"' if i == 50 else b""))
    sock.sendall(after)


@answers
def utf8_cut(sock, headers):
    sock.sendall(whole(text().replace(b"hello", b"h\xf0\x9f").replace(b"gpt-4o-2024-08-06", b"gpt-4o\xe2\x82")))


@answers
def nul_body(sock, headers):
    sock.sendall(whole(text().replace(b"hello", b"h\0l").replace(b"gpt-4o-2024-08-06", b"gpt\0-4o")))


@answers
def nul_between(sock, headers):
    sock.sendall(whole(b"\0\0\0" + text() + b"\0" * 5000))


def numbers(value):
    return text().replace(b'"prompt_tokens": 100', b'"prompt_tokens": ' + value).replace(b'"total_tokens": 107', b'"total_tokens": 1')


for name, value in {"negative": b"-1", "two-to-64": b"18446744073709551616", "almost-64": b"18446744073709551615",
                    "two-to-63": b"9223372036854775808", "exponent": b"1e400", "fraction": b"3.7", "words": b'"many"', "null": b"null",
                    "object": b"{}", "digits": b"9" * 5000, "nan": b"NaN", "minus-zero": b"-0"}.items():
    ANSWERS["tokens-" + name] = lambda sock, headers, value=value: sock.sendall(whole(numbers(value)))


@answers
def model_long(sock, headers):
    sock.sendall(whole(text().replace(MODEL.encode(), b"m" * 10240)))


@answers
def model_odd(sock, headers):
    sock.sendall(whole(text().replace(MODEL.encode(), b"\\ud800\\n\\u0000<script>'; DROP TABLE calls;--")))


@answers
def usage_twice(sock, headers):
    body = text()
    sock.sendall(whole(body[:-1] + b', "usage": {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107}}'))


@answers
def keys_twice(sock, headers):
    sock.sendall(whole(text().replace(b'"prompt_tokens": 100', b'"prompt_tokens": 100, "prompt_tokens": 100')))


@answers
def usage_many(sock, headers):
    raw = b",".join(b'"k%d": %d' % (i, i) for i in range(20000))
    sock.sendall(whole(text().replace(b'"usage": {', b'"usage": {' + raw + b",")))


def stream(*events):
    return b"".join(b"data: " + json.dumps(e).encode() + b"\n\n" for e in events) + b"data: [DONE]\n\n"


LAST = {"id": "chatcmpl-h", "model": MODEL, "choices": [],
        "usage": {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107}}
DELTA = {"id": "chatcmpl-h", "model": MODEL, "choices": [{"index": 0, "delta": {"content": "hi"}}]}


@answers
def comments(sock, headers):
    body = b": keep-alive\n\n" * 100000 + stream(DELTA, LAST)
    sock.sendall(head(kind="text/event-stream") + body)


@answers
def field_endless(sock, headers):
    sock.sendall(head(kind="text/event-stream") + b"data: " + b"x" * 3000000 + b"\n\n" + b"q" * 3000000 + b"\n" + stream(LAST))


@answers
def stream_cut(sock, headers):
    body = stream(DELTA, DELTA, LAST)
    sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n" % len(body) + body[:180])
    reset(sock)


@answers
def stream_cut_silently(sock, headers):
    """Nothing but the missing end tells that this is not the whole."""
    sock.sendall(head(kind="text/event-stream") + stream(DELTA, DELTA, LAST)[:180])


@answers
def stream_usage_twice(sock, headers):
    sock.sendall(head(kind="text/event-stream") + stream(DELTA, LAST, LAST))


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(0.1)


# ---- serving


def read_request(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more or len(data) > 1 << 24:
            return None
        data += more
    top, body = data.split(b"\r\n\r\n", 1)
    headers = {}
    for line in top.decode("latin-1").split("\r\n")[1:]:
        key, _, value = line.partition(":")
        headers[key.strip().lower()] = value.strip()
    if headers.get("x-hostile") == "early":
        return headers
    need = int(headers.get("content-length", 0)) - len(body)
    while need > 0:
        more = sock.recv(1 << 20)
        if not more:
            return None
        need -= len(more)
    return headers


def serve(context, raw):
    try:
        raw.settimeout(60)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock = context.wrap_socket(raw, server_side=True, suppress_ragged_eofs=True)
    except (OSError, ssl.SSLError):
        raw.close()
        return
    try:
        headers = read_request(sock)
        if headers is not None:
            ANSWERS[headers.get("x-hostile", "plain")](sock, headers)
    except (OSError, ssl.SSLError):
        pass
    sock.close()


def main():
    cert, key = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)

    def accept():
        while True:
            raw, _ = listener.accept()
            threading.Thread(target=serve, args=(context, raw), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    print(json.dumps({"port": listener.getsockname()[1], "answers": list(ANSWERS)}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
