#!/bin/bash
# Every record has the form that tools/schema/record.schema.json gives it; and the check of that would notice.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-.output}
dir=$(mktemp -d) || exit 1
export STATE_DIRECTORY=$dir/state
trap 'rm -rf "$dir"' EXIT
status=0

bad() { echo "not ok $1: $2"; status=1; }

# ---- records of the corpus, by way of the whole pipeline
if ! make -s O="$O" "$O/tests/cli/records" >"$dir/log" 2>&1; then
	bad records "does not build: $(tail -n 3 "$dir/log" | tr '\n' ' ')"
elif ! "$O/tests/cli/records" tests/corpus sample >"$dir/records.jsonl" 2>"$dir/log"; then
	bad records "$(tail -n 3 "$dir/log" | tr '\n' ' ')"
fi
count=$(wc -l <"$dir/records.jsonl")
if [ "$count" -ge 600 ]; then echo "ok the corpus makes records"; else bad 'the corpus makes records' "only $count"; fi
tests/lib/validate.py "$dir/records.jsonl" >"$dir/out" || status=1
sed "s|$dir/||" "$dir/out"

# ---- each of these breaks a good record, and must be noticed
# (by text: jq would write its numbers anew)
grep '"cost_status":"priced"' "$dir/records.jsonl" | grep '"usage_raw":{' | grep '"list_cost_usd":"0[.]' |
	grep -m 1 '"class":"input_uncached".*"class":"output_visible"' >"$dir/good.jsonl"
breaks() { # breaks NAME SED-SCRIPT...
	local name=$1
	shift
	sed -E "$@" "$dir/good.jsonl" >"$dir/broken.jsonl"
	if cmp -s "$dir/good.jsonl" "$dir/broken.jsonl"; then
		bad "a record with $name is refused" "the record could not be broken so"
	elif tests/lib/validate.py "$dir/broken.jsonl" >"$dir/out"; then
		bad "a record with $name is refused" "it was taken"
	else
		echo "ok a record with $name is refused"
	fi
}
if [ -s "$dir/good.jsonl" ] && tests/lib/validate.py "$dir/good.jsonl" >/dev/null; then
	breaks 'a field too few' 's/"sni":[^,]*,//'
	breaks 'a field too many' 's/^\{/{"extra":1,/'
	breaks 'a field twice' 's/"spend":/"spend":true,"spend":/'
	breaks 'its fields in another order' 's/("kind":[^,]*),("id":[^,]*),/\2,\1,/'
	breaks 'tokens as a fraction' 's/"output_tokens":[0-9]+/"output_tokens":1.5/'
	breaks 'tokens taken away' 's/"input_tokens":([1-9][0-9]*)/"input_tokens":-\1/'
	breaks 'an adjustment of nothing' 's/"kind":"call"/"kind":"adjustment"/'
	breaks 'tokens written as a float' 's/"output_tokens":([0-9]+)/"output_tokens":\1.0/'
	breaks 'money as a number' 's/"list_cost_usd":"([0-9.]+)"/"list_cost_usd":\1/'
	breaks 'money with trailing zeros' 's/"list_cost_usd":"0\.([0-9]+)"/"list_cost_usd":"0.\10"/'
	breaks 'a cost that is not the sum of its lines' 's/"list_cost_usd":"0/"list_cost_usd":"1/; s/\],"cost_usd":"0/],"cost_usd":"1/'
	breaks 'milliseconds without a decimal place' 's/"first_byte_ms":([0-9]+)\.[0-9]/"first_byte_ms":\1/'
	breaks 'an empty string' 's/"provider":"[^"]*"/"provider":""/'
	breaks 'a query in its path' 's/"path":"([^"]*)"/"path":"\1?key=1"/'
	breaks 'text in its raw usage' 's/"usage_raw":\{/"usage_raw":{"x":"text",/'
	breaks 'a flag that is not in the list' 's/"flags":\[/"flags":["unheard-of",/; s/",\]/"]/'
	breaks 'lost bytes and complete:true' 's/"missing_bytes":0/"missing_bytes":1/'
	breaks 'a time in whole seconds' 's/"time":"([^".]*)\.[0-9]*Z"/"time":"\1Z"/'
	breaks 'an id that is none' 's/"id":"[0-9A-Z]{26}"/"id":"call-1"/'
	breaks 'its end missing' 's/.$//'
	breaks 'itself twice' p
else
	bad 'a good record to break' 'there is none'
fi
exit $status
