#!/bin/bash
# Files that nobody sane wrote: configurations, price tables, traces, ledgers. Each gets a clear error and an exit
# code; nothing crashes, and nothing takes unbounded memory. AITAP names another program, as one with sanitizers.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-.output}
aitap=${AITAP:-$O/aitap}
[ -x "$aitap" ] || aitap=$O/aitap-core
dir=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$dir" && rm -rf "$dir"' EXIT
status=0
sanitized=
grep -q __asan_init "$aitap" && sanitized=1
[ -n "$sanitized" ] || ulimit -v 2000000 # 2 GB of address space are plenty; sanitizers reserve terabytes

ok() { echo "ok $1"; }
bad() { echo "not ok $1: $2"; status=1; }
# run NAME CODES TEXT ARGUMENT...: exits with one of the codes and says the text
run() {
	local name=$1 codes=$2 text=$3 got
	shift 3
	timeout 60 "$aitap" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	if [[ " $codes " != *" $got "* ]]; then bad "$name" "exit code $got, expected $codes: $(tail -n 3 "$dir/err" | cut -c1-300 | tr '\n' '|')"; return 1; fi
	if grep -qE 'AddressSanitizer|runtime error|LeakSanitizer' "$dir/err"; then bad "$name" "$(grep -aE -m 2 'Sanitizer|runtime' "$dir/err")"; return 1; fi
	if [ -n "$text" ] && ! cat "$dir/out" "$dir/err" | grep -qaE -- "$text"; then bad "$name" "no '$text' in: $(cat "$dir/err" "$dir/out" | head -c 300 | tr '\n' '|')"; return 1; fi
	return 0
}
try() { run "$@" && ok "$1"; }
python() { /usr/bin/python3 -c "import sys, os, random; out = open(sys.argv[1], 'wb'); w = out.write; $1" "$2"; }

# ---- configurations: exit 2 with file:line:column, whatever it is
config() { # config NAME TEXT PYTHON: what Python writes
	python "$3" "$dir/c.yaml"
	try "configuration: $1" 2 "$2" check "$dir/c.yaml"
}
at='c.yaml:[0-9]+:[0-9]+: '
config 'a million aliases' "$at" "w(b'a: &a [x,x,x,x,x,x,x,x,x]\n' + b''.join(b'%c: &%c [%s]\n' % (98+i, 98+i, b','.join([b'*%c' % (97+i)] * 9)) for i in range(20)))"
config 'an alias of itself' "$at" "w(b'attribution: &a {labels: *a}\n')"
config '5 MiB' 'too large' "w(b'# comment\n' * 600000)"
config '3 MiB of one key' "$at" "w(b'k' * 3000000 + b': 1\n')"
config '100,000 unknown keys' "$at" "w(b''.join(b'key%d: 1\n' % i for i in range(100000)))"
config '10,000 deep' "$at" "w(b'attribution: ' + b'[' * 10000 + b']' * 10000)"
config '10,000 deep and open' "$at" "w(b'attribution: ' + b'{a: ' * 10000)"
config 'NULs' "$at" "w(b'node: a\0b\n')"
config 'invalid UTF-8' "$at" "w(b'node: \xff\xfe\n')"
config 'UTF-16' 'c.yaml' "w('ledger: {path: 3}\n'.encode('utf-16'))"
config 'tabs' "$at" "w(b'attribution:\n\tlabels: {}\n')"
config 'a key twice' "$at" "w(b'node: a\nnode: b\n')"
config 'a list' "$at" "w(b'- a\n- b\n')"
config 'two documents' "$at" "w(b'node: a\n---\nnode: b\n')"
config 'noise' 'c.yaml' "random.seed(1); w(random.randbytes(100000))"
config 'wrong types everywhere' 'c.yaml:5:[0-9]+: ' "w(b'node: []\ncapture: 3\nattribution: no\nledger: {path: {}, keep_days: many}\nmetrics: [1]\nlimits: {memory: -1}\n')"
config 'numbers out of range' "$at" "w(b'ledger: {keep_days: 99999999999999999999999}\n')"
config 'a negative number' "$at" "w(b'ledger: {max_gib: -1}\n')"
config 'a tag' "$at" "w(b'node: !!python/object/apply:os.system [ls]\n')"
config '70,000 teams' "$at" "w(b'attribution: {teams: [' + b','.join(b'{id: t%d}' % i for i in range(70000)) + b']}\n')"
config 'a file that is a folder' 'directory' "w(b'prices: {files: [/]}\n')"
try 'configuration: a folder' '2 4' 'directory' check "$dir"
try 'configuration: a device without end' '2 4' 'zero' check /dev/zero

