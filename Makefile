# Everything runs in $(VENV), which is made on first use: a fresh clone needs Python 3.11 or later, git and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python -m
DEMO := build/demo
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test check lint slow devices bench readme clean

help:  ## what can be made
	@sed -n 's/^\([a-z]*\):.*  ## /  make \1 | /p' Makefile | column -t -s '|' 2>/dev/null || sed -n 's/:.*  ## /  /p' Makefile

demo: $(VENV)/.base  ## scan a small invented model against its renamed copy, write and name the report
	@rm -rf $(DEMO)
	@mkdir -p $(DEMO)
	@$(BIN)/python fixtures/build_history.py $(DEMO) > $(DEMO)/revisions.txt
	@$(BIN)/clonedetect scan $(DEMO)/original $(DEMO)/copy --out $(DEMO)/report 2> $(DEMO)/scan.log || { cat $(DEMO)/scan.log; exit 1; }
	@$(BIN)/clonedetect report $(DEMO)/report/report.json
	@echo
	@echo "The whole report, for a browser:  $(DEMO)/report/report.html"
	@echo "The same for programs:            $(DEMO)/report/report.json"

test: $(VENV)/.test  ## the fast tests
	$(RUN) pytest -n $(JOBS) -m "not slow and not registry"

check: lint slow  ## lint, format, types, import contracts, then the slow tests and those that fetch packages

lint: $(VENV)/.dev  ## lint, format, types, import contracts
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) ty check
	$(BIN)/lint-imports

slow: $(VENV)/.dev  ## the slow tests and those that fetch packages
	$(RUN) pytest -m "slow or registry"  # one at a time: some hold a time limit

devices: $(VENV)/.test $(VENV)/.torch  ## the weights computed by torch and by numpy, compared; installs torch, some gigabytes
	$(BIN)/python -c "import torch"  # without it the tests are skipped
	$(RUN) pytest tests/weights/test_weights_structure.py

bench: $(VENV)/.bench  ## accuracy and speed, beside other tools on the same input; takes long
	$(BIN)/python benchmarks/accuracy/table.py
	$(BIN)/python benchmarks/weights/speed.py --gigabytes 1
	$(BIN)/python benchmarks/report.py

readme: $(VENV)/.test  ## run the README's examples and write their output into it
	$(BIN)/python tests/test_readme.py

clean:  ## remove what was made, but for the virtual environment
	rm -rf build dist .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find clonedetect tests benchmarks fixtures -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp per extra: pip runs again when pyproject.toml changes.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "clonedetect needs Python 3.11 or later, $(PYTHON) is older: make PYTHON=python3.11 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml | $(BIN)/python
	$(RUN) pip install --quiet --editable .
	@touch $@

$(VENV)/.test $(VENV)/.dev $(VENV)/.bench $(VENV)/.torch: $(VENV)/.%: pyproject.toml | $(BIN)/python
	$(RUN) pip install --quiet --editable ".[$*]"
	@touch $@ $(VENV)/.base
