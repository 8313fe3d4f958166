/* SPDX-License-Identifier: Apache-2.0 */
/* The served pages over real sockets on loopback: what is answered, to whom, and for how long anybody is listened to. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/limits.h"
#include "out/http.h"

#define LIFE_MS 400

static int ready_error, metrics_error;
static size_t metrics_bytes;
static unsigned int asked;

static int metrics(void *ctx, struct buf *to)
{
	assert_ptr_equal(ctx, &asked);
	asked++;
	if (metrics_bytes)
		for (size_t i = 0; i < metrics_bytes; i += 8)
			buf_puts(to, "0123456\n");
	else
		buf_puts(to, "up 1\n");
	return metrics_error ? metrics_error : to->error;
}

static int ready(void *ctx, struct buf *why)
{
	assert_ptr_equal(ctx, &asked);
	if (ready_error)
		buf_puts(why, "no probe is attached");
	return ready_error;
}

static const struct http_ops ops = { .metrics = metrics, .ready = ready, .life_ms = LIFE_MS };
static struct http *http;

static int start(void **state)
{
	(void)state;
	ready_error = metrics_error = 0;
	metrics_bytes = asked = 0;
	return http_open("127.0.0.1:0", &ops, &asked, &http);
}

static int stop(void **state)
{
	(void)state;
	http = http_close(http);
	return http ? -1 : 0;
}

/* One turn of the owner's loop, at most ms long. */
static void turn(int ms)
{
	struct pollfd in = { .fd = http_fd(http), .events = POLLIN };
	int timeout = http_timeout_ms(http);

	poll(&in, 1, timeout >= 0 && timeout < ms ? timeout : ms);
	http_run(http);
}

static int try_connect(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -errno;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static int client(void)
{
	int fd = try_connect(http_port(http));

	assert_true(fd >= 0);
	return fd;
}

static void say(int fd, const char *text, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t some = send(fd, text + done, n - done, MSG_NOSIGNAL);

		if (some < 0 && errno != EAGAIN)
			return;		/* it has had enough of us */
		done += some > 0 ? (size_t)some : 0;
		if (some < 0)
			turn(1);
	}
}

/* Reads until the other end closes; false: it did not within two seconds. */
static bool hear(int fd, char *to, size_t size, size_t *ret_n)
{
	uint64_t until = clock_boot_ns() + 2 * NSEC_PER_SEC;
	size_t n = 0;

	while (clock_boot_ns() < until) {
		ssize_t some = recv(fd, to + n, size - 1 - n, 0);

		if (some > 0)
			n += (size_t)some;
		else if (some == 0 || errno != EAGAIN)
			break;
		else
			turn(5);
	}
	to[n] = 0;
	*ret_n = n;
	return clock_boot_ns() < until;
}

static char answer[MIB(8)];

