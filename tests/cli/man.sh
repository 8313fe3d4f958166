#!/bin/bash
# The manual page is well-formed and says what the program says: every command, every option, what is not built yet.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-.output}
page=tools/man/aitap.1
aitap=$O/aitap
[ -x "$aitap" ] || aitap=$O/aitap-core
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
status=0

ok() { echo "ok $1"; }
bad() { echo "not ok $1: $2"; status=1; }

LC_ALL=C.UTF-8 MANWIDTH=90 man --warnings -E UTF-8 -l "$page" >"$dir/text" 2>"$dir/warnings"
if [ -s "$dir/warnings" ]; then bad 'the page is well-formed' "$(head -n 2 "$dir/warnings" | tr '\n' ' ')"; else ok 'the page is well-formed'; fi
if [ "$(wc -l <"$dir/text")" -gt 200 ]; then ok 'the page is read whole'; else bad 'the page is read whole' "$(wc -l <"$dir/text") lines"; fi

version=$("$aitap" version | sed -nE 's/^aitap ([0-9.]+).*/\1/p')
if head -n 3 "$page" | grep -qF "\"aitap $version\""; then ok 'its version is the program'"'"'s'; else bad 'its version' "the program has '$version'"; fi

# the entry of a command: from its tag to the next
sed -n '/^\.SH COMMANDS/,/^\.SH OPTIONS/p' "$page" | sed 's/\\-/-/g; s/\\f[BIR]//g' >"$dir/commands"
entry() {
	awk -v name="$1" '/^\.(TP|SS|SH)/ {inside = 0; tag = $0 == ".TP"; next}
		tag {gsub(/"/, ""); inside = $1 ~ /^\.(B|BR)$/ && ($2 == name || $2 == name ","); tag = 0; if (inside) print; next}
		inside' "$dir/commands"
}
commands=$("$aitap" --help | sed -nE 's/^  ([a-z]+) .*/\1/p')
[ "$(wc -w <<<"$commands")" -ge 20 ] || bad 'the commands of --help' "only '$commands'"
for command in $commands; do
	text=$(entry "$command")
	unbuilt=$("$aitap" "$command" --help | grep -c 'not built yet in this version$')
	if [ -z "$text" ]; then
		bad "the page has $command" 'it has not'
	elif [ "$unbuilt" -ne "$(grep -c 'not built yet' <<<"$text")" ]; then
		bad "the page says whether $command is built" "--help and the page differ"
	else
		ok "the page has $command"
	fi
done

# ---- options
sed 's/\\-/-/g; s/\\f[BIR]//g' "$page" | grep -oE -- '(^|[^a-z-])--[a-z]+(-[a-z]+)*' | grep -oE -- '--[a-z-]+' | sort -u >"$dir/page"
for command in $commands; do
	"$aitap" "$command" --help | grep -oE '(^|[][ (|`])--[a-z]+(-[a-z]+)*' | grep -oE -- '--[a-z-]+'
done | sort -u >"$dir/program"
missing=$(comm -13 "$dir/page" "$dir/program" | tr '\n' ' ')
if [ -z "$missing" ]; then ok 'every option is on the page'; else bad 'every option is on the page' "$missing"; fi
if [ "$aitap" = "$O/aitap" ]; then	# aitap-core does not know those of run, trace and doctor
	unknown=$(comm -23 "$dir/page" "$dir/program" | grep -vx -e --help | tr '\n' ' ')
	if [ -z "$unknown" ]; then ok 'no option is made up'; else bad 'no option is made up' "$unknown"; fi
fi
exit $status
