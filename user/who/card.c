/* SPDX-License-Identifier: Apache-2.0 */
#include "who/card.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

struct card {
	size_t n;
	bool incomplete;
	bool known_uid;
	uint32_t uid;
	uint8_t bytes[];
};

/* Each entry is a tag, a length and as many bytes; a tag below N_FIELDS is a field. */
#define FIELD(name) { offsetof(struct origin, name), sizeof(((struct origin *)0)->name) }
static const struct {
	size_t at, size;
} fields[] = {
	FIELD(user), FIELD(comm), FIELD(exe), FIELD(cgroup), FIELD(unit), FIELD(container), FIELD(container_name),
	FIELD(image), FIELD(pod), FIELD(namespace), FIELD(workload),
};
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

enum { TAG_VALUE = 64, TAG_LABEL };	/* a value begins with its row, a label with its scope, then key and NUL */

static void add(struct buf *to, uint8_t tag, const void *head, size_t head_n, struct str text)
{
	uint16_t n = (uint16_t)(head_n + text.n);

	buf_add(to, &tag, 1);
	buf_add(to, &n, sizeof(n));
	buf_add(to, head, head_n);
	buf_str(to, text);
}

static void add_label(struct buf *to, const struct origin_label *label)
{
	char head[1 + sizeof(label->key)];
	size_t n = strlen(label->key);

	head[0] = label->scope;
	memcpy(head + 1, label->key, n + 1);
	add(to, TAG_LABEL, head, n + 2, str_of(label->value));
}

int card_of(const struct origin *o, struct card **ret)
{
	struct buf bytes = BUF(sizeof(*o));
	struct card *card;

	for (size_t i = 0; i < N_FIELDS; i++) {
		struct str text = str_of((const char *)o + fields[i].at);

		if (text.n)
			add(&bytes, (uint8_t)i, NULL, 0, text);
	}
	for (uint32_t i = 0; i < o->n_values; i++)
		add(&bytes, TAG_VALUE, &o->values[i].wanted, 1, str_of(o->values[i].text));
	for (uint32_t i = 0; i < o->n_labels; i++)
		add_label(&bytes, &o->labels[i]);
	card = bytes.error ? NULL : mem_new(sizeof(*card) + bytes.n);
	if (card) {
		*card = (struct card){ bytes.n, o->incomplete, o->known_uid, o->uid };
		if (bytes.n)
			memcpy(card->bytes, bytes.p, bytes.n);
		*ret = card;
	}
	buf_done(&bytes);
	return card ? 0 : -ENOMEM;
}

size_t card_size(const struct card *card)
{
	return card ? sizeof(*card) + card->n : 0;
}

static void fill_one(struct origin *o, uint8_t tag, struct str text)
{
	struct str key = str_sub(text, 1, text.n);
	ptrdiff_t end = str_chr(key, 0);
	char *field;

	if (tag == TAG_VALUE) {
		origin_add_value(o, (uint8_t)text.p[0], key);
	} else if (tag == TAG_LABEL) {
		origin_add_label(o, text.p[0], str_sub(key, 0, (size_t)end), str_sub(key, (size_t)end + 1, key.n));
	} else {
		field = (char *)o + fields[tag].at;
		if (!field[0])
			str_copy(field, fields[tag].size, text);
	}
}

void card_fill(const struct card *card, struct origin *o)
{
	uint16_t n;

	if (!card)
		return;
	for (size_t i = 0; i < card->n; i += 3u + n) {
		memcpy(&n, card->bytes + i + 1, sizeof(n));
		fill_one(o, card->bytes[i], (struct str){ (const char *)card->bytes + i + 3, n });
	}
	o->incomplete |= card->incomplete;
	if (!o->known_uid && card->known_uid) {
		o->known_uid = true;
		o->uid = card->uid;
	}
}

void origin_add_label(struct origin *o, char scope, struct str key, struct str value)
{
	for (uint32_t i = 0; i < o->n_labels; i++)
		if (o->labels[i].scope == scope && str_eq(str_of(o->labels[i].key), key))
			return;
	if (o->n_labels == ORIGIN_LABELS || key.n >= sizeof(o->labels[0].key))
		return;
	o->labels[o->n_labels].scope = scope;
	STR_COPY(o->labels[o->n_labels].key, key);
	STR_COPY(o->labels[o->n_labels].value, value);
	o->n_labels++;
}

void origin_add_value(struct origin *o, uint8_t wanted, struct str text)
{
	for (uint32_t i = 0; i < o->n_values; i++)
		if (o->values[i].wanted == wanted)
			return;
	if (o->n_values == WANTED_VALUES)
		return;
	o->values[o->n_values].wanted = wanted;
	STR_COPY(o->values[o->n_values].text, text);
	o->n_values++;
}
