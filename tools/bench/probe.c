/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a write and the read of the same bytes through libssl cost a program
 * with and without aitap's probes on it, and with a bpftrace script that reads
 * the same buffers at the exported functions. Both ends are in one process on
 * CPU 0; what reads the ring is on CPU 1. Each round measures every variant
 * once, and the least of each variant's figures counts: the machine has slow
 * moments, never fast ones. Root.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "tap/tap.h"

#define ROUNDS 12
#define BATCHES 30
#define CONNS 16
#define PATH_LEN 512

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void die(const char *what)
{
	fprintf(stderr, "probe: %s\n", what);
	exit(1);
}

/* ---- the program under observation */

struct order {
	int size, pairs;
};

static void connect_both(SSL **client, SSL **server)
{
	SSL_CTX *sctx = SSL_CTX_new(TLS_server_method()), *cctx = SSL_CTX_new(TLS_client_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	BIO *a, *b;

	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	X509_sign(cert, key, EVP_sha256());
	SSL_CTX_use_certificate(sctx, cert);
	SSL_CTX_use_PrivateKey(sctx, key);
	*client = SSL_new(cctx);
	*server = SSL_new(sctx);
	BIO_new_bio_pair(&a, 1 << 20, &b, 1 << 20);
	SSL_set_bio(*client, a, a);
	SSL_set_bio(*server, b, b);
	SSL_set_connect_state(*client);
	SSL_set_accept_state(*server);
	for (int i = 0; i < 20; i++) {
		SSL_do_handshake(*client);
		SSL_do_handshake(*server);
	}
}

static void move_pairs(SSL *client, SSL *server, char *out, char *in, struct order order)
{
	for (int i = 0; i < order.pairs; i++) {
		int got = 0, n;

		if (SSL_write(client, out, order.size) != order.size)
			die("write");
		while (got < order.size && (n = SSL_read(server, in, order.size)) > 0)
			got += n;
		if (got != order.size)
			die("read");
	}
}

static void obey(int orders, int answers)
{
	static char out[16384], in[16384];
	SSL *client, *server;
	struct order order;

	pin(0);
	connect_both(&client, &server);
	memset(out, 'a', sizeof(out));
	while (read(orders, &order, sizeof(order)) == sizeof(order)) {
		uint64_t best = UINT64_MAX;

		for (int i = 0; i < BATCHES; i++) {
			uint64_t begin = now_ns();

			move_pairs(client, server, out, in, order);
			begin = now_ns() - begin;
			if (begin < best)
				best = begin;
		}
		if (write(answers, &best, sizeof(best)) != sizeof(best))
			break;
	}
	_exit(0);
}

struct program {
	pid_t pid;
	int orders, answers;
	char library[PATH_LEN];
};

static void library_of(pid_t pid, char ret[PATH_LEN])
{
	char path[64], line[PATH_LEN + 128];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	ret[0] = 0;
	while (maps && fgets(line, sizeof(line), maps))
		if (strstr(line, "/libssl.so") && sscanf(line, "%*s %*s %*s %*s %*s %511s", ret) == 1)
			break;
	if (maps)
		fclose(maps);
}

static struct program program_start(void)
{
	int orders[2], answers[2];
	struct program p;

	if (pipe2(orders, O_CLOEXEC) || pipe2(answers, O_CLOEXEC))
		die("pipe");
	p.pid = fork();
	if (!p.pid) {
		close(orders[1]);
		close(answers[0]);
		obey(orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	p.orders = orders[1];
	p.answers = answers[0];
	library_of(p.pid, p.library);
	return p;
}

/* Nanoseconds a pair. */
static double measure(const struct program *p, struct order order)
{
	uint64_t ns;

	if (write(p->orders, &order, sizeof(order)) != sizeof(order) || read(p->answers, &ns, sizeof(ns)) != sizeof(ns))
		die("the program under observation has ended");
	return (double)ns / order.pairs;
}

/* ---- the observer */

struct observer {
	struct tap *tap;
	struct source *source;
	struct target target;
	pthread_t thread;
	atomic_bool stop;
	atomic_int verdict;
	_Atomic uint64_t conns[CONNS];
	atomic_size_t n_conns;
	uint64_t sum;	/* so that what is read is not optimised away */
};

static void on_event(void *ctx, const struct event_header *event, size_t size)
{
	struct observer *o = ctx;
	const uint8_t *bytes = (const uint8_t *)event;

	for (size_t i = 0; i < size; i += 64)
		o->sum += bytes[i];
	if (event->type == EVENT_OPEN && o->n_conns < CONNS) {
		o->conns[o->n_conns++] = event->conn_id;
		o->source->ops->judge(o->source, event->conn_id, (enum event_verdict)(int)o->verdict);
	}
}

static void *observe(void *ctx)
{
	struct observer *o = ctx;

	pin(1);
	while (!o->stop)
		o->source->ops->poll(o->source, on_event, o, 50);
	return NULL;
}

static void judge(struct observer *o, enum event_verdict verdict)
{
	o->verdict = verdict;
	for (size_t i = 0; i < o->n_conns; i++)
		o->source->ops->judge(o->source, o->conns[i], verdict);
}

static void observer_start(struct observer *o, const char *library)
{
	struct tap_config config = { .rings = 1 };
	struct buf reason = BUF(1024);
	int fd = open(library, O_RDONLY | O_CLOEXEC);

	if (tap_open(&config, &reason, &o->tap))
		die(buf_cstr(&reason));
	if (fd < 0 || target_inspect(fd, &o->target))
		die("no libssl");
	snprintf(o->target.path, sizeof(o->target.path), "%s", library);
	close(fd);
	o->source = tap_source(o->tap, 0);
	pthread_create(&o->thread, NULL, observe, o);
}

static uint64_t observer_end(struct observer *o)
{
	struct source_counts counts = { 0 };

	o->stop = true;
	pthread_join(o->thread, NULL);
	o->source->ops->count(o->source, &counts);
	tap_close(o->tap);
	return counts.loss[EVENT_LOSS_RING_FULL];
}

/* ---- bpftrace, where there is one */

static pid_t bpftrace_start(const struct program *p)
{
	char script[2048], pid_text[16];
	pid_t pid;

	if (system("command -v bpftrace >/dev/null 2>&1"))
		return -1;
	snprintf(script, sizeof(script),
		 "uprobe:%s:SSL_write { printf(\"%%d %%r\\n\", tid, buf(arg1, arg2)); } "
		 "uprobe:%s:SSL_read { @buf[tid] = arg1; } "
		 "uretprobe:%s:SSL_read /@buf[tid]/ { printf(\"%%d %%r\\n\", tid, buf(@buf[tid], retval)); delete(@buf[tid]); }",
		 p->library, p->library, p->library);
	snprintf(pid_text, sizeof(pid_text), "%d", p->pid);
	pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		dup2(null, 2);
		pin(1);
		setenv("BPFTRACE_STRLEN", "200", 1);
		execlp("bpftrace", "bpftrace", "-p", pid_text, "-e", script, NULL);
		_exit(127);
	}
	sleep(4);	/* it compiles and attaches */
	return waitpid(pid, NULL, WNOHANG) ? -1 : pid;
}

static void bpftrace_end(pid_t pid)
{
	kill(pid, SIGINT);
	waitpid(pid, NULL, 0);
}

/* ---- the table */

enum variant { BASE, AI, NEVER, QUIET, VARIANTS };

static const struct {
	const char *name;
	enum event_verdict verdict;
} variants[VARIANTS] = {
	[BASE] = { "no probe", EVENT_VERDICT_UNDECIDED }, [AI] = { "AI", EVENT_VERDICT_AI },
	[NEVER] = { "not AI (never)", EVENT_VERDICT_NEVER }, [QUIET] = { "not AI so far (quiet)", EVENT_VERDICT_QUIET },
};

static const struct order sizes[] = { { 200, 300 }, { 16384, 60 } };
#define SIZES (sizeof(sizes) / sizeof(*sizes))

static void keep_least(double *least, double value)
{
	if (!*least || value < *least)
		*least = value;
}

static void round_of(struct observer *o, const struct program *p, double least[SIZES][VARIANTS])
{
	for (size_t s = 0; s < SIZES; s++)
		keep_least(&least[s][BASE], measure(p, sizes[s]));
	if (tap_arm(o->tap, &o->target, p->pid))
		die("cannot arm");
	measure(p, (struct order){ 200, 10 });
	usleep(50000);	/* the connections have been told of */
	for (int v = AI; v < VARIANTS; v++) {
		judge(o, variants[v].verdict);
		for (size_t s = 0; s < SIZES; s++)
			keep_least(&least[s][v], measure(p, sizes[s]));
	}
	tap_disarm(o->tap, &o->target, p->pid);
}

static void tell(const char *name, int size, double base, double with)
{
	printf("%-24s %6d B  %8.0f ns a pair  %+8.0f ns  x %.2f\n", name, size, with, with - base, with / base);
}

int main(void)
{
	double least[SIZES][VARIANTS] = { { 0 } }, script = 0, script_base = 0;
	static struct observer o;
	struct program p;
	pid_t bpftrace;
	uint64_t lost;

	if (geteuid())
		die("needs root");
	p = program_start();
	observer_start(&o, p.library);
	printf("write and read of the same bytes through %s, %s mode; least of %d alternating rounds\n", p.library,
	       tap_mode_name(tap_mode(o.tap)), ROUNDS);
	for (int i = 0; i < ROUNDS; i++)
		round_of(&o, &p, least);
	lost = observer_end(&o);
	for (size_t s = 0; s < SIZES; s++)
		for (int v = BASE; v < VARIANTS; v++)
			tell(variants[v].name, sizes[s].size, least[s][BASE], least[s][v]);
	printf("events that found the ring full: %llu (the reader shares the processors with all else that runs)\n",
	       (unsigned long long)lost);
	bpftrace = bpftrace_start(&p);
	if (bpftrace < 0) {
		printf("bpftrace is not installed: nothing to compare with\n");
	} else {
		for (int i = 0; i < 3; i++)
			keep_least(&script, measure(&p, (struct order){ 200, 200 }));
		bpftrace_end(bpftrace);
		for (int i = 0; i < 3; i++)
			keep_least(&script_base, measure(&p, sizes[0]));
		tell("bpftrace", 200, script_base, script);
		printf("bpftrace adds %.1f times what aitap adds to an AI pair of 200 B\n",
		       (script - script_base) / (least[0][AI] - least[0][BASE]));
	}
	close(p.orders);
	waitpid(p.pid, NULL, 0);
	return 0;
}
