#!/bin/bash
# `aitap report` and `aitap replay --ledger` as a user runs them: what is printed, what is refused, the exit codes.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-.output}
aitap=$O/aitap
[ -x "$aitap" ] || aitap=$O/aitap-core
dir=$(mktemp -d) || exit 1
export STATE_DIRECTORY=$dir/state
holder=
cleanup() {
	if [ -n "$holder" ]; then exec 7>&-; wait "$holder"; fi
	chmod -R u+w "$dir" && rm -rf "$dir"
}
trap cleanup EXIT
status=0

ok() { echo "ok $1"; }
bad() { echo "not ok $1: $2"; status=1; }
same() { # same NAME EXPECTED GOT
	if [ "$2" = "$3" ]; then ok "$1"; else bad "$1" "expected '${2//$'\n'/ | }', got '${3//$'\n'/ | }'"; fi
}
says() { # says NAME TEXT FILE
	if grep -qF -- "$2" "$3"; then ok "$1"; else bad "$1" "no '$2' in: $(head -c 400 "$3" | tr '\n' '|')"; fi
}
refuses() { # refuses NAME CODE TEXT ARGUMENT...
	local name=$1 code=$2 text=$3 got
	shift 3
	"$aitap" "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	if [ "$got" -ne "$code" ]; then bad "$name" "exit code $got, expected $code: $(head -n 1 "$dir/err")"; return; fi
	if [ -s "$dir/out" ]; then bad "$name" "something on standard output: $(head -c 100 "$dir/out")"; return; fi
	if [ "$(wc -l <"$dir/err")" -ne 1 ]; then bad "$name" "not one line: $(head -c 300 "$dir/err" | tr '\n' '|')"; return; fi
	says "$name" "$text" "$dir/err"
}
report() { "$aitap" report --store "sqlite:$dir/ledger.db" "$@"; }

if ! make -s O="$O" "$O/tests/cli/spend" >"$dir/log" 2>&1 || ! "$O/tests/cli/spend" ledger "$dir/ledger.db" >>"$dir/log" 2>&1; then
	bad "a ledger to report on" "$(tail -n 3 "$dir/log" | tr '\n' ' ')"
	exit 1
fi

# ---- forms; 42 calls of 0.004055 USD are priced and owed
report >"$dir/table" || bad table "exit code $?"
same 'table: team first, then model' 'support gpt-4o-2024-08-06 gpt-4o-mini-2024-07-18 _unattributed' \
	"$(sed -n '5,8p' "$dir/table" | awk '{ print $1 }' | xargs)"
same 'table: the total' 'total 55 70,950 11,605 0.0243 10,507 0.1703 100.0 %' "$(grep ^total "$dir/table" | xargs)"
same 'table: numbers end in the same columns' 1 "$(sed -n '3,/^total/p' "$dir/table" | awk '{ print length }' | sort -u | wc -l)"
says 'table: the zone is said' 'in UTC' "$dir/table"
says 'table: what has no price is listed with its tokens' 'openai/gpt-4o-2024-08-06  7 calls, 10,507 tokens' "$dir/table"
says 'table: what is uncertain is counted' 'of 55 calls: 3 incomplete (bytes were lost), 1 estimated, 14 not FinOps-ready, 0 failed' "$dir/table"
says 'table: repeats are told of' '5 records tell of a call that is counted already' "$dir/table"

report --by team --format csv >"$dir/csv"
same 'csv: exact, a row a group' 'support,14,18060,14336,0,2954,0,0.04866,0.285714,0.004055,1,1501,1,0,0,0
_unattributed,14,18060,14336,0,2954,0,0.04055,0.238095,0.00811,2,3002,0,0,14,0
data,14,18060,14336,0,2954,0,0.04055,0.238095,0.00811,2,3002,1,0,0,0
search,13,16770,13312,0,2743,0,0.04055,0.238095,0.004055,2,3002,1,1,0,0' "$(tail -n +2 "$dir/csv" | cut -d, -f1-16)"
same 'csv: adjustments, what was estimated, and when' 'search,0,0.004055,0.004055,0.004055,2026-11-22T06:00:00Z,2026-11-24T14:00:56Z' \
	"$(grep ^search "$dir/csv" | cut -d, -f1,17-22)"
same 'json: one object' '["aitap.report/1",["team","model"],"UTC",55,"0.17031",8,5]' \
	"$(report --json | jq -c '[.schema, .by, .tz, .total.calls, .total.cost_usd, (.rows | length), .repeats_not_counted]')"
