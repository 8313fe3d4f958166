/* SPDX-License-Identifier: Apache-2.0 */
#include "book/answer.h"

#include <errno.h>

#include "base/str.h"
#include "book/store.h"

int answers_open(struct answers *answers, sqlite3 *db)
{
	sqlite3_int64 waiting = 0;
	int err = store_number(db, "SELECT count(*) FROM answers_new", &waiting);

	answers->db = db;
	answers->waiting = (uint64_t)waiting;
	if (err == 0)
		err = store_prepare(db, "INSERT INTO answers_new VALUES(?, ?, ?)", &answers->note);
	if (err == 0)
		err = store_prepare(db, "SELECT id FROM answers WHERE provider = ?1 AND response_id = ?2 UNION ALL"
					" SELECT id FROM answers_new WHERE provider = ?1 AND response_id = ?2", &answers->find);
	return err;
}

void answers_close(struct answers *answers)
{
	sqlite3_finalize(answers->note);
	sqlite3_finalize(answers->find);
}

int answers_note(struct answers *answers, const struct record *record)
{
	const struct call *call = record->call;
	int err = 0;

	if (!record->spend || !call->response_id[0] || (call->usage_source == USAGE_NONE && !call->n_units))
		return 0;
	if (sqlite3_bind_text(answers->note, 1, call->provider, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_bind_text(answers->note, 2, call->response_id, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_bind_text(answers->note, 3, record->id, -1, SQLITE_STATIC) != SQLITE_OK)
		return -ENOMEM;
	if (sqlite3_step(answers->note) != SQLITE_DONE)
		err = store_errno(answers->db);
	sqlite3_reset(answers->note);
	answers->waiting += err == 0;
	return err;
}

int answers_find(struct answers *answers, const char *provider, const char *response_id, char ret_id[RECORD_ID_MAX])
{
	sqlite3_stmt *find = answers->find;
	int err = -ENOMEM;

	if (sqlite3_bind_text(find, 1, provider, -1, SQLITE_STATIC) == SQLITE_OK &&
	    sqlite3_bind_text(find, 2, response_id, -1, SQLITE_STATIC) == SQLITE_OK) {
		if (sqlite3_step(find) == SQLITE_ROW) {
			str_copy(ret_id, RECORD_ID_MAX, str_of((const char *)sqlite3_column_text(find, 0)));
			err = 0;
		} else {
			err = store_errno(answers->db) ? store_errno(answers->db) : -ENOENT;
		}
	}
	sqlite3_reset(find);
	return err;
}

/* Ids are in the order of time: what is below the oldest call's was forgotten while it waited. */
int answers_tend(struct answers *answers)
{
	int err;

	if (answers->waiting < ANSWERS_WAITING)
		return 0;
	err = store_exec(answers->db, "BEGIN IMMEDIATE;"
				      "INSERT OR IGNORE INTO answers SELECT provider, response_id, id FROM answers_new"
				      " WHERE id >= (SELECT min(id) FROM calls) ORDER BY provider, response_id, id;"
				      "DELETE FROM answers_new;"
				      "COMMIT");
	if (err == 0)
		answers->waiting = 0;
	else if (!sqlite3_get_autocommit(answers->db))
		sqlite3_exec(answers->db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}
