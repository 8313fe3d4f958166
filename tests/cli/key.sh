#!/bin/bash
# `aitap key`: the fingerprint that records carry, from standard input alone.
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
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1" "expected '$2', got '$3'"; fi; }

secret=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
credential=sk-test-0123456789
expected() { # expected LETTER TEXT: computed by another program
	python3 -c '
import hashlib, hmac, sys
secret, kind, text = bytes.fromhex(sys.argv[1]), sys.argv[2], sys.argv[3].encode()
text = hashlib.sha256(text).hexdigest().encode() if kind == "k" else text
print(hmac.new(secret, text, hashlib.sha256).hexdigest()[:16])' "$secret" "$1" "$2"
}
echo "$secret" >"$dir/fleet.key"
chmod 600 "$dir/fleet.key"
echo 'privacy: {secret_file: fleet.key}' >"$dir/a.yaml"
key() { "$aitap" key --config "$dir/a.yaml" "$@"; }

same 'of a credential' "k1:$(expected k $credential)" "$(printf %s $credential | key)"
same 'with its newline' "k1:$(expected k $credential)" "$(echo $credential | key)"
same 'with its scheme' "k1:$(expected k $credential)" "$(echo "Bearer $credential" | key)"
same 'of a person' "u1:$(expected u ann@example.com)" "$(echo ann@example.com | key --person)"
echo "k7:$secret" >"$dir/fleet.key"
same 'the generation of the secret' "k7:$(expected k $credential)" "$(echo $credential | key)"
echo "privacy: {secret_env: FLEET}" >"$dir/a.yaml"
same 'the secret from the environment' "k1:$(expected k $credential)" "$(echo $credential | FLEET=$secret key)"

one=$(echo $credential | "$aitap" key --config /dev/null) two=$(echo $credential | "$aitap" key --config /dev/null)
same "a host's own secret stays" "$one" "$two"
same "and is its owner's alone" 600 "$(stat -c %a "$dir/state/host.key")"
secret=$(cat "$dir/state/host.key")
same 'and is what fingerprints are made with' "k1:$(expected k $credential)" "$one"

refuses() { # refuses NAME CODE TEXT ARGUMENT... < INPUT
	local name=$1 code=$2 text=$3 got
	shift 3
	"$aitap" key "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	if [ "$got" -eq "$code" ] && [ ! -s "$dir/out" ] && grep -qF -- "$text" "$dir/err"; then
		ok "$name"
	else
		bad "$name" "exit code $got, said '$(tr '\n' '|' <"$dir/err")'"
	fi
}
refuses 'an argument' 2 'takes no credential as an argument' --config /dev/null $credential </dev/null
same 'an argument is not repeated' 0 "$(grep -c "$credential" "$dir/err")"
refuses 'nothing' 2 'no credential on standard input' --config /dev/null </dev/null
head -c 20000 /dev/zero | tr '\0' x >"$dir/long"
refuses 'too much' 2 'bytes are no credential' --config /dev/null <"$dir/long"
STATE_DIRECTORY=/proc/none XDG_STATE_HOME=/proc/none refuses 'no place for a secret' 3 'fits no record' --config /dev/null <<<"$credential"
echo short >"$dir/fleet.key"
echo 'privacy: {secret_file: fleet.key}' >"$dir/a.yaml"
refuses 'a file without a secret' 2 'holds no secret' --config "$dir/a.yaml" <<<"$credential"
exit $status
