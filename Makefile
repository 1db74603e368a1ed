# The SSOT investigation kit: `make report` and `make test` are all a fresh machine needs (Python 3.11+, git, make).
# Every target sets up what it needs first; a second call installs nothing.

.DEFAULT_GOAL := report
.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/sh

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
WORKERS ?= 2

# A stamp holds the folder it was made in: a copied or moved checkout installs itself again.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
$(READY): again
endif
ifneq ($(shell cat $(READY_DEV) 2>/dev/null),$(CURDIR))
$(READY_DEV): again
endif

CASE := data/cases/agent_platform
# `make -C kit report TARGET=../app` means ../app as seen from where the user stands, not from the kit. make turns -w on
# for -C; only then is PWD better than CURDIR, because a program that starts make in another folder may leave PWD behind.
MOVED := $(findstring w,$(firstword -$(MAKEFLAGS)))$(findstring --no-print-directory,$(MAKEFLAGS))
CALLED_FROM := $(if $(MOVED),$(or $(PWD),$(CURDIR)),$(CURDIR))
export CALLED_FROM
export TARGET
export POLICY
export CLAIMS

.PHONY: again help setup report demo test trials check format-check lint types architecture notebooks-check docs-check own-gate \
        format docs lab bench lock clean

report: $(READY) ## Analyse TARGET=path (default: the bundled case) [POLICY=file] [CLAIMS=file] and print the report's path
	@sh tools/report.sh

test: $(READY_DEV) ## Run the tests
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

trials: $(READY_DEV) ## Run the long trials, which `make test` leaves out, and print their figures
	@$(PY) -m pytest -m trial -rP --no-header $(ARGS)

check: format-check lint types architecture notebooks-check docs-check own-gate test ## Everything that must hold before a merge

demo: $(READY) ## Fix the bundled case on changed files and show every success metric before and after [ARGS=--measure]
	@$(PY) -m tools.demo $(ARGS)

lab: $(READY) ## Open JupyterLab on notebooks/
	@$(VENV)/bin/ssot lab -- $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS)

bench: $(READY_DEV) ## Measure speed, memory and accuracy; writes benchmarks/results.json
	@$(PY) -m benchmarks $(ARGS)

format: $(READY_DEV) ## Format, and fix what ruff can fix
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format . && $(PY) -m nbstripout notebooks/*.ipynb notebooks/*/*.ipynb

docs: $(READY_DEV) ## Regenerate the generated pages of docs/
	@$(PY) -m tools.generate_docs

setup: $(READY_DEV) ## Install everything, run nothing

lock: ## Pin the dependencies again after a change of pyproject.toml (needs uv; UPGRADE=1 moves to newest)
	@$(LOCK) --extra build --output-file requirements.lock
	@$(LOCK) --all-extras --constraint requirements.lock --output-file requirements-dev.lock

clean: ## Remove the environment and caches; keeps reports and snapshots
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis data/cache

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

# The parts of `make check`, each callable alone.
format-check: $(READY_DEV)
	@$(PY) -m ruff format --check .

lint: $(READY_DEV)
	@$(PY) -m ruff check .

types: $(READY_DEV)
	@$(PY) -m mypy

architecture: $(READY_DEV)
	@$(VENV)/bin/lint-imports

notebooks-check: $(READY_DEV)
	@$(PY) -m nbstripout --verify notebooks/*.ipynb notebooks/*/*.ipynb

docs-check: $(READY_DEV)
	@$(PY) -m tools.generate_docs --check

# The kit passes its own gate; data/cache is the checkout's own place for what is kept between runs.
own-gate: $(READY_DEV)
	@$(VENV)/bin/ssot check . --quiet

# The environment. requirements.lock is what a report needs, requirements-dev.lock adds tests and benchmarks.
$(READY): pyproject.toml requirements.lock tools/install.sh
	@PYTHON="$(PYTHON)" sh tools/install.sh requirements.lock $@

$(READY_DEV): pyproject.toml requirements-dev.lock tools/install.sh
	@PYTHON="$(PYTHON)" sh tools/install.sh requirements-dev.lock $@ $(READY)

UV ?= uv
LOCK = $(UV) pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
       --quiet --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)
