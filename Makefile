# Two commands do everything on a machine with Python 3.11 and make: `make serve` and `make test`.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
INSTALL := tools/install.sh "$(PYTHON)"
NEEDS := pyproject.toml constraints.txt tools/install.sh

.PHONY: help serve test check unit bench constraints clean
.DEFAULT_GOAL := help

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

serve: .venv/installed ## Open the page at http://127.0.0.1:7860; installs and ingests first, where needed
	@echo "==> Bringing the index up to date"
	@$(BIN)/shanghai-qa ingest || echo "==> Not all of it went in, as said above; serving the index that there is"
	@echo "==> Serving the page; Ctrl-C ends it"
	@$(BIN)/shanghai-qa serve

test: check ## Run every check and test: style, types, corpus, unit, end to end, the gate over dev, browser
	@echo "==> Checking the corpus"
	@$(BIN)/shanghai-qa corpus check
	@echo "==> Running all tests, the index of the whole corpus among them (some minutes)"
	@$(BIN)/python -m pytest -rfEs

check: .venv/installed-dev ## Check style and types
	@echo "==> Checking style"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "==> Checking types"
	@$(BIN)/mypy

unit: .venv/installed-dev ## Run the tests that need neither the whole corpus nor a browser
	@echo "==> Running the unit tests"
	@$(BIN)/python -m pytest -m "not corpus and not web"

bench: .venv/installed-bench ## Measure speed: against the bare model, in a browser, under load, and up to 100,000 passages
	@echo "==> Measuring (two hours, most of it for the largest corpus; leave the machine alone meanwhile)"
	@$(BIN)/python bench/measure.py
	@$(BIN)/python -m bench.page
	@$(BIN)/python -m bench.api
	@$(BIN)/python -m bench.scale

constraints: ## Pin all dependencies anew from pyproject.toml; needs uv
	@command -v uv >/dev/null || { echo "error: this needs uv (pip install uv)" >&2; exit 1; }
	@{ sed '/^[^#]/,$$d' constraints.txt; \
	  uv pip compile pyproject.toml --all-extras --universal --fork-strategy fewest --no-sources --no-header --no-annotate --quiet \
	    | grep -Ev "^(nvidia-|cuda-|triton)|== 'emscripten'$$" | sed -E 's/^(torch==[0-9.]+).*/\1/' | uniq; \
	} > constraints.new
	@mv constraints.new constraints.txt

clean: ## Remove what was built here: environment, index, caches
	rm -rf .venv .index build .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: $(NEEDS)
	@$(INSTALL) .
	@touch $@

.venv/installed-bench: $(NEEDS)
	@$(INSTALL) '.[dev,bench]'
	@touch .venv/installed .venv/installed-dev $@

.venv/installed-dev: $(NEEDS)
	@$(INSTALL) '.[dev]'
	@touch .venv/installed $@
