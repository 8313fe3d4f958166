/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the files config_*.c read a tree: each section is a table of fields, and
 * whatever does not fit becomes a problem at its place. Nobody else includes
 * this.
 */
#ifndef AITAP_RUN_CONFIG_INSIDE_H
#define AITAP_RUN_CONFIG_INSIDE_H

#include "run/config_yaml.h"
#include "who/attribution.h"

struct reading {
	struct problems *problems;
	struct config *config;
	uint32_t flags;			/* enum config_flag */
	int error;			/* the first that is not the file's fault, negative errno */
	bool attributed;		/* the section was read */
	const struct node *gateways;	/* for later: they name providers */
	bool remote;			/* a sink sends records to others */
	char secret[256];		/* privacy.secret_file */
	char secret_env[64];
	const struct node *secret_at;
	const char *inner;		/* a file that is read for the node outer */
	const struct node *outer;
};

void problem(struct reading *, enum problem_weight, const struct node *, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
#define refuse(r, node, ...) problem(r, PROBLEM_ERROR, node, __VA_ARGS__)
#define unbuilt(r, node, ...) problem(r, PROBLEM_UNBUILT, node, __VA_ARGS__)
/* Remembers a failure that is not the file's fault; true where it is one. */
bool reading_failed(struct reading *, int error);
#define TEXT(s) (int)((s).n < 80 ? (s).n : 80), (s).p	/* for %.*s */

struct field {
	const char *key;
	void (*read)(struct reading *, const struct node *, void *to, const struct field *);
	size_t at, size;		/* of what is filled, within the struct */
	uint64_t min, max;		/* of a number */
	const char *const *names;	/* that stand for 0, 1, 2..., NULL-terminated */
	bool required;
};

/* Reads a mapping by a table that ends with a key NULL. */
void read_map(struct reading *, const struct node *, const struct field *, void *into);

#define FIELD_AT(type, member) .at = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define NODE_AT(type, member) .at = offsetof(type, member)	/* for read_node */

/* Readers for the table; each fills what it is named after, and nothing where the value does not fit. */
void read_text(struct reading *, const struct node *, void *to, const struct field *);	/* char[] */
void read_file(struct reading *, const struct node *, void *to, const struct field *);	/* char[]; beside the configuration */
void read_bool(struct reading *, const struct node *, void *to, const struct field *);
void read_u32(struct reading *, const struct node *, void *to, const struct field *);
void read_bytes(struct reading *, const struct node *, void *to, const struct field *);	/* uint64_t: 192Mi */
void read_name(struct reading *, const struct node *, void *to, const struct field *);	/* uint8_t: one of names */
void read_date(struct reading *, const struct node *, void *to, const struct field *);	/* int64_t */
void read_node(struct reading *, const struct node *, void *to, const struct field *);	/* const struct node *: later */

bool node_is_text(struct reading *, const struct node *);	/* each says what is wrong where it is not */
bool node_is_list(struct reading *, const struct node *);
bool node_is_map(struct reading *, const struct node *);
bool node_is_empty(const struct node *);			/* nothing written, ~ or null */
/* A list's first item, or the text itself: where one value or several may stand. NULL: said already. */
const struct node *node_items(struct reading *, const struct node *);
#define ITEMS(item, list) for (const struct node *item = (list); item; item = item->next)

/* A path as written, below the configuration's folder where it is relative. */
bool path_of(struct reading *, const struct node *, char *ret, size_t size);
/* Is the file there? With CONFIG_LINT only a warning where it is not. */
bool file_there(struct reading *, const struct node *, const char *path);
void file_used(struct reading *, const char *path);		/* for config.files */

/* Sections; each stands in the file named after it. */
void read_capture(struct reading *, const struct node *, void *to, const struct field *);
void read_limits(struct reading *, const struct node *, void *to, const struct field *);
void read_attribution(struct reading *, const struct node *, void *to, const struct field *);	/* node NULL: the defaults */
void read_teams(struct reading *, const struct node *);
void read_people(struct reading *, const struct node *);
void read_budgets(struct reading *, const struct node *);
/* The canonical id of a team as the configuration writes it; false: said already. */
bool read_team_id(struct reading *, const struct node *, char ret[static 65]);
bool read_match(struct reading *, const struct node *, struct match *ret);
void read_providers(struct reading *, const struct node *, void *to, const struct field *);
void read_gateways(struct reading *, const struct node *);	/* after the providers */
void read_approved(struct reading *, const struct node *, void *to, const struct field *);
void read_prices(struct reading *, const struct node *, void *to, const struct field *);
void read_privacy(struct reading *, const struct node *, void *to, const struct field *);
void read_ledger(struct reading *, const struct node *, void *to, const struct field *);
void read_metrics(struct reading *, const struct node *, void *to, const struct field *);
void read_sinks(struct reading *, const struct node *, void *to, const struct field *);
/* With CONFIG_SECRET: from the file named, else this host's own, made at its first use. */
void secret_take(struct reading *, const struct config *previous);
/* With CONFIG_LINT: rules that no call ever reaches. at: the rules' nodes, by index. */
void lint_rules(struct reading *, const struct node *const *at);

const char *config_state(void);	/* the folder of the ledger and the host's secret */

#endif
