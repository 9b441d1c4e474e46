# Two commands: `make demo` and `make test`. Each makes the environment it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# labelled corpora that `make validate` measures on
CORPORA ?= ../shared/corpora

# what `make bench` generates and installs; outside the checkout
BENCH_CACHE ?= $(HOME)/.cache/pixelated-bench

.PHONY: demo test check interop bench validate docs clean

demo: $(VENV)/.installed
	$(BIN)/pixelated build recipes/demo.yaml

test: $(VENV)/.installed-dev
	$(BIN)/ruff check src tests tools
	$(BIN)/ruff format --check src tests tools
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto --dist loadgroup --durations=10

check: $(VENV)/.installed-dev
	$(BIN)/ruff check src tests tools && $(BIN)/mypy && $(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto -m "not slow and not corpora"

docs: $(VENV)/.installed-dev
	$(BIN)/python tools/make_docs.py

# The standard set with its peers and acquiring; `make bench SIZE=3000000` measures how our own time grows instead.
bench: $(VENV)/.installed-dev
ifdef SIZE
	PYTHONPATH=tools $(BIN)/python -m bench.dedup --cache $(BENCH_CACHE) --section scale --only ours ours-scan \
	  --repeats 1 --sizes 300000 $(SIZE)
else
	PYTHONPATH=tools $(BIN)/python -m bench.dedup --cache $(BENCH_CACHE)
	PYTHONPATH=tools $(BIN)/python -m bench.acquire
endif

# How far scorers and redaction agree with people, on the labelled corpora beside the checkout; with `.[embed]`
# installed, sentence embeddings too.
validate: $(VENV)/.installed-dev
	$(BIN)/python tools/fit_names/fit.py $(CORPORA) --salt second --output build/names
	$(BIN)/pixelated score validate --corpora $(CORPORA) --tagger build/names --output docs/scorers.md

interop: $(VENV)/.installed
	tools/interop.sh

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) runs build dist
