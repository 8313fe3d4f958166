/* SPDX-License-Identifier: Apache-2.0 */
#include "book/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "book/store.h"

#define FILTER_BITS (1u << 23)	/* 1 MiB: of a million names, one question in 40 goes to SQLite in vain */
#define FILTER_HASHES 4
#define LATELY 256

/* What was found by a question: the few that every call asks for, such as what its model's alias stands for. */
struct asked_lately {
	uint64_t hash;		/* 0: free */
	struct memory_key key;
	struct memory_value value;
};

void memories_schema(struct buf *sql, const char *where)
{
	/* a row that is kept for ever stands at the end of memory_until */
	buf_printf(sql, "CREATE TABLE IF NOT EXISTS %s.memory(kind INTEGER NOT NULL, provider TEXT NOT NULL, name TEXT NOT NULL,"
		   " time_ns INTEGER NOT NULL, until_ns INTEGER NOT NULL, text TEXT NOT NULL,"
		   " PRIMARY KEY(kind, provider, name)) WITHOUT ROWID;", where);
	buf_printf(sql, "CREATE INDEX IF NOT EXISTS %s.memory_until ON memory(until_ns);", where);
	buf_printf(sql, "CREATE TABLE IF NOT EXISTS %s.memory_new(row INTEGER PRIMARY KEY, kind INTEGER NOT NULL,"
		   " provider TEXT NOT NULL, name TEXT NOT NULL, time_ns INTEGER NOT NULL, until_ns INTEGER NOT NULL,"
		   " text TEXT NOT NULL);", where);
}

/* ---- names */

static uint64_t hash_of(const struct memories *memories, uint8_t kind, const char *provider, const char *name)
{
	uint64_t hash = hash_bytes(provider, strlen(provider), memories->seed + kind);

	hash = hash_bytes(name, strlen(name), hash);
	return hash ? hash : 1;
}

static uint64_t hash_key(const struct memories *memories, const struct memory_key *key)
{
	return hash_of(memories, key->kind, key->provider, key->name);
}

static bool same_key(const struct memory_key *a, const struct memory_key *b)
{
	return a->kind == b->kind && !strcmp(a->provider, b->provider) && !strcmp(a->name, b->name);
}

static uint32_t filter_bit(uint64_t hash, uint32_t i)
{
	return ((uint32_t)hash + i * (uint32_t)(hash >> 32 | 1)) % FILTER_BITS;
}

static void filter_add(struct memories *memories, uint64_t hash)
{
	for (uint32_t i = 0; i < FILTER_HASHES; i++)
		memories->filter[filter_bit(hash, i) / 64] |= 1ull << filter_bit(hash, i) % 64;
}

static bool filter_has(const struct memories *memories, uint64_t hash)
{
	for (uint32_t i = 0; i < FILTER_HASHES; i++)
		if (!(memories->filter[filter_bit(hash, i) / 64] >> filter_bit(hash, i) % 64 & 1))
			return false;
	return true;
}

/* ---- opening and closing */

static const char *text_at(sqlite3_stmt *statement, int column)
{
	return (const char *)sqlite3_column_text(statement, column) ?: "";
}

/* Goes through all names of a table, of memory_new with the rows that they stand in. */
static int read_names(struct memories *memories, const char *sql)
{
	sqlite3_stmt *statement;
	int err = store_prepare(memories->db, sql, &statement), result = SQLITE_DONE;

	if (err < 0)
		return err;
	while (err == 0 && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		sqlite3_int64 row = sqlite3_column_int64(statement, 3);
		uint64_t hash = hash_of(memories, (uint8_t)sqlite3_column_int(statement, 0), text_at(statement, 1), text_at(statement, 2));

		filter_add(memories, hash);
		if (row)
			err = map_put(&memories->waiting, hash, (void *)(uintptr_t)row);
	}
	if (err == 0 && result != SQLITE_DONE)
		err = store_errno(memories->db) ? store_errno(memories->db) : -EIO;
	sqlite3_finalize(statement);
	return err;
}

static int learn_waiting(struct memories *memories)
{
	int err;

	if (memories->known)
		return 0;
	/* more than is ever let wait, since the table may come from elsewhere */
	memories->waiting = (struct map)MAP(64 * MEMORIES_WAITING);
	err = read_names(memories, "SELECT kind, provider, name, row FROM memory_new");
	memories->known = err == 0;
	return err;
}

