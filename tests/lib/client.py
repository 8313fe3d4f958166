#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A client for the live tests: plain `ssl`, so that every write is one SSL_write_ex.

Reads one JSON plan from standard input:
  {"port": N, "connections": [[REQUEST, ...], ...], "parallel": P, "splits": SEED or null,
   "late_ssl": bool, "wait_for": PATH or null, "exit_at_once": bool, "requests_before_wait": N}
REQUEST: {"host", "method", "path", "headers": [[k, v]], "body64": text}
Prints one JSON line: bytes written and read by this client, answers seen.
"""
import base64
import json
import os
import random
import socket
import sys
import threading
import time


class Client:
    def __init__(self, plan):
        import ssl
        self.plan = plan
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.lock = threading.Lock()
        self.written = self.read = self.answers = 0

    def write(self, sock, data, rng):
        at = 0
        while at < len(data):
            size = rng.choice((1, 3, 50, 1000, 16384, 70000)) if rng else len(data)
            sock.sendall(data[at:at + size])
            at += size
        with self.lock:
            self.written += len(data)

    def recv(self, sock, size):
        data = sock.recv(size)
        with self.lock:
            self.read += len(data)
        return data

    def read_answer(self, sock, method, rest):
        """Reads one answer; returns (bytes behind it, whether the connection lives on)."""
        while True:
            while b"\r\n\r\n" not in rest:
                more = self.recv(sock, 65536)
                if not more:
                    return b"", False
                rest += more
            head, rest = rest.split(b"\r\n\r\n", 1)
            status = int(head.split(b" ", 2)[1])
            if status >= 200:
                break
        headers = {}
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            headers[name.strip().lower()] = value.strip().lower()
        with self.lock:
            self.answers += 1
        if method == "HEAD" or status in (204, 304):
            return rest, True
        if headers.get(b"transfer-encoding") == b"chunked":
            return self.read_chunks(sock, rest)
        if b"content-length" in headers:
            need = int(headers[b"content-length"]) - len(rest)
            while need > 0:
                more = self.recv(sock, 1 << 20)
                if not more:
                    return b"", False
                need -= len(more)
            return b"", True
        while self.recv(sock, 1 << 20):
            pass
        return b"", False

    def read_chunks(self, sock, rest):
        def fill():
            more = self.recv(sock, 65536)
            if not more:
                raise EOFError
            return more
        try:
            while True:
                while b"\r\n" not in rest:
                    rest += fill()
                line, rest = rest.split(b"\r\n", 1)
                size = int(line.split(b";")[0], 16)
                if not size:
                    while b"\r\n" not in rest or (rest[:2] != b"\r\n" and b"\r\n\r\n" not in rest):
                        rest += fill()
                    return (rest[2:] if rest[:2] == b"\r\n" else rest.split(b"\r\n\r\n", 1)[1]), True
                while len(rest) < size + 2:
                    rest += fill()
                rest = rest[size + 2:]
        except EOFError:
            return b"", False

    def request_bytes(self, request):
        body = base64.b64decode(request["body64"])
        lines = [f"{request['method']} {request['path']} HTTP/1.1", f"host: {request['host']}"]
        lines += [f"{k}: {v}" for k, v in request["headers"]]
        if body or request["method"] not in ("GET", "HEAD", "DELETE"):
            lines.append(f"content-length: {len(body)}")
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n", body

    def connect(self, host):
        raw = socket.create_connection(("127.0.0.1", self.plan["port"]))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = host.split(":")[0]
        is_name = not name.replace(".", "").isdigit() and "_" not in name
        return self.context.wrap_socket(raw, server_hostname=name if is_name else None)

    def run_connection(self, requests, number):
        rng = random.Random(self.plan["splits"] + number) if self.plan.get("splits") is not None else None
        sock, rest = None, b""
        for i, request in enumerate(requests):
            if self.plan.get("wait_for") and i == self.plan.get("requests_before_wait", 0):
                print("waiting", flush=True)
                while not os.path.exists(self.plan["wait_for"]):
                    time.sleep(0.01)
            if sock is None:
                sock, rest = self.connect(request["host"]), b""
            head, body = self.request_bytes(request)
            if rng or self.plan.get("one_write"):
                self.write(sock, head + body, rng)
            else:
                self.write(sock, head, None)
                if body:
                    self.write(sock, body, None)
            rest, alive = self.read_answer(sock, request["method"], rest)
            if not alive:
                sock.close()
                sock = None
        if self.plan.get("exit_at_once"):
            os._exit(0)
        if sock:
            sock.close()

    def run(self):
        queue = list(enumerate(self.plan["connections"]))
        errors = []

        def work():
            while True:
                with self.lock:
                    if not queue:
                        return
                    number, requests = queue.pop(0)
                try:
                    self.run_connection(requests, number)
                except Exception as error:
                    errors.append(repr(error))

        threads = [threading.Thread(target=work) for _ in range(self.plan.get("parallel", 1))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(json.dumps({"written": self.written, "read": self.read, "answers": self.answers, "errors": errors[:5]}),
              flush=True)
        return 1 if errors else 0


if __name__ == "__main__":
    plan = json.load(sys.stdin)
    if plan.get("late_ssl"):
        time.sleep(1)
    sys.exit(Client(plan).run())
