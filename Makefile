# Every job of this repository. `make help` lists them.
PYTHON ?= python3
PORT ?= 8000
# The tests wait about as long as they work. A file stays with one worker, for what its tests share.
WORKERS ?= 4
FAST := $(addprefix tests/db/test_,attempts.py catalog.py chain.py migrations.py moves.py owners.py pace.py publishing.py)
BIN := .venv/bin
NODE_MODULES := tests/outside/node_modules/.package-lock.json
FRONTEND := admin/frontend/node_modules/.package-lock.json
ASSISTANTS := tests/assistants/node_modules/.package-lock.json
CLIENTS := $(basename $(notdir $(wildcard tests/outside/requirements/*.in)))
ENVIRONMENTS := $(CLIENTS:%=tests/outside/.environments/%/.installed)
DEBIAN := tests/outside/.debian/.installed
COMPILE := $(BIN)/uv pip compile -q --python-version 3.11 --no-emit-index-url --no-header --no-annotate
# uv takes a sixth of pip's time; where it does not know the index that pip is told of, pip does it.
install = $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r $(1) \
    || $(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(1)
.DEFAULT_GOAL := help

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: .venv/.run ## Serve the demo on 127.0.0.1:$(PORT); all set-up included
	@FLASK_APP=app.py HANDRAIL_ALLOW_LOCAL_REPOSITORIES=1 HANDRAIL_POLL_SECONDS=1 \
	 HANDRAIL_BASE_URL=http://localhost:$(PORT) $(BIN)/flask serve --demo --port $(PORT)

test: .venv/.dev $(NODE_MODULES) $(FRONTEND) $(ENVIRONMENTS) $(DEBIAN) ## Run the tests, WORKERS at once
	PYTHONDONTWRITEBYTECODE= NODE_COMPILE_CACHE=$(abspath tests/outside/node_modules/.compiled) \
	    $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-fast: .venv/.dev ## Run the tests that need no server of other people, no browser and no waiting
	$(BIN)/pytest -n $(WORKERS) tests/unit $(FAST)

mutants: .venv/.dev ## Break the rules and the queries one by one, and see that a test fails
	$(BIN)/python -m tests.mutants $(ONLY)

endurance: .venv/.dev ## Kill, race and crowd a server for MINUTES (5), and print what was lost
	$(BIN)/python -m tests.endurance --minutes $(or $(MINUTES),5)

assistants: .venv/.dev $(ASSISTANTS) ## Run real assistants, 1.7 GB to install; writes docs/assistants.md
	$(BIN)/pytest tests/assistants

check: .venv/.dev ## Lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: .venv/.dev ## Let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev ## Measure the calls against their floors; writes docs/performance.md (QUICK=1 or ONLY=select do not)
	$(BIN)/python -m bench.step_call $(if $(QUICK),--quick) $(if $(ONLY),--only "$(ONLY)")

frontend: .venv/.dev $(FRONTEND) ## Build admin/static and the step card from admin/frontend
	$(BIN)/node admin/frontend/build.mjs
	$(BIN)/node admin/frontend/build_card.mjs

screenshots: .venv/.dev $(NODE_MODULES) ## Take a picture of every screen of the demo; writes docs/screenshots
	$(BIN)/python -m tests.browser.screenshots

lock: .venv/.dev ## Compile the pinned requirement files
	$(COMPILE) requirements-lint.in requirements.in -o requirements.txt
	for name in requirements-dev $(CLIENTS:%=tests/outside/requirements/%); do \
	    $(COMPILE) $$name.in -o $$name.txt || exit; done

clean: ## Stop the embedded database and remove its data, the environment and caches
	! $(BIN)/python -c 'import psutil, psycopg2' 2>/dev/null || $(BIN)/python -c 'from pathlib import Path; from walkthroughs.database import embedded; embedded.stop(Path("var/postgres"))'
	rm -rf var .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/outside/node_modules tests/outside/.environments tests/outside/.debian tests/assistants/node_modules admin/frontend/node_modules

.venv/.run: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Handrail needs Python 3.11 or newer; say make PYTHON=...")'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv # also after one that was interrupted
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements-dev.txt)"
	$(call install,requirements.txt)
	touch $@

.venv/.dev: .venv/.run requirements-dev.txt
	$(call install,requirements-dev.txt)
	touch $@

$(NODE_MODULES): tests/outside/package-lock.json .venv/.dev
	$(BIN)/npm ci --prefix tests/outside --ignore-scripts --no-audit --no-fund --loglevel error
	touch $@

$(FRONTEND): admin/frontend/package-lock.json .venv/.dev
	$(BIN)/npm ci --prefix admin/frontend --ignore-scripts --no-audit --no-fund --loglevel error
	touch $@

# Not `npm ci`: it wants the packages of every platform in the lock, and npm locks those it could get.
$(ASSISTANTS): tests/assistants/package-lock.json .venv/.dev
	@echo "Installing the assistants: 1.7 GB, once."
	$(BIN)/npm install --no-save --prefix tests/assistants --ignore-scripts --no-audit --no-fund --loglevel error
	touch $@

$(DEBIAN): tests/outside/debian.sh
	tests/outside/debian.sh

# An environment for each client of other people: what one needs, another cannot have.
tests/outside/.environments/%/.installed: tests/outside/requirements/%.txt | .venv/.dev
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(@D)
	$(BIN)/uv pip sync --quiet --python $(@D)/bin/python $<
	touch $@

.PHONY: help run test assistants check fix bench frontend screenshots lock clean
