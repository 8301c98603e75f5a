# Two commands are all you need: `make demo` and `make test`. Each sets up .venv by itself.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SDK    := .venv-sdk
READY  := $(VENV)/.ready

export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE := copy
export UV_SYSTEM_CERTS := true
unexport PYTHONDONTWRITEBYTECODE  # the tests start syncd many times: it is compiled once

.DEFAULT_GOAL := help
.PHONY: help demo test check unit full bench mutation sdk lock clean

help:  ## show the commands
	@sed -n 's/^\([a-z]*\):.*##/\1 ·/p' Makefile

$(READY): requirements/dev.lock requirements/uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "syncd needs Python 3.11 or newer; $(PYTHON) is older. Nothing was set up. Type: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	  || { echo "$(PYTHON) has no venv module. Nothing was set up. Type: apt install python3-venv"; exit 1; }
	@echo "Setting up .venv, this once. It takes about half a minute ..."
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock
	$(BIN)/uv pip sync --quiet --require-hashes requirements/dev.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY)  ## a team's contacts in step with Outlook, on this machine (KEEP=1 leaves it running, BACKEND=graph)
	@$(BIN)/syncd demo $(if $(KEEP),--keep) $(if $(BACKEND),--backend $(BACKEND))

test: check unit  ## everything CI runs: lint, types, import rules, tests

check: $(READY)  ## lint, types, import rules
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

unit: $(READY)  ## the tests alone
	@$(BIN)/pytest -n 3 --dist loadgroup -q

full: $(READY)  ## the tests without samples: every row on both databases, every story torn everywhere
	@SYNCD_FULL_TESTS=1 $(BIN)/pytest -n 3 --dist loadgroup -q --timeout 1800

bench: $(READY)  ## our cost over the bare client's, as counts and ratios
	@$(BIN)/python -m tests.benchmarks

mutation: $(READY)  ## change the heart in one place at a time, and name what no test notices (an hour)
	@nice $(BIN)/python -m tests.mutation

sdk: $(READY) $(SDK)/.ready  ## Microsoft's own Graph SDK against the sandbox (a download of some 100 MB)
	@$(SDK)/bin/python tests/conformance/official_sdk.py $(BIN)/syncd

$(SDK)/.ready: requirements/sdk.lock
	$(PYTHON) -m venv --clear $(SDK)
	$(BIN)/uv pip sync --quiet --python $(SDK)/bin/python --require-hashes requirements/sdk.lock
	@touch $(SDK)/.ready

lock: $(READY)  ## renew the locked dependencies
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --no-header --no-emit-index-url --no-annotate pyproject.toml -o requirements/run.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --no-header --no-emit-index-url --no-annotate pyproject.toml --group dev -o requirements/dev.lock
	echo msgraph-sdk azure-identity deprecated | tr ' ' '\n' | $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --no-header --no-emit-index-url --no-annotate - -o requirements/sdk.lock
	awk '/^[a-z]/ {keep = /^uv==/} keep' requirements/dev.lock > requirements/uv.lock

clean:  ## remove what the commands made
	rm -rf $(VENV) $(SDK) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache demo-data
