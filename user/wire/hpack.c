/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decoder that comes late lacks the entries that the dynamic table held
 * already, and RFC 7541 has no way to ask for them. But indices count from the
 * newest entry, so what is inserted from now on is found where it belongs if
 * only the decoder's table is as long as the encoder's. So the table begins
 * full of placeholders: entries of 33 bytes, the smallest that there are. No
 * table of the same size holds more entries than that, and none of them is
 * dropped later here than there. What resolves to a placeholder is lost, and
 * everything else is exact. Where even these do not reach, the encoder's table
 * is larger than the default of RFC 9113, and it starts again with the largest.
 *
 * The table's size is whatever the encoder says in its blocks, up to a ceiling:
 * after SETTINGS that shrink it an encoder has to say so (section 4.2), so the
 * settings themselves need not be followed, nor when they were acknowledged.
 */
#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "wire/conn.h"
#include "wire/hpack.h"

#define TABLE_DEFAULT 4096	/* RFC 9113 section 6.5.2 */
#define PLACEHOLDER 33		/* bytes: 32 and a name of one (RFC 7541 section 4.1) */
#define LOST_NAME "\x01"	/* no token, so nobody's name */

/* ---- memory */

#define CLASS_BYTES 32
#define CLASSES 32
#define PARKED_MAX KIB(512)
#define ROOM KIB(512)	/* that a block may need: the largest table, of placeholders */

/* Stands before each block of memory. */
struct grain {
	_Alignas(16) size_t size;
	struct grain *next;	/* while it is parked */
};

struct hpack_pool {
	nghttp2_mem mem;
	struct mem_budget *budget;
	struct list used;		/* struct hpack, those first that were not used for longest */
	struct grain *parked[CLASSES];	/* by size, in CLASS_BYTES */
	size_t parked_bytes;
	size_t n_text;
	char text[LIMIT_HEAD];		/* of the block in hand */
};

static void *grain_new(size_t size, void *ctx)
{
	struct hpack_pool *pool = ctx;
	size_t class = size / CLASS_BYTES;
	struct grain *grain = class < CLASSES ? pool->parked[class] : NULL;

	if (grain) {
		pool->parked[class] = grain->next;
		pool->parked_bytes -= grain->size;
	} else {
		size = (class + 1) * CLASS_BYTES;
		grain = mem_budget_new(pool->budget, sizeof(*grain) + size);
		if (!grain)
			return NULL;
		grain->size = size;
	}
	return grain + 1;
}

static void grain_free(void *p, void *ctx)
{
	struct hpack_pool *pool = ctx;
	struct grain *grain = p;
	size_t class;

	if (!p)
		return;
	grain--;
	class = grain->size / CLASS_BYTES - 1;
	if (class >= CLASSES || pool->parked_bytes + grain->size > PARKED_MAX) {
		mem_budget_free(pool->budget, grain);
		return;
	}
	grain->next = pool->parked[class];
	pool->parked[class] = grain;
	pool->parked_bytes += grain->size;
}

static void *grain_zeroed(size_t n, size_t size, void *ctx)
{
	void *p = n && size > SIZE_MAX / n ? NULL : grain_new(n * size, ctx);

	return p ? memset(p, 0, n * size) : NULL;
}

static void *grain_resize(void *p, size_t size, void *ctx)
{
	size_t had = p ? ((struct grain *)p - 1)->size : 0;
	void *to = had && had >= size ? p : grain_new(size, ctx);

	if (!to || to == p)
		return to;
	if (had)
		memcpy(to, p, had);
	grain_free(p, ctx);
	return to;
}

static struct hpack_pool *pool_of(struct wire *wire)
{
	struct hpack_pool *pool = wire->hpack_pool;

	if (pool)
		return pool;
	pool = mem_new(sizeof(*pool));
	if (!pool)
		return NULL;
	pool->budget = &wire->tables;
	list_init(&pool->used);
	pool->mem = (nghttp2_mem){ pool, grain_new, grain_free, grain_zeroed, grain_resize };
	wire->hpack_pool = pool;
	return pool;
}

void hpack_drop_pool(struct wire *wire)
{
	struct hpack_pool *pool = wire->hpack_pool;

	for (size_t class = 0; pool && class < CLASSES; class++)
		while (pool->parked[class]) {
			struct grain *grain = pool->parked[class];

			pool->parked[class] = grain->next;
			mem_budget_free(pool->budget, grain);
		}
	wire->hpack_pool = mem_free(pool);
}

/* ---- the table */

static int error_of(ssize_t result)
{
	return result >= 0 ? 0 : result == NGHTTP2_ERR_NOMEM ? -ENOMEM : -EBADMSG;
}

/* A literal with a new name, added to the table, then as many as fill it with the newest entry's name (section 6.2.1). */
static int fill(nghttp2_hd_inflater *inflater, size_t table)
{
	static const uint8_t first[] = { 0x40, 1, LOST_NAME[0], 0 }, more[] = { 0x40 | 62, 0 };
	const uint8_t *p = first;
	size_t n = sizeof(first);

	for (size_t left = table / PLACEHOLDER; left; left--, p = more, n = sizeof(more)) {
		nghttp2_nv field;
		int flags;
		int err = error_of(nghttp2_hd_inflate_hd2(inflater, &field, &flags, p, n, 1));

		if (!err)	/* the end is told by a call of its own */
			err = error_of(nghttp2_hd_inflate_hd2(inflater, &field, &flags, p, 0, 1));
		if (err)
			return err;
		nghttp2_hd_inflate_end_headers(inflater);
	}
	return 0;
}

