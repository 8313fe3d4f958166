/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both ends of TLS connections in one process, through memory: a scenario by
 * name moves bytes in a way that a capture may get wrong, and then a line of
 * JSON for each end says what the library has taken and given.
 *
 *	pair SCENARIO [N]	{"ssl": 94..., "sent": 200, "sent_crc": ..., "received": 200, "received_crc": ...}
 *
 * It prints "set" when its connections stand, and then waits for a line.
 */
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define BIG (20u << 20)

static SSL_CTX *server_ctx, *client_ctx;
static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER;

struct end {
	SSL *ssl;
	uint64_t n[2];		/* sent, received */
	unsigned long crc[2];
};

struct pair {
	struct end client, server;
};

static void die(const char *what)
{
	fprintf(stderr, "pair: %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(2);
}

static void count(struct end *end, int dir, const void *p, size_t n)
{
	end->n[dir] += n;
	end->crc[dir] = crc32(end->crc[dir], p, (unsigned int)n);
}

static void tell(const struct end *end)
{
	pthread_mutex_lock(&printing);
	printf("{\"ssl\":%llu,\"sent\":%llu,\"sent_crc\":%lu,\"received\":%llu,\"received_crc\":%lu}\n",
	       (unsigned long long)(uintptr_t)end->ssl, (unsigned long long)end->n[0], end->crc[0],
	       (unsigned long long)end->n[1], end->crc[1]);
	fflush(stdout);
	pthread_mutex_unlock(&printing);
}

static void contexts(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	X509_sign(cert, key, EVP_sha256());
	server_ctx = SSL_CTX_new(TLS_server_method());
	client_ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_use_certificate(server_ctx, cert);
	SSL_CTX_use_PrivateKey(server_ctx, key);
}

static void shake(struct pair *p)
{
	for (int i = 0; i < 50 && !(SSL_is_init_finished(p->client.ssl) && SSL_is_init_finished(p->server.ssl)); i++) {
		SSL_do_handshake(p->client.ssl);
		SSL_do_handshake(p->server.ssl);
	}
	if (!SSL_is_init_finished(p->client.ssl) || !SSL_is_init_finished(p->server.ssl))
		die("no handshake");
}

static void join(struct pair *p, size_t room)
{
	BIO *a, *b;

	if (!BIO_new_bio_pair(&a, room, &b, room))
		die("no bio pair");
	SSL_set_bio(p->client.ssl, a, a);
	SSL_set_bio(p->server.ssl, b, b);
	SSL_set_connect_state(p->client.ssl);
	SSL_set_accept_state(p->server.ssl);
}

/* So far from all else that nobody has read its page before the library does. */
static const struct {
	char before[1 << 18];
	char name[1 << 18];
} far_away __attribute__((aligned(4096))) = { "", "pair.test" };

static struct pair make(size_t room)
{
	struct pair p = { .client.ssl = SSL_new(client_ctx), .server.ssl = SSL_new(server_ctx) };

	SSL_set_tlsext_host_name(p.client.ssl, far_away.name);
	join(&p, room);
	shake(&p);
	return p;
}

static void unmake(struct pair *p)
{
	tell(&p->client);
	tell(&p->server);
	SSL_free(p->client.ssl);
	SSL_free(p->server.ssl);
}

static int take(struct end *end, void *buf, int size)
{
	int n = SSL_read(end->ssl, buf, size);

	if (n > 0)
		count(end, 1, buf, (size_t)n);
	return n;
}

/* All of it, the other end reading what stands in the way. */
static void give(struct end *from, struct end *to, const uint8_t *buf, size_t size, uint8_t *room, int room_size)
{
	while (size) {
		int n = SSL_write(from->ssl, buf, (int)size);

		if (n > 0) {
			count(from, 0, buf, (size_t)n);
			buf += n;
			size -= (size_t)n;
		} else if (SSL_get_error(from->ssl, n) != SSL_ERROR_WANT_WRITE) {
			die("write");
		}
		while (n <= 0 && take(to, room, room_size) > 0)
			;
	}
}

static uint8_t *filled(size_t n, unsigned int seed)
{
	uint8_t *p = malloc(n);

	for (size_t i = 0; i < n; i++) {
		seed = seed * 1103515245 + 12345;
		p[i] = (uint8_t)(seed >> 16);
	}
	return p;
}

static void ready(void)
{
	printf("set\n");
	fflush(stdout);
	if (getchar() == EOF)
		die("nobody says go");
}

/* ---- scenarios */

static void both_ways(struct pair *p, int size, int rounds)
{
	uint8_t *out = filled((size_t)size, 7), *in = malloc((size_t)size);

	for (int i = 0; i < rounds; i++) {
		struct end *from = i & 1 ? &p->server : &p->client, *to = i & 1 ? &p->client : &p->server;

		out[0] = (uint8_t)i;
		give(from, to, out, (size_t)size, in, size);
		while (take(to, in, size) > 0)
			;
	}
	free(out);
	free(in);
}

static void many(int size, int rounds)
{
	struct pair p = make(1 << 20);

	ready();
	both_ways(&p, size, rounds);
	unmake(&p);
}

static void small(int n)
{
	many(200, n);
}

static void records(int n)
{
	many(16384, n);
}

static void ex(int n)
{
	struct pair p = make(1 << 20);
	uint8_t *buf = filled(5000, 3), in[5000];
	size_t moved;

	ready();
	for (int i = 0; i < n; i++) {
		if (!SSL_write_ex(p.client.ssl, buf, 5000, &moved))
			die("write_ex");
		count(&p.client, 0, buf, moved);
		while (SSL_peek(p.server.ssl, in, sizeof(in)) > 0 && SSL_read_ex(p.server.ssl, in, 1234, &moved))
			count(&p.server, 1, in, moved);
	}
	unmake(&p);
	free(buf);
}

/* Little room: most writes are refused first and have to be repeated. */
static void retry(int n)
{
	struct pair p = make(20000);
	uint8_t *out = filled(60000, 5), in[4096];

	srand(7);
	ready();
	for (int i = 0; i < n; i++) {
		size_t size = 1 + (size_t)rand() % 50000;

		SSL_set_mode(p.client.ssl, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		if (i & 1)
			SSL_set_mode(p.client.ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
		else
			SSL_clear_mode(p.client.ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
		give(&p.client, &p.server, out + rand() % 10000, size, in, sizeof(in));
		while (rand() % 4 && take(&p.server, in, sizeof(in)) > 0)
			;
	}
	while (take(&p.server, in, sizeof(in)) > 0)
		;
	unmake(&p);
	free(out);
}

static void big(int n)
{
	struct pair p = make(BIG + (2 << 20));
	uint8_t *out = filled(BIG, 9), *in = malloc(BIG);
	size_t size = n ? (size_t)n : BIG;

	ready();
	usleep(200000);
	give(&p.client, &p.server, out, size, in, BIG);
	usleep(300000);
	while (take(&p.server, in, 1 << 20) > 0)
		;
	unmake(&p);
	free(out);
	free(in);
}

/* The next object often has the address of the last; every second pair is cleared and used again. */
static void reuse(int n)
{
	ready();
	for (int i = 0; i < n; i++) {
		struct pair p = make(1 << 16);

		both_ways(&p, 100 + i, 4);
		if (i & 1) {
			tell(&p.client);
			tell(&p.server);
			SSL_clear(p.client.ssl);
			SSL_clear(p.server.ssl);
			p = (struct pair){ .client.ssl = p.client.ssl, .server.ssl = p.server.ssl };
			join(&p, 1 << 16);
			shake(&p);
			both_ways(&p, 300 + i, 2);
		}
		unmake(&p);
	}
}

/* As curl ends a connection: shut down, then its state set anew, then freed. */
static void shut(int n)
{
	ready();
	for (int i = 0; i < n; i++) {
		struct pair p = make(1 << 16);

		both_ways(&p, 500, 2);
		SSL_shutdown(p.client.ssl);
		SSL_shutdown(p.server.ssl);
		SSL_shutdown(p.client.ssl);
		SSL_shutdown(p.server.ssl);
		SSL_set_connect_state(p.client.ssl);
		unmake(&p);
	}
}

static void leave(int n)
{
	struct pair p = make(1 << 16);

	ready();
	both_ways(&p, n, 3);
	tell(&p.client);
	tell(&p.server);
	_exit(0);
}

static void become(int n)
{
	struct pair p = make(1 << 16);

	ready();
	both_ways(&p, n, 3);
	tell(&p.client);
	tell(&p.server);
	execl("/bin/true", "true", NULL);
	die("exec");
}

/* A read that is at work when its process is killed. */
static void *killer(void *ctx)
{
	(void)ctx;
	usleep(200000);
	kill(getpid(), SIGKILL);
	return NULL;
}

static void killed(int n)
{
	struct pair p = make(1 << 16);
	pthread_t thread;
	char byte;

	ready();
	both_ways(&p, n, 3);
	tell(&p.client);
	tell(&p.server);
	pthread_create(&thread, NULL, killer, NULL);
	for (;;)
		SSL_read(p.client.ssl, &byte, 1);
}

static void *in_thread(void *ctx)
{
	struct pair p = make(1 << 20);

	both_ways(&p, 3000 + (int)(intptr_t)ctx, 50);
	unmake(&p);
	return NULL;
}

static void threads(int n)
{
	pthread_t all[64];

	if (n > 64)
		n = 64;
	ready();
	for (int i = 0; i < n; i++)
		pthread_create(&all[i], NULL, in_thread, (void *)(intptr_t)i);
	for (int i = 0; i < n; i++)
		pthread_join(all[i], NULL);
}

/* Bytes that begin no request, then a request: what opens a quiet connection again. */
static void quiet(int n)
{
	static const char request[] = "POST /v1/chat/completions HTTP/1.1\r\nHost: pair.test\r\nContent-Length: 0\r\n\r\n";
	struct pair p = make(1 << 16);
	uint8_t in[4096];

	ready();
	usleep(200000);
	both_ways(&p, n, 4);
	give(&p.client, &p.server, (const uint8_t *)request, sizeof(request) - 1, in, sizeof(in));
	take(&p.server, in, sizeof(in));
	unmake(&p);
}

static const struct {
	const char *name;
	void (*run)(int n);
	int n;
} scenarios[] = {
	{ "small", small, 1000 }, { "records", records, 100 }, { "ex", ex, 100 }, { "retry", retry, 500 },
	{ "big", big, 0 }, { "reuse", reuse, 40 }, { "shut", shut, 10 }, { "leave", leave, 700 },
	{ "become", become, 700 }, { "killed", killed, 700 }, { "threads", threads, 64 }, { "quiet", quiet, 300 },
};

int main(int argc, char **argv)
{
	contexts();
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++)
		if (argc > 1 && !strcmp(argv[1], scenarios[i].name)) {
			scenarios[i].run(argc > 2 ? atoi(argv[2]) : scenarios[i].n);
			return 0;
		}
	fprintf(stderr, "usage: pair SCENARIO [N]\n");
	return 2;
}