same 'jsonl: a row a line, then the total' '5 55' "$(report --by team --format jsonl | jq -s 'length, .[-1].total.calls' | xargs)"
same 'the sums of all rows are the total, by whatever fields' '55 55 55 55' \
	"$(for by in provider,day environment,team hour,key,status host,user,workload,agent; do
		report --by "$by" --json | jq '([.rows[].calls] | add) as $n | if $n == .total.calls then $n else "differs" end'
	done | xargs)"
same 'a label is a field' '_unattributed prod,_unattributed staging,data prod' \
	"$(report --by team,environment --format jsonl | jq -r 'select(.team) | "\(.team) \(.environment)"' | sort | head -n 3 | paste -sd,)"

# ---- aliases: gpt-4o is asked for in all calls, and two models answer it
report --by alias >"$dir/alias"
says 'alias: each with what it was resolved to' 'provider / model_requested / model_answered' "$dir/alias"
says 'alias: which changed, and when' 'openai/gpt-4o: gpt-4o-2024-08-06 -> gpt-4o-mini-2024-07-18 since 2026-11-22T07:00:01Z' "$dir/alias"
same 'alias: the same for programs' 'gpt-4o-2024-08-06 gpt-4o-mini-2024-07-18 2026-11-22T07:00:01Z' \
	"$(report --by alias --json | jq -r '.changed[] | "\(.before) \(.after) \(.since)"')"
same 'alias: the change marks its row' 'gpt-4o-mini-2024-07-18 gpt-4o-2024-08-06' \
	"$(report --by alias --json | jq -r '.rows[] | select(.answered_before) | "\(.model_answered) \(.answered_before)"')"
same 'alias: csv names what was before' gpt-4o-2024-08-06 "$(report --by alias --format csv | grep gpt-4o-mini | awk -F, '{ print $NF }')"
same 'alias: nothing changed after it did' 0 "$(report --by alias --since 2026-11-23 --json | jq '.changed | length')"

# ---- batches: one that nobody has fetched, one that was
same 'batches: open ones first' 'batch_open open 1.5 null|batch_done fetched 0.002 0.001' \
	"$(report --batches --json | jq -r '.rows[] | "\(.batch_id) \(.state) \(.bound_usd) \(.cost_usd)"' | paste -sd'|')"
same 'batches: what they can cost' '1 1.5' "$(report --batches --json | jq -r '"\(.open) \(.open_bound_usd)"')"
same 'batches: by who made them' batch_done "$(report --batches --where team=support --format csv | tail -n +2 | cut -d, -f2)"
report --batches >"$dir/batches"
says 'batches: said to people' '1 fetched by nobody yet: at most 1.5000 USD' "$dir/batches"
says 'batches: and where they are missing' '1 batch of this time nobody has fetched' "$dir/table"

# ---- what is chosen
count() { report --json "$@" | jq .total.calls; }
same '--where: one team' 13 "$(count --where team=search)"
same '--where: alternatives' 27 "$(count --where team=search --where team=data)"
same '--where: two fields' 9 "$(count --where team=search --where model=gpt-4o-2024-08-06)"
same '--where: all but' 42 "$(count --where team!=search)"
same '--where: unattributed' 14 "$(count --where team=_unattributed)"
same '--where: a value is never SQL' 0 "$(count --where "team=' OR 1=1 --")"
same '--month' '55 0' "$(count --month 2026-11) $(count --month 2026-12)"
same '--since and --until meet without overlap' 55 "$(($(count --until 2026-11-23) + $(count --since 2026-11-23 --until 2026-11-24) + $(count --since 2026-11-24)))"
same '--tz moves the days' '2026-11-22 2026-11-23 2026-11-24 2026-11-25' \
	"$(report --by day --tz +12:00 --format csv | tail -n +2 | cut -d, -f1 | xargs)"
same '--tz by name' '2026-11-22T00:00:00+01:00' "$(report --since 2026-11-22 --tz Europe/Berlin --json | jq -r .since)"
report -o "$dir/file.csv" --format csv >"$dir/out" && same '-o writes the file, and nothing else' "9 0" "$(wc -l <"$dir/file.csv") $(wc -c <"$dir/out")"

