# Outrigger. `make help` lists the targets; documentation stands beside each name.
# Sources are found in the tree, headers by -MMD; each flavour (release, asan, tsan) has its own object tree.

FLAVOUR ?= release
OUT      = build$(FLAVOUR:%=$(if $(filter-out release,$(FLAVOUR)),/%))
CXX     ?= g++
VERSION := $(shell cat VERSION 2>/dev/null)

PACKAGES = cpp-httplib libpqxx libpq prometheus-cpp-core nlohmann_json spdlog simdjson libmicrohttpd
# Evaluated when first compiled, so that `make help` and `make deps` work before the packages are there.
PKG_CFLAGS = $(eval PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES)))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $(shell pkg-config --libs $(PACKAGES)))$(PKG_LIBS)

WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
HARDEN   = -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fPIE
FLAGS_release = -O2 -g $(HARDEN)
FLAGS_asan    = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -fPIE
FLAGS_tsan    = -O1 -g -fsanitize=thread -fPIE
CXXFLAGS = -std=c++23 $(WARNINGS) $(FLAGS_$(FLAVOUR)) -pthread -I. -DMSGPACK_NO_BOOST -DOUTRIGGER_VERSION='"$(VERSION)"' $(PKG_CFLAGS)
LDFLAGS  = $(FLAGS_$(FLAVOUR)) -pthread -pie -Wl,-z,relro,-z,now

find_cpp = $(shell find $(1) -name '*.cpp' 2>/dev/null | LC_ALL=C sort)
objects  = $(patsubst %.cpp,$(OUT)/obj/%.o,$(1))
SHARED      := $(call find_cpp,shared)
AGENT       := $(filter-out agent/main.cpp,$(call find_cpp,agent))
APP         := $(filter-out app/main.cpp,$(call find_cpp,app))
UNIT        := $(call find_cpp,tests/unit)
INTEGRATION := $(call find_cpp,tests/integration)
BENCH       := $(call find_cpp,tests/bench)

.DEFAULT_GOAL := help
.PHONY: help
help:        ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: deps $(OUT)/outrigger $(OUT)/demo-app  ## the agent and the demo app, in build/

.PHONY: deps
deps:        ## installs missing Debian packages, and says so first (NO_INSTALL=1 only names them)
	@tools/deps build

.PHONY: unit
unit: deps $(OUT)/unit-tests  ## the unit tests alone (ARGS='-tc=...' selects)
	$(OUT)/unit-tests $(ARGS)

.PHONY: integration
integration: deps $(OUT)/outrigger $(OUT)/demo-app $(OUT)/integration-tests  ## the integration tests alone (ARGS='-tc=...' selects)
	OUTRIGGER_BUILD=$(OUT) $(OUT)/integration-tests $(ARGS)

$(OUT)/outrigger: $(call objects,agent/main.cpp $(AGENT) $(SHARED))
$(OUT)/demo-app: $(call objects,app/main.cpp $(APP) $(SHARED))
$(OUT)/unit-tests: $(call objects,$(UNIT) $(AGENT) $(APP) $(SHARED))
$(OUT)/integration-tests: $(call objects,$(INTEGRATION) $(SHARED))

$(OUT)/outrigger $(OUT)/demo-app $(OUT)/unit-tests $(OUT)/integration-tests:
	@mkdir -p $(@D)
	$(CXX) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(OUT)/obj/%.o: %.cpp
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) -MMD -MP -c -o $@ $<

-include $(patsubst %.o,%.d,$(call objects,$(SHARED) $(AGENT) $(APP) $(UNIT) $(INTEGRATION) $(BENCH) agent/main.cpp app/main.cpp))
