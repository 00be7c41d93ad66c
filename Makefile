# Outrigger. `make help` lists the targets; documentation stands beside each name.
# Sources are found in the tree, headers by -MMD; each flavour (release, asan, tsan) has its own object tree.

FLAVOUR ?= release
PREFIX  ?= /usr/local
OUT      = build$(FLAVOUR:%=$(if $(filter-out release,$(FLAVOUR)),/%))
CXX     ?= g++
FUZZ_CXX ?= clang++-19
VERSION := $(shell cat VERSION 2>/dev/null)
SHELL    = /bin/bash
V       ?= 0
QUIET    = $(if $(filter 0,$(V)),@)
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += --jobs=$(shell nproc) --no-print-directory
endif

PACKAGES = cpp-httplib libpqxx libpq prometheus-cpp-core nlohmann_json spdlog simdjson libmicrohttpd
# Evaluated when first compiled, so that `make help` and `make deps` work before the packages are there.
PKG_CFLAGS = $(eval PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES)))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $(shell pkg-config --libs $(PACKAGES)))$(PKG_LIBS)

# What a newer library deprecates is no error: the one that Debian 12 has knows nothing else.
WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Wno-error=deprecated-declarations
HARDEN   = -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fPIE
DEBUG   ?= -g
FLAGS_release = -O2 $(DEBUG) $(HARDEN)
# gcc under a sanitizer takes <regex> for uninitialized.
FLAGS_asan    = -O1 -g1 -Wno-maybe-uninitialized -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -fPIE
FLAGS_tsan    = -O1 -g1 -Wno-maybe-uninitialized -fsanitize=thread -fPIE
FLAGS_coverage = -O0 -g --coverage -fPIE
# libFuzzer is clang's, and gcc's warnings are not: the same sources pass -Werror in the other flavours.
FLAGS_fuzz    = -O2 -g1 -w -fsanitize=fuzzer-no-link,address,undefined -fsanitize-coverage-ignorelist=tests/fuzz/kit/uncovered.txt -fno-sanitize-recover=undefined -fno-omit-frame-pointer -fPIE -DOUTRIGGER_FUZZ
ifeq ($(FLAVOUR),fuzz)
override CXX = $(FUZZ_CXX)
endif
CXXFLAGS = -std=c++23 $(WARNINGS) $(FLAGS_$(FLAVOUR)) -pthread -I. -DMSGPACK_NO_BOOST -DOUTRIGGER_VERSION='"$(VERSION)"' $(PKG_CFLAGS)
LDFLAGS  = $(FLAGS_$(FLAVOUR)) -pthread -pie -Wl,-z,relro,-z,now

# Tests are compiled once and run once: optimising them as the product is took half their compile time.
$(OUT)/obj/tests/unit/%.o $(OUT)/obj/tests/integration/%.o $(OUT)/obj/tests/faults/%.o $(OUT)/obj/tests/fuzz/%.o: FLAGS_release = -O1 -g1 $(HARDEN)
# Undefined behaviour is looked for in the product: in its tests that took half of their compile time too.
$(OUT)/obj/tests/%.o: FLAGS_asan = -O0 -g1 -fsanitize=address -fno-omit-frame-pointer -fPIE

