/* SPDX-License-Identifier: Apache-2.0 */
#include "book/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "book/schema.h"

#define BUSY_MS 1000
#define PATH_CEILING 4096

int store_errno(sqlite3 *db)
{
	int system = sqlite3_system_errno(db);

	switch (sqlite3_errcode(db) & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE: return 0;
	case SQLITE_FULL: return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return -EBUSY;
	case SQLITE_NOMEM: return -ENOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return -EBADMSG;
	case SQLITE_READONLY: return -EROFS;
	case SQLITE_PERM:
	case SQLITE_AUTH: return -EACCES;
	case SQLITE_CANTOPEN: return system ? -system : -ENOENT;
	case SQLITE_IOERR: return system ? -system : -EIO;
	default: return -EIO;
	}
}

int store_why(sqlite3 *db, const char *path, const char *verbed, char ret_why[static STORE_WHY])
{
	int err = store_errno(db);

	if (err == -EBADMSG)
		snprintf(ret_why, STORE_WHY, "'%.300s' is not a ledger of aitap, or it is damaged: %s", path, sqlite3_errmsg(db));
	else if (err == -EBUSY)
		snprintf(ret_why, STORE_WHY, "'%.300s' cannot be %s: another program holds it locked", path, verbed);
	else
		snprintf(ret_why, STORE_WHY, "'%.300s' cannot be %s: %s", path, verbed, strerror(-err));
	return err;
}

int store_exec(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : store_errno(db);
}

int store_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret)
{
	return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) == SQLITE_OK ? 0 : store_errno(db);
}

int store_number(sqlite3 *db, const char *sql, sqlite3_int64 *ret)
{
	sqlite3_stmt *statement;
	int err = store_prepare(db, sql, &statement);

	if (err < 0)
		return err;
	if (sqlite3_step(statement) == SQLITE_ROW)
		*ret = sqlite3_column_int64(statement, 0);
	else
		err = store_errno(db) ? store_errno(db) : -ENODATA;
	sqlite3_finalize(statement);
	return err;
}

/* ---- opening */

/* Made by ourselves so that it begins with these rights: who may see what teams spend is the administrator's choice. */
static int make_file(const char *path)
{
	struct stat st;
	int fd;

	if (stat(path, &st) == 0)
		return S_ISREG(st.st_mode) ? 0 : S_ISDIR(st.st_mode) ? -EISDIR : -EBADMSG;
	if (errno != ENOENT)
		return -errno;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	close(fd);
	return 0;
}

/* A relative name must not be taken for one of SQLite's own, such as :memory: or file:. */
static int plain_name(const char *path, char ret[static PATH_CEILING])
{
	int n = snprintf(ret, PATH_CEILING, "%s%s", path[0] == '/' ? "" : "./", path);

	return n < 0 || n >= PATH_CEILING ? -ENAMETOOLONG : 0;
}

