# Undersong. `make` lists the targets; each makes the virtual environment when it is missing.
SHELL := /bin/bash
VENV  := .venv
BIN   := $(VENV)/bin
MADE  := $(VENV)/.made
DEMO  := recipes/evening-body-scan.md
TREE  := $(shell find src tests voices ambience recipes docs tools -type f \
           -not -path '*/__pycache__/*' -not -path '*/node_modules/*' 2>/dev/null) undersong.yaml Makefile pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-servers test-site check lint bench campaign golden preview docs clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: $(MADE)/setup ## make the virtual environment and install everything into it

$(MADE)/setup: pyproject.toml
	@for python in "$${PYTHON:-python3}" python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    test -x $(BIN)/python || $$python -m venv $(VENV); break; fi; done
	@test -x $(BIN)/python || { echo 'make: Python 3.11 or newer with venv is needed (PYTHON=... names one)' >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	$(BIN)/python -c 'from undersong.dsp.compiled import kernels; kernels()'
	@mkdir -p $(MADE) && touch $@

demo: $(MADE)/setup ## render the ten-minute demo track offline into build/demo
	$(BIN)/undersong render $(DEMO) --offline --picture --out build/demo

test: $(MADE)/test ## run the tests (again only when something changed)
	@echo 'All tests passed; nothing has changed since.'

$(MADE)/test: $(MADE)/setup $(TREE)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m 'not slow and not servers and not browser' --cov --cov-report=term:skip-covered --cov-fail-under=90
	@touch $@

# Real servers and a real browser keep their own time: what fails on a busy machine is tried once more.
test-servers: $(MADE)/servers ## publish to real servers on loopback; installs them first (apt-get)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m 'servers and not slow' tests/servers \
	  || $(BIN)/python -m pytest -n 0 --last-failed --last-failed-no-failures none -m 'servers and not slow' tests/servers

$(MADE)/servers: $(MADE)/setup tests/servers/install.sh tests/servers/package.json
	tests/servers/install.sh
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,servers]'
	@touch $@

lint: $(MADE)/setup ## style, types and layers only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test ## everything that must be green: style, types, layers, tests

bench: $(MADE)/setup ## measure speed, memory and quality beside others; writes docs/bench.md (BENCH=--small, --long)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	$(BIN)/python tests/bench/bench.py $(BENCH)
	$(BIN)/python tests/bench/bench_publish.py
	$(BIN)/python tests/bench/farm_costs.py


$(MADE)/readers: tests/publish/readers/package.json
	npm install --silent --no-audit --no-fund --no-package-lock --prefix tests/publish/readers
	@mkdir -p $(MADE) && touch $@

campaign: $(MADE)/setup $(MADE)/readers $(MADE)/servers ## the long tests: hours of audio, kills, full disks
	$(BIN)/python -m pytest -m slow -p no:cacheprovider

$(MADE)/browser: $(MADE)/setup tests/browser/package.json
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null \
	  || { echo 'make: Chromium is needed; install it as the command `chromium`' >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[browser]'
	npm install --silent --no-audit --no-fund --no-package-lock --prefix tests/browser
	@mkdir -p $(MADE) && touch $@

test-site: $(MADE)/browser ## try the web pages of a show in a real Chromium
	$(BIN)/python -m pytest -q -m browser tests/browser \
	  || $(BIN)/python -m pytest -q --last-failed --last-failed-no-failures none -m browser tests/browser

golden: $(MADE)/setup ## rewrite the golden files after a wanted change
	UPDATE_GOLDEN=1 $(BIN)/python -m pytest -q -m 'not slow' tests/timeline tests/mix tests/ambience

preview: $(MADE)/setup ## play twenty seconds from the middle of the demo
	$(BIN)/undersong preview $(DEMO) --offline --at 3:00 --for 20s

docs: $(MADE)/setup ## write the reference pages from the schemas, and the page of beds
	@for kind in recipe library voice bed show; do \
	  $(BIN)/undersong schema $$kind --markdown --out docs/reference-$$kind.md; done
	$(BIN)/python tools/gather_beds.py

clean: ## remove what was made here (the take cache stays)
	rm -rf build dist $(MADE) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage*
