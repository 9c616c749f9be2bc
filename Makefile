# Every target makes its own environment first, so that each works on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONDONTWRITEBYTECODE ?=

.DEFAULT_GOAL := help
.PHONY: help run test check lint types contracts browser bench client pins

help:  ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12

$(VENV)/run: requirements/run.txt pyproject.toml
	@$(BIN)/python -c "import pip" 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing what is pinned (about a minute, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: $(VENV)/run requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

run: $(VENV)/run  ## start everything, play the story once, print the addresses
	@exec $(BIN)/isthmus run --demo

test: $(VENV)/dev browser  ## all tests, on servers it starts itself
	@$(BIN)/python -m pytest

check: lint types contracts test  ## what CI runs

lint: $(VENV)/dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/dev
	@$(BIN)/mypy

contracts: $(VENV)/dev
	@$(BIN)/lint-imports --no-cache

browser:  # tests drive the machine's Chromium; Debian's package where we may install it
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing Debian's chromium for the browser tests ..."; \
	    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y chromium >/dev/null; \
	  else echo "No chromium on this machine: the browser tests will be skipped."; fi; }

bench: $(VENV)/dev  ## benchmarks against named peers, ratios to benchmarks/results
	@$(BIN)/python -m benchmarks

client: $(VENV)/dev  ## generate the Python client of the examples anew
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes --upgrade --target $(VENV)/codegen -r examples/python/requirements.txt
	@cd examples/python && PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH="$(CURDIR)/$(VENV)/codegen" \
	  $(CURDIR)/$(BIN)/python -m ariadne_codegen --config ariadne-codegen.toml >/dev/null

pins: $(VENV)/dev  ## pin the requirements anew (needs uv)
	@uv pip compile --universal --generate-hashes --no-header -q requirements/build.in -o requirements/build.txt
	@uv pip compile --universal --generate-hashes --no-header -q pyproject.toml -o requirements/run.txt
	@uv pip compile --universal --generate-hashes --no-header -q pyproject.toml --extra dev -o requirements/dev.txt
