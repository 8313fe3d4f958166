/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "bpf/event.h"
#include "run/config.h"
#include "tests/lib/unit.h"
#include "who/attribution.h"

static char folder[] = "/tmp/aitap-test-config-XXXXXX";

static void parse(const char *yaml, uint32_t flags, const char *expected)
{
	struct problems problems;
	struct config *config = NULL;
	struct buf text = BUF(MIB(1));
	int r = config_parse("f", str_of(yaml), flags, NULL, &config, &problems);

	assert_int_equal(problems_text(&problems, &text), 0);
	assert_string_equal(buf_cstr(&text), expected);
	assert_int_equal(r, problems.count[PROBLEM_ERROR] ? -EINVAL : 0);
	assert_true((r == 0) == (config != NULL));
	buf_done(&text);
	problems_done(&problems);
	config_free(config);
}

static struct config *good(const char *yaml, const struct config *previous)
{
	struct problems problems;
	struct config *config = NULL;

	assert_int_equal(config_parse("f", str_of(yaml), 0, previous, &config, &problems), 0);
	assert_int_equal(problems.n, 0);
	problems_done(&problems);
	return config;
}

/* Each text with all that is wrong with it, and where. */
static const struct {
	const char *yaml, *problems;
} wrong[] = {
	{ "", "" },
	{ "# nothing\n", "" },
	{ "cluster: prod\n", "" },
	{ "nodee: x\n", "f:1:1: error: unknown key 'nodee'; there are: node, cluster, capture, attribution, providers, gateways, "
			"approved, prices, privacy, ledger, metrics, sinks, limits\n" },
	{ "node: a\nnode: b\n", "f:2:1: error: 'node' stands here twice; the first is in line 1\n" },
	{ "node: [a]\n", "f:1:7: error: a text is needed here\n" },
	{ "node: {a: b}\ncluster: \"\"\n", "f:1:7: error: a text is needed here\nf:2:10: error: 'cluster' is empty\n" },
	{ "cluster:\n", "f:1:1: warning: 'cluster' says nothing\n" },
	{ "- a\n", "f:1:1: error: a mapping is needed here\n" },
	{ "just text\n", "f:1:1: error: a mapping is needed here\n" },
	{ "cluster: \"a\\eb\"\n", "f:1:10: error: 'cluster' holds control characters\n" },
	{ "capture: {enabled: yes}\n", "f:1:20: error: 'enabled': true or false is needed here\n" },
	{ "capture: {enabled: \"true\"}\n", "f:1:20: error: 'enabled': true or false is needed here\n" },
	{ "capture:\n  arm: sometimes\n", "f:2:8: error: 'arm': one of auto, always, dormant is needed here\n" },
	{ "capture:\n  arm: dormant\n", "f:2:3: not built yet: 'arm': this version arms its probes at once\n" },
	{ "capture: {tls: [openssl, rustls]}\n",
	  "f:1:11: warning: 'tls': this version reads openssl only; the others are told of as blind\n" },
	{ "capture: {tls: [gnutls]}\n", "f:1:11: not built yet: 'tls': this version reads openssl only\n" },
	{ "capture: {tls: [openssl, schannel, openssl]}\n",
	  "f:1:26: error: 'tls': one of openssl, boringssl, gnutls, nss, go, rustls is needed here\n"
	  "f:1:36: error: 'openssl' stands here twice\n" },
	{ "capture: {plaintext: [{port: 0, as: x}, {as: y}, {port: 1, as: a}, {port: 1, as: b}]}\n",
	  "f:1:11: not built yet: 'plaintext': this version reads TLS connections only\n"
	  "f:1:30: error: 'port': a number from 1 to 65535 is needed here\n"
	  "f:1:41: error: 'port' is missing\n"
	  "f:1:68: error: port 1 stands here twice\n" },
	{ "capture: {content: none}\n", "" },
	{ "capture: {content: full}\n", "f:1:20: error: 'content': none, or {mode, to, only, until} is needed here\n" },
	{ "capture: {content: {mode: full, to: bob, until: soon}}\n",
	  "f:1:11: not built yet: 'content': this version never keeps prompts or answers\n"
	  "f:1:20: error: 'only' is missing\n"
	  "f:1:37: error: 'to': an age recipient is needed here: age1...\n"
	  "f:1:49: error: 'until': a date is needed here, such as 2026-01-31\n" },
	{ "capture: {scope: {include: [{cgrup: x}]}}\n",
	  "f:1:11: not built yet: 'scope': this version observes the whole host, or what --pid and --cgroup name\n"
	  "f:1:30: error: a condition has no key 'cgrup'; there are: namespace, workload, pod-label, unit, cgroup, user, exe, "
	  "image, host, path-prefix, key, project, agent\n" },

	{ "attribution: {sources: [rul, rule, rule, 'env:A-B', 'header:', people]}\n",
	  "f:1:25: error: 'rul' is no source\n"
	  "f:1:36: error: 'rule' stands here twice\n"
	  "f:1:42: error: 'env:A-B' is no name of an environment variable\n"
	  "f:1:53: error: 'header:' is no name of a header\n" },
	{ "attribution: {sources: []}\n", "f:1:24: error: an empty list: write a value or leave the key out\n" },
	{ "attribution: {labels: {team: 'env:X', ok: 'env:Y', r: rule}}\n",
	  "f:1:24: error: 'team' cannot be the name of a label\n"
	  "f:1:55: error: 'rule' names teams; a label given by rules needs no source\n" },
	{ "attribution: {labels: {a: 'env:X', a: 'env:Y'}}\n", "f:1:36: error: 'a' stands here twice\n" },
	{ "attribution: {labels: {a: 'env:X'}, required: [team, a, b]}\n",
	  "f:1:57: error: no label 'b': list it under labels\n" },
	{ "attribution:\n  rules:\n    - {id: a, match: {user: x}, team: t}\n    - {id: a, match: {user: y}, team: t}\n",
	  "f:4:12: error: a rule 'a' is there already, in line 3\n" },
	{ "attribution: {rules: [{id: a, match: {}, team: t}]}\n", "f:1:38: error: an empty condition would hold for every call\n" },
	{ "attribution: {rules: [{id: a, match: {user: x}}]}\n", "f:1:23: error: a rule needs a team, labels or both\n" },
	{ "attribution: {rules: [{match: {user: [x, '', '!']}, team: 'a b'}]}\n",
	  "f:1:23: error: 'id' is missing\n"
	  "f:1:42: error: '': an empty pattern fits nothing\n"
	  "f:1:46: error: '!': an empty pattern fits nothing\n"
	  "f:1:59: error: 'a b' cannot be a team's id: [A-Za-z0-9._/@:-], 1 to 64 of them\n" },
	{ "attribution: {rules: [{id: a, match: {user: x, user: y}, team: t}]}\n",
	  "f:1:48: error: 'user' stands here twice: make one list of it\n" },
	{ "attribution: {rules: [{id: a, match: {image: x}, team: t}]}\n",
	  "f:1:39: warning: 'image': this version learns nothing of containers and pods: no call has one\n" },
	{ "attribution: {rules: [{id: a, match: {pod-label: '*=x'}, team: t}]}\n",
	  "f:1:50: error: '*=x': the key of a label takes no wildcard: write key=pattern\n" },
	{ "attribution: {rules: [{id: a, match: {user: !x y}, team: t}]}\n",
	  "f:1:45: error: tags are not taken: a text that begins with '!' needs quotes\n" },
	{ "attribution: {rules: [{id: a, match: {user: x}, labels: {f: 'no spaces'}}]}\n",
	  "f:1:61: error: 'no spaces' cannot be a label's value: [A-Za-z0-9._/@:-], 1 to 64 of them\n" },
	{ "attribution: {on_behalf: [{match: {unit: x}, source: rule}, {source: 'header:x'}]}\n",
	  "f:1:54: error: a rule is no one's word: name what the caller says\n"
	  "f:1:61: error: 'match' is missing\n" },
	{ "attribution:\n  rules: [{id: a, match: {user: x}, team: other}]\n  teams: [{id: one}, {id: one}, {id: two, aliases: [one]}]\n",
	  "f:2:43: error: 'other' is not in the list of teams\n"
	  "f:3:27: error: 'one' is a team or an alias already\n"
	  "f:3:53: error: 'one' is a team or an alias already\n" },
	{ "attribution: {teams: [{id: a, from: 2026-02-01, to: 2026-01-01}, {id: b, from: 2026-13-01, headcount: -1}]}\n",
	  "f:1:23: error: team 'a' ends before it begins\n"
	  "f:1:80: error: 'from': a date is needed here, such as 2026-01-31\n"
	  "f:1:103: error: 'headcount': a number from 0 to 10000000 is needed here\n" },
	{ "attribution: {teams: [{id: a, parent: b}, {id: b, parent: a}, {id: c, parent: none}]}\n",
	  "f:1:39: error: the parents of 'b' go in a circle or more than 64 levels up\n"
	  "f:1:59: error: the parents of 'a' go in a circle or more than 64 levels up\n"
	  "f:1:79: warning: the parent 'none' is not in the list of teams\n" },
	{ "attribution: {teams: {url: 'https://x'}}\n", "f:1:28: not built yet: this version reads lists from files only\n" },
	{ "attribution: {teams: {}}\n", "f:1:22: error: one of {file: PATH} and {url: URL} is needed here\n" },
	{ "attribution: {people: {file: /nonexistent}}\n", "f:1:30: error: '/nonexistent': No such file or directory\n" },
	{ "attribution: {teams: [{id: a}], budgets: [{team: b, usd: 0, per: moon, warn: [0]}, {team: a, usd: 1.5, per: day}]}\n",
	  "f:1:33: not built yet: 'budgets': this version keeps none; `aitap report` tells what was spent\n"
	  "f:1:50: error: 'b' is not in the list of teams\n"
	  "f:1:58: error: 'usd': an amount above 0 is needed here, such as 12000\n"
	  "f:1:66: error: 'per': one of day, week, month, quarter, year is needed here\n"
	  "f:1:79: error: 'warn': a number from 1 to 1000 is needed here\n" },

	{ "providers: [{name: a, hosts: ['https://x'], dialect: openai}, {name: a, hosts: [x], dialect: klingon}]\n",
	  "f:1:31: error: 'https://x' is no host name: no scheme, port or path belongs here\n"
	  "f:1:63: error: the name 'a' is taken, in line 1\n"
	  "f:1:94: error: there is no dialect 'klingon'; most services speak openai, some anthropic, gemini, bedrock, cohere or ollama\n" },
	{ "gateways: [{name: g, hosts: [a, A], ports: [1, 70000]}]\n",
	  "f:1:33: error: 'a' is a host of 'g' already\n"
	  "f:1:48: error: 'ports': a number from 1 to 65535 is needed here\n" },
	{ "gateways: [{name: g, hosts: [a], for: [openai, opnai, mine]}]\nproviders: [{name: mine, hosts: [b], dialect: tgi}]\n",
	  "f:1:48: warning: 'opnai' is no provider that is known, nor one of this file\n" },
	{ "approved: {providers: [], cities: [x]}\n",
	  "f:1:23: error: 'providers': an empty list would approve nothing; leave it out to approve everything\n"
	  "f:1:27: error: unknown key 'cities'; there are: providers, models, regions\n" },
	{ "prices: {files: [/nonexistent/p.json]}\n", "f:1:18: error: '/nonexistent/p.json': No such file or directory\n" },
	{ "privacy: {user: shout}\n", "f:1:17: error: 'user': one of hash, keep, drop is needed here\n" },
	{ "privacy: {secret_file: /a, secret_env: B}\n", "f:1:28: error: one of secret_file and secret_env is enough\n" },
	{ "ledger: {keep_days: forever, max_gib: 9999999}\n",
	  "f:1:21: error: 'keep_days': a number from 0 to 36500 is needed here\n"
	  "f:1:39: error: 'max_gib': a number from 0 to 1048576 is needed here\n" },
	{ "metrics: {listen: ':9914'}\n", "f:1:19: error: 'listen': ADDRESS:PORT is needed here, such as 127.0.0.1:9914, or none\n" },
	{ "metrics: {listen: 'localhost:9914', max_series: 1}\n",
	  "f:1:19: error: 'listen': ADDRESS:PORT is needed here, such as 127.0.0.1:9914, or none\n"
	  "f:1:49: error: 'max_series': a number from 100 to 1000000 is needed here\n" },
	{ "metrics: {listen: '[::1]:0'}\n", "" },
	{ "sinks: [{path: x}, {kind: smoke}, {kind: jsonl}, {kind: jsonl, path: '-'}, {kind: jsonl, path: '-'}]\n",
	  "f:1:9: error: 'kind' is missing\n"
	  "f:1:27: error: 'kind': one of jsonl, otlp, clickhouse, kafka is needed here\n"
	  "f:1:35: error: 'path' is missing\n"
	  "f:1:76: error: another sink writes to '-' already\n" },
	{ "privacy: {secret_file: /s}\nsinks: [{kind: clickhouse, url: 'http://u:p@h', password: x}, {kind: otlp, endpoint: collector}]\n",
	  "f:2:16: not built yet: sinks of kind clickhouse\n"
	  "f:2:33: error: 'url' holds a password: put it into a file and name that as password_file\n"
	  "f:2:49: error: a secret never stands in the configuration: use password_file or password_env\n"
	  "f:2:70: not built yet: sinks of kind otlp\n"
	  "f:2:86: error: 'endpoint': a URL is needed here: http://... or https://...\n" },
	{ "sinks: [{kind: kafka, brokers: b, topic: t}]\n",
	  "f: error: a sink sends records to others: privacy.secret_file is needed, one for the whole fleet\n"
	  "f:1:16: not built yet: sinks of kind kafka\n" },
	{ "limits: {memory: 192Mi, cpu: 250m}\n", "f:1:1: warning: 'limits': this version keeps to ceilings of its own, not yet to these\n" },
	{ "limits: {memory: 1Mi, cpu: 0}\n",
	  "f:1:1: warning: 'limits': this version keeps to ceilings of its own, not yet to these\n"
	  "f:1:18: error: 'memory': a size of at least 33554432 is needed here, such as 192Mi\n"
	  "f:1:28: error: 'cpu': a share of processors is needed here, such as 250m or 0.25\n" },

	/* hostile */
	{ "a: &x [1]\nb: *x\n",
	  "f:1:1: error: unknown key 'a'; there are: node, cluster, capture, attribution, providers, gateways, approved, prices, "
	  "privacy, ledger, metrics, sinks, limits\n"
	  "f:1:4: error: anchors are not taken: write the value out where it is needed\n"
	  "f:2:1: error: unknown key 'b'; there are: node, cluster, capture, attribution, providers, gateways, approved, prices, "
	  "privacy, ledger, metrics, sinks, limits\n"
	  "f:2:4: error: aliases are not taken: write the value out where it is needed\n" },
	{ "cluster: a\n---\ncluster: b\n", "f:2:1: error: a second document: there is one in a file\n" },
	{ "? [a]\n: b\n", "f:1:3: error: a key must be a text\n" },
	{ "cluster: [a\n", "f:2:1: error: did not find expected ',' or ']'\n" },
	{ "cluster: !!python/object x\n", "f:1:10: error: tags are not taken: a text that begins with '!' needs quotes\n" },
	{ "cluster: \xff\n", "f:1:10: error: is not text: invalid leading UTF-8 octet\n" },
	{ "cluster: \xc3\xa4\nx: \xe2\x82", "f:2:4: error: is not text: incomplete UTF-8 octet sequence\n" },
};