# ---- refusals
store="sqlite:$dir/ledger.db"
refuses 'an unknown field names the known ones' 2 'there is no field '\''tema'\''; there are team, model, provider' report --store "$store" --by tema
refuses 'and the labels of this ledger' 2 'labels environment' report --store "$store" --where colour=red
refuses 'a condition without a value' 2 'FIELD=VALUE' report --store "$store" --where team
refuses 'a day that there is not' 2 '2026-02-30' report --store "$store" --since 2026-02-30
refuses 'a month that there is not' 2 '2026-13' report --store "$store" --month 2026-13
refuses 'a month and a day' 2 'not both' report --store "$store" --month 2026-11 --since 2026-11-02
refuses 'an end before its beginning' 2 'not before' report --store "$store" --since 2026-11-22 --until 2026-11-22
refuses 'a zone that there is not' 2 'Mars' report --store "$store" --tz Mars
refuses 'an unknown form' 2 'table, csv, json or jsonl' report --store "$store" --format xml
refuses 'FOCUS is not built yet' 3 'not built yet' report --store "$store" --format focus
refuses 'HTML is not built yet' 3 'not built yet' report --store "$store" --format html
refuses 'other stores are not built yet' 3 'not built yet' report --store clickhouse://host/aitap
refuses 'a store that is none' 2 'sqlite:PATH' report --store mysql://host/aitap
refuses 'sums or batches' 2 'not both' report --store "$store" --batches --by team
refuses 'a word too many' 2 'takes options only' report --store "$store" search
refuses 'no ledger there: how to get one' 4 'aitap run' report --store "sqlite:$dir/none.db"
refuses 'a full disk' 4 'No space left' report --store "$store" -o /dev/full
refuses 'a folder that is not there' 4 'No such file' report --store "$store" -o "$dir/none/report.csv"
head -c 5000 /dev/urandom >"$dir/noise.db"
refuses 'noise is no ledger' 2 'not a ledger' report --store "sqlite:$dir/noise.db"
: >"$dir/empty.db"
refuses 'an empty file is no ledger yet' 2 'nothing was ever written' report --store "sqlite:$dir/empty.db"
sqlite3 "$dir/other.db" 'create table t(a)'
refuses 'a database of something else' 2 'something else' report --store "sqlite:$dir/other.db"
cp "$dir/ledger.db" "$dir/newer.db" && sqlite3 "$dir/newer.db" 'pragma user_version=99'
refuses 'a newer ledger' 3 'schema version 99' report --store "sqlite:$dir/newer.db"
report >/dev/full 2>"$dir/err"
same 'standard output that is full' 4 $?

# ---- replay into a ledger
"$O/tests/cli/spend" trace "$dir/calls.trace" || bad 'a trace to replay' "exit code $?"
replay() { "$aitap" replay --records none --ledger "$1" "$dir/calls.trace" 2>"$dir/err"; }
replay "$dir/replay.db" || bad 'replay into a ledger' "$(head -n 1 "$dir/err")"
once=$("$aitap" report --store "$dir/replay.db" --format csv)
same 'replay: 12 calls of 2.50 USD' '[12,"30"]' "$("$aitap" report --store "$dir/replay.db" --json | jq -c '[.total.calls, .total.cost_usd]')"
replay "$dir/replay.db" && replay "$dir/replay.db"
same 'replay: again and again it stays the same' "$once" "$("$aitap" report --store "$dir/replay.db" --format csv)"
"$aitap" replay --workers 8 --records none --ledger "$dir/eight.db" "$dir/calls.trace"
same 'replay: and with 8 workers' "$once" "$("$aitap" report --store "$dir/eight.db" --format csv)"
refuses 'replay into what is no ledger' 2 'not a ledger' replay --records none --ledger "$dir/noise.db" "$dir/calls.trace"
refuses 'replay into a newer ledger' 3 'schema version 99' replay --records none --ledger "$dir/newer.db" "$dir/calls.trace"
refuses 'replay into a folder that is not there' 3 'No such file' replay --records none --ledger "$dir/a/b/ledger.db" "$dir/calls.trace"

# ---- while it is being written
mkfifo "$dir/hold"
"$O/tests/cli/spend" hold "$dir/held.db" <"$dir/hold" >"$dir/pid" &
holder=$!
exec 7>"$dir/hold"
for _ in $(seq 100); do [ -s "$dir/pid" ] && break; sleep 0.05; done
same 'a report beside the writer' 55 "$("$aitap" report --store "$dir/held.db" --json | jq .total.calls)"
refuses 'a second writer names the first' 3 "process $(cat "$dir/pid")" replay --records none --ledger "$dir/held.db" "$dir/calls.trace"
kill -9 "$holder"
wait "$holder" 2>/dev/null
holder=
same 'a report after kill -9 of the writer' 55 "$("$aitap" report --store "$dir/held.db" --json | jq .total.calls)"
replay "$dir/held.db"
same 'and the next writer goes on' 67 "$("$aitap" report --store "$dir/held.db" --json | jq .total.calls)"
exit $status
