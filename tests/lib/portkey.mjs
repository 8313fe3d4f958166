// SPDX-License-Identifier: Apache-2.0
// Portkey's gateway as it is published, served over TLS: it knows plain HTTP only, so the server that it makes is made an
// https one. node portkey.mjs START-SERVER.JS --port=N --headless, with KEY and CERT in the environment.
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import { syncBuiltinESMExports } from "node:module";

const tls = { key: fs.readFileSync(process.env.KEY), cert: fs.readFileSync(process.env.CERT) };
http.createServer = (options, serve) => https.createServer({ ...options, ...tls }, serve);
syncBuiltinESMExports();
await import(process.argv[2]);
