/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger as aitap made it before it kept what calls leave for later ones: schema version 1, two calls. */
#ifndef AITAP_TESTS_LEDGER_V1_H
#define AITAP_TESTS_LEDGER_V1_H

#define LEDGER_V1_CALL(id, response) \
	"INSERT INTO calls VALUES('call'," id ",1795327200000000000,NULL,'node-1','search','env:AI_TEAM',NULL,'{\"environment\":\"prod\"}',1," \
	"NULL,NULL,'openai','api.openai.com',NULL,NULL,NULL,'chat','POST','/v1/chat/completions',200,NULL,0,'gpt-4o'," \
	"'gpt-4o-2024-08-06',NULL,'metered',1290,1024,NULL,NULL,211,NULL,NULL,NULL,'{}','reported','{\"prompt_tokens\":1290}'," \
	"4055000000,4055000000,NULL,'priced',1834200000,310400000,NULL,NULL,'[]','[]','req_0'," response ",NULL,NULL,NULL," \
	"NULL,1,NULL,'api_key','k1:3fa9c1d2e4b5a697',NULL,NULL,'direct','read','openssl',NULL,'api.openai.com',1,0,'[]',4121," \
	"'/usr/bin/python3.11','python3',0,'OpenAI/Python 1.99.0','/system.slice/ranker.service','ranker.service',NULL,NULL,NULL," \
	"NULL,NULL,NULL,'0.1.0','sha256:0000');" \
	"INSERT INTO lines VALUES(" id ",0,'gpt-4o-2024-08-06','output_visible',211000,'token','openai/gpt-4o@2024-10-01',4055000000);"

#define LEDGER_V1 \
	"PRAGMA page_size=8192; PRAGMA journal_mode=WAL;" \
	"CREATE TABLE calls(kind TEXT NOT NULL, id TEXT NOT NULL PRIMARY KEY, time_ns INTEGER NOT NULL, cluster TEXT, node TEXT," \
	" team TEXT, team_source TEXT, caller_team TEXT, labels TEXT NOT NULL, spend INTEGER NOT NULL, same_as TEXT, adjusts TEXT," \
	" provider TEXT, host TEXT, region TEXT, project TEXT, org TEXT, operation TEXT, method TEXT, path TEXT, status INTEGER," \
	" error_type TEXT, stream INTEGER NOT NULL, model_requested TEXT, model TEXT, service_tier TEXT, billing TEXT NOT NULL," \
	" input_tokens INTEGER, cache_read_tokens INTEGER, cache_write_tokens INTEGER, cache_write_1h_tokens INTEGER," \
	" output_tokens INTEGER, reasoning_tokens INTEGER, audio_input_tokens INTEGER, audio_output_tokens INTEGER," \
	" units TEXT NOT NULL, usage_source TEXT NOT NULL, usage_raw TEXT, cost_pico INTEGER, list_cost_pico INTEGER," \
	" provider_cost_pico INTEGER, cost_status TEXT NOT NULL, duration_ns INTEGER, first_byte_ns INTEGER, first_token_ns INTEGER," \
	" finish_reason TEXT, tools_offered TEXT NOT NULL, tools_called TEXT NOT NULL, request_id TEXT, response_id TEXT," \
	" trace_id TEXT, span_id TEXT, session TEXT, batch_id TEXT, attempt INTEGER NOT NULL, retry_of TEXT, credential_kind TEXT," \
	" credential_id TEXT, user TEXT, agent TEXT, route TEXT, sight TEXT, tls TEXT, peer TEXT, sni TEXT, complete INTEGER NOT NULL," \
	" missing_bytes INTEGER NOT NULL, flags TEXT NOT NULL, pid INTEGER, exe TEXT, comm TEXT, uid INTEGER, user_agent TEXT," \
	" cgroup TEXT, unit TEXT, container TEXT, container_name TEXT, image TEXT, pod TEXT, namespace TEXT, workload TEXT," \
	" aitap_version TEXT NOT NULL, aitap_config TEXT);" \
	"CREATE INDEX calls_time ON calls(time_ns);" \
	"CREATE TABLE lines(id TEXT NOT NULL, n INTEGER NOT NULL, model TEXT, class TEXT NOT NULL, quantity_milli INTEGER NOT NULL," \
	" unit TEXT NOT NULL, price TEXT, cost_pico INTEGER, PRIMARY KEY(id, n)) WITHOUT ROWID;" \
	"CREATE TABLE answers(provider TEXT NOT NULL, response_id TEXT NOT NULL, id TEXT NOT NULL," \
	" PRIMARY KEY(provider, response_id)) WITHOUT ROWID;" \
	"CREATE TABLE answers_new(provider TEXT NOT NULL, response_id TEXT NOT NULL, id TEXT NOT NULL);" \
	"CREATE TABLE label_names(name TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;" \
	"PRAGMA application_id=1634301040; PRAGMA user_version=1;" \
	"INSERT INTO label_names VALUES('environment');" \
	LEDGER_V1_CALL("'01KB0000000000000000000000'", "'chatcmpl-old'") LEDGER_V1_CALL("'01KB0000000000000000000001'", "'chatcmpl-new'") \
	"INSERT INTO answers VALUES('openai','chatcmpl-old','01KB0000000000000000000000');" \
	"INSERT INTO answers_new VALUES('openai','chatcmpl-new','01KB0000000000000000000001');"

#endif
