# The commands of the project. `make help` lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUST_SOURCES := $(shell find crates -name '*.rs' -o -name Cargo.toml) Cargo.toml Cargo.lock
FAILPOINTS := target/debug/tradewind-signer-failpoints
ENGINE := target/debug/tradewind-engine

# Real processes on a busy machine: how often the few tests that failed are run again, alone, and named in the count.
RETRIES ?= 0

# Only root can become another user, which is how the signer's peer check is tried.
AS_USER := $(if $(filter 0,$(shell id -u)),,-E 'not test(another_user)')

.PHONY: help tools build demo picture test test-rust test-python test-extra soak fuzz lint format bench docs lock wheel clean

help: ## List these commands
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1mmake %-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

tools: ## Check that Python, Rust and Node are here, and say how to get what is not
	@bash packaging/check_tools.sh $(PYTHON)

$(VENV)/.dependencies: requirements/dev.txt | tools
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked Python packages (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.built: $(VENV)/.dependencies $(RUST_SOURCES) pyproject.toml packaging/build_wheel.py
	@echo "Building the Rust core, the signer and the engine (minutes the first time, seconds later)"
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pip install --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

build: $(VENV)/.built ## Build everything into .venv

demo: build ## Carry one intent from HTTP to a fill on two local chains, take an arbitrage, and prove it all
	@$(BIN)/tradewind demo

picture: build ## Draw docs/demo.svg from a real run of the demo, and docs/route.svg from a recorded auction
	@$(BIN)/tradewind demo --svg docs/demo.svg
	@$(BIN)/tradewind route --pools tests/fixtures/evm/cow_auction_7400693.json --from WETH --to USDC --amount 1000.0 \
	  --plot docs/route.svg

test: lint test-rust test-python ## Lint, build and run every test; the last line is their count
	@$(BIN)/python packaging/count_tests.py build/nextest.xml build/pytest.xml $$(ls build/pytest-again.xml 2>/dev/null)

test-rust: | tools
	@mkdir -p build
	@command -v cargo-nextest >/dev/null || { echo "missing: cargo-nextest; get it: cargo install --locked cargo-nextest" >&2; exit 1; }
	cargo nextest run --locked --workspace --all-features --profile ci --retries $(RETRIES) $(AS_USER)
	@cp target/nextest/ci/junit.xml build/nextest.xml

$(FAILPOINTS): $(RUST_SOURCES)
	cargo build --locked --package tradewind-signer --all-features

$(ENGINE): $(RUST_SOURCES)
	cargo build --locked --package tradewind-engine

test-python: build $(FAILPOINTS) $(ENGINE)
	@mkdir -p build && rm -f build/pytest.xml build/pytest-again.xml
	$(BIN)/python -m pytest --junitxml=build/pytest.xml || { [ $(RETRIES) -gt 0 ] \
	  && $(BIN)/python packaging/second_attempt.py build/pytest.xml build/pytest-again.xml; }

lint: build ## Formatting, types, import directions, licences
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
	@command -v cargo-deny >/dev/null || { echo "missing: cargo-deny; get it: cargo install --locked cargo-deny" >&2; exit 1; }
	cargo deny --workspace check --hide-inclusion-graph bans licenses sources

format: build ## Rewrite the sources in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cargo fmt --all

test-extra: ## What only root or a user's own parts can run; says what it did not run
	@if [ "$$(id -u)" = 0 ]; then cargo nextest run --locked --package tradewind-signer --all-features -E 'test(another_user)'; \
	  else echo "not run: the signer's peer check (needs root: sudo make test-extra)"; fi
	@if [ -n "$(KLEND_PROGRAM)" ]; then $(MAKE) build $(FAILPOINTS) $(ENGINE) && \
	    KLEND_PROGRAM="$(KLEND_PROGRAM)" $(BIN)/python -m pytest tests/extra; \
	  else echo "not run: a flash loan and a liquidation by Kamino's own program (both need a build of klend:" \
	    "make test-extra KLEND_PROGRAM=FILE.so)"; fi

soak: build $(FAILPOINTS) $(ENGINE) ## Kill the processes at every boundary again and again, on both chains: ROUNDS=200 takes hours
	TRADEWIND_KILL_ROUNDS=$(or $(ROUNDS),200) $(BIN)/python -m pytest -o faulthandler_timeout=0 tests/e2e/test_kill.py tests/e2e/test_solana_kill.py \
	  tests/integration/commander/test_kill_everything.py

fuzz: ## Give every decoder and quoter random input; RUNS=200000 of each, TARGETS="..." for some
	@RUNS=$(or $(RUNS),200000) fuzz/run.sh $(TARGETS)

bench: build ## Ours and the peers in one run; writes benches/results.json
	@cargo build --release --locked --quiet --package tradewind-engine --bins --examples
	@$(BIN)/python -m benches

lock: $(VENV)/.dependencies ## Resolve the Python packages anew, with hashes
	@$(BIN)/python -m pip install --quiet uv
	@for name in runtime dev; do \
	  $(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --python-version 3.11 \
	    --custom-compile-command "make lock" requirements/$$name.in --output-file requirements/$$name.txt; done

wheel: $(VENV)/.dependencies ## Build one installable wheel, binaries included, into dist/
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pip wheel --quiet --no-build-isolation --no-deps --wheel-dir dist .

clean: ## Remove what was built
	rm -rf build dist target $(VENV) src/tradewind/_core*.so
