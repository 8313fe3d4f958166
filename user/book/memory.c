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
#define EVERY_TURNS 16u		/* flushes between two looks for what has ended */
#define WINDOW 1024		/* rows of such a look, and one more for each new name */

/* What was found by a question: the few that every call asks for, such as what its model's alias stands for. */
struct asked_lately {
	uint64_t hash;		/* 0: free */
	struct memory_key key;
	struct memory_value value;
};

void memories_schema(struct buf *sql, const char *where)
{
	buf_printf(sql, "CREATE TABLE IF NOT EXISTS %s.memory(kind INTEGER NOT NULL, provider TEXT NOT NULL, name TEXT NOT NULL,"
		   " time_ns INTEGER NOT NULL, until_ns INTEGER NOT NULL, text TEXT NOT NULL,"
		   " PRIMARY KEY(kind, provider, name)) WITHOUT ROWID;", where);
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
		memories->rows[sqlite3_column_int(statement, 0) % MEMORY_KINDS]++;
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
	memories->waiting = (struct map)MAP((size_t)64 * MEMORIES_WAITING);
	err = read_names(memories, "SELECT kind, provider, name, row FROM memory_new");
	memories->known = err == 0;
	return err;
}

#define AFTER_FROM "(kind, provider, name) > (?1, ?2, ?3)"
#define UP_TO "(kind, provider, name) <= (?4, ?5, ?6)"

static int prepare_forgetting(struct memories *memories)
{
	sqlite3 *db = memories->db;
	int err = store_prepare(db, "SELECT provider, name FROM memory WHERE kind = ?1 AND (provider, name) > (?2, ?3)"
				    " ORDER BY provider, name LIMIT 1 OFFSET ?4", &memories->window);

	if (err == 0)
		err = store_prepare(db, "DELETE FROM memory WHERE " AFTER_FROM " AND " UP_TO " AND until_ns < ?7", &memories->forget_ended);
	if (err == 0)
		err = store_prepare(db, "DELETE FROM memory WHERE (kind, provider, name) IN (SELECT kind, provider, name FROM memory"
					" WHERE " AFTER_FROM " AND " UP_TO " ORDER BY until_ns LIMIT ?7)", &memories->forget_some);
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
	return err < 0 ? err : prepare_forgetting(memories);
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
	sqlite3_finalize(memories->window);
	sqlite3_finalize(memories->forget_ended);
	sqlite3_finalize(memories->forget_some);
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
	if (memories->waiting.n / 2 >= MEMORIES_WAITING)
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
	if (!filter_has(memories, hash)) {
		filter_add(memories, hash);
		memories->came++;
		memories->rows[key->kind % MEMORY_KINDS]++;
	}
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

/* An answer whose call is older than the oldest was forgotten with that call while it waited. */
_Static_assert(MEMORY_ANSWER == 1, "what ledgers have");
static const char merge[] =
	"BEGIN IMMEDIATE;"
	"INSERT OR REPLACE INTO memory SELECT kind, provider, name, time_ns, until_ns, text FROM memory_new"
	" WHERE kind IS NOT 1 OR coalesce(time_ns >= (SELECT min(time_ns) FROM calls), 1) ORDER BY kind, provider, name;"
	"DELETE FROM memory_new;"
	"COMMIT";

/* The last of so many rows of this kind; past them all where it has fewer. */
static int window_end(struct memories *memories, uint64_t rows, struct memory_key *ret)
{
	sqlite3_stmt *window = memories->window;
	int err = bind_key(window, &memories->at);

	sqlite3_bind_int64(window, 4, (sqlite3_int64)rows - 1);
	*ret = (struct memory_key){ .kind = (uint8_t)(memories->at.kind + 1) };
	if (err == 0 && sqlite3_step(window) == SQLITE_ROW) {
		ret->kind = memories->at.kind;
		STR_COPY(ret->provider, str_of(text_at(window, 0)));
		STR_COPY(ret->name, str_of(text_at(window, 1)));
	} else if (err == 0) {
		err = store_errno(memories->db);
	}
	sqlite3_reset(window);
	return err;
}

static int forget(struct memories *memories, sqlite3_stmt *how, const struct memory_key *to, int64_t number)
{
	int err = bind_key(how, &memories->at);
	uint64_t *rows = &memories->rows[memories->at.kind % MEMORY_KINDS], gone;

	sqlite3_bind_int(how, 4, to->kind);
	sqlite3_bind_text(how, 5, to->provider, -1, SQLITE_STATIC);
	sqlite3_bind_text(how, 6, to->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(how, 7, number);
	if (err == 0 && sqlite3_step(how) != SQLITE_DONE)
		err = store_errno(memories->db);
	sqlite3_reset(how);
	gone = err == 0 ? (uint64_t)sqlite3_changes(memories->db) : 0;
	*rows -= gone < *rows ? gone : *rows;
	return err;
}

static bool too_many(const struct memories *memories, uint8_t kind)
{
	return memories->rows[kind % MEMORY_KINDS] > (kind == MEMORY_ANSWER ? LIMIT_ANSWERS : LIMIT_MEMORIES);
}

/*
 * Looks at some rows more, in the order of their names. As that is no order of
 * time, those of a kind of which there are too many are a fair sample of it: the
 * eighth that would end first goes at once.
 */
static int forget_some(struct memories *memories, int64_t now_ns)
{
	bool many = too_many(memories, memories->at.kind);
	uint64_t rows = WINDOW + (many ? 16 : 1) * memories->came;
	struct memory_key to;
	int err = window_end(memories, rows, &to);

	if (err == 0)
		err = forget(memories, memories->forget_ended, &to, now_ns);
	if (err == 0 && many)
		err = forget(memories, memories->forget_some, &to, (int64_t)rows / 8);
	if (err < 0)
		return err;
	memories->came = 0;
	memories->at = to.kind < MEMORY_KINDS ? to : (struct memory_key){ 0 };
	return 0;
}

static int in_transaction(struct memories *memories, int64_t now_ns)
{
	int err = store_exec(memories->db, "BEGIN IMMEDIATE");

	if (err == 0)
		err = forget_some(memories, now_ns);
	return err < 0 ? err : store_exec(memories->db, "COMMIT");
}

int memories_tend(struct memories *memories, int64_t now_ns)
{
	bool full = memories->waiting.n >= MEMORIES_WAITING;
	int err = 0;

	if (full)
		err = store_exec(memories->db, merge);
	else if (memories->turns++ % EVERY_TURNS == 0)
		err = in_transaction(memories, now_ns);
	if (err < 0 && !sqlite3_get_autocommit(memories->db))
		sqlite3_exec(memories->db, "ROLLBACK", NULL, NULL, NULL);
	/* what waited is no longer where it was */
	if (full)
		memories_rolled_back(memories);
	return err;
}
