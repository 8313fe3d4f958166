/* SPDX-License-Identifier: Apache-2.0 */
/* Header blocks: RFC 7541's own examples, tables that are met late, tables of any size, and blocks that are none. */
#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>

#include "base/map.h"
#include "tests/lib/unit.h"
#include "tests/lib/wire_told.h"
#include "wire/hpack.h"

static struct wire *wire_new(void)
{
	struct wire *wire = mem_new(sizeof(*wire));

	assert_non_null(wire);
	assert_int_equal(wire_init(wire, &told_ops, NULL, sizeof(struct told_exchange)), 0);
	return wire;
}

static void wire_free(struct wire *wire)
{
	wire_done(wire);
	assert_int_equal(wire->tables.used, 0);
	mem_free(wire);
}

/* "name=value " of all fields, pseudo-header fields first. */
static const char *text_of(const struct fields *fields)
{
	static char text[4096];
	size_t n = 0;
	const struct { const char *name; struct str value; } pseudo[] = {
		{ "m", fields->method }, { "s", fields->scheme }, { "a", fields->authority }, { "p", fields->path },
	};

	text[0] = 0;
	for (size_t i = 0; i < 4; i++)
		if (pseudo[i].value.n)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s=%.*s ", pseudo[i].name, (int)pseudo[i].value.n, pseudo[i].value.p);
	if (fields->status)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%d ", fields->status);
	for (size_t i = 0; i < fields->n_headers; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s=%.*s ", (int)fields->headers[i].name.n, fields->headers[i].name.p,
				      (int)fields->headers[i].value.n, fields->headers[i].value.p);
	return text;
}

static void expect(struct wire *wire, struct hpack *hpack, struct str block, const char *text, unsigned int n_lost)
{
	struct fields fields;

	assert_int_equal(hpack_read(wire, hpack, page_guarded(block.p, block.n), block.n, &fields), 0);
	assert_string_equal(text_of(&fields), text);
	assert_int_equal(fields.n_lost, n_lost);
	assert_false(fields.cut);
}

/* RFC 7541 appendix C.4: requests with Huffman coding, each with the table that the one before left. */
static void examples_of_the_rfc(void **state)
{
	struct wire *wire = wire_new();
	struct hpack hpack = { 0 };

	(void)state;
	expect(wire, &hpack, STR("\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"), "m=GET s=http a=www.example.com p=/ ", 0);
	expect(wire, &hpack, STR("\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf"), "m=GET s=http a=www.example.com p=/ cache-control=no-cache ", 0);
	expect(wire, &hpack, STR("\x82\x87\x85\xbf\x40\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x89\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf"),
	       "m=GET s=https a=www.example.com p=/index.html custom-key=custom-value ", 0);
	hpack_done(&hpack);
	wire_free(wire);
}

/* The same, but for the first block: what it put into the table is lost, and nothing else, however it shifts. */
static void met_late(void **state)
{
	struct wire *wire = wire_new();
	struct hpack hpack = { .blind = true };

	(void)state;
	expect(wire, &hpack, STR("\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf"), "m=GET s=http p=/ cache-control=no-cache ", 1);
	expect(wire, &hpack, STR("\x82\x87\x85\xbf\x40\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x89\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf"),
	       "m=GET s=https p=/index.html custom-key=custom-value ", 1);
	expect(wire, &hpack, STR("\x82\xbe\xbf\xc0"), "m=GET custom-key=custom-value cache-control=no-cache ", 1);
	hpack_lose(&hpack);
	expect(wire, &hpack, STR("\x82\xbe\xbf\xc0"), "m=GET ", 3);
	hpack_done(&hpack);
	wire_free(wire);
}

struct script {
	nghttp2_hd_deflater *deflater;
	uint8_t block[512];
	ssize_t n;
	uint64_t random;
};

static void make_block(struct script *script, size_t i)
{
	char names[6][16], values[6][96];
	nghttp2_nv nv[7] = { { (uint8_t *)":method", (uint8_t *)"GET", 7, 3, 0 } };
	size_t n = 1 + i % 6;

	for (size_t k = 0; k < n; k++) {
		script->random = hash_u64(script->random + k + 1);
		snprintf(names[k], sizeof(names[k]), "x-%u", (unsigned int)(script->random % 13));
		snprintf(values[k], sizeof(values[k]), "%u%.*s", (unsigned int)(script->random >> 8) % 40, (int)((script->random >> 20) % 60),
			 "0123456789012345678901234567890123456789012345678901234567890");
		nv[k + 1] = (nghttp2_nv){ (uint8_t *)names[k], (uint8_t *)values[k], strlen(names[k]), strlen(values[k]), 0 };
	}
	script->n = nghttp2_hd_deflate_hd(script->deflater, script->block, sizeof(script->block), nv, n + 1);
	assert_true(script->n > 0);
}

