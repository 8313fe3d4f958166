#!/bin/bash
# The shells' completion offers what the program has: every command, and every option of its --help.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-.output}
aitap=$O/aitap
[ -x "$aitap" ] || aitap=$O/aitap-core
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
status=0

ok() { echo "ok $1"; }
bad() { echo "not ok $1: $2"; status=1; }
same() { # same NAME GOT EXPECTED: as sets of words
	local got expected
	got=$(tr -s ' \n' '\n\n' <<<"$2" | grep . | sort -u | tr '\n' ' ')
	expected=$(tr -s ' \n' '\n\n' <<<"$3" | grep . | sort -u | tr '\n' ' ')
	if [ "$got" = "$expected" ]; then ok "$1"; else bad "$1" "got '$got', expected '$expected'"; fi
}

for shell in bash zsh fish; do
	"$aitap" completion "$shell" >"$dir/$shell" 2>"$dir/error" || bad "completion $shell" "$(cat "$dir/error")"
	if ! command -v "$shell" >/dev/null; then
		echo "skip $shell reads it: there is no $shell here"
	elif "$shell" -n "$dir/$shell" 2>"$dir/error"; then
		ok "$shell reads it"
	else
		bad "$shell reads it" "$(head -n 1 "$dir/error")"
	fi
done

"$aitap" completion ksh >/dev/null 2>"$dir/error"
if [ $? -eq 2 ] && grep -q 'bash' "$dir/error"; then ok 'another shell: exit 2, and which there are'; else bad 'another shell' "$(cat "$dir/error")"; fi
"$aitap" completion >/dev/null 2>&1
if [ $? -eq 2 ]; then ok 'no shell: exit 2'; else bad 'no shell: exit 2' "another code"; fi
if "$aitap" completion bash >/dev/full 2>/dev/null; then bad 'a full disk is told' 'exit 0'; else ok 'a full disk is told'; fi

# ---- what bash offers
# shellcheck disable=SC1091
. "$dir/bash"
offer() { # offer WORD...: what is offered for the last of them
	COMP_WORDS=(aitap "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_aitap
	printf '%s\n' "${COMPREPLY[@]}"
}
commands=$("$aitap" --help | sed -nE 's/^  ([a-z]+) .*/\1/p')
[ "$(wc -w <<<"$commands")" -ge 20 ] || bad 'the commands of --help' "only '$commands'"
same 'bash offers every command' "$(offer '')" "$commands"
same 'bash offers what begins so' "$(offer rep)" "$(grep ^rep <<<"$commands")"
for command in $commands; do
	expected=$("$aitap" "$command" --help | grep -oE '(^|[][ (|`])--[a-z]+(-[a-z]+)*' | grep -oE -- '--[a-z-]+')
	same "bash offers the options of $command" "$(offer "$command" --)" "$expected --help"
done
same 'bash offers subcommands' "$(offer completion '')" 'bash zsh fish'
same 'bash offers no option for a file' "$(offer replay x)" ''
if [ "$aitap" = "$O/aitap" ]; then
	case $(offer run --rec) in
	*--records*) ok 'bash completes an option that scripts rely on' ;;
	*) bad 'bash completes an option that scripts rely on' "$(offer run --rec)" ;;
	esac
fi

# ---- the others, from the same words
if command -v fish >/dev/null; then
	ask() { HOME=$dir XDG_CONFIG_HOME=$dir fish --no-config -c "source $dir/fish; complete -C '$1'" | cut -f1; }
	same 'fish offers every command' "$(ask 'aitap ')" "$commands"
	same 'fish offers options' "$(ask 'aitap prices --')" "$(offer prices --)"
fi
for command in $commands; do
	grep -q "^	($command) " "$dir/zsh" && grep -q "^		'$command:" "$dir/zsh" || bad "zsh knows $command" 'it does not'
done

# ---- where they are installed
if [ "$aitap" = "$O/aitap" ]; then
	make -s install O="$O" DESTDIR="$dir/to" PREFIX=/usr >"$dir/log" 2>&1 || bad install "$(tail -n 2 "$dir/log" | tr '\n' ' ')"
	for file in bin/aitap share/aitap/prices.json share/aitap/record.schema.json share/man/man1/aitap.1 \
		share/bash-completion/completions/aitap share/zsh/site-functions/_aitap share/fish/vendor_completions.d/aitap.fish; do
		if [ -s "$dir/to/usr/$file" ]; then ok "installs $file"; else bad "installs $file" 'it does not'; fi
	done
	cmp -s "$dir/bash" "$dir/to/usr/share/bash-completion/completions/aitap" || bad 'the installed completion' 'differs'
fi
exit $status
