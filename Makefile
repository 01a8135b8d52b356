# What there is to do here.  Needs Python 3.11 with venv, git and make; everything else comes from requirements.lock.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
LOCKED := $(VENV)/.from-lock
INSTALLED := $(VENV)/.with-expeval
# Algebra on summaries is small: more BLAS threads only get in each other's way.
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: demo demo-upload test fast lint lock clean
.DELETE_ON_ERROR:

## demo: the STAR kindergarten study, from the public data to the report
demo: $(INSTALLED)
	@$(BIN)/expeval run analyses/star-kindergarten/study.toml

## demo-upload: the upload pages on simulated data, with a teacher's link and a grade book to send
demo-upload: $(INSTALLED)
	@$(BIN)/python analyses/enterprise-uploads/demo.py

## test: everything that must hold before a change is handed in
test: lint
	@$(BIN)/python -m pytest -n auto

## fast: the tests without the slow ones
fast: $(INSTALLED)
	@$(BIN)/python -m pytest -n auto -m "not slow"

## lint: style, types and the direction of imports
lint: $(INSTALLED)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

## lock: the newest versions that fit pyproject.toml, with hashes and without addresses
lock: $(INSTALLED)
	@$(BIN)/python -m pip install -qq uv
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --extra dev \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --output-file requirements.lock pyproject.toml

## clean: the environment and the caches, not the reports
clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# Two stamps, so that a changed pyproject.toml alone does not ask for every package again.
$(INSTALLED): $(LOCKED) pyproject.toml
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e .
	@touch $@

$(LOCKED): requirements.lock
	@command -v $(PYTHON) >/dev/null && $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' 2>/dev/null || \
		{ echo "make: $(PYTHON) does not run here; install Python 3.11 (Debian, Ubuntu: the packages python3.11 and python3.11-venv) or name one: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "make: $(PYTHON) can't make environments; install the package python3.11-venv" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo "Making $(VENV) from requirements.lock (about a minute)"; $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python -m pip install -qq --require-hashes -r requirements.lock
	@touch $@
