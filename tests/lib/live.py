# SPDX-License-Identifier: Apache-2.0
"""What the live tests share: aitap under test, the provider, plans for clients, comparison."""
import base64
import gzip
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import validate

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.join(ROOT, os.environ.get("O", ".output"))
LIB = os.path.join(ROOT, "tests/lib")
AITAP = os.environ.get("AITAP", os.path.join(OUT, "aitap"))
PYTHON = "/usr/bin/python3"
SAMPLE = os.path.join(ROOT, "tests/corpus/sample.jsonl.gz")
TRUTH = os.path.join(ROOT, "tests/corpus/sample.truth.jsonl.gz")
SKIPPED_HEADERS = {"content-length", "transfer-encoding", "connection", "host", "expect", "accept-encoding", "te",
                   "keep-alive", "proxy-connection", "upgrade"}


class Checks:
    """Counts and prints `ok NAME` and `not ok NAME: REASON`."""

    def __init__(self):
        self.failed = 0

    def that(self, condition, name, reason=""):
        if condition:
            print(f"ok {name}", flush=True)
        else:
            self.failed += 1
            print(f"not ok {name}: {reason}", flush=True)
        return condition

    def equal(self, got, expected, name):
        return self.that(got == expected, name, f"got {got!r}, expected {expected!r}")

    def end(self):
        sys.exit(1 if self.failed else 0)


class Scratch:
    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="aitap-live-")

    def file(self, name, text=None):
        path = os.path.join(self.path, name)
        if text is not None:
            with open(path, "w") as file:
                file.write(text)
        return path

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


def certificate(scratch):
    cert, key = scratch.file("cert.pem"), scratch.file("key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,DNS:api.openai.com,DNS:api.anthropic.com,IP:127.0.0.1"],
                   check=True, capture_output=True)
    return cert, key


class Provider:
    def __init__(self, scratch, corpus=None):
        cert, key = certificate(scratch)
        command = [PYTHON, f"{LIB}/provider.py", cert, key] + ([corpus] if corpus else [])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.cert = cert

    def stop(self):
        self.process.stdin.close()
        counts = json.loads(self.process.stdout.readline())
        self.process.wait(10)
        return counts


