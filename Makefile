# make run    sets up .venv and explains a sample bounce
# make test   sets up everything and runs lint, types, layers, docs and tests
# make quick  the same without the heavy tests (many servers, a browser)
# make bench  prints the figures as ratios against peers in the same run
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SETUP  := $(VENV)/.installed
DEV    := $(VENV)/.installed-dev
# The product as `pip install .` leaves it: compiled. The virtual environment has it as it is edited.
BUILT  := build/installed

.PHONY: run test quick lint unit compiled packages bench fix clean

run: $(SETUP)
	@$(BIN)/postmend explain --offline samples/bounce-barracuda.eml

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Postmend needs Python 3.11 or later" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || tools/install-packages python3-venv
	@$(PYTHON) -m venv $(VENV)

$(SETUP): pyproject.toml hatch_build.py $(BIN)/python
	@echo "Setting up $(VENV) ..."
	@POSTMEND_COMPILE=0 $(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(DEV): $(SETUP) requirements-dev.txt
	@POSTMEND_COMPILE=0 $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[outlook,crypto,psl,verify]' -r requirements-dev.txt
	@touch $@

packages:
	@tools/install-packages $$(grep -v '^#' tests/packages.txt)

$(BUILT)/.done: $(DEV) pyproject.toml hatch_build.py $(shell find src -name '*.py' -o -name '*.toml')
	@rm -rf $(BUILT)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(BUILT) .
	@touch $@

test: $(DEV) packages lint unit compiled

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	$(BIN)/postmend rules check

unit: $(DEV)
	POSTMEND_REQUIRE_SERVERS=$${POSTMEND_REQUIRE_SERVERS-1} $(BIN)/pytest -n auto --dist loadgroup -q

compiled: packages $(BUILT)/.done
	@PYTHONPATH=$(CURDIR)/$(BUILT) $(BIN)/python -c "import sys, postmend.intake.scan as m; sys.exit(m.__file__.endswith('.py'))"
	PYTHONPATH=$(CURDIR)/$(BUILT) $(BIN)/pytest -n auto -q -m "not heavy and not servers" tests/intake tests/knowledge tests/app

quick: $(DEV) lint
	$(BIN)/pytest -n auto --dist loadgroup -q -m "not heavy"

bench: $(DEV)
	@tools/install-packages libsisimai-perl
	$(BIN)/python -m bench

fix: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist src/postmend/knowledge/_*.book.json
