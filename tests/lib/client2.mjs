// SPDX-License-Identifier: Apache-2.0
// The plan of client.py over HTTP/2 (node:http2): the requests of a connection are streams beside one
// another, `streams` at a time. A request with "cancel": true is given up (RST_STREAM) once its answer
// has begun. With "wait_for": PATH each connection makes its first `requests_before_wait` calls, says
// "waiting", and goes on when the file is there.
import fs from 'node:fs';
import http2 from 'node:http2';

const plan = JSON.parse(fs.readFileSync(0, 'utf8'));
const errors = [];
let answers = 0, cancelled = 0, read = 0;

function fieldsOf(request) {
	const fields = { ':method': request.method, ':path': request.path, ':authority': request.host, ':scheme': 'https' };
	for (const [name, value] of request.headers) {
		const lower = name.toLowerCase();
		if (lower === 'cookie' && fields[lower])
			fields[lower] += `; ${value}`;
		else
			fields[lower] ??= value.trim();
	}
	return fields;
}

function one(session, request) {
	return new Promise((resolve) => {
		const body = Buffer.from(request.body64, 'base64');
		const stream = session.request(fieldsOf(request), { endStream: !body.length });
		let mine = 0;
		stream.on('data', (d) => {
			read += d.length;
			mine += d.length;
			if (request.cancel && mine > 500 && !stream.closed) {
				cancelled++;
				stream.close(http2.constants.NGHTTP2_CANCEL);
			}
		});
		stream.on('end', () => { answers++; });
		stream.on('error', (error) => { if (!request.abort) errors.push(String(error)); });
		stream.on('close', resolve);
		if (body.length)
			stream.end(body);
	});
}

async function some(session, requests) {
	const queue = [...requests];
	const worker = async () => { while (queue.length) await one(session, queue.shift()); };
	await Promise.all(Array.from({ length: plan.streams || 16 }, worker));
}

async function connection(requests) {
	const name = requests[0].host.split(':')[0];
	const session = http2.connect(`https://127.0.0.1:${plan.port}`, {
		servername: /^[0-9.]+$|_/.test(name) ? '' : name, rejectUnauthorized: false });
	const before = plan.wait_for ? plan.requests_before_wait : 0;
	session.on('error', (error) => errors.push(String(error)));
	await some(session, requests.slice(0, before));
	if (plan.wait_for) {
		console.log('waiting');
		while (!fs.existsSync(plan.wait_for))
			await new Promise((resolve) => setTimeout(resolve, 10));
	}
	await some(session, requests.slice(before));
	await new Promise((resolve) => session.close(resolve));
}

const queue = [...plan.connections];
async function worker() {
	while (queue.length)
		await connection(queue.shift());
}
await Promise.all(Array.from({ length: plan.parallel || 1 }, worker));
console.log(JSON.stringify({ answers, cancelled, read, errors: errors.slice(0, 5) }));
process.exit(errors.length ? 1 : 0);