static int prepare(struct memories *memories)
{
	sqlite3 *db = memories->db;
	int err = store_prepare(db, "INSERT INTO memory_new(kind, provider, name, time_ns, until_ns, text) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
				&memories->note);

	if (err == 0)
		err = store_prepare(db, "UPDATE memory_new SET time_ns = ?4, until_ns = ?5, text = ?6"
					" WHERE row = ?7 AND kind = ?1 AND provider = ?2 AND name = ?3", &memories->note_again);
	if (err == 0)
		err = store_prepare(db, "INSERT OR REPLACE INTO memory VALUES(?1, ?2, ?3, ?4, ?5, ?6)", &memories->straight);
	if (err == 0)
		err = store_prepare(db, "SELECT time_ns, until_ns, text FROM memory_new"
					" WHERE row = ?4 AND kind = ?1 AND provider = ?2 AND name = ?3", &memories->find_new);
	if (err == 0)
		err = store_prepare(db, "SELECT time_ns, until_ns, text FROM memory WHERE kind = ?1 AND provider = ?2 AND name = ?3",
				    &memories->find);
	return err;
}

int memories_open(struct memories *memories, sqlite3 *db)
{
	int err;

	*memories = (struct memories){ .db = db };
	if (getrandom(&memories->seed, sizeof(memories->seed), GRND_NONBLOCK) < 0)
		memories->seed = (uintptr_t)memories;
	memories->filter = mem_array(FILTER_BITS / 64, sizeof(*memories->filter));
	memories->lately = mem_array(LATELY, sizeof(*memories->lately));
	if (!memories->filter || !memories->lately)
		return -ENOMEM;
	err = prepare(memories);
	if (err == 0)
		err = learn_waiting(memories);
	return err < 0 ? err : read_names(memories, "SELECT kind, provider, name, 0 FROM memory");
}

void memories_close(struct memories *memories)
{
	sqlite3_finalize(memories->note);
	sqlite3_finalize(memories->note_again);
	sqlite3_finalize(memories->straight);
	sqlite3_finalize(memories->find_new);
	sqlite3_finalize(memories->find);
	map_done(&memories->waiting);
	mem_free(memories->filter);
	mem_free(memories->lately);
}

/* ---- get */

static int bind_key(sqlite3_stmt *to, const struct memory_key *key)
{
	int result = sqlite3_bind_int(to, 1, key->kind);

	result |= sqlite3_bind_text(to, 2, key->provider, -1, SQLITE_STATIC);
	result |= sqlite3_bind_text(to, 3, key->name, -1, SQLITE_STATIC);
	return result == SQLITE_OK ? 0 : -ENOMEM;
}

static int look(struct memories *memories, sqlite3_stmt *find, const struct memory_key *key, struct memory_value *ret)
{
	int err = bind_key(find, key);

	memories->looked++;
	if (err == 0 && sqlite3_step(find) == SQLITE_ROW) {
		ret->time_ns = sqlite3_column_int64(find, 0);
		ret->until_ns = sqlite3_column_int64(find, 1) == INT64_MAX ? 0 : sqlite3_column_int64(find, 1);
		STR_COPY(ret->text, str_of(text_at(find, 2)));
	} else if (err == 0) {
		err = store_errno(memories->db) ? store_errno(memories->db) : -ENOENT;
	}
	sqlite3_reset(find);
	return err;
}

static struct asked_lately *lately(struct memories *memories, uint64_t hash, const struct memory_key *key)
{
	struct asked_lately *place = &memories->lately[hash % LATELY];

	return place->hash == hash && same_key(&place->key, key) ? place : NULL;
}

int memories_get(struct memories *memories, const struct memory_key *key, struct memory_value *ret)
{
	uint64_t hash = hash_key(memories, key);
	struct asked_lately *place = lately(memories, hash, key);
	sqlite3_int64 row;
	int err = learn_waiting(memories);

	if (err < 0)
		return err;
	if (place) {
		*ret = place->value;
		return 0;
	}
	if (!filter_has(memories, hash))
		return -ENOENT;
	row = (sqlite3_int64)(uintptr_t)map_get(&memories->waiting, hash);
	err = row ? (sqlite3_bind_int64(memories->find_new, 4, row), look(memories, memories->find_new, key, ret)) : -ENOENT;
	if (err == -ENOENT)
		err = look(memories, memories->find, key, ret);
	if (err == 0)
		memories->lately[hash % LATELY] = (struct asked_lately){ hash, *key, *ret };
	return err;
}

