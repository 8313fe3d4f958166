# aitap: `sudo make run` observes this machine, `sudo make test` runs the tests.
# `make help` lists the rest. Everything that is made lands in .output/.

VERSION := 0.1.0
O       ?= .output
CC      ?= gcc
CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
ARCH    := $(shell uname -m | sed -e 's/x86_64/x86/' -e 's/aarch64/arm64/')
Q       := $(if $(V),,@)
JOBS    := $(shell nproc)
say      = @printf '  %-7s %s\n' '$(1)' '$(patsubst $(O)/%,%,$(2))'

# ---- rooms: who may see whom. Each room is compiled with one -I, a folder of
# links to exactly the rooms named here; base, noun and itself go without saying
# (base sees itself alone).
SEE_base     :=
SEE_noun     :=
SEE_feed     := event
SEE_wire     :=
SEE_ai       :=
SEE_link     :=
SEE_who      :=
SEE_money    :=
SEE_out      :=
SEE_book     := money out
SEE_pipeline := event feed wire ai link who money out
SEE_tap      := event feed skel
SEE_run      := event feed wire ai link who money out book pipeline tap
ROOMS        := base noun feed wire ai link who money out book pipeline tap run

# what only a build with the kernel side has; everything else is the core
CAPTURE_SRC := $(wildcard user/tap/*.c) $(wildcard $(patsubst %,user/run/%.c,cmd_run cmd_doctor cmd_trace observe observe_health observe_probes survey gauges))
CORE_ONLY   := $(wildcard user/run/core_only.c)
CORE_SRC    := $(filter-out $(CAPTURE_SRC) $(CORE_ONLY) user/run/main.c,$(foreach r,$(ROOMS),$(wildcard user/$(r)/*.c)))
BPF_SRC     := $(wildcard bpf/*.bpf.c)

CORE_LIBS    := -ljson-c -lz -lisal -lbrotlidec -lzstd -lnghttp2 -lyaml -lsqlite3 -lnettle -lmicrohttpd -lpthread -lm
ENCODE_LIBS  := -lbrotlienc -lnghttp2
CAPTURE_LIBS := -lbpf -lelf -lcapstone

CFLAGS  ?= -O2 -g
# tables leave out what is zero
WARN    := -Wall -Wextra -Werror -Wno-missing-field-initializers -Wmissing-prototypes -Wshadow -Wpointer-arith -Wvla
STD     := -std=gnu11 -D_GNU_SOURCE -DAITAP_VERSION='"$(VERSION)"' -fno-strict-aliasing -fvisibility=hidden
# gcc 12 and clang 16 have it, clang 14 refuses it
AUTO_ZERO := $(shell $(CC) -ftrivial-auto-var-init=zero -fsyntax-only -x c /dev/null 2>/dev/null && echo -ftrivial-auto-var-init=zero)
HARDEN  := -fstack-protector-strong -fPIE $(AUTO_ZERO) $(if $(SAN),,-D_FORTIFY_SOURCE=2)
# SAN=1 builds the same with AddressSanitizer and UndefinedBehaviorSanitizer, in a folder of its own
ifdef SAN
override O := $(O)/san
SANFLAG := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
ALLFLAGS = $(STD) $(WARN) $(HARDEN) $(CFLAGS) $(SANFLAG)

# what every byte passes through
FAST    := $(if $(SAN),,-O3)
FAST_wire := $(FAST)
FAST_ai := $(FAST)
FAST_pipeline := $(FAST)

obj = $(patsubst user/%.c,$(O)/obj/%.o,$(1))

.DEFAULT_GOAL := all
.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all core run demo test test-long bench test-build test-star test-lint test-unit test-sanitizers test-corpus \
	test-fuzz test-cli test-live test-kernels \
	bpf-arm64 setup install clean help lint
.SUFFIXES:

all: $(O)/aitap
core: $(O)/aitap-core

# ---- the rooms' windows
$(O)/see/.made: Makefile
	$(Q)rm -rf $(O)/see && mkdir -p $(O)/skel
	$(Q)$(foreach r,$(ROOMS),mkdir -p $(O)/see/$(r) && for s in base $(if $(filter base,$(r)),,noun $(r) $(SEE_$(r))); do case $$s in \
		(event) mkdir -p $(O)/see/$(r)/bpf && ln -sfn $(CURDIR)/bpf/event.h $(O)/see/$(r)/bpf/event.h;; \
		(skel) ln -sfn $(abspath $(O))/skel $(O)/see/$(r)/skel;; \
		(*) ln -sfn $(CURDIR)/user/$$s $(O)/see/$(r)/$$s;; esac; done &&) touch $@

$(O)/obj/%.o: user/%.c $(O)/see/.made
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALLFLAGS) $(FAST_$(firstword $(subst /, ,$*))) -MMD -MP -I$(O)/see/$(firstword $(subst /, ,$*)) -c $< -o $@

# the price table is part of this one, which the compiler does not tell
$(call obj,user/money/builtin.c) $(O)/fuzz/obj/money/builtin.o: tools/prices/prices.json

$(O)/libcore.a: $(call obj,$(CORE_SRC))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/aitap-core: $(call obj,user/run/main.c $(CORE_ONLY)) $(O)/libcore.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALLFLAGS) -pie $^ $(CORE_LIBS) -o $@

$(O)/aitap: $(call obj,user/run/main.c $(CAPTURE_SRC)) $(O)/libcore.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALLFLAGS) -pie $^ $(CAPTURE_LIBS) $(CORE_LIBS) -o $@

# ---- the kernel side, dual BSD/GPL
BPF_FLAGS = -std=gnu11 -g -O2 -Wall -Wextra -Werror -Wno-unused-parameter -mcpu=v3 -Ibpf
bpf_obj = $(patsubst bpf/%.bpf.c,$(O)/bpf-$(2)/%.bpf.o,$(1))
define BPF_RULES
$(O)/bpf-$(1)/%.bpf.o: bpf/%.bpf.c $$(wildcard bpf/*.h) vmlinux/$(1)/vmlinux.h
	$$(call say,BPF,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CLANG) -target bpf -D__TARGET_ARCH_$(1) $$(BPF_FLAGS) -Ivmlinux/$(1) -c $$< -o $$@
$(O)/bpf-$(1)/aitap.bpf.o: $$(call bpf_obj,$$(BPF_SRC),$(1))
	$$(call say,BPFLINK,$$@)
	$$(Q)$$(BPFTOOL) gen object $$@ $$^
endef
$(eval $(call BPF_RULES,x86))
$(eval $(call BPF_RULES,arm64))

$(O)/skel/aitap.skel.h: $(O)/bpf-$(ARCH)/aitap.bpf.o $(O)/see/.made
	$(call say,SKEL,$@)
	$(Q)mkdir -p $(@D) && $(BPFTOOL) gen skeleton $< name aitap_bpf > $@
$(call obj,$(filter user/tap/%,$(CAPTURE_SRC))): $(O)/skel/aitap.skel.h
bpf-arm64: $(O)/bpf-arm64/aitap.bpf.o

# ---- commands for people
setup:
	$(Q)tools/setup

run: setup
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all
	$(Q)exec $(O)/aitap run --records - $(ARGS)

demo: setup
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all
	$(Q)tools/demo/demo $(O)/aitap

test: setup
	$(Q)tests/run $(TIERS)
test-build test-star test-lint test-unit test-sanitizers test-corpus test-fuzz test-cli test-live test-kernels:
	$(Q)tests/run $(@:test-%=%)
test-long:
	$(Q)tests/run long
bench:
	$(Q)tools/bench/bench
lint:
	$(Q)tools/lint

help:
	@echo 'sudo make run    install what is missing, build, observe this machine   (ARGS="--ledger none ..." to add options)'
	@echo 'sudo make test   install what is missing, run every test                (TIERS="unit live" for some)'
	@echo 'sudo make demo   a local provider and three teams to look at'
	@echo 'make             build .output/aitap        make core   without clang, libbpf or root'
	@echo 'make bench       benchmarks, as ratios      make lint   clang-tidy and cppcheck'
	@echo 'make test-TIER   one tier of the tests      make test-long   hours of them'
	@echo 'make install     program, manual page, completions (PREFIX, DESTDIR)      make clean'
	@echo 'SAN=1            with AddressSanitizer and UndefinedBehaviorSanitizer'

# ---- unit tests: tests/unit/test_X.c each becomes a program; they see every room of the core
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_BIN := $(patsubst tests/unit/%.c,$(O)/unit/%,$(UNIT_SRC))
TAP_OBJ   = $(call obj,$(wildcard user/tap/*.c))
test-bins: $(UNIT_BIN)
.PHONY: test-bins fuzz-bins
# tests of tap/ are named test_tap_X.c and link the capture side as well
$(O)/unit/test_tap_%: tests/unit/test_tap_%.c $(O)/libcore.a $(wildcard tests/lib/*.h) $(call obj,$(wildcard user/tap/*.c))
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALLFLAGS) -Wno-missing-prototypes -Iuser -I. -I$(O) $< $(TAP_OBJ) $(O)/libcore.a -lcmocka $(CAPTURE_LIBS) $(CORE_LIBS) -o $@
$(O)/unit/test_%: tests/unit/test_%.c $(O)/libcore.a $(wildcard tests/lib/*.h)
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALLFLAGS) -Wno-missing-prototypes -Iuser -I. $< $(O)/libcore.a -lcmocka $(ENCODE_LIBS) $(CORE_LIBS) -o $@

# ---- programs that link the capture side as well
TAP_BIN := $(O)/tests/live/capture $(O)/tests/verifier/verifier
$(TAP_BIN): $(O)/tests/%: tests/%.c $(O)/libcore.a $(call obj,$(wildcard user/tap/*.c))
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALLFLAGS) -Wno-missing-prototypes -Iuser -I. -I$(O) $< $(TAP_OBJ) $(O)/libcore.a $(CAPTURE_LIBS) $(CORE_LIBS) -o $@

$(O)/tools/bench/probe: tools/bench/probe.c $(O)/libcore.a $(call obj,$(wildcard user/tap/*.c))
	$(call say,TOOL,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALLFLAGS) -Wno-missing-prototypes -Iuser -I. -I$(O) $< $(TAP_OBJ) $(O)/libcore.a $(CAPTURE_LIBS) $(CORE_LIBS) -lssl -lcrypto -o $@

# the program under observation: knows nothing of ours
$(O)/tests/live/pair: tests/live/pair.c
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(STD) $(WARN) -O2 -g $< -lssl -lcrypto -lz -lpthread -o $@

# ---- other programs of tests/ and tools/ that link the core: tests/corpus/X.c, tools/bench/X.c
$(O)/tests/%: tests/%.c $(O)/libcore.a $(wildcard tests/lib/*.h tests/corpus/*.h tests/traces/*.h)
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALLFLAGS) -Wno-missing-prototypes -Iuser -I. $< $(O)/libcore.a $(ENCODE_LIBS) $(CORE_LIBS) -o $@
$(O)/tools/%: tools/%.c $(O)/libcore.a
	$(call say,TOOL,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALLFLAGS) -Wno-missing-prototypes -Iuser -I. $< $(O)/libcore.a $(ENCODE_LIBS) $(CORE_LIBS) -o $@

# ---- fuzzers: tests/fuzz/fuzz_X.c, built by clang with the core's sources and libFuzzer
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_OBJ := $(patsubst user/%.c,$(O)/fuzz/obj/%.o,$(CORE_SRC) $(CORE_ONLY))
fuzz-bins: $(FUZZ_BIN)
$(O)/fuzz/obj/%.o: user/%.c $(O)/see/.made
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(STD) -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -MMD -MP \
		-I$(O)/see/$(firstword $(subst /, ,$*)) -c $< -o $@
$(O)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_OBJ) $(wildcard tests/lib/*.h)
	$(call say,FUZZ,$@)
	$(Q)$(CLANG) $(STD) -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Iuser -I. $(filter-out %.h,$^) $(CORE_LIBS) -o $@

PREFIX ?= /usr/local
install: all
	install -D -m 755 $(O)/aitap $(DESTDIR)$(PREFIX)/bin/aitap
	install -D -m 644 tools/prices/prices.json $(DESTDIR)$(PREFIX)/share/aitap/prices.json
	install -D -m 644 tools/schema/record.schema.json $(DESTDIR)$(PREFIX)/share/aitap/record.schema.json
	install -D -m 644 tools/man/aitap.1 $(DESTDIR)$(PREFIX)/share/man/man1/aitap.1
	for to in bash:bash-completion/completions/aitap zsh:zsh/site-functions/_aitap fish:fish/vendor_completions.d/aitap.fish; do \
		file=$(DESTDIR)$(PREFIX)/share/$${to#*:}; mkdir -p $$(dirname $$file) && \
		$(O)/aitap completion $${to%%:*} >$$file && chmod 644 $$file || exit 1; done

clean:
	rm -rf $(O)

-include $(shell find $(O)/obj $(O)/fuzz/obj -name '*.d' 2>/dev/null)
