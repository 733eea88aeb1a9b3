# Every target sets up what it needs in .venv; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Two workers of the tests, and each process that a test starts, load what another has compiled.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help try try-live test check fix docs site bench release-check clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 15

$(BIN)/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.package: pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

# The pip that Python 3.11 brings takes half as long again for so many packages.
$(VENV)/.tools: pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test,lint,docs]'
	@touch $@ $(VENV)/.package

try: $(VENV)/.package  ## see the main job done, in the sandbox
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tools/try.sh --sandbox

try-live: $(VENV)/.package  ## the same at OpenAI, with OPENAI_API_KEY
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tools/try.sh

test: $(VENV)/.tools  ## run the tests
	$(BIN)/pytest --numprocesses auto --dist worksteal

check: $(VENV)/.tools  ## format, lint and types
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

fix: $(VENV)/.tools  ## format, and mend what ruff can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

docs: $(VENV)/.tools  ## write pages, man pages and pictures anew, and build the site
	$(BIN)/python tools/command_pages.py docs/commands
	$(BIN)/python tools/operation_pages.py docs/operations
	$(BIN)/python tools/man_pages.py docs/man
	$(BIN)/python tools/pictures.py docs/pictures
	@$(MAKE) --no-print-directory site

site: $(VENV)/.tools  ## build the manual as a site, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

bench: | $(BIN)/pip  ## measure side by side with other tools
	$(BIN)/python benchmarks/run.py

release-check:  ## prove that what is committed can be released
	$(PYTHON) tools/release_check.py

clean:  ## remove what the other targets made
	rm -rf $(VENV) .venv-bench build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