/* An update of the table's size, as a block of its own (section 6.3). */
static int resize(nghttp2_hd_inflater *inflater, size_t table)
{
	uint8_t block[8] = { 0x3f };
	size_t n = 1;
	nghttp2_nv field;
	int flags, err;

	for (table -= 31; table >= 128; table >>= 7)
		block[n++] = (uint8_t)(table | 128);
	block[n++] = (uint8_t)table;
	err = error_of(nghttp2_hd_inflate_hd2(inflater, &field, &flags, block, n, 1));
	if (!err)
		nghttp2_hd_inflate_end_headers(inflater);
	return err;
}

static int begin(struct hpack *hpack, struct hpack_pool *pool, size_t table)
{
	int err = 0;

	if (nghttp2_hd_inflate_new2(&hpack->inflater, &pool->mem)) {
		hpack->inflater = NULL;
		return -ENOMEM;
	}
	list_insert(&hpack->used, &pool->used);
	if (nghttp2_hd_inflate_change_table_size(hpack->inflater, LIMIT_HEADER_TABLE))
		err = -ENOMEM;
	if (!err && table != TABLE_DEFAULT)
		err = resize(hpack->inflater, table);
	if (!err && hpack->blind)
		err = fill(hpack->inflater, table);
	if (err)
		hpack_lose(hpack);
	return err;
}

void hpack_done(struct hpack *hpack)
{
	if (!hpack->inflater)
		return;
	list_remove(&hpack->used);
	nghttp2_hd_inflate_del(hpack->inflater);
	hpack->inflater = NULL;
}

void hpack_lose(struct hpack *hpack)
{
	hpack_done(hpack);
	hpack->blind = true;
}

/* This one is in use. What others hold goes where there is no room for it. */
static void touch(struct wire *wire, struct hpack_pool *pool, struct hpack *hpack)
{
	if (hpack->inflater) {
		list_remove(&hpack->used);
		list_insert(&hpack->used, &pool->used);
	}
	while (pool->budget->used + ROOM > pool->budget->limit && !list_empty(&pool->used)) {
		struct hpack *oldest = LIST_ENTRY(pool->used.next, struct hpack, used);

		if (oldest == hpack)
			return;
		hpack_lose(oldest);
		wire->counts.tables_full++;
	}
}

/* ---- fields */

static bool keep(struct hpack_pool *pool, const uint8_t *p, size_t n, struct str *ret)
{
	char *to = pool->text + pool->n_text;

	if (n > sizeof(pool->text) - pool->n_text)
		return false;
	if (n)
		memcpy(to, p, n);
	pool->n_text += n;
	*ret = (struct str){ to, n };
	return true;
}

/* RFC 9113 section 8.3: pseudo-header fields. */
static void keep_pseudo(struct hpack_pool *pool, struct str name, const nghttp2_nv *field, struct fields *ret)
{
	struct { struct str name; struct str *to; } known[] = {
		{ STR(":method"), &ret->method }, { STR(":scheme"), &ret->scheme }, { STR(":authority"), &ret->authority },
		{ STR(":path"), &ret->path },
	};
	uint64_t status;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_eq(name, known[i].name) && !keep(pool, field->value, field->valuelen, known[i].to))
			ret->cut = true;
	if (str_eq(name, STR(":status")) && field->valuelen == 3 &&
	    str_u64((struct str){ (const char *)field->value, 3 }, &status) && status >= 100)
		ret->status = (int)status;
}

static void keep_field(struct hpack_pool *pool, const nghttp2_nv *field, struct fields *ret)
{
	struct str name = { (const char *)field->name, field->namelen };
	struct header *header = &ret->headers[ret->n_headers];

	if (str_eq(name, STR(LOST_NAME)))
		ret->n_lost++;
	else if (name.n && name.p[0] == ':')
		keep_pseudo(pool, name, field, ret);
	else if (ret->n_headers < LIMIT_HEADERS && keep(pool, field->name, field->namelen, &header->name) &&
		 keep(pool, field->value, field->valuelen, &header->value))
		ret->n_headers++;
	else
		ret->cut = true;
}

static int decode(struct hpack *hpack, struct hpack_pool *pool, const uint8_t *p, size_t n, struct fields *ret)
{
	nghttp2_nv field;
	ssize_t used;
	int flags = 0;

	*ret = (struct fields){ .headers = ret->headers };
	pool->n_text = 0;
	while (!(flags & NGHTTP2_HD_INFLATE_FINAL)) {
		used = nghttp2_hd_inflate_hd2(hpack->inflater, &field, &flags, p, n, 1);
		if (used < 0)
			return error_of(used);
		p += used;
		n -= (size_t)used;
		if (flags & NGHTTP2_HD_INFLATE_EMIT)
			keep_field(pool, &field, ret);
	}
	nghttp2_hd_inflate_end_headers(hpack->inflater);
	return 0;
}

int hpack_read(struct wire *wire, struct hpack *hpack, const uint8_t *p, size_t n, struct fields *ret)
{
	struct hpack_pool *pool = pool_of(wire);
	uint64_t refused = wire->tables.refused;
	int err = pool ? 0 : -ENOMEM;

	ret->headers = wire->headers;
	if (pool)
		touch(wire, pool, hpack);
	if (!err && !hpack->inflater)
		err = begin(hpack, pool, TABLE_DEFAULT);
	if (!err)
		err = decode(hpack, pool, p, n, ret);
	if (err == -EBADMSG && hpack->blind && refused == wire->tables.refused) {
		hpack_done(hpack);
		err = begin(hpack, pool, LIMIT_HEADER_TABLE);
		if (!err)
			err = decode(hpack, pool, p, n, ret);
	}
	if (!err)
		return 0;
	hpack_lose(hpack);
	/* libnghttp2 does not always say so */
	return refused == wire->tables.refused ? err : -ENOMEM;
}