/* Is every field of "late" one of "all", in that order, and is the rest counted as lost? */
static void check_subset(const struct fields *late, char (*all)[128], size_t n_all)
{
	char one[256];
	size_t at = 0;

	for (size_t i = 0; i < late->n_headers; i++) {
		snprintf(one, sizeof(one), "%.*s=%.*s", (int)late->headers[i].name.n, late->headers[i].name.p,
			 (int)late->headers[i].value.n, late->headers[i].value.p);
		while (at < n_all && strcmp(one, all[at]))
			at++;
		assert_true(at++ < n_all);
	}
	assert_int_equal(late->n_headers + late->n_lost, n_all);
}

/* One decoder sees all blocks of an encoder, another those from some block on: it loses fields, and gets none wrong. */
static void late_at_any_block(void **state)
{
	static char all[8][128];
	size_t n_found = 0, n_fields = 0;

	(void)state;
	for (size_t first = 0; first < 120; first += 7) {
		struct wire *wire = wire_new();
		struct hpack whole = { 0 }, late = { .blind = true };
		struct script script = { .random = first };
		struct fields fields;

		assert_int_equal(nghttp2_hd_deflate_new(&script.deflater, 4096), 0);
		for (size_t i = 0; i < 400; i++) {
			size_t n_all;

			make_block(&script, i);
			assert_int_equal(hpack_read(wire, &whole, script.block, (size_t)script.n, &fields), 0);
			assert_int_equal(fields.n_lost, 0);
			n_all = fields.n_headers;
			for (size_t k = 0; k < n_all; k++)
				snprintf(all[k], sizeof(all[k]), "%.*s=%.*s", (int)fields.headers[k].name.n, fields.headers[k].name.p,
					 (int)fields.headers[k].value.n, fields.headers[k].value.p);
			if (i < first)
				continue;
			assert_int_equal(hpack_read(wire, &late, script.block, (size_t)script.n, &fields), 0);
			assert_true(str_eq(fields.method, STR("GET")));
			check_subset(&fields, all, n_all);
			n_fields += n_all;
			n_found += fields.n_headers;
		}
		nghttp2_hd_deflate_del(script.deflater);
		hpack_done(&whole);
		hpack_done(&late);
		wire_free(wire);
	}
	/* a name that is lost goes on being lost, for the encoder never says it again; values are lost with it */
	assert_true(n_found > n_fields / 4);
	assert_true(n_found < n_fields);
}

/* Index 62 + 200: no table of the default size has so many; one that was made larger before has. */
static void a_larger_table_met_late(void **state)
{
	struct wire *wire = wire_new();
	struct hpack hpack = { .blind = true };

	(void)state;
	expect(wire, &hpack, STR("\x82\xbe"), "m=GET ", 1);
	expect(wire, &hpack, STR("\x82\xff\x87\x01"), "m=GET ", 1);
	expect(wire, &hpack, STR("\x82\x40\1a\1b"), "m=GET a=b ", 0);
	expect(wire, &hpack, STR("\x82\xbe\xff\x87\x01"), "m=GET a=b ", 1);
	hpack_done(&hpack);
	wire_free(wire);
}

static void sizes(void **state)
{
	struct wire *wire = wire_new();
	struct hpack hpack = { 0 };
	struct fields fields;

	(void)state;
	expect(wire, &hpack, STR("\x40\1a\1b"), "a=b ", 0);
	expect(wire, &hpack, STR("\x20\x82"), "m=GET ", 0);		/* nothing is kept any more */
	assert_int_equal(hpack_read(wire, &hpack, (const uint8_t *)"\xbe", 1, &fields), -EBADMSG);
	assert_true(hpack.blind);
	hpack_done(&hpack);
	hpack = (struct hpack){ 0 };
	expect(wire, &hpack, STR("\x3f\xe1\xff\3\x40\1a\1b"), "a=b ", 0);	/* 65536: the ceiling */
	assert_int_equal(hpack_read(wire, &hpack, (const uint8_t *)"\x3f\xe2\xff\3", 4, &fields), -EBADMSG);
	hpack_done(&hpack);
	wire_free(wire);
}

