#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A client that sends what it is told, byte for byte, and reads until the other side ends.

Standard input: {"port": N, "steps": [{"send64": [text, ...], "half": null | "tcp" | "tls", "pause": seconds}, ...]}
Each step is a connection. Prints one JSON line: what each connection read, or why it ended.
"""
import base64
import json
import socket
import ssl
import sys
import time


def half_close(sock, how):
    if how == "tcp":
        socket.socket.shutdown(sock, socket.SHUT_WR)
    elif how == "tls":
        sock.settimeout(0)
        try:
            sock._sslobj.shutdown()
        except ssl.SSLError:
            pass    # close_notify is out, the other side's is not here yet
        sock.settimeout(60)


def converse(context, port, step):
    raw = socket.create_connection(("127.0.0.1", port), timeout=60)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    read = 0
    try:
        with context.wrap_socket(raw, server_hostname="api.openai.com") as sock:
            for part in step["send64"]:
                sock.sendall(base64.b64decode(part))
            half_close(sock, step.get("half"))
            time.sleep(step.get("pause", 0))
            while True:
                more = sock.recv(1 << 20)
                if not more:
                    return {"read": read}
                read += len(more)
    except (OSError, ValueError) as error:
        return {"read": read, "error": repr(error)[:120]}


def main():
    plan = json.load(sys.stdin)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    print(json.dumps([converse(context, plan["port"], step) for step in plan["steps"]]))
    time.sleep(plan.get("linger", 0))


if __name__ == "__main__":
    main()
