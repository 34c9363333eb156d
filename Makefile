# Two commands do all the set-up: `make demo` and `make test`. Each makes a private environment in .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OTHER_TOOLS := pandas libnmap toolong harlequin

.PHONY: demo test check bench format generate clean

demo: $(VENV)/.installed
	$(BIN)/deskaudit demo

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --dist loadfile $(TESTS)

check: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

format: $(VENV)/.lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: $(VENV)/.installed
	$(BIN)/python -m docs.generate

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist

$(VENV)/.pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "deskaudit needs Python 3.11 or newer; call make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.installed: $(VENV)/.pip pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	$(BIN)/python -m compileall -q deskaudit
	@touch $@

$(VENV)/.test: $(VENV)/.installed $(VENV)/other-tools/pandas/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group test
	@touch $@

$(VENV)/.lint: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group lint
	@touch $@

$(VENV)/.bench: $(VENV)/.installed $(OTHER_TOOLS:%=$(VENV)/other-tools/%/.installed)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group bench
	@touch $@

# Each in an environment of its own: their dependencies do not go together, nor beside ours.
$(VENV)/other-tools/%/.installed: $(VENV)/.pip pyproject.toml
	$(PYTHON) -m venv --without-pip $(@D)
	$(BIN)/python -m pip --python $(@D) install --quiet --disable-pip-version-check --group bench-$*
	@touch $@
