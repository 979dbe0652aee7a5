# SPDX-License-Identifier: Apache-2.0
# One graph for the whole tree. Output goes to $(BUILD); see `make help`.

BUILD ?= build
PREFIX ?= /usr
VERSION := 0.1.0

PKGS := libevent libevent_openssl openssl lmdb libunbound lua5.4 yaml-0.1 \
	libsodium libseccomp libzstd jansson libidn2 libpcre2-8 libxxhash libpsl \
	uchardet libcurl hiredis sqlite3
# Its flags are not asked for: header files alone, and those of C++.
CXX_PKGS := tomlplusplus
RUN_DEBS := gcc g++ libc6-dev make pkg-config libevent-dev libssl-dev \
	liblmdb-dev libunbound-dev dns-root-data liblua5.4-dev libyaml-dev \
	libsodium-dev libseccomp-dev libzstd-dev libjansson-dev libidn2-dev \
	libpcre2-dev libxxhash-dev libpsl-dev publicsuffix libuchardet-dev \
	libtomlplusplus-dev tzdata libcurl4-openssl-dev libwslay-dev \
	libhiredis-dev libsqlite3-dev
CHECK_DEBS := libcmocka-dev python3-pytest python3-pytest-xdist \
	python3-pytest-timeout python3-aiosmtpd python3-zstandard swaks zstd \
	clang-14 libclang-rt-14-dev libfuzzer-14-dev openssl mandoc \
	python3-jinja2 nghttp2-server redis-server

CC := gcc
CXX := g++
# Debian's: its packages hold what the tests import.
PYTHON ?= /usr/bin/python3
CLANG ?= clang-14
WARN := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wshadow \
	-Wpointer-arith -Wvla
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE \
	-fstack-clash-protection -fcf-protection
OPT ?= -O2
JOBS ?= $(shell nproc)
SANITIZE ?=
# One query for all flags: pkg-config is slow to start.
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
CPPFLAGS := -I. -D_GNU_SOURCE -DEKIDEN_VERSION='"$(VERSION)"' $(PKG_CFLAGS)
CFLAGS := -std=c11 -g $(OPT) $(WARN) $(HARDEN) $(WERROR) $(SANITIZE) -MMD -MP
# A door to a C++ library is one .cc file that throws nothing.
CXXFLAGS := -std=c++17 -fno-exceptions -g $(OPT) -Wall -Wextra -Wshadow \
	-Wpointer-arith $(HARDEN) $(WERROR) $(SANITIZE) -MMD -MP
LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(SANITIZE)
# wslay comes without a .pc file.
LIBS := $(PKG_LIBS) -lwslay -lm -lstdc++

# daemon:room[,more folders of the room]
DAEMONS := master:master loader:master/loader keys:master/keys smtpd:smtpd \
	qmgr:qmgr,qmgr/engine policy:qmgr/policy lookupd:lookupd smtp-out:smtp-out \
	spoold:spoold spoold-reader:spoold/reader spoold-logger:spoold/logger
# program:folder (a folder per program under tools/)
TOOLS := ekiden:tools/ekiden tailer:tools/tailer
# programs that only the build itself uses
BUILD_TOOLS := mdoc-options:tools/mdoc-options mdoc-lua:tools/mdoc-lua
# programs that only `make bench` and tests use
BENCHES := smtp-load:tests/bench/load,tests/bench/common \
	smtp-sink:tests/bench/sink,tests/bench/common

LIB_SRC := $(wildcard lib/*/*.c) $(wildcard lib/policy/modules/*.c)
LIB_A := $(BUILD)/libekiden.a
LIB_CXX := $(wildcard lib/*/*.cc)
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/obj/%.o) $(LIB_CXX:%.cc=$(BUILD)/obj/%.o)

all: deps-check programs man

