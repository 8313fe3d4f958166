/* SPDX-License-Identifier: Apache-2.0 */
#include "book/keep.h"

#include <errno.h>
#include <stdbool.h>
#include <time.h>

#include "book/store.h"

#define EVERY_TURNS 16u		/* while nothing is due */
#define A_FEW 64
#define DAY_NS 86400000000000ll

int keep_open(struct keep *keep, sqlite3 *db)
{
	int err = 0;

	keep->db = db;
	if (!keep->days && !keep->bytes)
		return 0;
	err = store_prepare(db, "SELECT id, time_ns FROM calls ORDER BY time_ns LIMIT 1", &keep->oldest);
	if (err == 0)
		err = store_prepare(db, "DELETE FROM lines WHERE id = ?", &keep->forget_lines);
	if (err == 0)
		err = store_prepare(db, "DELETE FROM memory WHERE (kind, provider, name) ="
					" (SELECT 1, provider, response_id FROM calls WHERE id = ?1) AND instr(text, ?1) > 0", &keep->forget_answer);
	if (err == 0)
		err = store_prepare(db, "DELETE FROM calls WHERE id = ?", &keep->forget_call);
	if (err == 0)
		err = store_prepare(db, "SELECT (page_count - freelist_count) * page_size"
					" FROM pragma_page_count, pragma_freelist_count, pragma_page_size", &keep->pages);
	return err;
}

void keep_close(struct keep *keep)
{
	sqlite3_finalize(keep->oldest);
	sqlite3_finalize(keep->forget_lines);
	sqlite3_finalize(keep->forget_answer);
	sqlite3_finalize(keep->forget_call);
	sqlite3_finalize(keep->pages);
}

static bool too_big(struct keep *keep)
{
	bool big = keep->bytes && sqlite3_step(keep->pages) == SQLITE_ROW &&
		   (uint64_t)sqlite3_column_int64(keep->pages, 0) > keep->bytes;

	sqlite3_reset(keep->pages);
	return big;
}

static int64_t horizon(const struct keep *keep)
{
	struct timespec now;

	if (!keep->days)
		return INT64_MIN;
	clock_gettime(CLOCK_REALTIME, &now);
	return ((int64_t)now.tv_sec * 1000000000 + now.tv_nsec) - keep->days * DAY_NS;
}

static int forget(struct keep *keep, sqlite3_stmt *how, sqlite3_value *id)
{
	int err = 0;

	if (sqlite3_bind_value(how, 1, id) != SQLITE_OK || sqlite3_step(how) != SQLITE_DONE)
		err = store_errno(keep->db);
	sqlite3_reset(how);
	return err;
}

/* Forgets the oldest call, if it is due; 1: it was. */
static int forget_oldest(struct keep *keep, int64_t before_ns, bool big)
{
	sqlite3_value *id;
	bool due;
	int err = 0;

	if (sqlite3_step(keep->oldest) != SQLITE_ROW) {
		sqlite3_reset(keep->oldest);
		return 0;
	}
	due = big || sqlite3_column_int64(keep->oldest, 1) < before_ns;
	id = due ? sqlite3_value_dup(sqlite3_column_value(keep->oldest, 0)) : NULL;
	sqlite3_reset(keep->oldest);
	if (!due)
		return 0;
	if (!id)
		return -ENOMEM;
	err = forget(keep, keep->forget_lines, id);
	if (err == 0)
		err = forget(keep, keep->forget_answer, id);
	if (err == 0)
		err = forget(keep, keep->forget_call, id);
	sqlite3_value_free(id);
	return err < 0 ? err : 1;
}

int keep_tend(struct keep *keep, uint64_t came)
{
	int64_t before_ns = horizon(keep);
	uint64_t n = 0;
	bool big = false;
	int err;

	if ((!keep->days && !keep->bytes) || keep->turns++ % EVERY_TURNS != 0)
		return 0;
	err = store_exec(keep->db, "BEGIN IMMEDIATE");
	if (err < 0)
		return err;
	do {
		if (n % 8 == 0)
			big = too_big(keep);
		err = forget_oldest(keep, before_ns, big);
	} while (err > 0 && ++n < 2 * came * EVERY_TURNS + A_FEW);
	if (n)
		keep->turns = 0;	/* there may be more: look again next time */
	if (err < 0 || (err = store_exec(keep->db, "COMMIT")) < 0)
		sqlite3_exec(keep->db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}
