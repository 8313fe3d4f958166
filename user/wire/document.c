/* SPDX-License-Identifier: Apache-2.0 */
/* The whole body is one item. */
#include "wire/body.h"

struct document {
	struct filter filter;
	bool begun;
};

static int document_write(struct filter *filter, const uint8_t *p, size_t n)
{
	struct document *f = (struct document *)filter;
	struct piece piece = { .kind = ITEM_DOCUMENT, .first = !f->begun, .text = { (const char *)p, n } };
	int err;

	f->begun = true;
	err = filter_tell(filter, &piece);
	return err < 0 ? err : (int)n;
}

static int document_end(struct filter *filter)
{
	struct piece piece = { .kind = ITEM_DOCUMENT, .last = true };

	return ((struct document *)filter)->begun ? filter_tell(filter, &piece) : 0;
}

const struct filter_ops filter_document = {
	.name = "document", .size = sizeof(struct document), .write = document_write, .end = document_end,
};