static const char *ask(const char *request)
{
	int fd = client();
	size_t n;

	say(fd, request, strlen(request));
	assert_true(hear(fd, answer, sizeof(answer), &n));
	close(fd);
	return answer;
}

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static void pages(void **state)
{
	static const struct {
		const char *request, *status, *body;
	} cases[] = {
		{ "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "\r\n\r\nup 1\n" },
		{ "GET /metrics?a=b HTTP/1.0\r\n\r\n", " 200 ", "\r\n\r\nup 1\n" },
		{ "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "\r\n\r\nok\n" },
		{ "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "\r\n\r\nready\n" },
		{ "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", "/metrics" },
		{ "GET /metrics/../healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", "/metrics" },
		{ "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 405 ", "GET and HEAD only\n" },
		{ "DELETE /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 ", "Allow: GET, HEAD\r\n" },
		{ "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 ", "Allow: GET, HEAD\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask(cases[i].request);
		if (!has(answer, cases[i].status) || !has(answer, cases[i].body) || !has(answer, "Connection: close"))
			fail_msg("%s: %s", cases[i].request, answer);
	}
	assert_true(has(ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
}

static void a_head_has_no_body(void **state)
{
	static const char *const paths[] = { "/metrics", "/healthz", "/readyz" };
	char request[64];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(request, sizeof(request), "HEAD %s HTTP/1.1\r\nHost: x\r\n\r\n", paths[i]);
		ask(request);
		assert_true(has(answer, " 200 ") && has(answer, "Content-Length: "));
		assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
	}
}

static void not_ready_says_why(void **state)
{
	(void)state;
	ready_error = -ENOTSUP;
	ask("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_true(has(answer, "HTTP/1.1 503 ") && has(answer, "\r\n\r\nno probe is attached\n"));
	/* health asks nobody */
	assert_true(has(ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 200 "));
}

static void metrics_that_fail(void **state)
{
	(void)state;
	metrics_error = -ENOSPC;
	ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_true(has(answer, "HTTP/1.1 500 ") && !has(answer, "up 1"));
}

static void a_large_page_is_whole(void **state)
{
	const char *body;

	(void)state;
	metrics_bytes = MIB(4);
	body = strstr(ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), "\r\n\r\n") + 4;
	assert_int_equal(strlen(body), MIB(4));
}

static void byte_by_byte(void **state)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
	int fd = client();
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		say(fd, request + i, 1);
		turn(0);
	}
	assert_true(hear(fd, answer, sizeof(answer), &n));
	assert_true(has(answer, "\r\n\r\nup 1\n"));
	close(fd);
}

static void several_at_once(void **state)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
	int fds[20];
	size_t n;

	(void)state;
	for (size_t i = 0; i < 20; i++)
		fds[i] = client();
	for (size_t i = 0; i < 20; i++)
		say(fds[i], request, sizeof(request) / 2);
	turn(0);
	for (size_t i = 0; i < 20; i++)
		say(fds[i], request + sizeof(request) / 2, sizeof(request) - 1 - sizeof(request) / 2);
	for (size_t i = 20; i-- > 0;) {
		assert_true(hear(fds[i], answer, sizeof(answer), &n));
		assert_true(has(answer, "\r\n\r\nup 1\n"));
		close(fds[i]);
	}
	assert_int_equal(asked, 20);
}

/* Many that send a byte now and then and never finish: others are served, and these are gone after their time. */
static void slow_clients_do_not_stay(void **state)
{
	uint64_t begin = clock_boot_ns(), until = begin + 4 * NSEC_PER_SEC;
	int fds[LIMIT_HTTP_CONNS - 2];
	size_t gone = 0, n = sizeof(fds) / sizeof(fds[0]);
	char byte;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		fds[i] = client();
		say(fds[i], "GET /metrics HTTP/1.1\r\nX: ", 26);
	}
	assert_true(has(ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), "\r\n\r\nok\n"));
	while (gone < n && clock_boot_ns() < until) {
		turn(20);
		gone = 0;
		for (size_t i = 0; i < n; i++) {
			(void)!send(fds[i], "y", 1, MSG_NOSIGNAL);
			gone += recv(fds[i], &byte, 1, MSG_PEEK) == 0 || (errno != EAGAIN && errno != EINTR);
			errno = EAGAIN;
		}
	}
	assert_int_equal(gone, n);
	assert_true(clock_boot_ns() - begin >= LIFE_MS * NSEC_PER_MSEC);
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
	assert_true(has(ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), "\r\n\r\nup 1\n"));
}

/* More than there are places: the rest waits, and gets its turn. */
static void more_than_there_are_places(void **state)
{
	int fds[LIMIT_HTTP_CONNS + 8];
	size_t n = sizeof(fds) / sizeof(fds[0]), length;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		fds[i] = client();
		turn(1);
	}
	for (size_t i = n; i-- > 0;) {
		say(fds[i], "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 35);
		if (i < LIMIT_HTTP_CONNS)
			assert_true(hear(fds[i], answer, sizeof(answer), &length));
	}
	for (size_t i = LIMIT_HTTP_CONNS; i < n; i++) {
		assert_true(hear(fds[i], answer, sizeof(answer), &length));
		assert_true(has(answer, "\r\n\r\nok\n"));
	}
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

/* A client that asks for much and reads nothing until its time is over gets what the sockets hold, and no more. */
static void a_reader_that_has_stopped(void **state)
{
	uint64_t until = clock_boot_ns() + 3 * LIFE_MS * NSEC_PER_MSEC;
	int fd = client();
	size_t total = 0, n;

	(void)state;
	metrics_bytes = MIB(32);
	say(fd, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 35);
	while (clock_boot_ns() < until)
		turn(20);
	do {
		hear(fd, answer, sizeof(answer), &n);
		total += n;
	} while (n);
	assert_int_equal(asked, 1);
	assert_true(total > 0 && total < MIB(32));
	close(fd);
	metrics_bytes = 0;
	assert_true(has(ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), "\r\n\r\nok\n"));
}

static void clients_that_go_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		int fd = client();

		if (i % 2)
			say(fd, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 35);
		if (i % 3 == 0)		/* a reset rather than an end */
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
		close(fd);
		turn(0);
	}
	assert_true(has(ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), "\r\n\r\nok\n"));
}

