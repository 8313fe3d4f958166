/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch is a transaction: begun by its first put(), committed by flush(). What
 * fails in between takes the whole batch with it, since SQLite may have rolled
 * it back already; the batch then waits, broken, for the flush() that tells.
 *
 * The writer's lock is a file of its own: SQLite's locks come and go with every
 * transaction, and closing any other descriptor of the database would drop a
 * POSIX lock on it.
 */
#include "book/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "book/column.h"
#include "book/keep.h"
#include "book/memory.h"

struct ledger {
	struct sink sink;		/* first: it is one */
	struct memory memory;
	sqlite3 *db;
	int lock;
	sqlite3_stmt *begin, *commit, *call, *line, *label;
	bool begun;
	int broken;			/* why this batch is lost; 0: it is not */
	uint64_t came;			/* records of this batch */
	struct buf scratch;
	uint32_t n_labels;		/* names that are known to stand in label_names */
	char labels[LIMIT_LABELS][64];
	struct memories memories;
	struct keep keep;
};

/* ---- lock */

static void name_holder(int fd, const char *path, char ret_why[static STORE_WHY])
{
	char pid[24] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	if (n > 0)
		pid[strcspn(pid, "\n")] = 0;
	snprintf(ret_why, STORE_WHY, "'%.300s' is being written by another aitap%s%s: stop that one, or name another file with --ledger",
		 path, pid[0] ? ", process " : "", pid);
}

/* By the name that SQLite uses, links followed, so that two names of one file are one lock. */
static int take_lock(sqlite3 *db, const char *path, int *ret, char ret_why[static STORE_WHY])
{
	char name[4096 + 8], pid[24];
	int fd, n;

	snprintf(name, sizeof(name), "%s-lock", sqlite3_db_filename(db, "main"));
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0) {
		n = -errno;
		snprintf(ret_why, STORE_WHY, "'%.300s-lock' cannot be opened: %s", path, strerror(-n));
		return n;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		name_holder(fd, path, ret_why);
		close(fd);
		return -EBUSY;
	}
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	/* a full disk must not keep us from anything: then the lock has no name in it */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) != n)
		(void)!ftruncate(fd, 0);
	*ret = fd;
	return 0;
}

/* ---- a batch */

static int step(struct ledger *ledger, sqlite3_stmt *statement)
{
	int err = sqlite3_step(statement) == SQLITE_DONE ? 0 : store_errno(ledger->db);

	sqlite3_reset(statement);
	return err;
}

static int put_lines(struct ledger *ledger, const struct record *record)
{
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < record->cost.n_lines && i < RECORD_LINES; i++) {
		if (columns_bind_line(ledger->line, record, i) != SQLITE_OK)
			return -ENOMEM;
		err = step(ledger, ledger->line);
	}
	return err;
}

static int know_label(struct ledger *ledger, const char *name)
{
	int err;

	for (uint32_t i = 0; i < ledger->n_labels; i++)
		if (!strcmp(ledger->labels[i], name))
			return 0;
	if (sqlite3_bind_text(ledger->label, 1, name, -1, SQLITE_STATIC) != SQLITE_OK)
		return -ENOMEM;
	err = step(ledger, ledger->label);
	if (err == 0 && ledger->n_labels < LIMIT_LABELS) {
		STR_COPY(ledger->labels[ledger->n_labels], str_of(name));
		ledger->n_labels++;
	}
	return err;
}

static int put_record(struct ledger *ledger, const struct record *record)
{
	int err;

	if (columns_bind(ledger->call, record, &ledger->scratch) != SQLITE_OK)
		return -ENOMEM;
	err = step(ledger, ledger->call);
	if (err < 0 || !sqlite3_changes(ledger->db))
		return err;
	err = put_lines(ledger, record);
	for (uint32_t i = 0; err == 0 && i < record->n_labels && i < LIMIT_LABELS; i++)
		err = know_label(ledger, record->labels[i].name);
	return err;
}

static void begin(struct ledger *ledger)
{
	if (ledger->begun || ledger->broken)
		return;
	ledger->broken = step(ledger, ledger->begin);
	ledger->begun = !ledger->broken;
}

static int put(struct sink *sink, const struct record *record)
{
	struct ledger *ledger = (struct ledger *)sink;

	ledger->came++;
	begin(ledger);
	if (!ledger->broken)
		ledger->broken = put_record(ledger, record);
	return 0;
}