static void blocks_that_are_none(void **state)
{
	static const struct str blocks[] = {
		STR("\x80"), STR("\xbe"), STR("\x40"), STR("\x40\5ab"), STR("\x40\1a\x81\xff\xff"), STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
		STR("\x00\x85\xff\xff\xff\xff\xff\1b"), STR("\x82\x20"),
	};
	struct wire *wire = wire_new();
	struct fields fields;

	(void)state;
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		struct hpack hpack = { 0 };

		assert_int_equal(hpack_read(wire, &hpack, page_guarded(blocks[i].p, blocks[i].n), blocks[i].n, &fields), -EBADMSG);
		assert_true(hpack.blind);
		expect(wire, &hpack, STR("\x82\xbe"), "m=GET ", 1);	/* and goes on */
		hpack_done(&hpack);
	}
	wire_free(wire);
}

/* A field of 4,000 bytes, said again and again by one byte: 1 MiB and more in 300 bytes. */
static void a_bomb(void **state)
{
	static uint8_t block[4400];
	struct wire *wire = wire_new();
	struct hpack hpack = { 0 };
	struct fields fields;
	size_t n = 0;

	(void)state;
	memcpy(block, "\x40\1a\x7f\xa1\x1e", 6);	/* 127 + 33 + 30 * 128 = 4000 */
	n = 6;
	memset(block + n, 'v', 4000);
	n += 4000;
	memset(block + n, 0xbe, 300);
	n += 300;
	assert_int_equal(hpack_read(wire, &hpack, block, n, &fields), 0);
	assert_true(fields.cut);
	assert_true(fields.n_headers < 70);
	assert_true(wire->tables.used < KIB(64));
	hpack_done(&hpack);
	wire_free(wire);
}

/* Those that were not used for longest go, and are as if they were met late; none is refused. */
static void more_tables_than_there_is_room_for(void **state)
{
	enum { TABLES = 1000 };
	static struct hpack tables[TABLES];
	struct wire *wire = wire_new();

	(void)state;
	wire->tables.limit = MIB(1);
	for (size_t i = 0; i < TABLES; i++) {
		expect(wire, &tables[i], STR("\x40\1a\1b"), "a=b ", 0);
		expect(wire, &tables[0], STR("\x40\1c\1d"), "c=d ", 0);
		assert_true(wire->tables.used <= MIB(1));
	}
	assert_true(wire->counts.tables_full > 0 && wire->counts.tables_full < TABLES);
	expect(wire, &tables[0], STR("\xbe"), "c=d ", 0);
	expect(wire, &tables[TABLES - 1], STR("\xbe"), "a=b ", 0);
	expect(wire, &tables[1], STR("\x82\xbe"), "m=GET ", 1);
	assert_int_equal(wire->tables.refused, 0);
	for (size_t i = 0; i < TABLES; i++)
		hpack_done(&tables[i]);
	wire_free(wire);
}

static void allocations_refused(void **state)
{
	(void)state;
	for (uint64_t nth = 1; ; nth++) {
		struct wire *wire = wire_new();
		struct hpack hpack = { .blind = nth % 2 };
		struct fields fields;
		uint64_t before = mem_count();
		int err;

		mem_fail_at(nth);
		err = hpack_read(wire, &hpack, (const uint8_t *)"\x82\x40\1a\1b", 6, &fields);
		assert_true(!err || err == -ENOMEM);
		err = hpack_read(wire, &hpack, (const uint8_t *)"\x82\xbe", 2, &fields);
		assert_true(!err || err == -ENOMEM);
		mem_fail_at(0);
		hpack_done(&hpack);
		wire_free(wire);
		if (mem_count() - before < nth)
			break;
	}
}

/* Blocks that add to the table and drop from it allocate nothing once the pool is warm. */
static void no_allocation_in_the_steady_state(void **state)
{
	struct wire *wire = wire_new();
	struct script script = { .random = 1 };
	struct hpack hpack = { 0 };
	struct fields fields;
	uint64_t before = 0;

	(void)state;
	assert_int_equal(nghttp2_hd_deflate_new(&script.deflater, 4096), 0);
	for (size_t i = 0; i < 4000; i++) {
		make_block(&script, i);
		if (i == 2000)
			before = mem_count();
		assert_int_equal(hpack_read(wire, &hpack, script.block, (size_t)script.n, &fields), 0);
	}
	assert_true(mem_count() - before <= 4);
	assert_true(wire->tables.used < KIB(64));
	nghttp2_hd_deflate_del(script.deflater);
	hpack_done(&hpack);
	wire_free(wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_the_rfc),
		cmocka_unit_test(met_late),
		cmocka_unit_test(late_at_any_block),
		cmocka_unit_test(a_larger_table_met_late),
		cmocka_unit_test(sizes),
		cmocka_unit_test(blocks_that_are_none),
		cmocka_unit_test(a_bomb),
		cmocka_unit_test(more_tables_than_there_is_room_for),
		cmocka_unit_test(allocations_refused),
		cmocka_unit_test(no_allocation_in_the_steady_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