# ---- price tables
price() { # price NAME TEXT PYTHON
	python "$3" "$dir/p.json"
	try "prices: $1" '1 2 4' "$2" prices verify "$dir/p.json"
}
line='p.json:[0-9]+: '
price 'no JSON' "$line" "w(b'{\"prices\": [')"
price 'empty' 'p.json' "w(b'')"
price 'a list' 'p.json' "w(b'[]')"
price 'noise' 'p.json' "random.seed(2); w(random.randbytes(100000))"
price '65 MB' 'at most|too large' "w(b' ' * 68000000)"
price '1,000,000 deep' 'p.json' "w(b'[' * 1000000)"
price 'NULs' 'p.json' "w(b'{\"prices\0\": []}')"
price 'a wrong type' "$line" "w(b'{\"schema\": 1, \"prices\": 7}')"
cp tools/prices/prices.json "$dir/base.json"
table() { # table NAME TEXT PYTHON: the built-in table with something done to its first price p, among all of them
	/usr/bin/python3 - "$dir/base.json" "$dir/p.json" "$3" <<-'PYTHON'
		import json, sys
		table = json.load(open(sys.argv[1]))
		prices = table["prices"]
		p = next(p for p in prices if p.get("rates"))
		rates = p["rates"][0]
		exec(sys.argv[3])
		json.dump(table, open(sys.argv[2], "w"), indent=1)
	PYTHON
	try "prices: $1" 1 "$2" prices verify "$dir/p.json"
}
table 'a negative rate' "$line" "k = next(iter(rates)); rates[k] = '-1'"
table 'a rate of 30 digits' "$line" "k = next(iter(rates)); rates[k] = '9' * 30"
table 'a rate that is a list' "$line" "k = next(iter(rates)); rates[k] = []"
table 'a rate that is a word' "$line" "k = next(iter(rates)); rates[k] = 'cheap'"
table 'an unknown class' "$line" "rates['nonsense'] = '1'"
table 'two prices for one day' "$line" "prices.append(dict(p))"

# ---- traces: never a crash, and what is left is used
make -s O="$O" "$O/tests/cli/spend" >"$dir/log" 2>&1 && "$O/tests/cli/spend" trace "$dir/whole.trace" || bad 'a trace to spoil' "$(tail -n 2 "$dir/log")"
size=$(stat -c %s "$dir/whole.trace")
"$aitap" replay --records "$dir/whole.jsonl" "$dir/whole.trace" || bad 'trace: the whole' "exit code $?"
replay() { run "$1" "$2" "$3" replay --records "$dir/t.jsonl" "$dir/t.trace"; }
sound() { # no record that the whole does not have
	[ ! -s "$dir/t.jsonl" ] || [ -z "$(jq -r 'select(.complete) | .id + " " + (.input_tokens | tostring)' "$dir/t.jsonl" | sort |
		comm -23 - <(jq -r '.id + " " + (.input_tokens | tostring)' "$dir/whole.jsonl" | sort))" ]
}
good=1
for cut in $(seq 0 $((size / 40 + 1)) $((size - 1))) $((size - 1)); do
	head -c "$cut" "$dir/whole.trace" >"$dir/t.trace"
	rm -f "$dir/t.jsonl"
	replay "trace: cut at $cut of $size" 4 'partial|not a trace' || good=
	sound || { bad "trace: cut at $cut of $size" 'a record that the whole has not'; good=; }
done
[ -n "$good" ] && ok 'trace: cut at 40 places, exit 4 each time'
good=1
for i in $(seq 60); do
	/usr/bin/python3 - "$dir/whole.trace" "$dir/t.trace" "$i" <<-'PYTHON'
		import random, sys
		rng = random.Random(int(sys.argv[3]))
		data = bytearray(open(sys.argv[1], "rb").read())
		for _ in range(rng.choice((1, 1, 1, 8, 200))):
		    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
		open(sys.argv[2], "wb").write(data)
	PYTHON
	rm -f "$dir/t.jsonl"
	replay "trace: flipped bits, $i" '3 4' 'partial|not a trace|another version' || good=
	sound || { bad "trace: flipped bits, $i" 'a record that the whole has not'; good=; }
