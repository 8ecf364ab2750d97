# The front door. Meson does the building (meson.build); this file names what one does with Stave.
# Without a target it prints the list below, which is made from the `##` comments.

# Where demo and test build, and where releases are built (the top of meson.build says how they differ).
BUILD ?= build
RELEASE ?= build-release
RELEASE_OPTIONS = --buildtype=release -Db_lto=true -Dtests=disabled
PREFIX ?= /usr/local
DESTDIR ?=
# `no` switches off the set-up step that the targets run before their work (tools/setup).
STAVE_SETUP ?= yes
export STAVE_SETUP

# Make has a CXX and a CC of its own: only what the caller asked for is handed on to Meson.
ifneq ($(origin CXX),default)
  export CXX
endif
ifneq ($(origin CC),default)
  export CC
else ifeq ($(origin CXX)-$(findstring clang++,$(CXX)),command line-clang++)
  export CC := $(subst clang++,clang,$(CXX))
endif

# configure DIRECTORY OPTIONS: makes a build directory unless it is there.
configure = test -f $(1)/build.ninja || meson setup $(1) $(2)
# The same with the packages for other languages, or with these and the tests, also when the directory
# was made before what they need was installed.
have_bindings = test -f $(1)/bindings/java/pom.xml && test -f $(1)/bindings/go/go && \
  test -f $(1)/bindings/csharp/AssemblyInfo.cs
reconfigure = meson setup $(if $(wildcard $(1)/build.ninja),--reconfigure)
configure_bindings = $(call have_bindings,$(1)) || $(call reconfigure,$(1)) $(2) $(1)
configure_tests = test -d $(1)/tests && $(call have_bindings,$(1)) || \
  $(call reconfigure,$(1)) -Dtests=enabled $(2) $(1)

.PHONY: help
help: ## this list
	@echo 'Stave: an embedded hash storage engine. Two commands to begin with: make demo, make test.'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  BUILD=dir        where demo and test build (build)   RELEASE=dir  where the others do (build-release)'
	@echo '  CXX=clang++      another compiler, with directories of its own'
	@echo '  PREFIX=dir       where to install (/usr/local)  DESTDIR=dir  a root to put before it'
	@echo '  STAVE_SETUP=no   install no packages'

.PHONY: setup-build setup-bindings setup-test setup-bench
setup-build setup-bindings setup-test setup-bench: setup-%:
	@tools/setup $*

.PHONY: demo
demo: setup-build ## stores real files, kills itself, recovers, compares, shows the figures
	@$(call configure,$(BUILD))
	@ninja -C $(BUILD) demo
	@tools/demo $(BUILD)

.PHONY: test
test: setup-test ## every suite and check at a tenth of its figures (under 15 minutes on 2 cores)
	@$(call configure_tests,$(BUILD))
	@ninja -C $(BUILD)
	@tools/run_tests $(BUILD) --setup=quick

.PHONY: test-long
test-long: setup-test bench-test ## every suite at its full figures, clang-tidy of all files (under an hour)
	@$(call configure_tests,$(BUILD))
	@ninja -C $(BUILD)
	@tools/run_tests $(BUILD) --setup=long

.PHONY: test-the-tests
test-the-tests: setup-test ## plants each known bug and shows which suite catches it
	@tools/test_the_tests build-planted

.PHONY: soak
soak: setup-test ## the suites with ever new seeds, until stopped or something fails
	@$(call configure_tests,$(BUILD))
	@ninja -C $(BUILD)
	@tools/soak $(BUILD)

.PHONY: bench-test
bench-test: setup-build ## the benchmarks' own tests: all rows at toy size, right answers
	@$(call configure,build-bench,$(RELEASE_OPTIONS) -Dbenchmarks=enabled)
	@ninja -C build-bench
	@tools/run_tests build-bench --suite=bench

.PHONY: bench
bench: setup-bench ## the benchmarks, in a release build; ROW=index/hit: one row (docs/benchmarks.md)
	@$(call configure,build-bench,$(RELEASE_OPTIONS) -Dbenchmarks=enabled)
	@ninja -C build-bench
	@tests/bench/run build-bench $(if $(ROW),--row '$(ROW)',--output docs/benchmarks) \
	  $(SIZE:%=--size %) $(REPETITIONS:%=--repetitions %)
	$(if $(ROW),,@meson test -C build-bench --benchmark --verbose --num-processes=1)

.PHONY: bindings
bindings: setup-bindings ## the packages for other languages, in RELEASE/bindings
	@$(call configure_bindings,$(RELEASE),$(RELEASE_OPTIONS))
	@ninja -C $(RELEASE) bindings

.PHONY: build
build: setup-build ## the libraries and the program, in a release build
	@$(call configure,$(RELEASE),$(RELEASE_OPTIONS))
	@ninja -C $(RELEASE) installed

.PHONY: install
install: setup-build ## installs them below DESTDIR/PREFIX
	@$(call configure,$(RELEASE),$(RELEASE_OPTIONS))
	@meson configure $(RELEASE) -Dprefix=$(PREFIX)
	@ninja -C $(RELEASE) installed
	@meson install -C $(RELEASE) --no-rebuild $(if $(DESTDIR),--destdir='$(abspath $(DESTDIR))')

.PHONY: uninstall
uninstall: ## removes what the last `make install` of this RELEASE installed
	@ninja -C $(RELEASE) uninstall

# The suites that a sanitizer makes sense for; the rest would only repeat the quick build's run.
SANITIZED_SUITES = --suite=unit --suite=stress --suite=model --no-suite=long
# No other runtime than C's bears the thread sanitizer.
ADDRESS_SUITES = $(SANITIZED_SUITES) --suite=bindings-go --suite=bindings-java --suite=bindings-csharp

.PHONY: asan
asan: setup-test ## unit, stress, model and package tests under the address and undefined sanitizers
	@$(call configure_tests,build-asan,-Db_sanitize=address$(comma)undefined -Db_lundef=false)
	@ninja -C build-asan
	@tools/run_tests build-asan --setup=quick $(ADDRESS_SUITES)

.PHONY: tsan
tsan: setup-test ## unit, stress and model tests under the thread sanitizer
	@$(call configure_tests,build-tsan,-Db_sanitize=thread -Db_lundef=false)
	@ninja -C build-tsan
	@tools/run_tests build-tsan --setup=quick $(SANITIZED_SUITES)

.PHONY: format
format: setup-test ## formats every C and C++ file
	@tools/checks/format --fix

.PHONY: tidy
tidy: setup-test ## clang-tidy of every file
	@$(call configure_tests,$(BUILD))
	@ninja -C $(BUILD)
	@tools/checks/tidy --all $(BUILD)

.PHONY: clean
clean: ## removes every build directory
	rm -rf build build-*

comma := ,
