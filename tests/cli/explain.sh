#!/bin/bash
# `aitap explain`: of a record in a ledger, of a process, of a cgroup.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-.output}
aitap=$O/aitap
[ -x "$aitap" ] || aitap=$O/aitap-core
dir=$(mktemp -d) || exit 1
child=
trap '[ -n "$child" ] && kill "$child" 2>/dev/null; rm -rf "$dir"' EXIT
export STATE_DIRECTORY=$dir/state
status=0

ok() { echo "ok $1"; }
bad() { echo "not ok $1: $2"; status=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1" "expected '$2', got '${3:0:400}'"; fi; }
says() { if grep -qF -- "$2" "$3"; then ok "$1"; else bad "$1" "no '$2' in: $(head -c 600 "$3" | tr '\n' '|')"; fi; }
refuses() { # refuses NAME CODE TEXT ARGUMENT...
	local name=$1 code=$2 text=$3 got
	shift 3
	"$aitap" explain "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	if [ "$got" -eq "$code" ] && [ ! -s "$dir/out" ] && [ "$(wc -l <"$dir/err")" -eq 1 ] && grep -qF -- "$text" "$dir/err"; then
		ok "$name"
	else
		bad "$name" "exit code $got, said '$(tr '\n' '|' <"$dir/err")'"
	fi
}

cat >"$dir/a.yaml" <<'END'
attribution:
  rules:
    - {id: etl, match: {unit: "etl-*.service"}, team: data, labels: {feature: nightly}}
    - {id: naps, match: {exe: "*/sleep"}, team: sleepers}
END

# ---- a cgroup, also one that is not there
"$aitap" explain --config "$dir/a.yaml" --cgroup /system.slice/etl-7.service >"$dir/out" || bad cgroup "exit code $?"
says 'cgroup: the team' 'team         data' "$dir/out"
says 'cgroup: the reason' 'because of   rule:etl' "$dir/out"
says 'cgroup: the rule' 'where unit etl-*.service' "$dir/out"
says 'cgroup: the label' 'feature                          nightly                  rule:etl' "$dir/out"
same 'cgroup: as JSON' '["data","rule:etl","nightly",7]' "$("$aitap" explain --config "$dir/a.yaml" --json --cgroup /system.slice/etl-7.service |
	jq -c '[.team, .team_source, .labels.feature.value, (.sources | length)]')"

# ---- a process
env AI_TEAM=blue OTEL_RESOURCE_ATTRIBUTES='team=green,service.name=x' sleep 300 &
child=$!
for _ in $(seq 50); do [ "$(cat /proc/$child/comm)" = sleep ] && break; sleep 0.05; done
"$aitap" explain --config /dev/null --pid $child >"$dir/out" || bad process "exit code $?"
says 'process: the team' 'team         blue' "$dir/out"
says 'process: the reason' 'because of   env:AI_TEAM' "$dir/out"
says 'process: what came later' 'otel-resource:team               green                    comes later' "$dir/out"
says 'process: its executable' '/sleep' "$dir/out"
says 'process: its user' "$(id -un)" "$dir/out"
says 'process: its cgroup' 'cgroup                           /' "$dir/out"
same 'process: a rule goes first' '["sleepers","rule:naps"]' \
	"$("$aitap" explain --config "$dir/a.yaml" --json --pid $child | jq -c '[.team, .team_source]')"
kill $child
wait $child 2>/dev/null
if [ "$(id -u)" -eq 0 ]; then	# somebody else's: not root's because root asks
	setpriv --reuid 65534 --clear-groups sleep 300 &
	child=$!
	for _ in $(seq 50); do [ "$(cat /proc/$child/comm)" = sleep ] && break; sleep 0.05; done
	"$aitap" explain --config /dev/null --pid $child >"$dir/out"
	says 'process: another user' 'nobody' "$dir/out"
	kill $child
	wait $child 2>/dev/null
fi
refuses 'a process that is gone' 3 'there is no process' --pid $child
child=

# ---- a record
if ! make -s O="$O" "$O/tests/cli/spend" >"$dir/log" 2>&1 || ! "$O/tests/cli/spend" trace "$dir/t" >>"$dir/log" 2>&1 ||
	! "$aitap" replay --config /dev/null --ledger "$dir/l.db" --records "$dir/records" "$dir/t" 2>>"$dir/log"; then
	bad 'a ledger to ask' "$(tail -n 3 "$dir/log" | tr '\n' ' ')"
	exit 1
fi
record() { jq -rs "[.[] | select($1)][0] | $2" "$dir/records"; }
id=$(record '.team == "search"' .id)
cost=$(record '.team == "search"' .cost_usd)
"$aitap" explain --config /dev/null --ledger "$dir/l.db" "$id" >"$dir/out" || bad record "exit code $?"
says 'record: what was decided' 'team then    search, because of header:x-team-id' "$dir/out"
says 'record: the route, in words' 'route        direct: straight to the provider' "$dir/out"
says 'record: the cost' "cost         $cost USD (priced, metered)" "$dir/out"
says 'record: the price line' "by $(record '.team == "search"' '.lines[0].price')" "$dir/out"
says 'record: asked again' 'asked again, with the same configuration' "$dir/out"
says 'record: the answer that won is known' 'header:x-team-id                 search                   wins' "$dir/out"
"$aitap" explain --config "$dir/a.yaml" --store "sqlite:$dir/l.db" "$id" >"$dir/out"
says 'record: another configuration is said' 'asked again, with another configuration' "$dir/out"
same 'record: as JSON, the same lines as the record' "$(record '.team == "search"' '.lines | tojson')" \
	"$("$aitap" explain --config /dev/null --ledger "$dir/l.db" --json "$id" | jq -c .record.lines)"
id=$(record '.team == null' .id)
"$aitap" explain --config /dev/null --ledger "$dir/l.db" "$id" >"$dir/out" || bad 'record of nobody' "exit code $?"
says 'record of nobody' 'team then    (unattributed), because of no source' "$dir/out"

"$O/tests/cli/spend" adjusted "$dir/adjusted.db" || bad 'a ledger with an adjustment' "exit code $?"
call=01KB0000000000000000000001 adjustment=01KB0000000000000000000002
"$aitap" explain --config /dev/null --ledger "$dir/adjusted.db" $call >"$dir/out"
says 'record: an estimate and its bounds' 'estimated by relation; nine times out of ten it lies between 1200 and 1290 tokens in, 190 and 300 tokens out, 0.004 and 0.005 USD' "$dir/out"
says 'record: what was learnt of it later' "adjusted by  $adjustment: -0.004055 USD for search" "$dir/out"
"$aitap" explain --config /dev/null --ledger "$dir/adjusted.db" $adjustment >"$dir/out"
says 'adjustment: of which record' "adjusts      $call" "$dir/out"
same 'record: adjustments as JSON' "[null,\"$adjustment\",\"-0.004055\"]" \
	"$("$aitap" explain --config /dev/null --ledger "$dir/adjusted.db" --json $call |
		jq -c '.record | [.adjusts, (.adjustments[] | .id, .cost_usd)]')"
same 'an adjustment is no call' '[1,1,"0"]' "$("$aitap" report --store "$dir/adjusted.db" --json | jq -c '.total | [.calls, .adjustments, .cost_usd]')"

refuses 'no such record' 1 "there is no record 'NOTHING'" --config /dev/null --ledger "$dir/l.db" NOTHING
refuses 'no such ledger' 4 'there is no ledger' --config /dev/null --ledger "$dir/none.db" "$id"
refuses 'no ledger' 2 'is not a ledger' --config /dev/null --ledger "$dir/a.yaml" "$id"
refuses 'another store' 3 'not built yet' --config /dev/null --store clickhouse://host "$id"
refuses 'nothing asked' 2 'one of ID, --pid N and --cgroup PATH is needed' --config /dev/null
refuses 'two things asked' 2 'one of ID' --config /dev/null --pid 1 "$id"
refuses 'no number' 2 "--pid 'x'" --config /dev/null --pid x
refuses 'no path' 2 'begins with /' --config /dev/null --cgroup etl
exit $status
