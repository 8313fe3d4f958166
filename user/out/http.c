/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd without a thread: it watches its sockets by an epoll
 * descriptor of its own, which http_fd() hands out. The listening socket is made
 * here, so that an address in use is an error with its name. Each connection
 * carries one request and lives for a bounded time, however little it sends or
 * reads, so nobody can hold all of them for long.
 */
#include "out/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/limits.h"

#define LIFE_MS 10000

struct guest {
	int fd;			/* -1: free */
	uint64_t since_ns;
};

struct http {
	const struct http_ops *ops;
	void *ctx;
	struct MHD_Daemon *daemon;
	uint64_t life_ns;
	int epoll;
	int port;
	struct guest guests[LIMIT_HTTP_CONNS];
};

/* ---- answers */

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned int status, const char *type, struct str body)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(body.n, (void *)body.p, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result done;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	done = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return done;
}

static enum MHD_Result reply_line(struct MHD_Connection *connection, unsigned int status, struct str line)
{
	return reply(connection, status, "text/plain; charset=utf-8", line);
}

static enum MHD_Result reply_metrics(struct http *http, struct MHD_Connection *connection)
{
	_cleanup_(buf_done) struct buf text = BUF(LIMIT_METRICS_TEXT);

	if (http->ops->metrics(http->ctx, &text) < 0)
		return reply_line(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, STR("the metrics could not be written\n"));
	return reply(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", buf_view(&text));
}

static enum MHD_Result reply_ready(struct http *http, struct MHD_Connection *connection)
{
	_cleanup_(buf_done) struct buf why = BUF(KIB(4));

	if (http->ops->ready(http->ctx, &why) == 0)
		return reply_line(connection, MHD_HTTP_OK, STR("ready\n"));
	buf_char(&why, '\n');
	return reply_line(connection, MHD_HTTP_SERVICE_UNAVAILABLE, buf_view(&why));
}

/* Called when the head of a request is there; a body is not waited for. */
static enum MHD_Result answer(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *upload, size_t *upload_size, void **request)
{
	struct http *http = ctx;

	(void)version, (void)upload, (void)upload_size, (void)request;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return reply_line(connection, MHD_HTTP_METHOD_NOT_ALLOWED, STR("GET and HEAD only\n"));
	if (!strcmp(url, "/metrics"))
		return reply_metrics(http, connection);
	if (!strcmp(url, "/healthz"))
		return reply_line(connection, MHD_HTTP_OK, STR("ok\n"));
	if (!strcmp(url, "/readyz"))
		return reply_ready(http, connection);
	return reply_line(connection, MHD_HTTP_NOT_FOUND, STR("there are /metrics, /healthz and /readyz\n"));
}

/* ---- connections */

static void notice(void *ctx, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code)
{
	struct http *http = ctx;
	struct guest *guest = *context;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (guest)
			guest->fd = -1;
		return;
	}
	for (size_t i = 0; i < LIMIT_HTTP_CONNS && !*context; i++)
		if (http->guests[i].fd < 0) {
			http->guests[i].fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
			http->guests[i].since_ns = clock_boot_ns();
			*context = &http->guests[i];
		}
}

/* The library's own timeout begins anew with each byte that passes; this one does not. */
static void end_long_stays(struct http *http)
{
	uint64_t now_ns = clock_boot_ns();

	for (size_t i = 0; i < LIMIT_HTTP_CONNS; i++)
		if (http->guests[i].fd >= 0 && now_ns - http->guests[i].since_ns > http->life_ns)
			shutdown(http->guests[i].fd, SHUT_RDWR);
}

void http_run(struct http *http)
{
	end_long_stays(http);
	MHD_run(http->daemon);
}

int http_fd(const struct http *http)
{
	return http->epoll;
}

int http_timeout_ms(const struct http *http)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(http->daemon, &ms) != MHD_YES)
		return -1;
	return ms * NSEC_PER_MSEC > http->life_ns ? (int)(http->life_ns / NSEC_PER_MSEC) : (int)ms;
}

int http_port(const struct http *http)
{
	return http->port;
}

/* ---- making */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool parse_port(struct str text, in_port_t *ret)
{
	uint64_t port;

	if (text.n > 5 || !str_u64(text, &port) || port > UINT16_MAX)
		return false;
	*ret = htons((uint16_t)port);
	return true;
}

/* 127.0.0.1:9914, [::1]:9914 */
static int parse(const char *listen, union address *ret, socklen_t *ret_size)
{
	const char *colon = strrchr(listen, ':');
	size_t n = colon ? (size_t)(colon - listen) : 0;
	bool v6 = n > 2 && listen[0] == '[' && listen[n - 1] == ']';
	char host[INET6_ADDRSTRLEN];
	in_port_t port;

	if (!n || !parse_port(str_of(colon + 1), &port) ||
	    !STR_COPY(host, ((struct str){ listen + v6, n - 2 * (size_t)v6 })))
		return -EINVAL;
	memset(ret, 0, sizeof(*ret));
	if (v6) {
		ret->v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = port };
		*ret_size = sizeof(ret->v6);
		return inet_pton(AF_INET6, host, &ret->v6.sin6_addr) == 1 ? 0 : -EINVAL;
	}
	ret->v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port };
	*ret_size = sizeof(ret->v4);
	return inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1 ? 0 : -EINVAL;
}

static int listen_on(int fd, const union address *address, socklen_t size)
{
	int on = 1;

	/* an address that an earlier run's connections still linger on is not in use */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	return bind(fd, &address->any, size) < 0 || listen(fd, LIMIT_HTTP_CONNS) < 0 ? -errno : 0;
}

static int port_of(int fd)
{
	union address address = { 0 };
	socklen_t size = sizeof(address);

	if (getsockname(fd, &address.any, &size) < 0)
		return 0;
	return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

static int make_socket(const char *where, int *ret_fd)
{
	union address address = { 0 };
	socklen_t size;
	int fd, err = parse(where, &address, &size);

	if (err < 0)
		return err;
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = listen_on(fd, &address, size);
	if (err < 0)
		close(fd);
	else
		*ret_fd = fd;
	return err;
}

int http_open(const char *listen, const struct http_ops *ops, void *ctx, struct http **ret)
{
	_cleanup_(http_closep) struct http *http = mem_new(sizeof(*http));
	int fd, err;

	if (!http)
		return -ENOMEM;
	http->ops = ops;
	http->ctx = ctx;
	http->life_ns = (ops->life_ms ? ops->life_ms : LIFE_MS) * NSEC_PER_MSEC;
	for (size_t i = 0; i < LIMIT_HTTP_CONNS; i++)
		http->guests[i].fd = -1;
	err = make_socket(listen, &fd);
	if (err < 0)
		return err;
	http->port = port_of(fd);
	http->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, http, MHD_OPTION_LISTEN_SOCKET, fd,
					MHD_OPTION_CONNECTION_LIMIT, (unsigned int)LIMIT_HTTP_CONNS,
					MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)(http->life_ns / NSEC_PER_SEC + 1),
					MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIMIT_HTTP_MEMORY,
					MHD_OPTION_NOTIFY_CONNECTION, notice, http, MHD_OPTION_END);
	if (!http->daemon) {
		close(fd);
		return -ENOMEM;
	}
	http->epoll = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	*ret = TAKE_PTR(http);
	return 0;
}

struct http *http_close(struct http *http)
{
	if (!http)
		return NULL;
	if (http->daemon)
		MHD_stop_daemon(http->daemon);
	return mem_free(http);
}
