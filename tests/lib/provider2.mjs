// SPDX-License-Identifier: Apache-2.0
// A provider on loopback that speaks HTTP/2 over TLS (node:http2): plays recorded answers and counts
// what it served. A request names what it wants as for provider.py: `x-case: ID` a recording, `x-play`
// something made up. `x-frame` says how the answer is framed: length (one piece), chunked (random
// pieces), gzip, trailers; abort (half of it, then RST_STREAM).
// node provider2.mjs CERT KEY [CORPUS]: prints {"port": N}, serves until standard input ends, then prints its counts.
import fs from 'node:fs';
import http2 from 'node:http2';
import zlib from 'node:zlib';

const [cert, key, corpus] = process.argv.slice(2);
const counts = { requests: 0, aborted: 0, connections: 0, input: 0, output: 0 };
const cases = new Map();
const hop = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'content-encoding', 'alt-svc', 'upgrade',
	'proxy-connection', 'http2-settings', 'trailer', 'date']);

if (corpus)
	for (const line of zlib.gunzipSync(fs.readFileSync(corpus)).toString().trim().split('\n')) {
		const one = JSON.parse(line);
		if (one.stream_format !== 'websocket')
			cases.set(one.id, one);
	}

// a recorded field may stand twice where HTTP/2's server allows it once: the first one counts
function fieldsOf(pairs) {
	const fields = {};
	for (const [name, value] of pairs) {
		const lower = name.toLowerCase(), text = value.replace(/[\x00-\x1f\x7f]/g, ' ').trim();
		if (hop.has(lower) || lower.startsWith(':') || value === '**REDACTED**')
			continue;
		if (lower === 'set-cookie')
			fields[lower] = [...(fields[lower] || []), text];
		else
			fields[lower] ??= text;
	}
	return fields;
}

function recorded(one) {
	const fields = { ':status': one.status, ...fieldsOf(one.response_headers) };
	if (one.content_encoding !== 'identity')
		fields['content-encoding'] = one.content_encoding;
	return [fields, Buffer.from(one.response_body || '', one.response_body_enc === 'base64' ? 'base64' : 'utf8')];
}

function madeUp(play) {
	const usage = { prompt_tokens: play.in ?? 11, completion_tokens: play.out ?? 5 };
	const id = play.id ?? 'chatcmpl-1', model = 'gpt-4o-2024-08-06', size = play.size ?? 5;
	usage.total_tokens = usage.prompt_tokens + usage.completion_tokens;
	counts.input += usage.prompt_tokens;
	counts.output += usage.completion_tokens;
	if (play.stream) {
		const delta = { id, model, choices: [{ index: 0, delta: { content: 'x'.repeat(200) } }] };
		const events = Array(Math.max(1, Math.floor(size / 300))).fill(delta);
		events.push({ id, model, choices: [], usage });
		return [{ ':status': 200, 'content-type': 'text/event-stream', 'x-request-id': `req_${id}` },
			Buffer.from(events.map((e) => `data: ${JSON.stringify(e)}\n\n`).join('') + 'data: [DONE]\n\n')];
	}
	const answer = { id, object: 'chat.completion', model, usage,
		choices: [{ index: 0, message: { role: 'assistant', content: 'x'.repeat(size) }, finish_reason: 'stop' }] };
	return [{ ':status': 200, 'content-type': 'application/json', 'x-request-id': `req_${id}` }, Buffer.from(JSON.stringify(answer))];
}

async function send(stream, body, frame) {
	let seed = body.length;
	for (let at = 0; at < body.length && !stream.destroyed;) {
		seed = (seed * 1103515245 + 12345) & 0x7fffffff;
		const size = [1, 7, 100, 1400, 4096, 16384, 40000][(seed >> 8) % 7];
		stream.write(body.subarray(at, at + size));
		at += size;
		if (frame === 'abort' && at * 2 > body.length) {
			await new Promise((resolve) => setTimeout(resolve, 20));
			counts.aborted++;
			return stream.destroy(new Error('broken off'));
		}
		await new Promise((resolve) => setImmediate(resolve));
	}
	return stream.end();
}

function answer(stream, headers) {
	const frame = headers['x-frame'] || 'length', one = cases.get(headers['x-case']);
	let [fields, body] = one ? recorded(one) : madeUp(JSON.parse(headers['x-play'] || '{}'));

	counts.requests++;
	if (frame === 'gzip') {
		body = zlib.gzipSync(body);
		fields['content-encoding'] = fields['content-encoding'] ? `${fields['content-encoding']}, gzip` : 'gzip';
	}
	const empty = headers[':method'] === 'HEAD' || fields[':status'] === 204 || fields[':status'] === 304 || !body.length;
	if (frame === 'trailers' && !empty)
		stream.on('wantTrailers', () => stream.sendTrailers({ 'x-trailer': 'end' }));
	stream.respond(fields, { endStream: empty, waitForTrailers: frame === 'trailers' && !empty });
	if (empty)
		return;
	if (frame === 'length')
		stream.end(body);
	else
		send(stream, body, frame);
}

const server = http2.createSecureServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) });
server.on('session', (session) => { counts.connections++; session.on('error', () => {}); });
server.on('stream', (stream, headers) => {
	stream.on('error', () => {});
	stream.on('data', () => {});
	stream.on('end', () => { if (!stream.destroyed) answer(stream, headers); });
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.on('data', () => {});
process.stdin.on('end', () => { console.log(JSON.stringify(counts)); process.exit(0); });
