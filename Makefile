# The one set of commands for people and for CI. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin
INSTALLED := .venv/.installed
# A worker for each core; one that has nothing left to do takes from the others.
PYTEST := $(BIN)/pytest --quiet --numprocesses logical --dist worksteal
DEMO := build/demo-kb
DEMO_BUILT := build/.demo-built
DEMO_FILES := $(wildcard ingest/demo/*.csv ingest/demo/cases/*.md) ingest/examples.json
QUICK := tests/test_rooms.py tests/kb/text tests/kb/reference tests/kb/resolution tests/kb/search \
  tests/ingest/articles tests/ingest/directories tests/ingest/records
MEASURED := build/measured-kb
NEEDS := tests/data/demo-needs tests/data/development/silence

.PHONY: help install run demo quick test thorough check coverage check-long format lint types imports widget benchmark benchmark-full evaluate ablation lock sbom audit clean

help: ## list these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(INSTALLED) ## make the environment in .venv

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed; name one with PYTHON=…"; exit 1; }
	@echo "Installing into .venv, once: about 2 GB, a minute or more…"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints.txt --editable . --group dev
	@touch $@

run: demo ## build the demonstration knowledge base if need be, and serve it
	@exec $(BIN)/quisait serve --kb $(DEMO) --host $(HOST) --port $(PORT)

demo: $(DEMO_BUILT) ## build the demonstration knowledge base in build/demo-kb

# A stamp and not the database itself: one whose building failed is there, too.
$(DEMO_BUILT): $(INSTALLED) $(DEMO_FILES)
	@echo "Building the demonstration knowledge base…"
	@$(BIN)/quisait ingest --kb $(DEMO) --prune ingest/demo
	@$(BIN)/python -m ingest.examples $(DEMO)
	@touch $@

quick: install ## run the tests that take moments: how texts, needs, articles and directories are read
	$(PYTEST) -m "not slow and not browser and not thorough" $(QUICK)

test: install ## run every test but the thorough ones
	$(PYTEST) -m "not thorough"

check: install ## what CI runs before the thorough ones: format, lint, types, imports, tests
	$(BIN)/ruff format --check .
	$(MAKE) --no-print-directory lint types imports test

coverage: install ## which lines no test runs; every test takes twice as long
	$(PYTEST) --cov

thorough: install ## run the tests of every way in, of hostile input, and of processes that are killed
	$(PYTEST) -m thorough

check-long: demo thorough ## what takes long, an hour at most: the former, load, kills, damage (docs/reliability.md)
	$(BIN)/python -m tests.reliability

format: install ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: install
	$(BIN)/ruff check .

types: install
	$(BIN)/mypy

imports: install
	$(BIN)/lint-imports

widget: install ## make the widget's script out of its sources (docs/embedding.md)
	$(BIN)/python -m web.embed.widget.build

benchmark: install ## measure speed and memory beside what others use; a quarter of an hour (docs/benchmarks.md)
	$(BIN)/python -m tests.benchmarks

benchmark-full: install ## the same up to 100,000 firms; an hour and a half once all is embedded; writes the page
	$(BIN)/python -m tests.benchmarks --full --write

$(MEASURED): $(INSTALLED)
	$(BIN)/quisait ingest --kb $(MEASURED) tests/data/small-territory

evaluate: $(MEASURED) ## measure the ranking; with DATA=dir, on all development sets (docs/evaluation.md)
	@$(BIN)/python -m tests.development_sets --out build/development $(if $(DATA),--data $(DATA))
	@$(BIN)/quisait evaluate --split test --split tune --kb $(MEASURED) $(NEEDS) build/development/*/

ablation: $(MEASURED) ## measure the ranking without each of its parts; with DATA=dir, takes hours and writes the page
	@$(BIN)/python -m tests.development_sets --out build/development $(if $(DATA),--data $(DATA))
	@$(BIN)/python -m tests.ranking_figures --kb $(MEASURED) \
	  $(if $(DATA),--page docs/figures/ranking.md) $(NEEDS) build/development/*/

lock: install ## write the lock files anew, after a change of versions (docs/deployment.md)
	$(BIN)/python -m tests.deployment.lock $(WHEELS)

sbom: install ## write the bill of materials to build/sbom.json
	$(BIN)/python -m tests.deployment.sbom

audit: install ## ask for known weaknesses of the locked packages; needs the network
	$(BIN)/uvx pip-audit@2.10.1 --require-hashes --disable-pip --requirement requirements.lock

clean: ## remove what was built; the environment in .venv stays
	rm -rf build dist .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -type d -prune -exec rm -rf {} +