find_cpp = $(shell find $(1) -name '*.cpp' 2>/dev/null | LC_ALL=C sort)
objects  = $(patsubst %.cpp,$(OUT)/obj/%.o,$(1))
test_objects = $(patsubst %.cpp,$(if $(filter coverage,$(FLAVOUR)),build,$(OUT))/obj/%.o,$(1))
SHARED      := $(call find_cpp,shared)
AGENT       := $(filter-out agent/main.cpp,$(call find_cpp,agent))
APP         := $(filter-out app/main.cpp,$(call find_cpp,app))
UNIT        := $(call find_cpp,tests/unit tests/fuzz)
INTEGRATION := $(call find_cpp,tests/integration)
PEERS       := $(call find_cpp,tests/peers) $(filter-out %_test.cpp,$(call find_cpp,tests/integration/peers))
FAULTS      := $(call find_cpp,tests/faults) $(filter-out %_test.cpp,$(call find_cpp,tests/integration/peers))
BENCH       := $(call find_cpp,tests/bench)
FUZZ        := $(wildcard tests/fuzz/*.cpp)
# What the targets reach: not the threads and the connections around it.
FUZZED      := $(filter-out agent/topology/% agent/log/% %/worker.cpp %/wire.cpp $(filter-out %/copy_row.cpp %/tuple_writer.cpp,$(call find_cpp,agent/sinks/rows)),$(AGENT)) \
               $(SHARED) $(call find_cpp,tests/fuzz/kit) $(filter-out %_test.cpp %/main.cpp,$(call find_cpp,tests/unit/agent/journal tests/unit/agent/sinks))
OURS         = $(shell find shared agent app tests \( -name '*.cpp' -o -name '*.h' \) 2>/dev/null)
TIDY         = $(patsubst %.cpp,$(OUT)/tidy/%.ok,$(SHARED) $(AGENT) $(APP) agent/main.cpp app/main.cpp)

.DEFAULT_GOAL := help
.PHONY: help
help:        ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: $(OUT)/outrigger $(OUT)/demo-app  ## the agent and the demo app, in build/ (missing Debian packages are installed, and named first)

.PHONY: demo
demo: build deps-test  ## Postgres, agent, app with 5 workers and traffic, and what came out; until Ctrl-C (ONCE=1 leaves after showing)
	@PROGRAM_FOLDER=$(OUT) tools/demo

.PHONY: test
test: tests deps-test  ## unit and integration tests with real peers; ends with `N passed, N failed`
	@PROGRAM_FOLDER=$(OUT) tools/run-tests $(OUT)/unit-tests $(OUT)/integration-tests

.PHONY: unit
unit: $(OUT)/unit-tests  ## the unit tests alone (ARGS='-tc=...' selects, here and below)
	@tools/run-tests $<

.PHONY: integration
integration: tests deps-test  ## the integration tests alone
	@PROGRAM_FOLDER=$(OUT) tools/run-tests $(OUT)/integration-tests

.PHONY: peers
peers: $(OUT)/outrigger $(OUT)/demo-app $(OUT)/peers-tests deps-test deps-peers  ## tests against receivers and callers from the registries of Go, npm and Python, in build/peers; what cannot be had is passed over, loudly
	@PROGRAM_FOLDER=$(OUT) tools/run-tests $(OUT)/peers-tests

.PHONY: faults
faults: $(OUT)/outrigger $(OUT)/fault-cases deps-test  ## the promises under fault, one line a case (CASES='A1 C3' selects, SEED=n repeats, SOAK=1h draws at random; JOBS=n at a time, 2)
	@PROGRAM_FOLDER=$(OUT) tools/faults $(OUT)/fault-cases $(CASES) $(if $(SEED),--seed $(SEED)) $(if $(SOAK),--soak $(SOAK))

.PHONY: earlier
earlier:     ## builds the agent of COMMIT in build/earlier, for the case that lets versions follow each other
	@test -n "$(COMMIT)" || { echo "make earlier COMMIT=<commit>: which one?"; exit 1; }
	@rm -rf build/earlier && mkdir -p build/earlier && git archive $(COMMIT) | tar -x -C build/earlier
	@$(MAKE) -C build/earlier build/outrigger build/fault-cases

.PHONY: dashboards dashboards-check pictures
dashboards:  ## writes what Grafana reads from dashboards/source and dashboards/rules
	@dashboards/source/generate.py

dashboards-check: build deps-dashboards  ## dashboards, rules, provisioning, kubernetes.yaml: what their own tools say, and every query asked of a running stack
	@PROGRAM_FOLDER=$(OUT) tests/dashboards/run $(ARGS)

pictures: build deps-dashboards  ## draws the dashboards' queries over a real run of three minutes, in dashboards/pictures
	@PROGRAM_FOLDER=$(OUT) tools/dashboards/pictures

.PHONY: mutants
mutants: $(OUT)/outrigger $(OUT)/fault-cases deps-test  ## agents broken on purpose, each of which the cases must catch, and pass the unbroken one (SHORT=1: five of them)
	@tests/faults/mutants/run $(if $(SHORT),--short)

.PHONY: up down
up:          ## the compose stack: app and agent built from this tree, Postgres, Prometheus, Grafana and the rest; needs Docker
	@tools/stack up
down:        ## stops it (VOLUMES=1: and forgets what it stored)
	@tools/stack down

.PHONY: stack-test
stack-test: deps-stack  ## the compose stack in a container engine (one of its own where none runs), under load and kills; ends with `N passed, N failed`
	@tests/stack/run

.PHONY: fuzz fuzz-programs
fuzz: deps-fuzz  ## libFuzzer's inputs for everything that strangers write or that may be damaged (TIME=600: seconds for each target, or RUNS=10000000 inputs; TARGETS='lines http' selects); its corpora are replayed by the unit tests
	@$(MAKE) FLAVOUR=fuzz fuzz-programs && tools/fuzz $(OUT)/fuzz
fuzz-programs: $(patsubst tests/fuzz/%.cpp,$(OUT)/%,$(FUZZ))

.PHONY: bench bench-programs
.SECONDARY: $(call objects,$(filter %_bench.cpp,$(BENCH)))  # make would remove them
bench: bench-programs $(OUT)/outrigger deps-bench  ## the figures, each beside a yardstick of the same run: a table, and build/bench/results.json (QUICK=1: under 3 minutes, judges ratios; BENCHES='record rows' selects)
	@tests/bench/suite_test.py -q 2>&1 | grep -v '^$$' >&2; exit $${PIPESTATUS[0]}
	@PROGRAM_FOLDER=$(OUT) tests/bench/run $(if $(QUICK),--quick) $(BENCHES)
bench-programs: $(patsubst tests/bench/%.cpp,$(OUT)/bench/%,$(filter %_bench.cpp,$(BENCH)))

.PHONY: check
check:       ## what to run before handing over: format, lint, layers, test, asan
	@$(MAKE) lint && $(MAKE) layers && $(MAKE) test && $(MAKE) asan

.PHONY: asan tsan
asan:        ## unit and integration tests under the address and undefined behaviour sanitizers
	@$(MAKE) build/integration-tests && $(MAKE) FLAVOUR=asan sanitized
tsan:        ## the same under the thread sanitizer
	@$(MAKE) build/integration-tests && $(MAKE) FLAVOUR=tsan sanitized

# The programs and the unit tests are instrumented; what drives the scenarios is not. Those of the suite "long", which offer
# the same load many times over, run in the release flavour only; those of "pure", which have one thread, not under tsan.
.PHONY: sanitized sanitized-programs
sanitized-programs: $(OUT)/outrigger $(OUT)/demo-app $(OUT)/unit-tests
PASSED_OVER_asan = long
PASSED_OVER_tsan = long,pure
sanitized: sanitized-programs deps-test
	@rm -rf $(OUT)/reports && mkdir -m 1777 $(OUT)/reports
	@log="log_path='$$PWD/$(OUT)/reports/report'"; export REPORTS=$(OUT)/reports PROGRAM_FOLDER=$(OUT); \
	    export ASAN_OPTIONS="$$log:detect_stack_use_after_return=1" UBSAN_OPTIONS="$$log:print_stacktrace=1" TSAN_OPTIONS="$$log:suppressions='$$PWD/tests/tsan-suppressions.txt'"; \
	    ARGS="$(ARGS) -tse=$(PASSED_OVER_$(FLAVOUR))" tools/run-tests $(OUT)/unit-tests build/integration-tests

.PHONY: format-check
format-check: deps-lint  ## clang-format says nothing to change
	@clang-format-19 --dry-run -Werror $(OURS)

.PHONY: lint
lint: format-check $(TIDY)  ## clang-format says nothing to change, clang-tidy finds nothing (in shared, agent and app: tests would take as long again)

.PHONY: layers
layers:      ## who may include whom
	@tools/layers

.PHONY: format
format: deps-lint  ## rewrites the sources as clang-format wants them
	@clang-format-19 -i $(OURS)

.PHONY: coverage
coverage:    ## line coverage by the unit and integration tests, worst file first; fails when a room that is held to 90 % has less
	@$(MAKE) build/unit-tests build/integration-tests && $(MAKE) FLAVOUR=coverage covered && tools/coverage build/coverage

# Of the tests no lines are counted: they are those of the release. A program that is killed tells nothing.
.PHONY: covered
covered: $(OUT)/outrigger $(OUT)/demo-app $(OUT)/unit-tests $(OUT)/integration-tests deps-test
	@find $(OUT) -name '*.gcda' -delete
	@export PROGRAM_FOLDER=$(OUT) LET_PROGRAMS_END=1; ARGS="$(ARGS) -tse=long" tools/run-tests $(OUT)/unit-tests $(OUT)/integration-tests

.PHONY: install
install: $(OUT)/outrigger  ## the agent, to $(DESTDIR)$(PREFIX)/bin, with its systemd unit and its user (systemctl enable --now outrigger)
	install -D -m 0755 $< $(DESTDIR)$(PREFIX)/bin/outrigger
	install -D -m 0644 packaging/outrigger.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/outrigger.conf
	install -d -m 0755 $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|@PREFIX@|$(PREFIX)|' packaging/outrigger.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/outrigger.service

.PHONY: hardening
hardening: $(OUT)/outrigger  ## the systemd unit's exposure, as systemd measures it: 1.5 at most
	@tools/hardening $<

.PHONY: clean
clean:       ## removes build/
	rm -rf build

.PHONY: deps
deps: deps-test  ## installs the Debian packages that are missing, and names them first (NO_INSTALL=1 only names them)

deps-%:
	@tools/deps $*

.PHONY: tests
tests: $(OUT)/outrigger $(OUT)/demo-app $(OUT)/unit-tests $(OUT)/integration-tests

$(OUT)/outrigger: $(call objects,agent/main.cpp $(AGENT) $(SHARED))
$(OUT)/demo-app: $(call objects,app/main.cpp $(APP) $(SHARED))
$(OUT)/demo-app: LDFLAGS += -rdynamic  # so that the stacks it shows name functions
$(OUT)/unit-tests: $(call test_objects,$(UNIT)) $(call objects,$(AGENT) $(APP) $(SHARED))
$(OUT)/integration-tests: $(call test_objects,$(INTEGRATION)) $(call objects,$(AGENT) $(APP) $(SHARED))
$(OUT)/peers-tests: $(call objects,$(PEERS) $(AGENT) $(SHARED))
$(OUT)/fault-cases: $(call objects,$(FAULTS) $(SHARED) $(filter agent/journal/%,$(AGENT)) $(addprefix tests/fuzz/kit/crash_,disk.cpp lives.cpp))

# Only what a benchmark reaches is linked into it.
$(OUT)/bench/ours.a: $(call objects,$(filter-out %_bench.cpp,$(BENCH)) $(filter-out %_test.cpp,$(call find_cpp,tests/integration/peers)) $(AGENT) $(APP) $(SHARED))
	@mkdir -p $(@D)
	@rm -f $@ && ar rcsT $@ $^
$(OUT)/bench/%_bench: $(OUT)/obj/tests/bench/%_bench.o $(OUT)/bench/ours.a
	@echo "  LINK $@"
	$(QUIET)$(CXX) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

# Only what a target reaches is linked into it.
$(OUT)/fuzzed.a: $(call objects,$(FUZZED))
	@rm -f $@ && ar rcsT $@ $^
$(patsubst tests/fuzz/%.cpp,build/fuzz/%,$(FUZZ)): build/fuzz/%: build/fuzz/obj/tests/fuzz/%.o build/fuzz/fuzzed.a
	@echo "  LINK $@"
	$(QUIET)$(CXX) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(PKG_LIBS)

$(OUT)/outrigger $(OUT)/demo-app $(OUT)/unit-tests $(OUT)/integration-tests $(OUT)/peers-tests $(OUT)/fault-cases:
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(QUIET)$(CXX) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(OUT)/obj/%.o: %.cpp | deps-build
	@mkdir -p $(@D)
	@echo "  CXX  $@"
	$(QUIET)$(CXX) $(CXXFLAGS) -MMD -MP -c -o $@ $<

# Its own list of headers, so that a changed one makes it stale, and so that it needs no object.
$(OUT)/tidy/%.ok: %.cpp .clang-tidy | deps-lint
	@mkdir -p $(@D)
	@echo "  TIDY $<"
	@$(CXX) $(CXXFLAGS) -MM -MP -MT $@ -MF $(@:.ok=.d) $<
	@clang-tidy-19 --quiet $< -- $(CXXFLAGS) -Wno-everything 2>&1 | grep -v ' warnings generated' ; [ $${PIPESTATUS[0]} = 0 ]
	@touch $@

-include $(patsubst %.o,%.d,$(call objects,$(SHARED) $(AGENT) $(APP) $(UNIT) $(INTEGRATION) $(PEERS) $(FAULTS) $(BENCH) agent/main.cpp app/main.cpp))
-include $(TIDY:.ok=.d)
