/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a shell may offer behind `aitap`: the commands are those of the list,
 * and what a command takes is read off its own --help, so that neither can
 * differ from what the program does. A word that begins with -- is an option;
 * the word behind `aitap NAME` in the usage lines, where it is written in small
 * letters, is a subcommand.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "run/command.h"

static const char usage[] =
	"aitap completion bash|zsh|fish\n"
	"\n"
	"Prints what a shell needs to complete commands and options:\n"
	"\n"
	"  bash   source <(aitap completion bash)\n"
	"  zsh    aitap completion zsh > \"${fpath[1]}/_aitap\"\n"
	"  fish   aitap completion fish > ~/.config/fish/completions/aitap.fish\n";

static int completion_run(int argc, char **argv);

const struct command cmd_completion = { "completion", "what a shell needs to complete commands and options", usage, completion_run };

/* ---- words of a command, separated by spaces */

static bool is_small(char c)
{
	return c >= 'a' && c <= 'z';
}

static void add_word(struct buf *words, struct str word)
{
	struct str rest = buf_view(words), one;

	while (str_split(&rest, ' ', &one))
		if (str_eq(one, word))
			return;
	if (words->n)
		buf_char(words, ' ');
	buf_str(words, word);
}

static void add_options(struct buf *words, const char *help)
{
	size_t n;

	for (const char *at = help; (at = strstr(at, "--")); at += n) {
		n = 2;
		if (at > help && !strchr(" [(|`", at[-1]) && at[-1] != '\n')
			continue;
		while (is_small(at[n]) || (at[n] == '-' && is_small(at[n + 1])))
			n++;
		if (n > 2)
			add_word(words, (struct str){ at, n });
	}
	add_word(words, STR("--help"));
}

static void add_subcommands(struct buf *words, const struct command *command)
{
	struct str lines = str_of(command->usage), line, word, one;

	while (str_split(&lines, '\n', &line)) {
		if (!str_split(&line, ' ', &word) || !str_eq(word, STR("aitap")) || !str_split(&line, ' ', &word) ||
		    !str_eq(word, str_of(command->name)) || !str_split(&line, ' ', &word))
			continue;
		while (str_split(&word, '|', &one)) {
			size_t n = 0;

			while (n < one.n && is_small(one.p[n]))
				n++;
			if (n && n == one.n)
				add_word(words, one);
		}
	}
}

static struct str subcommands(struct buf *words, const struct command *command)
{
	buf_reset(words);
	add_subcommands(words, command);
	return buf_view(words);
}

static struct str options(struct buf *words, const struct command *command)
{
	buf_reset(words);
	add_options(words, command->usage);
	return buf_view(words);
}

/* ---- the shells */

/* Within single quotes: a quote ends them, stands by itself, and begins them again. */
static void put_quoted(const char *text, const char *quote)
{
	for (; *text; text++)
		if (*text == '\'')
			fputs(quote, stdout);
		else
			putchar(*text);
}

static void put_bash(struct buf *words)
{
	const struct command *command;

	puts("_aitap()\n{\n\tlocal word=${COMP_WORDS[COMP_CWORD]} words= options=\n\tcase $COMP_CWORD:${COMP_WORDS[1]} in");
	fputs("\t1:*) words='", stdout);
	for (unsigned int i = 0; (command = command_at(i)); i++)
		printf("%s%s", i ? " " : "", command->name);
	puts("' options='--help --version' ;;");
	for (unsigned int i = 0; (command = command_at(i)); i++) {
		struct str s = subcommands(words, command);

		printf("\t*:%s) words='%.*s'", command->name, (int)s.n, s.p);
		s = options(words, command);
		printf(" options='%.*s' ;;\n", (int)s.n, s.p);
	}
	puts("\tesac\n\t[[ $word == -* ]] && words=$options\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n"
	     "complete -o default -F _aitap aitap");
}

static void put_zsh(struct buf *words)
{
	const struct command *command;

	puts("#compdef aitap\ncompdef _aitap aitap\n_aitap()\n{\n\tlocal -a commands\n\tcommands=(");
	for (unsigned int i = 0; (command = command_at(i)); i++) {
		printf("\t\t'%s:", command->name);
		put_quoted(command->summary, "'\\''");
		puts("'");
	}
	puts("\t)\n\tif (( CURRENT == 2 )); then\n\t\t_describe command commands\n\t\treturn\n\tfi\n\tcase $words[2] in");
	for (unsigned int i = 0; (command = command_at(i)); i++) {
		struct str s = options(words, command);

		printf("\t(%s) [[ $words[CURRENT] == -* ]] && compadd -- %.*s", command->name, (int)s.n, s.p);
		s = subcommands(words, command);
		if (s.n)
			printf("\n\t\t(( CURRENT == 3 )) && compadd -- %.*s", (int)s.n, s.p);
		puts(" ;;");
	}
	puts("\tesac\n\t_files\n}\n[ \"$funcstack[1]\" = _aitap ] && _aitap \"$@\"");
}

static void put_fish(struct buf *words)
{
	const struct command *command;
	struct str word;

	puts("complete -c aitap -n __fish_use_subcommand -f");
	for (unsigned int i = 0; (command = command_at(i)); i++) {
		struct str rest = subcommands(words, command);

		printf("complete -c aitap -n __fish_use_subcommand -a %s -d '", command->name);
		put_quoted(command->summary, "\\'");
		puts("'");
		if (rest.n)
			printf("complete -c aitap -n '__fish_seen_subcommand_from %s' -a '%.*s'\n", command->name, (int)rest.n, rest.p);
		rest = options(words, command);
		while (str_split(&rest, ' ', &word))
			printf("complete -c aitap -n '__fish_seen_subcommand_from %s' -l %.*s\n", command->name, (int)word.n - 2,
			       word.p + 2);
	}
}

static int completion_run(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*put)(struct buf *words);
	} shells[] = { { "bash", put_bash }, { "zsh", put_zsh }, { "fish", put_fish } };
	_cleanup_(buf_done) struct buf words = BUF(KIB(16));

	for (size_t i = 0; argc == 2 && i < sizeof(shells) / sizeof(shells[0]); i++)
		if (!strcmp(argv[1], shells[i].name)) {
			shells[i].put(&words);
			return words.error ? command_fail(EXIT_CANNOT, argv[0], "out of memory") : EXIT_DONE;
		}
	return command_fail(EXIT_USAGE, argv[0], "for which shell? `aitap completion bash`, zsh or fish");
}