static int open_file(const char *name, int flags, sqlite3 **ret)
{
	sqlite3 *db = NULL;
	int err;

	sqlite3_initialize();
	if (sqlite3_open_v2(name, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK) {
		err = db ? store_errno(db) : -ENOMEM;
		sqlite3_close(db);
		return err;
	}
	/* the file may come from anywhere: nothing of what it brings along runs */
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_busy_timeout(db, BUSY_MS);
	*ret = db;
	return 0;
}

/*
 * Who may not write beside a ledger that no one has open finds no shared memory
 * to read it with; as there is no log then either, the file alone is the whole.
 */
static int open_quiet(const char *name, sqlite3 **ret)
{
	char text[2 * PATH_CEILING];
	struct buf uri = BUF(3 * PATH_CEILING + 64);
	int err;

	snprintf(text, sizeof(text), "%s-wal", name);
	if (access(text, F_OK) == 0)
		return -EACCES;
	buf_puts(&uri, "file:");
	for (const char *p = name; *p; p++)
		if (strchr("%?#", *p))
			buf_printf(&uri, "%%%02x", (unsigned char)*p);
		else
			buf_char(&uri, *p);
	buf_puts(&uri, "?immutable=1");
	err = uri.error ? uri.error : open_file(buf_cstr(&uri), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, ret);
	buf_done(&uri);
	return err;
}

static int open_to_read(const char *name, sqlite3 **ret)
{
	sqlite3_int64 n;
	int err = open_file(name, SQLITE_OPEN_READONLY, ret);

	if (err < 0)
		return err;
	if (store_number(*ret, "SELECT count(*) FROM sqlite_master", &n) == 0 ||
	    (sqlite3_errcode(*ret) != SQLITE_CANTOPEN && (sqlite3_errcode(*ret) & 0xff) != SQLITE_READONLY))
		return 0;
	sqlite3_close(*ret);
	return open_quiet(name, ret);
}

int store_open(const char *path, enum store_mode mode, sqlite3 **ret, char ret_why[static STORE_WHY])
{
	char name[PATH_CEILING];
	struct stat st;
	int err = plain_name(path, name);

	if (err == 0 && mode == STORE_WRITE)
		err = make_file(name);
	else if (err == 0 && stat(name, &st) < 0)
		err = -errno;
	if (err == 0)
		err = mode == STORE_WRITE ? open_file(name, SQLITE_OPEN_READWRITE, ret) : open_to_read(name, ret);
	if (err == -EBADMSG)
		snprintf(ret_why, STORE_WHY, "'%.300s' is not a ledger of aitap: not a file", path);
	else if (err < 0)
		snprintf(ret_why, STORE_WHY, "'%.300s' cannot be opened: %s", path, strerror(-err));
	return err;
}

void store_close(sqlite3 *db)
{
	sqlite3_close(db);
}

/* ---- is it a ledger? */

static int check(sqlite3 *db, const char *path, char ret_why[static STORE_WHY], sqlite3_int64 *ret_version)
{
	sqlite3_int64 application = 0, version = 0, things = 0;

	if (store_number(db, "SELECT count(*) FROM sqlite_master", &things) < 0 ||
	    store_number(db, "PRAGMA application_id", &application) < 0 ||
	    store_number(db, "PRAGMA user_version", &version) < 0)
		return store_why(db, path, "read", ret_why);
	*ret_version = 0;
	if (things == 0 && application == 0)
		return 0;
	if (application != STORE_APPLICATION) {
		snprintf(ret_why, STORE_WHY, "'%.300s' is not a ledger of aitap: it is a database of something else", path);
		return -EBADMSG;
	}
	if (version > STORE_VERSION) {
		snprintf(ret_why, STORE_WHY, "'%.300s' has schema version %lld, and this aitap knows %d: use the one that wrote it, or a newer one",
			 path, version, STORE_VERSION);
		return -EPROTO;
	}
	*ret_version = version > 0 ? version : 1;
	return 0;
}

static int settle(sqlite3 *db)
{
	sqlite3_stmt *statement;
	int err = store_prepare(db, "PRAGMA journal_mode=WAL", &statement);

	if (err < 0)
		return err;
	if (sqlite3_step(statement) != SQLITE_ROW)
		err = store_errno(db);
	else if (strcmp((const char *)sqlite3_column_text(statement, 0), "wal") != 0)
		err = -EROFS;
	sqlite3_finalize(statement);
	/* a commit is in the log when it returns; the disk has it at the next checkpoint */
	return err < 0 ? err : store_exec(db, "PRAGMA synchronous=NORMAL;PRAGMA wal_autocheckpoint=4000;"
					      "PRAGMA journal_size_limit=67108864;PRAGMA cache_size=-16384");
}

static int ready_to_read(sqlite3 *db, const char *path, sqlite3_int64 version, char ret_why[static STORE_WHY])
{
	if (version == 0) {
		snprintf(ret_why, STORE_WHY, "'%.300s' is empty: nothing was ever written to it", path);
		return -ENODATA;
	}
	return version < STORE_VERSION && schema_feign(db) < 0 ? store_why(db, path, "read", ret_why) : 0;
}

int store_ready(sqlite3 *db, const char *path, enum store_mode mode, char ret_why[static STORE_WHY])
{
	sqlite3_int64 version = 0;
	int err = check(db, path, ret_why, &version);

	if (err < 0 || mode == STORE_READ)
		return err < 0 ? err : ready_to_read(db, path, version, ret_why);
	if (version == 0)
		err = store_exec(db, "PRAGMA page_size=8192");
	if (err == 0)
		err = settle(db);
	if (err == 0 && version < STORE_VERSION)
		err = schema_make(db);
	if (err < 0 && store_errno(db) == 0)
		snprintf(ret_why, STORE_WHY, "'%.300s' cannot be prepared for writing: %s", path, strerror(-err));
	else if (err < 0)
		store_why(db, path, "prepared for writing", ret_why);
	return err;
}
