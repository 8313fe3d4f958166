// SPDX-License-Identifier: Apache-2.0
// The same plan as client.py, played by Node's https module (OpenSSL inside the node binary).
import https from 'node:https';
import fs from 'node:fs';

const plan = JSON.parse(fs.readFileSync(0, 'utf8'));
let written = 0, read = 0, answers = 0;
const errors = [];

function one(agent, request) {
	return new Promise((resolve) => {
		const body = Buffer.from(request.body64, 'base64');
		const name = request.host.split(':')[0];
		const headers = [['host', request.host], ...request.headers];
		if (body.length || !['GET', 'HEAD', 'DELETE'].includes(request.method))
			headers.push(['content-length', String(body.length)]);
		const done = (error) => { if (error) errors.push(String(error)); resolve(); };
		const req = https.request({
			host: '127.0.0.1', port: plan.port, method: request.method, path: request.path, agent,
			servername: /^[0-9.]+$|_/.test(name) ? '' : name, rejectUnauthorized: false,
			headers: headers.flat(), setHost: false,
		}, (res) => {
			res.on('data', (d) => { read += d.length; });
			res.on('end', () => { answers++; done(); });
			res.on('error', done);
		});
		req.on('error', done);
		written += body.length;
		req.end(body);
	});
}

async function connection(requests) {
	const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
	for (const request of requests)
		await one(agent, request);
	agent.destroy();
}

const queue = [...plan.connections];
async function worker() {
	while (queue.length)
		await connection(queue.shift());
}
await Promise.all(Array.from({ length: plan.parallel || 1 }, worker));
console.log(JSON.stringify({ written, read, answers, errors: errors.slice(0, 5) }));
process.exit(errors.length ? 1 : 0);
