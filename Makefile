# SPDX-License-Identifier: GPL-2.0-or-later
# make            build/iommuscope and build/iommuscope.so, the module for crash
# make demo       install what is missing, build, show the main job on the bundled dumps
# make test       install what is missing, build, run the tests
# make bench      install what is missing, build, measure against drgn and crash (tests/bench/; RUNS=7)
# make vm-dumps   install what is missing, build, make dumps of real kernels under QEMU and look at them live
#                 (cached, about 10 GB)
# make fuzz       look for inputs that break the parsers: SECONDS of processor time each (20), FUZZ=name one of
#                 them
# make install    program, crash module, manual page, completions, sos plugin, kdump hook: DESTDIR, prefix,
#                 libdir, libexecdir, extensionsdir, sosdir
# make schema     write docs/schema anew from the command tables
# make reference  write docs/reference.md anew from the same
# make dist       build/iommuscope-VERSION.tar.gz of what is committed
# make deb-check  Debian packages in fresh Debian 12 and 13 roots: build, lintian, install, the documents' examples
# make rpm-check  rpmlint, and an RPM as far as this machine can build one
# BUILD=dir keeps a build apart; SANITIZE=address,undefined builds with sanitizers; WERROR=1.

BUILD ?= build
PKG_CONFIG ?= pkg-config
# The distribution's, for its modules are what tests/install installs.
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)

.PHONY: all demo test bench vm-dumps schema reference unit-tests check-schema unit fuzz fuzz-targets install \
        uninstall clean dist deb-check rpm-check
.SECONDARY:
all: $(BUILD)/iommuscope $(BUILD)/iommuscope.so manual

# These begin where nothing is installed yet: packages first, then make again for the rest.
demo:
	@tests/install build
	@$(MAKE) --no-print-directory -s -j2 all
	@tests/demo $(BUILD)/iommuscope

test:
	@tests/install build test
	@$(MAKE) --no-print-directory -j2 all unit-tests
	@$(PYTHON) tests/run --build $(BUILD)

RUNS ?= 7
bench:
	@tests/install -f vm/packages build test bench
	@$(MAKE) --no-print-directory -s -j2 all $(BENCH_TOOLS)
	@$(PYTHON) tests/bench/run --build $(BUILD) --runs $(RUNS) --json $(BUILD)/bench.json $(BENCH_OPTIONS)

vm-dumps:
	@tests/install -f vm/packages build test
	@$(MAKE) --no-print-directory -s -j2 all
	@tests/vm/rig build --program $(BUILD)/iommuscope
	@tests/vm/rig root

# What these build they build apart, in roots of their own.
deb-check:
	@tests/deb-check bookworm trixie

rpm-check:
	@tests/install build package
	@tests/rpm-check

# The version is written in one place.
VERSION = $(shell sed -n 's/^.define IOMMUSCOPE_VERSION "\(.*\)"$$/\1/p' src/app/version.h)

dist:
	@mkdir -p $(BUILD)
	git archive --format=tar.gz --prefix=iommuscope-$(VERSION)/ -o $(BUILD)/iommuscope-$(VERSION).tar.gz HEAD

BENCH_TOOLS = $(BUILD)/tests/bench/measure $(BUILD)/tests/bench/read_pages

ifneq ($(filter-out demo test bench vm-dumps fuzz dist deb-check rpm-check clean,$(or $(MAKECMDGOALS),all)),)

LIBRARIES = libkdumpfile libelf smartcols
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
           -Wvla -Wundef -Wwrite-strings -Wformat=2 -Wno-format-nonliteral \
           -Wno-missing-field-initializers

# Debian has libdwarf's headers in libdwarf/: 12 without a .pc file, 13 with one that says libdwarf-1/.
LIBRARY_CPPFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBRARIES)) \
                    $(shell $(PKG_CONFIG) --cflags libdwarf 2>/dev/null) -I/usr/include/libdwarf
LIBRARY_LDLIBS := $(shell $(PKG_CONFIG) --libs $(LIBRARIES)) -ldwarf -lreadline -lz -llzma -lzstd -lseccomp