static void test_wrong(void **state)
{
	(void)state;
	EACH(row, wrong)
		parse(row->yaml, 0, row->problems);
}

static void test_nul(void **state)
{
	static const char yaml[] = "cluster: a\nnode: \0b\n";
	struct problems problems;
	struct config *config;

	(void)state;
	assert_int_equal(config_parse("f", (struct str){ yaml, sizeof(yaml) - 1 }, 0, NULL, &config, &problems), -EINVAL);
	assert_int_equal(problems.list[0].line, 2);
	assert_int_equal(problems.list[0].column, 7);
	problems_done(&problems);
}

static void write_file(const char *name, const char *text, char ret[static 256])
{
	FILE *file;

	snprintf(ret, 256, "%s/%s", folder, name);
	file = fopen(ret, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* The documented example, with its files in a folder of ours and the teams that its rules name. */
static const char example[] =
	"node: ip-10-0-3-7\n"
	"cluster: prod-eu\n"
	"capture:\n"
	"  enabled: true\n"
	"  scope: {include: [{cgroup: \"/kubepods*\"}], exclude: [{namespace: \"monitoring-*\"}, {pod-label: \"ai-capture=off\"}, {unit: \"backup.service\"}]}\n"
	"  tls: [openssl, boringssl, gnutls, nss, go, rustls]\n"
	"  arm: auto\n"
	"  plaintext: [{port: 4000, as: gateway}, {port: 11434, as: ollama}]\n"
	"  opt_out: {allow: [\"hr-*\"]}\n"
	"  content: none\n"
	"attribution:\n"
	"  sources: [\"rule\", \"pod-label:team\", \"namespace-label:team\", \"container-label:team\", \"env:AI_TEAM\", \"otel-resource:team\", \"header:x-team-id\"]\n"
	"  on_behalf:\n"
	"    - {match: {namespace: ai-platform}, source: \"header:x-team-id\"}\n"
	"  labels:\n"
	"    environment: [\"namespace-label:env\", \"header:x-environment\"]\n"
	"    service:     [\"pod-label:app.kubernetes.io/name\", \"otel-resource:service.name\"]\n"
	"    feature:     [\"header:x-feature\", \"body:metadata.feature\"]\n"
	"  required: [team, environment, service]\n"
	"  rules:\n"
	"    - {id: search-ns, match: {namespace: \"search-*\"}, team: search}\n"
	"    - {id: etl, match: {unit: \"etl-*.service\"}, team: data, labels: {feature: nightly-etl}}\n"
	"    - {id: key-7, match: {key: \"k1:3fa9c1d2e4b5a697\"}, team: support}\n"
	"    - {id: ml-users, match: {cgroup: \"/user.slice/*\", user: [\"ml*\", \"!ml-guest\"]}, team: ml}\n"
	"  teams:\n"
	"    - {id: search, name: Search, parent: product, aliases: [discovery], cost_center: CC-104, owner: search-leads@example.com, headcount: 14, from: 2026-01-01}\n"
	"    - {id: product}\n"
	"    - {id: data}\n"
	"    - {id: support}\n"
	"    - {id: ml}\n"
	"  people: {file: people.csv}\n"
	"  budgets:\n"
	"    - {team: search, usd: 12000, per: month, warn: [50, 80, 100]}\n"
	"providers:\n"
	"  - {name: corp-llm, hosts: [\"llm.corp.example\"], dialect: openai}\n"
	"gateways:\n"
	"  - {name: litellm, hosts: [\"litellm.ai.svc\"], ports: [4000], for: [\"openai\", \"anthropic\"]}\n"
	"approved: {providers: [openai, anthropic], models: [\"gpt-*\", \"claude-*\"], regions: [eu]}\n"
	"prices: {files: [prices.json]}\n"
	"privacy:\n"
	"  secret_file: fleet.key\n"
	"  user: hash\n"
	"ledger: {path: /var/lib/aitap/ledger.db, keep_days: 400, max_gib: 8}\n"
	"metrics: {listen: \"127.0.0.1:9914\", max_series: 5000}\n"
	"sinks:\n"
	"  - {kind: jsonl, path: \"-\"}\n"
	"  - {kind: otlp, endpoint: \"http://collector:4318\"}\n"
	"  - {kind: clickhouse, url: \"http://clickhouse:8123\", database: aitap, password_file: ch}\n"
	"  - {kind: kafka, brokers: \"kafka:9092\", topic: aitap.calls}\n"
	"limits: {memory: 192Mi, cpu: 250m}\n";

#define SECRET "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void example_files(char path[static 256])
{
	char other[256];

	write_file("people.csv", "who,team\nann@example.com, discovery\n# gone\nbob,ml\n", other);
	write_file("prices.json", "{}", other);
	write_file("ch", "x", other);
	write_file("fleet.key", "k2:" SECRET "\n", other);
	assert_int_equal(chmod(other, 0600), 0);
	write_file("aitap.yaml", example, path);
}

static void check_example(const struct config *c)
{
	struct str prices = str_of(c->prices[0]);

	assert_string_equal(c->node, "ip-10-0-3-7");
	assert_string_equal(c->cluster, "prod-eu");
	assert_true(c->capture);
	assert_int_equal(c->libraries, 0x7e);
	assert_int_equal(c->n_plaintext, 2);
	assert_int_equal(c->plaintext[1].port, 11434);
	assert_string_equal(c->plaintext[1].as, "ollama");
	assert_int_equal(c->wants.n_hosts, 2);
	assert_string_equal(c->wants.hosts[0].dialect, "openai");
	assert_string_equal(c->wants.hosts[1].host, "litellm.ai.svc");
	assert_int_equal(c->wants.hosts[1].port, 4000);
	assert_int_equal(c->wants.hosts[1].gateway, 1);
	assert_int_equal(c->n_gateways, 1);
	assert_string_equal(c->gateways[0].for_provider[1], "anthropic");
	assert_int_equal(c->n_prices, 1);
	assert_true(str_starts(prices, str_of(folder)) && str_ends(prices, STR("/prices.json")));
	assert_string_equal(c->ledger, "/var/lib/aitap/ledger.db");
	assert_int_equal(c->keep_days, 400);
	assert_int_equal(c->ledger_bytes, 8ull << 30);
	assert_int_equal(c->n_sinks, 4);
	assert_string_equal(c->sinks[0].path, "-");
	assert_int_equal(c->memory_bytes, 192 << 20);
	assert_int_equal(c->cpu_milli, 250);
	assert_int_equal(c->n_files, 2);
	assert_int_equal(c->wants.secret_generation, 2);
	assert_int_equal(c->wants.secret[31], 0x1f);
	assert_int_equal(strlen(c->hash), 71);
}

static void check_wanted(const struct wants *wants)
{
	static const struct {
		uint8_t kind;
		const char *name;
	} names[] = {
		{ WANTED_ENV, "AI_TEAM" }, { WANTED_ENV, "OTEL_RESOURCE_ATTRIBUTES" }, { WANTED_ENV, "OTEL_SERVICE_NAME" },
		{ WANTED_HEADER, "x-team-id" }, { WANTED_HEADER, "x-environment" }, { WANTED_HEADER, "x-feature" },
		{ WANTED_BODY, "metadata.feature" },
	};

	assert_int_equal(wants->n_wanted, 7);
	EACH(row, names) {
		bool there = false;

		for (uint32_t i = 0; i < wants->n_wanted; i++)
			there |= wants->wanted[i].kind == row->kind && !strcmp(wants->wanted[i].name, row->name);
		assert_true(there);
	}
}

static void test_example(void **state)
{
	struct problems problems;
	struct config *config = NULL;
	struct buf text = BUF(MIB(1));
	char path[256];

	(void)state;
	example_files(path);
	assert_int_equal(config_load(path, CONFIG_SECRET, NULL, &config, &problems), 0);
	problems_text(&problems, &text);
	assert_int_equal(problems.count[PROBLEM_WARNING], 6);	/* tls, limits, four conditions on pods */
	assert_int_equal(problems.count[PROBLEM_UNBUILT], 7);
	assert_non_null(strstr(buf_cstr(&text), ":5:3: not built yet: 'scope'"));
	check_example(config);
	check_wanted(&config->wants);
	buf_done(&text);
	problems_done(&problems);
	config_free(config);
}

/* Files that are elsewhere are warnings for `check`, and so are rules that nothing reaches. */
static void test_lint(void **state)
{
	(void)state;
	parse("attribution:\n"
	      "  rules:\n"
	      "    - {id: all, match: {unit: \"search-*\"}, team: a}\n"
	      "    - {id: never, match: {unit: search-eu, user: x}, team: b}\n"
	      "    - {id: labels, match: {unit: search-eu}, team: b, labels: {f: x}}\n"
	      "    - {id: other, match: {unit: searching}, team: b}\n"
	      "  people: {file: /nonexistent}\n",
	      CONFIG_LINT,
	      "f:4:7: warning: rule 'never' is never reached: 'all', line 3, takes every call of it\n"
	      "f:7:18: warning: '/nonexistent': No such file or directory\n");
	parse("attribution: {sources: ['env:T'], rules: [{id: r, match: {user: x}, team: a}]}\n", CONFIG_LINT,
	      "f:1:43: warning: rules name teams, and 'rule' is not among the sources\n");
	parse("attribution: {rules: [{id: a, match: {user: x}, team: a}, {id: b, match: {user: x}, team: b}]}\n", 0, "");
}

static void test_team_file(void **state)
{
	char teams[256], yaml[600], expected[1200];

	(void)state;
	write_file("teams.yaml", "teams:\n  - {id: a}\n  - {id: a}\n  - {idd: b}\n", teams);
	snprintf(yaml, sizeof(yaml), "attribution: {teams: {file: %s}, rules: [{id: r, match: {user: x}, team: a}]}\n", teams);
	snprintf(expected, sizeof(expected),
		 "f:1:29: error: %s:3:10: 'a' is a team or an alias already\n"
		 "f:1:29: error: %s:4:5: 'id' is missing\n"
		 "f:1:29: error: %s:4:6: unknown key 'idd'; there are: id, name, parent, aliases, cost_center, owner, headcount, from, to\n",
		 teams, teams, teams);
	parse(yaml, 0, expected);
	write_file("teams.yaml", "- {id: a\n", teams);
	snprintf(expected, sizeof(expected), "f:1:29: error: %s:2:1: did not find expected ',' or '}'\n", teams);
	parse(yaml, 0, expected);
	write_file("teams.yaml", "- {id: a}\n", teams);
	parse(yaml, 0, "");
}

static void test_people(void **state)
{
	char people[256], yaml[600], expected[1200];

	(void)state;
	write_file("people.csv", "who,team\nann,a\nann,a\nbob,nobody\ncarl\n", people);
	snprintf(yaml, sizeof(yaml), "attribution: {teams: [{id: a}], people: {file: %s}}\n", people);
	snprintf(expected, sizeof(expected),
		 "f:1:48: error: %s:3: 'ann' stands here twice\n"
		 "f:1:48: error: %s:4: 'nobody' is not in the list of teams\n"
		 "f:1:48: error: %s:5: a line is WHO,TEAM\n",
		 people, people, people);
	parse(yaml, 0, expected);
}

static void test_defaults(void **state)
{
	struct config *config = good("", NULL);

	(void)state;
	assert_true(config->capture);
	assert_int_equal(config->libraries, 0x7e);
	assert_string_equal(config->metrics, "127.0.0.1:9914");
	assert_int_equal(config->max_series, 5000);
	assert_true(str_ends(str_of(config->ledger), STR("/ledger.db")));
	assert_true(config->node[0]);
	assert_int_equal(config->wants.generation, 1);
	assert_string_equal(config->hash, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	config_free(config);
}

static int row_of(const struct wants *wants, const char *name)
{
	for (uint32_t i = 0; i < wants->n_wanted; i++)
		if (wants->wanted[i].kind && !strcmp(wants->wanted[i].name, name))
			return (int)i;
	return -1;
}

/* A name keeps its number over a reload, and nobody inherits the number of one given up. */
static void test_reload(void **state)
{
	struct config *first = good("attribution: {sources: ['env:A', 'env:B', 'header:c']}\n", NULL);
	struct config *second = good("attribution: {sources: ['env:D', 'header:c', 'env:A']}\n", first);
	int gone = row_of(&first->wants, "B");

	(void)state;
	assert_int_equal(second->wants.generation, 2);
	assert_int_equal(row_of(&second->wants, "A"), row_of(&first->wants, "A"));
	assert_int_equal(row_of(&second->wants, "c"), row_of(&first->wants, "c"));
	assert_true(gone >= 0 && row_of(&second->wants, "B") < 0);
	assert_int_not_equal(row_of(&second->wants, "D"), gone);
	config_free(first);
	config_free(second);
}

static void load_secret(const char *yaml, int expected, struct wants *ret)
{
	struct problems problems;
	struct config *config = NULL;

	assert_int_equal(config_parse("f", str_of(yaml), CONFIG_SECRET, NULL, &config, &problems), expected);
	if (config && ret)
		*ret = config->wants;
	problems_done(&problems);
	config_free(config);
}

static void test_host_secret(void **state)
{
	struct wants first, second;
	char path[300], yaml[400];
	struct stat st;

	(void)state;
	load_secret("", 0, &first);
	snprintf(path, sizeof(path), "%s/state/deep/host.key", folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	load_secret("", 0, &second);
	assert_memory_equal(first.secret, second.secret, sizeof(first.secret));
	assert_int_equal(first.secret_generation, 1);
	snprintf(yaml, sizeof(yaml), "privacy: {secret_file: %s}\n", path);
	load_secret(yaml, 0, &second);
	assert_memory_equal(first.secret, second.secret, sizeof(first.secret));
	setenv("AITAP_TEST_SECRET", SECRET, 1);
	load_secret("privacy: {secret_env: AITAP_TEST_SECRET}\n", 0, &second);
	assert_int_equal(second.secret[1], 1);
	setenv("AITAP_TEST_SECRET", "short", 1);
	load_secret("privacy: {secret_env: AITAP_TEST_SECRET}\n", -EINVAL, NULL);
	unsetenv("AITAP_TEST_SECRET");
	load_secret("privacy: {secret_env: AITAP_TEST_SECRET}\n", -EINVAL, NULL);
	write_file("bad.key", "k0:" SECRET, path);
	snprintf(yaml, sizeof(yaml), "privacy: {secret_file: %s}\n", path);
	load_secret(yaml, -EINVAL, NULL);
	write_file("bad.key", SECRET "00", path);
	load_secret(yaml, -EINVAL, NULL);
}

/* A secret that cannot be kept is one of this run, and says so. */
static void test_homeless_secret(void **state)
{
	struct problems problems;
	struct config *first = NULL, *second = NULL;

	(void)state;
	setenv("STATE_DIRECTORY", "/proc/none", 1);
	setenv("XDG_STATE_HOME", "/proc/none", 1);
	assert_int_equal(config_parse("f", STR(""), CONFIG_SECRET, NULL, &first, &problems), 0);
	assert_int_equal(problems.count[PROBLEM_WARNING], 1);
	problems_done(&problems);
	assert_int_equal(config_parse("f", STR(""), CONFIG_SECRET, first, &second, &problems), 0);
	problems_done(&problems);
	assert_memory_equal(first->wants.secret, second->wants.secret, sizeof(first->wants.secret));
	config_free(first);
	config_free(second);
}

static char *repeat(const char *head, const char *what, size_t n, const char *tail)
{
	size_t one = strlen(what), at = strlen(head);
	char *text = malloc(at + n * one + strlen(tail) + 1);

	assert_non_null(text);
	memcpy(text, head, at);
	for (size_t i = 0; i < n; i++, at += one)
		memcpy(text + at, what, one);
	memcpy(text + at, tail, strlen(tail) + 1);
	return text;
}

/* None of these may take long, take much or be taken. */
static void test_hostile(void **state)
{
	static const struct {
		const char *head, *what, *tail;
		size_t n;
		const char *first;
	} texts[] = {
		{ "cluster: ", "[", "", 100000, "is nested too deeply" },
		{ "cluster: ", "{a: ", "", 100000, "is nested too deeply" },
		{ "", "- ", "", 100000, "is nested too deeply" },
		{ "cluster: [", "a,", "]", 1000000, "is too large: a configuration has at most 524288 values" },
		{ "attribution: {rules: [", "{id: a, match: {user: x}, team: t},", "]}", 20000, "at most 16384 rules are possible" },
		{ "# ", "x", "\n", 5000000, "is too large: a configuration has at most 4194304 bytes" },
		{ "cluster: *", "a", "", 100001, "aliases are not taken: write the value out where it is needed" },
	};

	(void)state;
	EACH(row, texts) {
		char *text = repeat(row->head, row->what, row->n, row->tail);
		struct problems problems;
		struct config *config;

		assert_int_equal(config_parse("f", str_of(text), 0, NULL, &config, &problems), -EINVAL);
		assert_true(problems.n >= 1 && problems.n <= CONFIG_PROBLEMS);
		assert_string_equal(problems.list[0].text, row->first);
		problems_done(&problems);
		free(text);
	}
}

static void test_many_problems(void **state)
{
	char *text = repeat("", "x: 1\n", 1000, "");
	struct problems problems;
	struct config *config;

	(void)state;
	assert_int_equal(config_parse("f", str_of(text), 0, NULL, &config, &problems), -EINVAL);
	assert_int_equal(problems.n, CONFIG_PROBLEMS);
	assert_int_equal(problems.dropped, 1000 - CONFIG_PROBLEMS);
	assert_int_equal(problems.count[PROBLEM_ERROR], 1000);
	problems_done(&problems);
	free(text);
}

/* Every prefix of the example, ending at a page that cannot be read. */
static void test_cut(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = sizeof(example) - 1, room = (n / page + 1) * page;
	char *pages = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(pages != MAP_FAILED);
	assert_int_equal(mprotect(pages + room, page, PROT_NONE), 0);
	for (size_t i = 0; i <= n; i += i < 300 || i > n - 40 ? 1 : 7) {
		struct problems problems;
		struct config *config = NULL;
		char *at = pages + room - i;
		int r;

		memcpy(at, example, i);
		r = config_parse("f", (struct str){ at, i }, 0, NULL, &config, &problems);
		assert_true(r == 0 || (r == -EINVAL && problems.count[PROBLEM_ERROR]));
		problems_done(&problems);
		config_free(config);
	}
	munmap(pages, room + page);
}

/* The nth refusal of memory: an error, never a crash, a leak or half a configuration. */
static void test_no_memory(void **state)
{
	char path[256];
	int r = -ENOMEM;

	(void)state;
	example_files(path);
	for (uint64_t n = 1; r == -ENOMEM || n < 400; n++) {
		struct problems problems;
		struct config *config = NULL;

		mem_fail_at(n);
		r = config_load(path, 0, NULL, &config, &problems);
		mem_fail_at(0);
		assert_true(r == 0 || r == -ENOMEM || (r == -EINVAL && problems.count[PROBLEM_ERROR]));
		assert_true((r == 0) == (config != NULL));
		problems_done(&problems);
		config_free(config);
		assert_true(n < 5000);
	}
	assert_int_equal(r, 0);
}

static void test_load(void **state)
{
	struct problems problems;
	struct config *config;

	(void)state;
	assert_int_equal(config_load("/nonexistent", 0, NULL, &config, &problems), -ENOENT);
	assert_int_equal(problems.n, 0);
	assert_int_equal(config_load("/", 0, NULL, &config, &problems), -EISDIR);
	assert_int_equal(config_load("/dev/zero", 0, NULL, &config, &problems), -EFBIG);
	assert_int_equal(problems.n, 1);
	problems_done(&problems);
	assert_int_equal(config_load("/dev/null", 0, NULL, &config, &problems), 0);
	config_free(config);
}

static int set_up(void **state)
{
	char path[300];

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/state/deep", folder);
	setenv("STATE_DIRECTORY", path, 1);
	return 0;
}

static int tear_down(void **state)
{
	char command[300];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong), cmocka_unit_test(test_nul), cmocka_unit_test(test_example), cmocka_unit_test(test_lint),
		cmocka_unit_test(test_team_file), cmocka_unit_test(test_people), cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_reload), cmocka_unit_test(test_host_secret), cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_many_problems), cmocka_unit_test(test_cut), cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_load), cmocka_unit_test(test_homeless_secret),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
