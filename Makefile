# Each target makes what it needs; `make demo` in a fresh clone is enough. `make help` lists them.
PYTHON ?= python3
VENV ?= .venv

BIN := $(VENV)/bin
READY := $(VENV)/.installed
PIP := -m pip install --quiet --disable-pip-version-check
UV_VERSION := 0.13.9

# python3 may be too old or too new for libtorrent; a PYTHON that was asked for is not replaced.
PYTHONS := $(if $(filter file,$(origin PYTHON)),$(PYTHON) python3.13 python3.12 python3.11,$(PYTHON))
FITS := import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
# Leaves the first fitting one of PYTHONS in $$python, or says why it cannot.
find_python = for python in $(PYTHONS) none; do \
	if [ "$$python" = none ]; then \
	  echo "seedbox needs Python 3.11, 3.12 or 3.13 with its venv module; none of: $(PYTHONS)" >&2; \
	  exit 1; \
	fi; \
	if "$$python" -c '$(FITS)' 2>/dev/null; then break; fi; \
	done

SANITIZED := $(CURDIR)/build/sanitize
LANES := $(SANITIZED)/seedbox/hashing/_lanes.abi3.so

.PHONY: help demo test lint sanitize wheel bench docs reproduce requirements clean
.DELETE_ON_ERROR:

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /\1 - /p' $(MAKEFILE_LIST)

demo: $(READY) ## Build, seed, fetch and verify real open data on this machine
	$(BIN)/seedbox demo

test: lint ## Everything a change must pass
	$(BIN)/pytest --cov

lint: $(READY) ## Format, lint, types, import contracts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

sanitize: $(READY) ## The tests of the C extension under AddressSanitizer and UBSan
	@set -e; rm -rf $(SANITIZED); mkdir -p $(SANITIZED); \
	if ! echo 'int main(void){return 0;}' | gcc -fsanitize=address,undefined -x c - \
	  -o $(SANITIZED)/probe 2>/dev/null; then \
	  echo "make sanitize needs gcc with libasan and libubsan" >&2; exit $(if $(CI),1,0); \
	fi; \
	set -x; cp -R seedbox $(SANITIZED)/; rm -f $(SANITIZED)/seedbox/hashing/_lanes.*so; \
	gcc -std=c11 -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	  -fno-sanitize-recover=undefined -fPIC -shared -Wall -Wextra -Werror \
	  -I"$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("include"))')" \
	  seedbox/hashing/_lanes.c -o $(LANES); \
	timeout 170 env LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
	  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
	  PYTHONMALLOC=malloc PYTHONPATH=$(SANITIZED) SEEDBOX_SANITIZED=$(LANES) \
	  $(BIN)/pytest -p no:cacheprovider --capture=no --quiet \
	  tests/oracle/test_lanes_equal_hashlib.py tests/fault/test_lanes_failures.py \
	  tests/fault/test_read_files_failures.py

wheel: $(READY) ## Build the sdist, from it the wheel with the C extension, and try the wheel
	@set -ex; rm -rf dist build/wheel; mkdir -p build/wheel; \
	$(BIN)/python -c 'from setuptools import build_meta; build_meta.build_sdist("dist")' \
	  > build/wheel/sdist.log; \
	$(BIN)/python -m tarfile --list dist/seedbox-*.tar.gz > build/wheel/sdist.list; \
	set +x; \
	if ! grep -q '/seedbox/hashing/_lanes\.c' build/wheel/sdist.list; then \
	  echo "the sdist lacks seedbox/hashing/_lanes.c" >&2; exit 1; \
	fi; \
	set -x; \
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist dist/seedbox-*.tar.gz; \
	$(BIN)/python -m zipfile --list dist/seedbox-*.whl > build/wheel/wheel.list; \
	set +x; \
	if ! grep -q '^seedbox/hashing/_lanes\..*so ' build/wheel/wheel.list; then \
	  echo "the wheel lacks the C extension; is there a compiler, and Python's headers?" >&2; exit 1; \
	fi; \
	set -x; $(BIN)/python -m venv build/wheel/venv; \
	build/wheel/venv/bin/pip install --quiet --no-deps --no-index dist/seedbox-*.whl; \
	build/wheel/venv/bin/python -I -c 'from seedbox.hashing import _lanes; print(*_lanes.paths())'

bench: $(READY) ## Run every benchmark
	@set -e; for run in $(sort $(wildcard benchmarks/*/run.py)); do \
	  echo "$(BIN)/python $$run"; $(BIN)/python "$$run"; \
	done

docs: $(READY) ## Write the help texts in docs/cli.md and the picture of the demo anew
	$(BIN)/python docs/update_cli.py
	$(BIN)/python docs/picture.py

reproduce: $(READY) ## Make the datasets in manifests/ anew and compare; ONLY="cldr-dates" makes some
	$(BIN)/python manifests/reproduce.py $(ONLY)

requirements: ## Write requirements/dev.txt anew from pyproject.toml; UPGRADE=1 moves every pin
	@$(find_python); set -ex; "$$python" -m venv $(VENV)-uv
	$(VENV)-uv/bin/python $(PIP) uv==$(UV_VERSION)
	cp requirements/dev.txt $(VENV)-uv/dev.txt
	$(VENV)-uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
	  $(if $(UPGRADE),--upgrade) --extra demo --group dev \
	  --output-file $(VENV)-uv/dev.txt pyproject.toml
	@echo '# Written by `make requirements` from pyproject.toml: Python 3.11 to 3.13, any platform.' \
	  | cat - $(VENV)-uv/dev.txt > requirements/dev.txt

$(READY): pyproject.toml requirements/dev.txt seedbox/hashing/_lanes.c
	@$(find_python); set -ex; "$$python" -m venv $(VENV)
	$(BIN)/python $(PIP) --require-hashes -r requirements/dev.txt
	$(BIN)/python $(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

clean: ## Remove everything that make and the tools made
	rm -rf $(VENV) $(VENV)-uv build dist *.egg-info .coverage .coverage.* .hypothesis \
	  .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find $(wildcard seedbox tests benchmarks manifests) -name __pycache__ -type d -prune -exec rm -rf {} +