# Optimisation and hardening; a packager's CFLAGS and LDFLAGS replace these.
CFLAGS ?= -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
LDFLAGS ?= -Wl,-z,relro,-z,now
ALL_CPPFLAGS := -D_GNU_SOURCE -Isrc $(LIBRARY_CPPFLAGS) $(CPPFLAGS) -MMD -MP
# A build knows nothing of the directory that it was made in.
ALL_CFLAGS := -std=gnu11 $(WARNINGS) -fPIC -fvisibility=hidden $(if $(WERROR),-Werror) -ffile-prefix-map=$(CURDIR)=. $(CFLAGS)
ALL_LDFLAGS := $(LDFLAGS)

ifdef SANITIZE
ALL_CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
ALL_LDFLAGS += -fsanitize=$(SANITIZE)
endif

endif

SOURCES := $(sort $(wildcard src/*/*.c src/*/*/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
MAIN := $(BUILD)/src/app/main.o
MANUAL_SOURCES := $(sort $(wildcard src/manual/*.c))
MANUAL_OBJECTS := $(MANUAL_SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libiommuscope.a

UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_TESTS := $(UNIT_SOURCES:%.c=$(BUILD)/%)
UNIT_SUPPORT := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(UNIT_SOURCES),$(sort $(wildcard tests/unit/*.c))))

# Of all objects and not from the archive, so that two functions of one name are an error.
$(BUILD)/iommuscope: $(filter-out $(MANUAL_OBJECTS),$(OBJECTS))
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBRARY_LDLIBS)

$(LIBRARY): $(filter-out $(MAIN) $(MANUAL_OBJECTS),$(OBJECTS))
	@$(RM) $@
	@$(AR) rcs $@ $^

# The manual page, the reference and the completions are written by a program of their own.
$(BUILD)/manual: $(MANUAL_OBJECTS) $(LIBRARY)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBRARY_LDLIBS)

$(BUILD)/iommuscope.1: MANUAL_FORMAT = man
$(BUILD)/iommuscope.bash: MANUAL_FORMAT = bash
$(BUILD)/_iommuscope: MANUAL_FORMAT = zsh
$(BUILD)/iommuscope.fish: MANUAL_FORMAT = fish
$(BUILD)/reference.md: MANUAL_FORMAT = markdown
MANUAL := $(addprefix $(BUILD)/,iommuscope.1 iommuscope.bash _iommuscope iommuscope.fish reference.md)

$(MANUAL): $(BUILD)/manual
	$(BUILD)/manual $(MANUAL_FORMAT) > $@.new && mv $@.new $@

.PHONY: manual
manual: $(MANUAL)

# The extension for crash: its own main program and target, the rest from the library. It shows crash no
# name of ours and takes none of crash's for ours.
MODULE_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard plugins/crash/*.c)))
MODULE_LDFLAGS = -shared -Wl,-Bsymbolic -Wl,--exclude-libs,ALL -Wl,--version-script=plugins/crash/module.map

$(BUILD)/iommuscope.so: $(MODULE_OBJECTS) $(LIBRARY) plugins/crash/module.map
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(MODULE_LDFLAGS) -o $@ $(MODULE_OBJECTS) $(LIBRARY) \
		$(shell $(PKG_CONFIG) --libs smartcols)

# Loops over the entries of a table, which become vector code.
$(BUILD)/src/amd/walk.o $(BUILD)/src/check/page_class.o: ALL_CFLAGS += -O3

# How it is compiled is written here too.
$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/tests/unit/test_%: $(BUILD)/tests/unit/test_%.o $(UNIT_SUPPORT) $(LIBRARY)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBRARY_LDLIBS) -lcmocka -ljansson

# Fuzz targets. Here each with a main() that runs the inputs it is given, so that any compiler does; `make
# fuzz` builds them once more with libFuzzer and the sanitizers, and has each look for new ones for SECONDS.
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SUPPORT := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(FUZZ_SOURCES) tests/fuzz/main.c,$(sort $(wildcard tests/fuzz/*.c))))
FUZZ_PROGRAMS := $(FUZZ_SOURCES:%.c=$(BUILD)/%)
FUZZ_MAIN ?= $(BUILD)/tests/fuzz/main.o

$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(FUZZ_SUPPORT) $(FUZZ_MAIN) $(LIBRARY)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(FUZZ_LDFLAGS) -o $@ $^ $(LIBRARY_LDLIBS)

fuzz-targets: $(FUZZ_PROGRAMS)

SECONDS ?= 20
FUZZ_BUILD := $(BUILD)/fuzz
fuzz:
	@tests/install build ci
	@$(MAKE) --no-print-directory -s BUILD=$(FUZZ_BUILD) CC=clang CFLAGS="-O1 -g -fsanitize=fuzzer-no-link" \
		SANITIZE=address,undefined FUZZ_MAIN= FUZZ_LDFLAGS=-fsanitize=fuzzer fuzz-targets
	@$(PYTHON) tests/fuzz/run --build $(FUZZ_BUILD) --seconds $(SECONDS) $(FUZZ)

# In this one allocations fail on purpose.
FAILING := malloc calloc realloc strdup strndup open_memstream vasprintf __vasprintf_chk
$(BUILD)/tests/unit/test_commands_fail: ALL_LDFLAGS += $(FAILING:%=-Wl,--wrap=%)

unit-tests: $(UNIT_TESTS) $(FUZZ_PROGRAMS)

# What `make bench` measures with.
$(BENCH_TOOLS): $(BUILD)/%: $(BUILD)/%.o
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< -lz

# Unit tests by themselves; UNIT=name runs tests/unit/test_name only.
unit: $(if $(UNIT),$(BUILD)/tests/unit/test_$(UNIT),$(UNIT_TESTS))
	@for t in $^; do echo "== $$t"; $$t || exit 1; done

schema: $(BUILD)/iommuscope
	$(PYTHON) tests/schema update $<

check-schema: $(BUILD)/iommuscope
	$(PYTHON) tests/schema check $<

reference: $(BUILD)/reference.md
	cp $< docs/reference.md

# crash looks for extensions in /usr/lib64/crash/extensions and /usr/lib/crash/extensions only.
prefix ?= /usr/local
libdir ?= $(prefix)/lib
extensionsdir ?= $(libdir)/crash/extensions
datadir ?= $(prefix)/share
# sos looks for plugins in its own package only, on Debian /usr/lib/python3/dist-packages/sos.
sosdir ?= $(prefix)/lib/python3/dist-packages/sos/report/plugins
libexecdir ?= $(prefix)/libexec
INSTALL ?= install

# What is installed: FILE=DIRECTORY/NAME=MODE
INSTALLED := $(BUILD)/iommuscope=$(prefix)/bin/iommuscope=755 \
             $(BUILD)/iommuscope.so=$(extensionsdir)/iommuscope.so=644 \
             $(BUILD)/iommuscope.1=$(datadir)/man/man1/iommuscope.1=644 \
             $(BUILD)/iommuscope.bash=$(datadir)/bash-completion/completions/iommuscope=644 \
             $(BUILD)/_iommuscope=$(datadir)/zsh/site-functions/_iommuscope=644 \
             $(BUILD)/iommuscope.fish=$(datadir)/fish/vendor_completions.d/iommuscope.fish=644 \
             plugins/sos/iommuscope.py=$(sosdir)/iommuscope.py=644 \
             plugins/kdump/kdump-hook=$(libexecdir)/iommuscope/kdump-hook=755
install_part = $(word $(2),$(subst =, ,$(1)))

install: all
	$(foreach f,$(INSTALLED),$(INSTALL) -D -m $(call install_part,$f,3) $(call install_part,$f,1) \
		$(DESTDIR)$(call install_part,$f,2) &&) true

uninstall:
	$(RM) $(foreach f,$(INSTALLED),$(DESTDIR)$(call install_part,$f,2))

clean:
	$(RM) -r $(BUILD)

-include $(OBJECTS:.o=.d) $(MODULE_OBJECTS:.o=.d) $(UNIT_TESTS:=.d) $(UNIT_SUPPORT:.o=.d) $(FUZZ_PROGRAMS:=.d) $(FUZZ_SUPPORT:.o=.d)
