#!/bin/bash
# `aitap check` as CI runs it: what it says, in which form, and the exit codes.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-.output}
aitap=$O/aitap
[ -x "$aitap" ] || aitap=$O/aitap-core
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export STATE_DIRECTORY=$dir/state
status=0

ok() { echo "ok $1"; }
bad() { echo "not ok $1: $2"; status=1; }
check() { # check NAME CODE OUT ERR ARGUMENT...: whole standard output, and the one line on standard error
	local name=$1 code=$2 out=$3 err=$4 got
	shift 4
	(cd "$dir" && "$aitap" check "$@") >"$dir/out" 2>"$dir/err"
	got=$?
	if [ "$got" -ne "$code" ]; then bad "$name" "exit code $got, expected $code: $(cat "$dir/out" "$dir/err" | head -n 1)"; return; fi
	if [ "$(cat "$dir/out")" != "$out" ]; then bad "$name" "printed '$(tr '\n' '|' <"$dir/out")'"; return; fi
	if [ "$(cat "$dir/err")" != "$err" ]; then bad "$name" "said '$(tr '\n' '|' <"$dir/err")'"; return; fi
	ok "$name"
}
aitap=$(readlink -f "$aitap")

cat >"$dir/good.yaml" <<'END'
cluster: prod
attribution:
  teams: [{id: search}, {id: ml}]
  rules:
    - {id: a, match: {unit: "search-*.service"}, team: search}
END
check 'a good one' 0 'good.yaml: good' '' good.yaml
check 'the same by --config' 0 'good.yaml: good' '' --config good.yaml
check 'an empty one' 0 '/dev/null: good' '' /dev/null

cat >"$dir/wrong.yaml" <<'END'
clutser: prod
attribution:
  teams: [{id: search}]
  rules:
    - {id: a, match: {unit: "x"}, team: serach}
END
check 'all mistakes at once, with their places' 2 "wrong.yaml:1:1: error: unknown key 'clutser'; there are: node, cluster, capture, attribution, providers, gateways, approved, prices, privacy, ledger, metrics, sinks, limits
wrong.yaml:5:41: error: 'serach' is not in the list of teams" "aitap check: 'wrong.yaml' would be refused" wrong.yaml

cat >"$dir/later.yaml" <<'END'
capture: {arm: dormant}
END
check 'what is not built yet' 3 "later.yaml:1:11: not built yet: 'arm': this version arms its probes at once" \
	"aitap check: 'later.yaml' is well-formed and asks for what is not built yet" later.yaml

cat >"$dir/shadow.yaml" <<'END'
attribution:
  rules:
    - {id: all, match: {exe: "/usr/*"}, team: a}
    - {id: some, match: {exe: "/usr/bin/x"}, team: b}
  people: {file: not-here.csv}
END
check 'rules that nothing reaches, files that are elsewhere' 0 "shadow.yaml:4:7: warning: rule 'some' is never reached: 'all', line 3, takes every call of it
shadow.yaml:5:18: warning: 'not-here.csv': No such file or directory
shadow.yaml: good, with warnings" '' shadow.yaml

printf '{"schema":1,\n"prices":[\n3]}\n' >"$dir/p.json"
echo 'prices: {files: [p.json]}' >"$dir/prices.yaml"
check 'mistakes of a price table' 2 'p.json:3: prices[0]: an object is needed' "aitap check: 'prices.yaml' would be refused" prices.yaml

printf 'who,team\nann,search\nbob,nobody\n' >"$dir/people.csv"
printf -- '- {id: search}\n' >"$dir/teams.yaml"
printf 'attribution: {teams: {file: teams.yaml}, people: {file: people.csv}}\n' >"$dir/files.yaml"
check 'mistakes of the files beside it' 2 "files.yaml:1:57: error: people.csv:3: 'nobody' is not in the list of teams" \
	"aitap check: 'files.yaml' would be refused" files.yaml

check 'not there' 4 '' "aitap check: 'none.yaml': No such file or directory" none.yaml
check 'a folder' 4 '' "aitap check: '.': Is a directory" .
check 'two at once' 2 '' 'aitap check: one configuration at a time' good.yaml wrong.yaml
printf 'cluster: "\033[31mred"\n\001' >"$dir/raw.yaml"
check 'bytes that are no text' 2 'raw.yaml:1:11: error: is not text: control characters are not allowed' \
	"aitap check: 'raw.yaml' would be refused" raw.yaml

got=$(cd "$dir" && "$aitap" check --json wrong.yaml 2>"$dir/err" | jq -c '[.file, .good, .more, [.problems[] | [.weight, .line, .column]]]')
if [ "$got" = '["wrong.yaml",false,0,[["error",1,1],["error",5,41]]]' ]; then ok 'as JSON'; else bad 'as JSON' "$got"; fi
got=$(cd "$dir" && "$aitap" check --json good.yaml | jq -c '[.good, .problems]')
if [ "$got" = '[true,[]]' ]; then ok 'as JSON, good'; else bad 'as JSON, good' "$got"; fi
if [ -e "$dir/state" ]; then bad 'nothing is made' "a secret was"; else ok 'nothing is made'; fi

# what check refuses, replay refuses with the same words, and makes no record
"$aitap" replay --config "$dir/wrong.yaml" /nonexistent.trace >"$dir/out" 2>"$dir/err"
if [ $? -eq 2 ] && [ "$(grep -c "wrong.yaml:[15]:" "$dir/err")" -eq 2 ]; then ok 'replay refuses the same'; else bad 'replay refuses the same' "$(cat "$dir/err")"; fi
exit $status
