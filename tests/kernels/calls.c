/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls N: a provider and its client over TLS on loopback, two processes
 * that know nothing of aitap and need nothing but libssl: for kernels that
 * have no Python. Call i asks for gpt-4o and is told 1000 + i input tokens and
 * 7 output tokens. Exits 0 when every answer came back.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
	fprintf(stderr, "calls: %s\n", what);
	exit(1);
}

static SSL_CTX *server_context(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"api.openai.com", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	if (!X509_sign(cert, key, EVP_sha256()) || SSL_CTX_use_certificate(context, cert) != 1 || SSL_CTX_use_PrivateKey(context, key) != 1)
		fail("no certificate");
	return context;
}

/* Up to the end of the body, which is short and of a told length. */
static int read_message(SSL *ssl, char *text, size_t size)
{
	size_t n = 0;

	for (;;) {
		int got = SSL_read(ssl, text + n, (int)(size - 1 - n));
		const char *body, *length;

		if (got <= 0)
			return -1;
		n += (size_t)got;
		text[n] = 0;
		body = strstr(text, "\r\n\r\n");
		length = strstr(text, "content-length: ");
		if (body && length && n >= (size_t)(body + 4 - text) + strtoul(length + 16, NULL, 10))
			return (int)n;
	}
}

static void serve(int listener, int calls)
{
	SSL_CTX *context = server_context();
	int fd = accept(listener, NULL, NULL);
	SSL *ssl = SSL_new(context);
	char text[4096], body[512];

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) != 1)
		fail("no handshake");
	for (int i = 0; i < calls && read_message(ssl, text, sizeof(text)) > 0; i++) {
		int n = snprintf(body, sizeof(body), "{\"id\":\"chatcmpl-%d\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-2024-08-06\","
				 "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hi\"},\"finish_reason\":\"stop\"}],"
				 "\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":7,\"total_tokens\":%d}}", i, 1000 + i, 1007 + i);

		n = snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_%d\r\n"
			     "content-length: %d\r\n\r\n%s", i, n, body);
		if (SSL_write(ssl, text, n) != n)
			fail("answer not written");
	}
	SSL_shutdown(ssl);
	SSL_free(ssl);
	exit(0);
}

static void ask(SSL *ssl, int i)
{
	static const char body[] = "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";
	char text[4096];
	int n = snprintf(text, sizeof(text), "POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\nauthorization: Bearer sk-pair\r\n"
			 "content-type: application/json\r\ncontent-length: %zu\r\n\r\n%s", sizeof(body) - 1, body);

	if (SSL_write(ssl, text, n) != n)
		fail("request not written");
	if (read_message(ssl, text, sizeof(text)) < 0)
		fail("no answer");
	snprintf(text + 3000, 64, "chatcmpl-%d\"", i);
	if (!strstr(text, text + 3000))
		fail("another answer");
}

int main(int argc, char **argv)
{
	int calls = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 1, listener = socket(AF_INET, SOCK_STREAM, 0), fd, status;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(address);
	pid_t server;
	SSL *ssl;

	if (bind(listener, (struct sockaddr *)&address, n) || listen(listener, 1) || getsockname(listener, (struct sockaddr *)&address, &n))
		fail("cannot listen");
	server = fork();
	if (server == 0)
		serve(listener, calls);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&address, n))
		fail("cannot connect");
	ssl = SSL_new(SSL_CTX_new(TLS_client_method()));
	SSL_set_fd(ssl, fd);
	SSL_set_tlsext_host_name(ssl, "api.openai.com");
	if (SSL_connect(ssl) != 1)
		fail("no handshake");
	for (int i = 0; i < calls; i++)
		ask(ssl, i);
	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
	return waitpid(server, &status, 0) == server && status == 0 ? 0 : 1;
}