static void garbage(void **state)
{
	static char text[KIB(64)];
	static const char *const starts[] = {
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "GET", "\r\n\r\n\r\n", "GET  HTTP/1.1\r\n\r\n", " / HTTP/1.1\r\n\r\n",
		"GET /metrics HTTP/9.9\r\n\r\n", "GET /metrics HTTP/1.1\r\nHost x\r\n\r\n", "GET /%00%ff HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
	};
	uint64_t seed = 1;
	size_t n;

	(void)state;
	for (size_t i = 0; i < 60; i++) {
		int fd = client();
		size_t length = i % 10 == 9 ? sizeof(text) : 1 + (i * 37) % 600;

		for (size_t j = 0; j < length; j++) {
			seed = seed * 6364136223846793005 + 1442695040888963407;
			text[j] = (char)(seed >> 56);
		}
		say(fd, starts[i % 10], strlen(starts[i % 10]));
		say(fd, text, length);
		shutdown(fd, SHUT_WR);
		hear(fd, answer, sizeof(answer), &n);
		assert_false(n && strncmp(answer, "HTTP/1.", 7) != 0);
		close(fd);
	}
	assert_true(has(ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), "\r\n\r\nok\n"));
}

/* ---- addresses */

static void addresses(void **state)
{
	static const struct {
		const char *listen;
		int err;
	} cases[] = {
		{ "127.0.0.1:0", 0 }, { "0.0.0.0:0", 0 }, { "", -EINVAL }, { "9914", -EINVAL }, { ":9914", -EINVAL },
		{ "127.0.0.1", -EINVAL }, { "127.0.0.1:", -EINVAL }, { "127.0.0.1:65536", -EINVAL }, { "127.0.0.1:-1", -EINVAL },
		{ "127.0.0.1:99999999999999999999", -EINVAL }, { "127.0.0.1:80x", -EINVAL }, { "127.0.0:1", -EINVAL },
		{ "localhost:9914", -EINVAL }, { "[::1:9914", -EINVAL }, { "::1:9914", -EINVAL }, { "[]:1", -EINVAL },
		{ "[127.0.0.1]:1", -EINVAL }, { "192.0.2.1:0", -EADDRNOTAVAIL },
		{ "127.0.0.1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http *one = NULL;
		int err = http_open(cases[i].listen, &ops, &asked, &one);

		if (err != cases[i].err)
			fail_msg("%s: %d", cases[i].listen, err);
		assert_true((err == 0) == (one != NULL));
		if (one)
			assert_true(http_port(one) > 0 && http_fd(one) >= 0);
		http_close(one);
	}
	assert_null(http_close(NULL));
}

static void six(void **state)
{
	struct http *one = NULL;
	int err = http_open("[::1]:0", &ops, &asked, &one);

	(void)state;
	if (err == -EADDRNOTAVAIL || err == -EAFNOSUPPORT)
		return;		/* a host without IPv6 is told so, and that is what is tested there */
	assert_int_equal(err, 0);
	assert_true(http_port(one) > 0);
	http_close(one);
}

static void an_address_in_use(void **state)
{
	struct http *second = NULL;
	char listen[32];

	(void)state;
	snprintf(listen, sizeof(listen), "127.0.0.1:%d", http_port(http));
	assert_int_equal(http_open(listen, &ops, &asked, &second), -EADDRINUSE);
	assert_null(second);
}

static void closed_is_closed(void **state)
{
	int port, fd;

	(void)state;
	assert_int_equal(http_open("127.0.0.1:0", &ops, &asked, &http), 0);
	port = http_port(http);
	fd = client();		/* still open when the end comes */
	turn(0);
	stop(NULL);
	assert_int_equal(try_connect(port), -ECONNREFUSED);
	close(fd);
	/* and its port is free at once */
	char listen[32];
	snprintf(listen, sizeof(listen), "127.0.0.1:%d", port);
	assert_int_equal(http_open(listen, &ops, &asked, &http), 0);
	stop(NULL);
}

static void refused_memory(void **state)
{
	struct http *one = NULL;

	(void)state;
	mem_fail_at(1);
	assert_int_equal(http_open("127.0.0.1:0", &ops, &asked, &one), -ENOMEM);
	mem_fail_at(0);
	assert_null(one);
}

/* What the pages need is refused at each of their allocations in turn; the next client is served again. */
static void refused_memory_of_pages(void **state)
{
	(void)state;
	for (uint64_t nth = 1; nth < 6; nth++) {
		mem_fail_at(nth);
		ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
		assert_true(has(answer, nth == 1 ? " 500 " : " 200 "));
		mem_fail_at(0);
	}
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVED(pages), SERVED(a_head_has_no_body), SERVED(not_ready_says_why), SERVED(metrics_that_fail),
		SERVED(a_large_page_is_whole), SERVED(byte_by_byte), SERVED(several_at_once), SERVED(slow_clients_do_not_stay),
		SERVED(more_than_there_are_places), SERVED(a_reader_that_has_stopped), SERVED(clients_that_go_at_once),
		SERVED(garbage), SERVED(an_address_in_use), SERVED(refused_memory_of_pages), cmocka_unit_test(addresses),
		cmocka_unit_test(six), cmocka_unit_test(closed_is_closed), cmocka_unit_test(refused_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
