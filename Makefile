# The commands a newcomer needs: `make demo` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV ?= .venv
BIN := $(VENV)/bin
BOARD ?= pico
ELF := build/firmware/$(BOARD)/emberwatch.elf
RESULTS ?= results
ENGINE ?= embedded
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

# pip only speaks when something is wrong.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Where EMBERWATCH_LOCKED is set (continuous integration) every package is the one of the lock, by its SHA-256, and
# nothing else is taken.
ifdef EMBERWATCH_LOCKED
LOCK := .ci/requirements.lock
NO_DEPS := --no-deps
endif
# Warnings of the C++ compiler are errors here and in CI, never in a user's build.
STRICT := --config-settings=cmake.define.EMBERWATCH_WARNINGS_AS_ERRORS=ON
NATIVE_SOURCES := CMakeLists.txt pyproject.toml \
    $(shell find sim/bindings sim/rp2040 sim/mic sim/capi -name '*.[ch]pp' -o -name '*.inc' 2>/dev/null)

.PHONY: help demo test setup setup-dev firmware robot chip lint format check pytest clang fuzz sanitize coverage wasm site links bench train clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: setup ## Set everything up, build the firmware, run the Robot suites, show a summary
	@$(BIN)/emberwatch build --board $(BOARD)
	@$(MAKE) --no-print-directory robot

test: setup-dev lint firmware pytest robot ## Lint, type checks, pytest (native C and C++ included), Robot suites

setup: $(VENV)/.installed ## Toolchain, virtual environment, the package (C++ core included)

setup-dev: setup $(VENV)/.installed-dev

$(VENV)/bin/python:
	@python=$$(scripts/bootstrap.sh); \
	echo "emberwatch: creating $(VENV) with $$python" >&2; \
	"$$python" -m venv $(VENV)

# The build tools live in the environment so that a rebuild of the C++ core is incremental.
$(VENV)/.build-tools: pyproject.toml $(LOCK) | $(VENV)/bin/python
	@scripts/bootstrap.sh >/dev/null
	@$(PIP) install $(if $(LOCK),--require-hashes --no-deps -r $(LOCK),\
	    "scikit-build-core>=0.10" "nanobind>=2.4" "cmake>=3.26" "ninja>=1.11")
	@touch $@

$(VENV)/.installed: $(VENV)/.build-tools $(NATIVE_SOURCES)
	@echo "emberwatch: building the emulator core and installing the package" >&2
	@PATH="$(abspath $(BIN)):$$PATH" $(PIP) install --no-build-isolation $(NO_DEPS) $(STRICT) -e ".[robot,serial]"
	@$(BIN)/python -m compileall -q sim  # where PYTHONDONTWRITEBYTECODE is set every start would compile them anew
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@scripts/bootstrap.sh --dev >/dev/null
	@PATH="$(abspath $(BIN)):$$PATH" $(PIP) install --no-build-isolation $(NO_DEPS) $(STRICT) -e ".[dev]"
	@touch $@

firmware: setup ## Build ELF, UF2 and BIN for BOARD (default pico)
	@$(BIN)/emberwatch build --board $(BOARD)

robot: setup ## Run the Robot suites (ENGINE=embedded or renode), show a summary
	@$(BIN)/robot --outputdir $(RESULTS) --variable ENGINE:$(ENGINE) --console dotted robot/ || status=$$?; \
	$(BIN)/emberwatch summary $(RESULTS)/output.xml && exit $${status:-0}

chip: $(VENV)/bin/python ## Render what comes from platforms/rp2040: C++ tables, the firmware's header, docs
	@PYTHONPATH=.src $(BIN)/python -m emberwatch.chip

lint: setup-dev ## ruff, mypy --strict, layers of imports and includes, clang-format: what pre-commit runs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python scripts/check_includes.py
	@git ls-files '*.c' '*.h' '*.cpp' '*.hpp' | xargs -r $(BIN)/clang-format --dry-run --Werror

format: setup-dev ## Rewrite sources in the house format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@git ls-files '*.c' '*.h' '*.cpp' '*.hpp' | xargs -r $(BIN)/clang-format -i

check: setup-dev lint ## The daily loop, under half a minute: lint, and the tests of the rooms below the machine
	@$(BIN)/python -m pytest -q -n $(JOBS) tests/base tests/chip tests/program tests/board tests/audio

pytest: setup-dev firmware ## Unit, integration and witness tests
	@$(BIN)/python -m pytest -n $(JOBS) tests

FUZZ_SECONDS ?= 600
FUZZ_TARGETS := load_file registers instructions pio tflite_file toml_file sound_file manifest dwarf gdb_packets \
    snapshot c_abi robot_xml wokwi_yaml request
fuzz: setup-dev ## Fuzz files of every kind, registers, code, PIO, packets, requests, the C ABI: FUZZ_SECONDS=600 each
	@$(PIP) install "atheris>=2.3" 2>/dev/null || true
	@for target in $(FUZZ_TARGETS); do \
	    $(BIN)/python tests/fuzz $$target --seconds $(FUZZ_SECONDS) || status=$$?; \
	done; exit $${status:-0}

