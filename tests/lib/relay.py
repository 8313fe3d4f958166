#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Takes TLS off and puts it on again: what a client says is said byte for byte to the provider, by libssl.

relay.py CERT KEY PORT: prints {"port": N}, relays to PORT until standard input ends.
"""
import asyncio
import json
import os
import ssl
import sys

NAMES = {}


def contexts(cert, key):
    down = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    down.load_cert_chain(cert, key)
    down.set_alpn_protocols(["h2"])
    down.sni_callback = lambda sock, name, _: NAMES.__setitem__(id(sock), name)
    up = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    up.check_hostname = False
    up.verify_mode = ssl.CERT_NONE
    up.set_alpn_protocols(["h2"])
    return down, up


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main():
    cert, key, port = sys.argv[1:]
    down, up = contexts(cert, key)

    async def relay(reader, writer):
        name = NAMES.pop(id(writer.get_extra_info("ssl_object")), None)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", int(port), ssl=up, server_hostname=name or "localhost")
        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))

    server = await asyncio.start_server(relay, "127.0.0.1", 0, ssl=down)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)    # whatever is open goes down with it


asyncio.run(main())
