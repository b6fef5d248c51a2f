# The only entrance: every target sets up what it needs. Needs Python 3.11+ with venv, make and git.
SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo up test lint bench layer synth lock clean
help:            ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

demo: $(VENV)/.run layer  ## push, approve and invoke two versions of a sample model on the embedded AWS
	$(BIN)/slipway demo

up: $(VENV)/.run layer    ## start the embedded AWS and deploy the platform to it
	$(BIN)/slipway up

test: $(VENV)/.dev layer  ## lint, import rules, types and all tests
	$(MAKE) --no-print-directory lint
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev        ## ruff, import-linter, mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

bench: $(VENV)/.dev layer ## run the benchmarks; writes build/benchmarks/*.json
	$(BIN)/python -m benchmarks

layer: $(VENV)/.run       ## build the functions' dependency layers (arm64, Python 3.13) with uv
	$(BIN)/python -m workbench.layer

synth: $(VENV)/.run layer ## synthesize every environment into build/cloud-assembly/<env>
	$(BIN)/python -m workbench.synthesis

lock: $(VENV)/.run        ## resolve the lock files again
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate -q pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate -q pyproject.toml --group dev -o requirements/dev.txt
	$(BIN)/uv pip compile --python-version 3.13 --python-platform aarch64-manylinux_2_28 --generate-hashes --no-emit-index-url --no-annotate -q requirements/layer.in -o requirements/layer.txt
	$(BIN)/uv pip compile --python-version 3.13 --python-platform aarch64-manylinux_2_28 --generate-hashes --no-emit-index-url --no-annotate -q requirements/arrays.in -o requirements/arrays.txt

clean:           ## remove everything that was built
	rm -rf build cdk.out .venv node_modules

$(VENV)/bin/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Slipway needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || { echo "Python's venv module is missing; on Debian: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/uv
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements/run.txt --python $(BIN)/python
	$(BIN)/uv pip install --quiet --no-deps -e . --python $(BIN)/python
	@touch $@

node_modules/.package-lock.json: package-lock.json | $(VENV)/.run
	@$(BIN)/npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || echo "npm could not install axe-core: tests of accessibility will be skipped"

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run node_modules/.package-lock.json
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements/dev.txt --python $(BIN)/python
	@touch $@