class Aitap:
    """`aitap run` with its records in a file; ready when the constructor returns."""

    def __init__(self, scratch, config="", args=(), name="aitap", wait=True, program=None):
        self.records_path = scratch.file(f"{name}.jsonl", "")
        self.ledger_path = scratch.file(f"{name}.db")
        self.log_path = scratch.file(f"{name}.log")
        self.config_path = scratch.file(f"{name}.yaml", config)
        command = [program or AITAP, "run", "--config", self.config_path, "--records", self.records_path, "--ledger",
                   self.ledger_path, "--metrics", "none", *args]
        self.log = open(self.log_path, "w")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        if wait:
            self.wait_ready()

    def wait_ready(self, seconds=60):
        end = time.time() + seconds
        while time.time() < end:
            with open(self.log_path) as file:
                if re.search(r"^aitap: ready", file.read(), re.M):
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise SystemExit(f"not ok start: aitap did not become ready: {self.log_text()}")

    def log_text(self):
        with open(self.log_path) as file:
            return file.read()

    def records(self):
        with open(self.records_path) as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def wait_records(self, count, seconds=20):
        end = time.time() + seconds
        while time.time() < end:
            records = self.records()
            if len(records) >= count:
                return records
            time.sleep(0.05)
        return self.records()

    def stop(self, checks=None, sig=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(sig)
        status = self.process.wait(60)
        self.log.close()
        if checks:
            checks.that(status == 0, "aitap drains and exits 0", f"status {status}: {self.log_text()[-2000:]}")
            rules = validate.Records()
            with open(self.records_path) as file:
                problems = [p for line in itertools.islice(file, 1000) for p in rules.problems_of(line)]
            checks.that(not problems, "every record is what the schema says", f"{len(problems)}: {problems[:3]}")
        return status


def scrape(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return answer.read().decode()


def jsonl(path):
    with gzip.open(path, "rt") as file:
        return [json.loads(line) for line in file]


def playable_cases():
    """What a client can play call by call and find again by a label of its own: what asks for a batch has its owner's."""
    return [c for c in jsonl(SAMPLE) if c["stream_format"] != "websocket" and "/batches" not in c["path"]
            and not (c["api"] == "files" and c["path"].endswith("/content"))]


def truths():
    return {t["id"]: t for t in jsonl(TRUTH)}


def sendable(value):
    """A header's value as any client accepts it: a recording may hold line ends and what is not Latin-1."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", value).encode("latin-1", "replace").decode("latin-1")


def request_of(case, frame="length"):
    body = case["request_body"]
    raw = b"" if body is None else base64.b64decode(body) if case["request_body_enc"] == "base64" else body.encode()
    headers = [[k, sendable(v)] for k, v in case["request_headers"] if k.lower() not in SKIPPED_HEADERS and not k.startswith(":")]
    headers += [["x-case", case["id"]], ["x-frame", frame]]
    return {"host": case["host"], "method": case["method"], "path": case["path"].replace(" ", "%20"),
            "headers": headers, "body64": base64.b64encode(raw).decode()}


def made_up(number, play, body=b'{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}', frame="length", headers=()):
    play = dict(play, id=f"chatcmpl-{number}")
    return {"host": "api.openai.com", "method": "POST", "path": "/v1/chat/completions",
            "headers": [["content-type", "application/json"], ["authorization", "Bearer sk-test-1"],
                        ["x-case", f"made-{number}"], ["x-play", json.dumps(play)], ["x-frame", frame],
                        *[list(h) for h in headers]],
            "body64": base64.b64encode(body).decode()}


def play(client, plan, env=None, timeout=300):
    """Runs a client over a plan; returns (what it printed as JSON, exit status)."""
    command = {"python": [PYTHON, f"{LIB}/client.py"], "node": ["node", f"{LIB}/client.mjs"]}[client]
    done = subprocess.run(command, input=json.dumps(plan), capture_output=True, text=True, timeout=timeout,
                          env=dict(os.environ, **(env or {})))
    lines = done.stdout.strip().splitlines()
    return (json.loads(lines[-1]) if lines else {"stderr": done.stderr[-500:]}), done.returncode


def play_curl(scratch, port, requests, env=None):
    """One curl process per group, one --next per request."""
    config = []
    for i, request in enumerate(requests):
        body = scratch.file(f"body-{i}")
        with open(body, "wb") as file:
            file.write(base64.b64decode(request["body64"]))
        if i:
            config.append("next")
        name = request["host"].split(":")[0]
        config += ["silent", "insecure", "http1.1", "globoff", "path-as-is",
                   f'url = "https://{request["host"].split(":")[0]}:{port}{request["path"]}"'.replace("\\", "\\\\"),
                   f'connect-to = "{name}:{port}:127.0.0.1:{port}"', f'header = "host: {request["host"]}"',
                   'output = "/dev/null"', f'request = "{request["method"]}"', 'header = "expect:"',
                   'header = "user-agent;"', 'header = "accept:"']
        if os.path.getsize(body) or request["method"] not in ("GET", "HEAD", "DELETE"):
            config.append(f'data-binary = "@{body}"')
        if request["method"] == "HEAD":
            config.append("head")
        for key, value in request["headers"]:
            value = value.replace("\\", "\\\\").replace('"', '\\"')
            config.append(f'header = "{key}: {value}"')
    path = scratch.file("curl.config", "\n".join(config) + "\n")
    return subprocess.run(["curl", "-q", "--config", path], capture_output=True, text=True, timeout=300,
                          env=dict(os.environ, **(env or {})))


def disputed():
    """Recordings whose truth is wrong, with the evidence in the file."""
    with open(os.path.join(ROOT, "tests/corpus/disputed.md")) as file:
        return set(re.findall(r"^- `([0-9a-f]+)`", file.read(), re.M))


def differences(record, truth, case):
    """How a record differs from the expected usage of its recording; empty when it is right. The rules are those of
    tests/corpus/outcome.h: an unknown stands for 0 where the provider told no such count."""
    norm = truth["norm"] or {}
    pairs = [("status", truth["status"], True)]
    if truth["usage_present"]:
        pairs += [("model", truth["model_returned"], True), ("request_id", truth["request_id"], True)]
        if case["quality"] != "response-only" or truth["model_requested"]:
            pairs.append(("model_requested", truth["model_requested"], True))    # else the request was invented
        if truth["response_id"] != "":    # of a first chunk that has nothing but a filter's results
            pairs.append(("response_id", truth["response_id"], True))
        pairs += [("input_tokens", norm.get("input_total"), truth["input_tokens"] is not None),
                  ("output_tokens", norm.get("output_total"), truth["output_tokens"] is not None),
                  ("cache_read_tokens", norm.get("cache_read"), False), ("cache_write_tokens", norm.get("cache_write"), False),
                  ("cache_write_1h_tokens", truth["cache_creation_1h"], False),
                  ("reasoning_tokens", truth["reasoning_tokens"], False)]
    elif record["usage_source"] != "estimated":
        pairs += [("input_tokens", None, True), ("output_tokens", None, True)]
    wrong = []
    for key, expected, must in pairs:
        got = record.get(key)
        expected = None if expected == "" else expected    # a record says null
        if got != expected and (must or got or expected):
            wrong.append(f"{key}: got {got!r}, expected {expected!r}")
    return wrong
