/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the wire tells, on its way from wire/ to ai/: the head of a message and
 * the pieces of its decoded body. Views into the worker's memory, valid during
 * the call that hands them over.
 */
#ifndef AITAP_NOUN_HEAD_H
#define AITAP_NOUN_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum side { SIDE_REQUEST, SIDE_RESPONSE };

struct header {
	struct str name;	/* as sent; compare with str_ieq */
	struct str value;	/* trimmed; obsolete folding joined by a space */
};

struct head {
	enum side side;
	uint64_t boot_ns;		/* of its first byte */
	struct str method;		/* both sides carry what the request said */
	struct str scheme;		/* empty where unknown */
	struct str host;		/* Host or :authority without port; else the server name; may be empty */
	uint16_t port;			/* 0: none said */
	struct str path;		/* without query */
	struct str query;		/* without the question mark */
	int status;			/* response; 0 in a request */
	const struct header *headers;
	size_t n_headers;
	bool mid_connection;		/* the connection's birth was not seen */
	bool trailer;			/* fields behind a body (RFC 9110 section 6.5): no status, no path; HTTP/2 alone tells them */
};

/* The value of the first header of that name, or the empty view (p == NULL). */
static inline struct str head_get(const struct head *head, struct str name)
{
	for (size_t i = 0; i < head->n_headers; i++)
		if (head->headers[i].name.n == name.n && str_ieq(head->headers[i].name, name))
			return head->headers[i].value;
	return (struct str){ NULL, 0 };
}

/* How a decoded body falls into items. */
enum item_kind {
	ITEM_DOCUMENT,	/* the whole body is one item: JSON, or anything else */
	ITEM_EVENT,	/* server-sent event; name is its type ("" where none was given) */
	ITEM_LINE,	/* a line of NDJSON */
	ITEM_FIELD,	/* a multipart/form-data field; name is its name, filename tells a file */
	ITEM_FRAME,	/* a message of an AWS event stream; name is its event type, or its exception's */
	ITEM_MESSAGE,	/* a message of a WebSocket, or of gRPC */
};

/* A piece of an item: items arrive in order, one after another, each in one or more pieces. */
struct piece {
	enum side side;
	enum item_kind kind;
	bool first;		/* of its item */
	bool last;		/* of its item; may come alone with no bytes */
	bool file;		/* ITEM_FIELD: it carries a file, not a value */
	bool binary;		/* ITEM_MESSAGE: not text */
	bool exception;		/* ITEM_FRAME: of message type exception or error, inside an answer whose status is 200 */
	uint64_t boot_ns;	/* when its bytes passed */
	struct str name;
	struct str text;
};

enum ending {
	ENDING_COMPLETE,	/* request and response ended as their framing says */
	ENDING_ABORTED,		/* the connection ended first */
	ENDING_HOLE,		/* bytes were lost on our side */
};

#endif