/* ---- put */

static int write_row(struct memories *memories, sqlite3_stmt *how, const struct memory_key *key, const struct memory_value *value)
{
	int result = bind_key(how, key), err = 0;

	result |= sqlite3_bind_int64(how, 4, value->time_ns);
	result |= sqlite3_bind_int64(how, 5, value->until_ns ? value->until_ns : INT64_MAX);
	result |= sqlite3_bind_text(how, 6, value->text, -1, SQLITE_STATIC);
	if (result != SQLITE_OK)
		return -ENOMEM;
	if (sqlite3_step(how) != SQLITE_DONE)
		err = store_errno(memories->db);
	sqlite3_reset(how);
	return err;
}

/* Whatever waits already is not added a second time; where too many wait it goes where it belongs at once. */
static int write_value(struct memories *memories, uint64_t hash, const struct memory_key *key, const struct memory_value *value)
{
	sqlite3_int64 row = (sqlite3_int64)(uintptr_t)map_get(&memories->waiting, hash);
	int err;

	if (row) {
		sqlite3_bind_int64(memories->note_again, 7, row);
		err = write_row(memories, memories->note_again, key, value);
		if (err < 0 || sqlite3_changes(memories->db))
			return err;
	}
	if (memories->waiting.n >= 2 * MEMORIES_WAITING)
		return write_row(memories, memories->straight, key, value);
	err = write_row(memories, memories->note, key, value);
	if (err == 0)
		err = map_put(&memories->waiting, hash, (void *)(uintptr_t)sqlite3_last_insert_rowid(memories->db));
	return err;
}

int memories_put(struct memories *memories, const struct memory_key *key, const struct memory_value *value)
{
	uint64_t hash = hash_key(memories, key);
	struct asked_lately *place = lately(memories, hash, key);
	int err = learn_waiting(memories);

	if (err == 0)
		err = write_value(memories, hash, key, value);
	if (err < 0)
		return err;
	filter_add(memories, hash);
	if (place)
		place->value = *value;
	return 0;
}

void memories_rolled_back(struct memories *memories)
{
	memories->known = false;
	map_done(&memories->waiting);
	memset(memories->lately, 0, LATELY * sizeof(*memories->lately));
}

/* ---- keeping order */

/* Above the ceiling those go first that would go first anyway. */
static const char forget_too_many[] =
	"DELETE FROM memory WHERE (kind, provider, name) IN (SELECT kind, provider, name FROM memory ORDER BY until_ns"
	" LIMIT max(0, (SELECT count(*) FROM memory) - ?))";

static int forget(sqlite3 *db)
{
	sqlite3_stmt *statement;
	int err = store_prepare(db, forget_too_many, &statement);

	if (err < 0)
		return err;
	sqlite3_bind_int(statement, 1, LIMIT_MEMORIES);
	if (sqlite3_step(statement) != SQLITE_DONE)
		err = store_errno(db);
	sqlite3_finalize(statement);
	return err;
}

/*
 * Record ids are in the order of time: an answer whose call is older than the
 * oldest was forgotten with it while it waited.
 */
_Static_assert(MEMORY_ANSWER == 1, "what ledgers have");
static const char merge[] =
	"INSERT OR REPLACE INTO memory SELECT kind, provider, name, time_ns, until_ns, text FROM memory_new"
	" WHERE kind IS NOT 1 OR NOT json_valid(text)"
	" OR coalesce(json_extract(text, '$.record') >= (SELECT min(id) FROM calls), 1)"
	" ORDER BY kind, provider, name, row;"
	"DELETE FROM memory_new";

int memories_tend(struct memories *memories)
{
	int err;

	if (memories->waiting.n < MEMORIES_WAITING)
		return 0;
	err = store_exec(memories->db, "BEGIN IMMEDIATE");
	if (err == 0)
		err = store_exec(memories->db, merge);
	if (err == 0)
		err = forget(memories->db);
	if (err == 0)
		err = store_exec(memories->db, "COMMIT");
	if (err < 0 && !sqlite3_get_autocommit(memories->db))
		sqlite3_exec(memories->db, "ROLLBACK", NULL, NULL, NULL);
	/* what was forgotten must not be known from the time before */
	memories_rolled_back(memories);
	return err;
}