# $(call program,name:folders,destination folder)
define program
$(eval P_NAME := $(firstword $(subst :, ,$(1))))
$(eval P_DIRS := $(subst $(comma), ,$(lastword $(subst :, ,$(1)))))
$(eval P_SRC := $(foreach d,$(P_DIRS),$(wildcard $(d)/*.c)))
$(if $(P_SRC),$(eval $(call program_rules,$(P_NAME),$(2)/$(P_NAME),$(P_SRC))))
endef
comma := ,

define program_rules
PROGRAMS += $(2)
ROOM_$(1) := $(BUILD)/room/$(1).a
$(BUILD)/room/$(1).a: $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out %/main.c,$(3)))
	@mkdir -p $$(@D) && rm -f $$@ && $(AR) rcs $$@ $$^
$(2): $(patsubst %.c,$(BUILD)/obj/%.o,$(filter %/main.c,$(3))) \
    $(BUILD)/room/$(1).a $(LIB_A)
	@mkdir -p $$(@D)
	@echo "  LD $$@"
	@$(CC) $(LDFLAGS) -o $$@ $$^ $(LIBS)
endef

PROGRAMS :=
$(foreach d,$(DAEMONS),$(call program,$(d),$(BUILD)/libexec/ekiden))
$(foreach t,$(TOOLS),$(call program,$(t),$(BUILD)/bin))
$(foreach t,$(BUILD_TOOLS),$(call program,$(t),$(BUILD)/tools))
$(foreach b,$(BENCHES),$(call program,$(b),$(BUILD)/bench))

programs: $(PROGRAMS)

$(LIB_A): $(LIB_OBJ)
	@mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/obj/%.o: %.cc
	@mkdir -p $(@D)
	@echo "  CXX $<"
	@$(CXX) $(CPPFLAGS) $(CXXFLAGS) -c -o $@ $<

# Unit tests: tests/unit/<path>_test.c stands beside <path>.c; all rooms'
# archives are offered, the linker takes what the noun needs.
UNIT_SRC := $(shell find tests/unit -name '*_test.c' 2>/dev/null)
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
ROOM_ARCHIVES = $(foreach d,$(DAEMONS) $(TOOLS) $(BENCHES),$(ROOM_$(firstword $(subst :, ,$(d)))))

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(LIB_A) $(PROGRAMS)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(ROOM_ARCHIVES) $(LIB_A) \
	    -Wl,--end-group $(LIBS) -lcmocka

unit: $(UNIT_BIN)
	@fail=0; for t in $(UNIT_BIN); do \
	    $$t >$$t.log 2>&1 || { fail=1; cat $$t.log; echo "FAIL $$t"; }; \
	done; echo "unit: $(words $(UNIT_BIN)) programs run"; exit $$fail

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# What the packages of the system must give. RUN_DEBS to build and run,
# CHECK_DEBS for the tests; only what is missing is installed.
deps-check:
	@pkg-config --exists $(PKGS) $(CXX_PKGS) 2>/dev/null || { \
	    echo "Libraries are missing; 'make deps' installs them."; exit 1; }

define install_missing
	@missing=$$(dpkg-query -W -f '$${db:Status-Abbrev} $${Package}\n' $(1) \
	    2>/dev/null | sed -n 's/^ii  *//p' | sort >/tmp/ekiden-have.$$$$; \
	    printf '%s\n' $(1) | sort | comm -23 - /tmp/ekiden-have.$$$$; \
	    rm -f /tmp/ekiden-have.$$$$); \
	[ -z "$$missing" ] || { \
	    echo "Installing:" $$missing; \
	    run=; [ "$$(id -u)" = 0 ] || run=sudo; \
	    $$run apt-get update -qq && \
	    $$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
	        --no-install-recommends $$missing >/dev/null; }
endef

run-deps:
	$(call install_missing,$(RUN_DEBS))

deps:
	$(call install_missing,$(RUN_DEBS) $(CHECK_DEBS))

# The README's two commands. A second make sees the installed libraries.
run: run-deps
	@$(MAKE) --no-print-directory programs
	@tools/try/try.sh $(BUILD)

check: deps
	@tests/check.sh

system: programs
	@$(PYTHON) -m pytest -q -n $(JOBS) tests/system

# More of it: make crash CRASH_MODE=one CRASH_KILLS=200 (or all, or mixed), with
# a line per kill and the audit at the end.
CRASH_ARGS := $(if $(CRASH_MODE),-s tests/crash/test_kill.py,tests/crash)
export CRASH_MODE CRASH_KILLS CRASH_SEED
crash: programs
	@$(PYTHON) -m pytest -q $(CRASH_ARGS)

# Against Postfix from Debian's packages; installed unconfigured it never starts
# on its own. Narrow it down: make bench BENCH_ARGS='--only relay --scale 0.5'
BENCH_ARGS ?=
bench: bench-deps deps
	@$(MAKE) --no-print-directory programs
	@BUILD=$(abspath $(BUILD)) $(PYTHON) tests/bench/run.py $(BENCH_ARGS)

bench-deps:
	@test -x /usr/lib/postfix/sbin/master || test "$$(id -u)" != 0 || { \
	    echo "postfix postfix/main_mailer_type select No configuration" | \
	    debconf-set-selections && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y --no-install-recommends postfix; }

# The same tree under the sanitizers, in a folder of its own.
SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
ASAN_MAKE := $(MAKE) --no-print-directory BUILD=build/asan OPT=-O1 \
	SANITIZE="$(SAN)" HARDEN=-fPIE WERROR=$(WERROR)
asan:
	@$(ASAN_MAKE) programs
asan-unit:
	@$(ASAN_MAKE) unit

# Fuzz targets: tests/fuzz/<name>_fuzz.c, seeds in tests/fuzz/seeds/<name>.
FUZZ_SRC := $(wildcard tests/fuzz/*_fuzz.c)
FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/fuzz/%)
FUZZ_SECONDS ?= 10
FUZZ_FLAGS := -std=c11 -g -O1 -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -w
FUZZ_LIB := $(BUILD)/fuzz/lib.a
FUZZ_OBJ := $(LIB_SRC:%.c=$(BUILD)/fuzz/obj/%.o) \
	$(LIB_CXX:%.cc=$(BUILD)/fuzz/obj/%.o)
# What checks C++ types at run time lies in a library that C does not link.
FUZZ_CXXFLAGS := $(filter-out -std=c11,$(FUZZ_FLAGS)) -std=c++17 \
	-fno-exceptions -fno-sanitize=vptr,function

$(BUILD)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	@$(CLANG) $(CPPFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP \
	    -c -o $@ $<

$(BUILD)/fuzz/obj/%.o: %.cc
	@mkdir -p $(@D)
	@$(CLANG) $(CPPFLAGS) $(FUZZ_CXXFLAGS) -fsanitize=fuzzer-no-link -MMD \
	    -MP -c -o $@ $<

$(FUZZ_LIB): $(FUZZ_OBJ)
	@rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/fuzz/%_fuzz: tests/fuzz/%_fuzz.c $(FUZZ_LIB)
	@echo "  FUZZ $@"
	@$(CLANG) $(CPPFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

fuzz: $(FUZZ_BIN)
	@tests/fuzz/run.sh $(BUILD)/fuzz $(FUZZ_SECONDS) $(JOBS)

-include $(shell find $(BUILD)/fuzz/obj -name '*.d' 2>/dev/null)

# Manual pages: what stands in tables comes from there.
MAN := $(patsubst man/%.in,$(BUILD)/man/%,$(wildcard man/*.in)) \
	$(patsubst man/%,$(BUILD)/man/%,$(wildcard man/*.[1-8]))
MDOC_OPTIONS := $(BUILD)/tools/mdoc-options
MDOC_LUA := $(BUILD)/tools/mdoc-lua

man: $(MAN) $(BUILD)/man/.lua

# A page for each module of scripts.
$(BUILD)/man/.lua: $(MDOC_LUA)
	@mkdir -p $(@D)
	@list=$$($(MDOC_LUA) --list) || exit 1; for module in $$list; do \
	    page=$(@D)/$$module.7; $(MDOC_LUA) $$module >$$page.new && \
	    mv $$page.new $$page || exit 1; \
	done; echo "$$list" >$@

$(BUILD)/man/%: man/%.in $(MDOC_OPTIONS)
	@mkdir -p $(@D)
	@$(MDOC_OPTIONS) $< >$@.new && mv $@.new $@

$(BUILD)/man/%: man/%
	@mkdir -p $(@D) && cp $< $@

# Pages are there for every program, and mandoc has nothing to say about them.
man-check: programs man
	@BUILD=$(BUILD) tests/man.sh $(PROGRAMS)

# Rules of the tree that a compiler does not know.
lint:
	@$(PYTHON) tests/lint.py

# With Debian's cppcheck, where it is installed.
cppcheck:
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability \
	    --inline-suppr --suppress=missingIncludeSystem --error-exitcode=1 \
	    -I. -D_GNU_SOURCE $(shell git ls-files '*.c')

install: programs man
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/ekiden
	install -m 755 $(filter $(BUILD)/bin/%,$(PROGRAMS)) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(filter $(BUILD)/libexec/%,$(PROGRAMS)) \
	    $(DESTDIR)$(PREFIX)/libexec/ekiden
	for page in $(MAN) $$(sed 's|.*|$(BUILD)/man/&.7|' $(BUILD)/man/.lua); \
	do \
	    dir=$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}; \
	    install -d $$dir && install -m 644 $$page $$dir; \
	done

clean:
	rm -rf $(BUILD)

help:
	@echo "make run      build, start the suite, send a first message"
	@echo "make check    build and pass all tests"
	@echo "make          build            make deps     install packages"
	@echo "make unit     unit tests       make system   system tests"
	@echo "make crash    kill -9 tests    make fuzz     fuzz targets"
	@echo "make asan     with sanitizers  make bench    measure"
	@echo "make lint     rules of the tree"
	@echo "make install  DESTDIR= PREFIX=/usr"

.PHONY: all programs unit system crash fuzz asan asan-unit bench bench-deps \
	man man-check lint cppcheck install run check deps run-deps deps-check clean help
.SECONDARY:
