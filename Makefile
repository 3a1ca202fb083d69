# `make demo` and `make test` are all the set-up there is: each makes .venv where it is missing.
PYTHON ?= python3
# The CPU build of torch: installed before what depends on it, or pip takes gigabytes of CUDA.
TORCH ?= torch==2.13.0
VENV ?= .venv
BIN := $(VENV)/bin
# Python compiles what it imports: a tenth of the files.
PIP := $(BIN)/python -m pip install --quiet --no-compile
# Test processes at once, one more than the two cores of a small machine since many wait for a process; tests of one file stay together.
JOBS ?= 3
STAMP := $(VENV)/.installed

.PHONY: demo test lint check bench docs fresh clean

$(STAMP): pyproject.toml
	@echo "Making $(VENV) with all that align needs: some minutes, about 3 GB. It happens once."
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) $(TORCH)
	$(PIP) --editable '.[all,dev]'
	touch $@

demo: $(STAMP)
	$(BIN)/align demo

test: $(STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

bench: $(STAMP)
	env -u OPENBLAS_CORETYPE $(BIN)/python -m benchmarks --all

# The documents, to build/site/index.html; nothing is fetched.
docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# The parts of the documents that the program itself says: help, keys, formats, licences, pictures.
fresh: $(STAMP)
	$(BIN)/python docs/scripts/generated.py --write
	$(BIN)/python docs/scripts/licences.py --write
	$(BIN)/python docs/scripts/pictures.py --write

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
