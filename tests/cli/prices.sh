#!/bin/bash
# `aitap prices`: list, show and verify, and what is not built yet.
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
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1" "expected '$2', got '${3:0:300}'"; fi; }
prices() { "$aitap" prices "$@" --config "$dir/a.yaml"; }

cat >"$dir/own.json" <<'END'
{"schema":1,"version":"own-1","prices":[
{"provider":"openai","model":"gpt-4o","match":{"exact":["gpt-4o"]},"to":"2026-06-01","rates":[{"input":"2","output":"8"}]},
{"provider":"openai","model":"gpt-4o","match":{"exact":["gpt-4o"]},"from":"2026-06-01","tiers":{"batch":"0.5"},
 "rates":[{"input":"1","output":"4","cache_read":"0.25"},{"if":{"over":128000},"input":"2","output":"8"}],"units":{"web_search":"0.01"}},
{"provider":"corp","model":"quoted","match":{"exact":["quoted"]},"rates":[{"input":"0.000001","output":"0"}]}
]}
END
echo 'prices: {files: [own.json]}' >"$dir/a.yaml"

same 'a list as CSV' 'provider,model,from,to,input,cache_read,cache_write_5m,output,id
openai,gpt-4o,,2026-06-01,2,,,8,openai/gpt-4o
openai,gpt-4o,2026-06-01,,1,0.25,,4,openai/gpt-4o@2026-06-01' "$(prices list --provider openai --format csv | head -n 3)"
same 'what holds on a day' 'openai/gpt-4o@2026-06-01' \
	"$(prices list --provider openai --at 2026-06-01 --format csv | grep '^openai,gpt-4o,' | head -n 1 | sed 's/.*,//')"
same 'a provider of the own table alone' 'corp quoted - - 0.000001 - - 0' "$(prices list --provider corp | sed -n 2p | xargs)"
more=$(prices list --format csv | wc -l)
if [ "$more" -gt 1000 ]; then ok 'the built-in table lies under it'; else bad 'the built-in table lies under it' "$more lines"; fi
same 'a list as JSON' '["corp/quoted","corp",[{"tier":"standard","over":0,"input":"0.000001","output":"0"}],{}]' \
	"$(prices list --provider corp --json | jq -c '.[] | [.id, .provider, .rates, .units]')"
same 'all of JSON is one array' 'true' "$(prices list --json | jq 'length > 1000')"

show=$(prices show gpt-4o --provider openai --at 2026-07-01)
same 'show: the rule, its time and all of its rates' 'openai/gpt-4o@2026-06-01
  provider openai, model gpt-4o
  holds from 2026-06-01, no end known
  source -, checked -
  standard
    input                             1
    cache_read                     0.25
    output                            4
  standard, input above 128000 tokens
    input                             2
    output                            8
    web_search                     0.01 for one
  batch: 0.5 times that' "$(sed 's/source , checked $/source -, checked -/' <<<"$show")"
same 'show: an earlier date' 'openai/gpt-4o' "$(prices show gpt-4o --provider openai --at 2026-05-31 --json | jq -r '.[].id')"
same 'show: names as providers send them' 'anthropic/claude-sonnet-4-5' \
	"$(prices show claude-sonnet-4-5-20250929 --provider anthropic --at 2026-02-01 --json | jq -r '.[].id')"

refuses() { # refuses NAME CODE TEXT ARGUMENT...
	local name=$1 code=$2 text=$3 got
	shift 3
	"$aitap" prices "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	if [ "$got" -eq "$code" ] && [ "$(wc -l <"$dir/err")" -eq 1 ] && grep -qF -- "$text" "$dir/err"; then
		ok "$name"
	else
		bad "$name" "exit code $got, said '$(tr '\n' '|' <"$dir/err")'"
	fi
}
refuses 'a model that nobody prices' 1 "no price of 'no-such-model' holds then: its calls are unpriced" show no-such-model
refuses 'a provider that nobody prices' 1 "no price of 'nobody'" list --provider nobody
refuses 'no date' 2 "--at 'tomorrow'" list --at tomorrow
refuses 'no date of the calendar' 2 "--at '2026-02-30'" list --at 2026-02-30
refuses 'no format' 2 "--format 'xml'" list --format xml
refuses 'nothing to show' 2 'show takes one model' show
refuses 'no word' 2 'list, show MODEL or verify FILE'
for word in import reprice update; do
	refuses "$word is not built yet" 3 'not built yet' $word
done
refuses 'a table that is not there' 4 'No such file' verify "$dir/none.json"
printf '{"schema":1,\n"prices":[\n{"provider":"p","model":"m","match":{"exact":["m"]},"rates":[{"input":1}]},\n7]}' >"$dir/bad.json"
refuses 'a bad table' 1 'is no price table that could be used' verify "$dir/bad.json"
same 'its mistakes have their lines' "$dir/bad.json:3: prices[0] p/m: input: a decimal number in quotes is needed, not below zero
$dir/bad.json:4: prices[1]: an object is needed" "$(cat "$dir/out")"
same 'a good table' "$dir/own.json: good, version own-1, 3 prices" "$("$aitap" prices verify "$dir/own.json")"
same 'the table of the tree' 0 "$("$aitap" prices verify tools/prices/prices.json >/dev/null; echo $?)"
exit $status