CLANG := build/clang
clang: setup-dev ## Build the core, the C ABI and the native tests with clang++ too, warnings as errors
	@options="-G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN))/ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_C_COMPILER=clang"; \
	options="$$options -DEMBERWATCH_WARNINGS_AS_ERRORS=ON -DCMAKE_BUILD_TYPE=Debug"; \
	$(BIN)/cmake -S . -B $(CLANG) $$options >/dev/null; \
	$(BIN)/cmake -S tests/rp2040/native -B $(CLANG)/unit $$options >/dev/null; \
	$(BIN)/cmake -S tests/rp2040/native_periph -B $(CLANG)/periph $$options >/dev/null
	@for folder in $(CLANG) $(CLANG)/unit $(CLANG)/periph; do $(BIN)/ninja -C $$folder -j$(JOBS) --quiet; done
	@echo "clang: core, C ABI and native tests build without a warning"

SANITIZE := build/sanitize
# Python itself is not instrumented: the sanitizer's runtime comes first, and what Python never frees is no leak of ours.
SANITIZED = LD_PRELOAD="$$($(CXX) -print-file-name=libasan.so) $$($(CXX) -print-file-name=libstdc++.so)" \
    ASAN_OPTIONS=detect_leaks=0 EMBERWATCH_NATIVE=$$(ls $(abspath $(SANITIZE))/_native*.so) \
    RP2040_UNIT=$(abspath $(SANITIZE))/unit/librp2040_unit.so \
    RP2040_PERIPH=$(abspath $(SANITIZE))/periph/librp2040_periph.so \
    EMBERWATCH_LIBRP2040=$(abspath $(SANITIZE))/librp2040.so
SANITIZED_TESTS := tests/rp2040 tests/foreign tests/fuzz tests/engines/renode/test_capi.py
sanitize: setup-dev ## The core's and the C ABI's tests and the fuzzers' short runs under AddressSanitizer and UBSan
	@options="-G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN))/ninja -DEMBERWATCH_SANITIZE=ON"; \
	options="$$options -DCMAKE_BUILD_TYPE=RelWithDebInfo"; \
	$(BIN)/cmake -S . -B $(SANITIZE) $$options -DSKBUILD=2 -DPython_EXECUTABLE=$(abspath $(BIN))/python \
	    -Dnanobind_DIR=$$($(BIN)/python -m nanobind --cmake_dir) >/dev/null; \
	$(BIN)/cmake -S tests/rp2040/native -B $(SANITIZE)/unit $$options >/dev/null; \
	$(BIN)/cmake -S tests/rp2040/native_periph -B $(SANITIZE)/periph $$options >/dev/null
	@$(BIN)/ninja -C $(SANITIZE) -j$(JOBS) --quiet _native rp2040_shared
	@$(BIN)/ninja -C $(SANITIZE)/unit -j$(JOBS) --quiet
	@$(BIN)/ninja -C $(SANITIZE)/periph -j$(JOBS) --quiet
	@$(SANITIZED) $(BIN)/python -m pytest -n $(JOBS) $(SANITIZED_TESTS)

coverage: setup ## Run the Robot suites and report which lines and branches of the firmware they executed
	@rm -rf $(RESULTS)/coverage
	@$(BIN)/robot --outputdir $(RESULTS) --variable COVERAGE:$(RESULTS)/coverage --console dotted robot/ || status=$$?; \
	$(BIN)/emberwatch coverage $(RESULTS)/coverage; exit $${status:-0}

WASM := build/wasm
wasm: $(VENV)/.build-tools ## Build the emulator for web pages with emscripten: build/wasm/emulator.wasm
	@scripts/bootstrap.sh --wasm >/dev/null
	@$(BIN)/cmake -S . -B $(WASM) -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN))/ninja -DCMAKE_BUILD_TYPE=Release \
	    -DCMAKE_TOOLCHAIN_FILE=$$(em-config EMSCRIPTEN_ROOT)/cmake/Modules/Platform/Emscripten.cmake \
	    -DEMBERWATCH_WARNINGS_AS_ERRORS=ON >/dev/null
	@$(BIN)/ninja -C $(WASM) -j$(JOBS) --quiet
	@echo "$(WASM)/emulator.wasm"

site: setup ## Build the documentation as a web site in build/site; `make wasm` puts the machine into its front page
	@$(PIP) install --no-build-isolation $(NO_DEPS) $(STRICT) -e ".[site]"
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --config-file scripts/site/mkdocs.yml # with --quiet no warning is an error
	@echo "build/site/index.html"

links: site ## Ask for every address that the documentation names, out there too (needs the network)
	@$(BIN)/python -m venv build/links && build/links/bin/pip install --quiet "linkchecker>=10.4"
	@build/links/bin/linkchecker --no-status --check-extern build/site/index.html

bench: setup-dev firmware ## Speed and cycle figures, as ratios measured in this run
	@$(BIN)/emberwatch bench

train: setup ## Reproduce the released model (installs TensorFlow)
	@$(PIP) install --no-build-isolation $(STRICT) -e ".[train]"
	@$(BIN)/emberwatch train

clean: ## Remove what was built (the virtual environment stays)
	rm -rf build $(RESULTS)