done
[ -n "$good" ] && ok 'trace: flipped bits, 60 times, noticed each time'
trace() {
	python "$2" "$dir/t.trace"
	replay "trace: $1" '4' 'not a trace|partial' && ok "trace: $1"
}
trace 'empty' "pass"
trace 'noise' "random.seed(3); w(random.randbytes(1000000))"
trace 'a good head and noise' "random.seed(4); w(open('$dir/whole.trace','rb').read()[:136] + random.randbytes(1000000))"
trace 'the same twice' "t = open('$dir/whole.trace','rb').read(); w(t[:-16] + t)"
try 'trace: a folder' 4 'directory' replay "$dir"
try 'trace: a device' 4 'Invalid|not a' replay /dev/zero
try 'trace: none' 4 'No such file' replay "$dir/none.trace"

# ---- ledgers
report() { try "ledger: $1" "$2" "$3" report --store "sqlite:$dir/$4"; }
"$aitap" replay --records none --ledger "$dir/good.db" "$dir/whole.trace" || bad 'a ledger to spoil' "exit code $?"
random() { python "random.seed($1); w(random.randbytes($2))" "$3"; }
random 5 100000 "$dir/noise.db"
report noise 2 'not a ledger' noise.db
sqlite3 "$dir/other.db" 'create table calls(id text, time_ns integer)'
report 'a database of something else' 2 'something else' other.db
cp "$dir/good.db" "$dir/newer.db" && sqlite3 "$dir/newer.db" 'pragma user_version=2000000000'
report 'a newer schema' 3 'schema version' newer.db
mkdir "$dir/folder.db"
report 'a folder' '2 4' 'ledger|directory' folder.db
try 'ledger: to be written, and a folder' '2 3 4' 'ledger|directory' replay --records none --ledger "$dir/folder.db" "$dir/whole.trace"
cp "$dir/good.db" "$dir/torn.db" && sqlite3 "$dir/torn.db" 'pragma wal_checkpoint(truncate)' >/dev/null
truncate -s 20000 "$dir/torn.db"
report 'torn off' 2 'damaged|not a ledger' torn.db
good=1
for i in $(seq 20); do
	/usr/bin/python3 - "$dir/good.db" "$dir/flip.db" "$i" <<-'PYTHON'
		import random, sys
		rng = random.Random(int(sys.argv[3]))
		data = bytearray(open(sys.argv[1], "rb").read())
		for at in range(8192, len(data), 8192):
		    for _ in range(40):
		        data[at + rng.randrange(8192)] ^= 1 << rng.randrange(8)
		open(sys.argv[2], "wb").write(data)
	PYTHON
	run "ledger: flipped bits, $i" '0 2 4' '' report --store "sqlite:$dir/flip.db" || good=
	run "ledger: flipped bits, writing, $i" '0 2 4' '' replay --records none --ledger "$dir/flip.db" "$dir/whole.trace" || good=
	rm -f "$dir"/flip.db*
done
[ -n "$good" ] && ok 'ledger: flipped bits in every page, 20 times, read and written'
sqlite3 "$dir/good.db" "update calls set model = x'ff00fe', team = char(27) || '[31m' || char(10), input_tokens = 9223372036854775807, cost_pico = 9223372036854775807"
try 'ledger: values that nobody writes, as a table' '0 2' '' report --store "sqlite:$dir/good.db"
grep -q $'\e' "$dir/out" && bad 'ledger: no escape sequence reaches a terminal' "$(head -c 300 "$dir/out")" || ok 'ledger: no escape sequence reaches a terminal'
if run 'ledger: and as JSON' '0 2' '' report --store "sqlite:$dir/good.db" --json; then
	[ ! -s "$dir/out" ] || jq -e . "$dir/out" >"$dir/log" 2>&1 && ok 'ledger: and as JSON' || bad 'ledger: and as JSON' "$(head -c 200 "$dir/log")"
fi
exit $status