/* SQLite goes on writing to a file that has lost its name; nobody would ever read it. */
static int still_there(struct ledger *ledger)
{
	int moved = 0;

	return sqlite3_file_control(ledger->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved ? -ESTALE : 0;
}

static void forget_batch(struct ledger *ledger)
{
	if (!sqlite3_get_autocommit(ledger->db))
		sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
	ledger->n_labels = 0;	/* the names may have gone with it */
	memories_rolled_back(&ledger->memories);
}

static int flush(struct sink *sink)
{
	struct ledger *ledger = (struct ledger *)sink;
	uint64_t came = ledger->came;
	int err = ledger->broken;

	if (!ledger->begun && !err)
		return 0;
	if (!err)
		err = still_there(ledger);
	if (!err)
		err = step(ledger, ledger->commit);
	if (err)
		forget_batch(ledger);
	ledger->begun = false;
	ledger->broken = 0;
	ledger->came = 0;
	/* what cannot be done now can be later; the batch is safe already */
	memories_tend(&ledger->memories, clock_anchor().wall_ns);
	keep_tend(&ledger->keep, came);
	return err;
}

/* ---- memory */

static struct ledger *ledger_of(struct memory *memory)
{
	return (struct ledger *)((char *)memory - offsetof(struct ledger, memory));
}

static int get_memory(struct memory *memory, const struct memory_key *key, struct memory_value *ret)
{
	return memories_get(&ledger_of(memory)->memories, key, ret);
}

static int put_memory(struct memory *memory, const struct memory_key *key, const struct memory_value *value)
{
	struct ledger *ledger = ledger_of(memory);

	begin(ledger);
	if (!ledger->broken)
		ledger->broken = memories_put(&ledger->memories, key, value);
	return ledger->broken;
}

static const struct memory_ops memory_ledger = { "ledger", get_memory, put_memory };

struct memory *ledger_memory(struct sink *sink)
{
	return &((struct ledger *)sink)->memory;
}

/* ---- opening and closing */

static struct sink *close_ledger(struct sink *sink)
{
	struct ledger *ledger = (struct ledger *)sink;

	if (!ledger)
		return NULL;
	if (ledger->db && (ledger->begun || ledger->broken))
		flush(sink);
	sqlite3_finalize(ledger->begin);
	sqlite3_finalize(ledger->commit);
	sqlite3_finalize(ledger->call);
	sqlite3_finalize(ledger->line);
	sqlite3_finalize(ledger->label);
	memories_close(&ledger->memories);
	keep_close(&ledger->keep);
	store_close(ledger->db);
	/* the lock file stays: to remove it would let two hold locks on two files of that name */
	if (ledger->lock >= 0)
		close(ledger->lock);
	buf_done(&ledger->scratch);
	mem_free(ledger);
	return NULL;
}

static void ledger_closep(struct ledger **ledger)
{
	close_ledger((struct sink *)*ledger);
}

static int prepare_made(sqlite3 *db, void (*make)(struct buf *), sqlite3_stmt **ret)
{
	struct buf sql = BUF(KIB(16));
	int err;

	make(&sql);
	err = sql.error ? sql.error : store_prepare(db, buf_cstr(&sql), ret);
	buf_done(&sql);
	return err;
}

static int prepare(struct ledger *ledger)
{
	sqlite3 *db = ledger->db;
	int err = store_prepare(db, "BEGIN IMMEDIATE", &ledger->begin);

	if (err == 0)
		err = store_prepare(db, "COMMIT", &ledger->commit);
	if (err == 0)
		err = prepare_made(db, columns_insert, &ledger->call);
	if (err == 0)
		err = prepare_made(db, columns_insert_line, &ledger->line);
	if (err == 0)
		err = store_prepare(db, "INSERT OR IGNORE INTO label_names VALUES(?)", &ledger->label);
	if (err == 0)
		err = memories_open(&ledger->memories, db);
	if (err == 0)
		err = keep_open(&ledger->keep, db);
	return err;
}

int ledger_open(const struct ledger_config *config, struct sink **ret, char ret_why[static STORE_WHY])
{
	_cleanup_(ledger_closep) struct ledger *ledger = mem_new(sizeof(*ledger));
	int err;

	if (!ledger) {
		snprintf(ret_why, STORE_WHY, "'%.300s' cannot be opened: %s", config->path, strerror(ENOMEM));
		return -ENOMEM;
	}
	ledger->sink.ops = &sink_ledger;
	ledger->memory.ops = &memory_ledger;
	ledger->lock = -1;
	ledger->scratch = BUF(KIB(64));
	ledger->keep = (struct keep){ .days = config->keep_days, .bytes = config->max_bytes };
	err = store_open(config->path, STORE_WRITE, &ledger->db, ret_why);
	if (err == 0)
		err = take_lock(ledger->db, config->path, &ledger->lock, ret_why);
	if (err == 0)
		err = store_ready(ledger->db, config->path, STORE_WRITE, ret_why);
	if (err == 0 && (err = prepare(ledger)) < 0)
		store_why(ledger->db, config->path, "prepared for writing", ret_why);
	if (err < 0)
		return err;
	*ret = &TAKE_PTR(ledger)->sink;
	return 0;
}

static int open_sink(const struct sink_config *config, struct sink **ret)
{
	char why[STORE_WHY];

	return ledger_open(&(struct ledger_config){ .path = config->path }, ret, why);
}

const struct sink_ops sink_ledger = { "ledger", open_sink, put, flush, close_ledger };
