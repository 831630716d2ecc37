# Huodian (火点). Two commands matter: `make demo` and `make test`. Both set up what they need and may be run again.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VENV ?= .venv
ARGS ?=
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --quiet --disable-pip-version-check
LOCK := $(PY) -m uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate pyproject.toml
OGCTESTS_LOCK = $(subst pyproject.toml,--override <(echo 'pyarrow>=17'),$(LOCK))
WORKERS ?= auto
ROUNDS ?= 3
# The long tests are those that take their number of cases or kills from the environment, or carry the mark.
SOAK = $(shell grep -rlE --include='test_*.py' 'HUODIAN_(FUZZ_EXAMPLES|KILLS)|mark\.soak' tests)

.PHONY: help demo test lint bench bench-map bench-money fuzz soak lock assets components clean

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.assets ## set up and show the main job: real counties, a synthetic day, the map on port 8080
	@$(VENV)/bin/huodian demo $(ARGS)

test: $(VENV)/.dev $(VENV)/.assets components ## set up what the tests need (PostGIS and Chromium too) and run them
	@echo "== pytest, $(WORKERS) workers"
	$(PY) -m pytest -n $(WORKERS) -m "not soak" $(ARGS)

lint: $(VENV)/.dev ## style, types, the arrows between rooms, and what must not be committed
	@echo "== ruff"; $(PY) -m ruff check . ; $(PY) -m ruff format --check .
	echo "== mypy"; $(PY) -m mypy
	echo "== import-linter"; $(VENV)/bin/lint-imports
	echo "== tree"; $(PY) scripts/check_tree.py

bench: $(VENV)/.bench components ## ratios beside pandas, geopandas, SedonaDB and PostGIS: ingest, location, shares (ARGS="--write docs/benchmarks.md" keeps those of ingest)
	@failed=0; $(PY) -m bench.run $(ARGS) || failed=1
	$(PY) -m bench.location || failed=1; $(PY) -m bench.shares || failed=1; exit $$failed

bench-money: $(VENV)/.dev ## seconds and memory of adjudicating 20,000 and 1,000,000 fire points
	@$(PY) -m bench.adjudication --points 20000 --units 12000
	$(PY) -m bench.adjudication --points 1000000 --units 600000

bench-map: $(VENV)/.bench components ## tiles beside tipg and ST_AsMVT; the map's first idle
	@$(PY) -m bench.tiles
	$(PY) -m bench.map_idle

notebooks: $(VENV)/.dev $(VENV)/.assets ## execute the notebooks on the real data again and keep them (ARGS="october_2023" for one)
	@$(PY) -m notebooks.run $(ARGS)

fuzz: $(VENV)/.dev $(VENV)/.assets components ## every property test with cases drawn anew, ROUNDS times (`make test` draws the same ones)
	@for round in $$(seq $(ROUNDS)); do
	echo "== round $$round of $(ROUNDS)"
	HUODIAN_FUZZ_EXAMPLES=500 $(PY) -m pytest -n $(WORKERS) -m "hypothesis and not soak" $(ARGS)
	done

soak: $(VENV)/.dev $(VENV)/.assets components ## long fuzz and kill -9 runs, outside `make test`
	@HUODIAN_FUZZ_EXAMPLES=10000 HUODIAN_KILLS=50 $(PY) -m pytest -n $(WORKERS) $(SOAK) $(ARGS)

lock: $(VENV)/.run ## solve the dependencies again into the hashed lock files
	@$(PIP) uv
	$(LOCK) --group build --group test --group lint -o requirements-dev.lock $(ARGS)
	$(LOCK) --group build -c requirements-dev.lock -o requirements.lock
	$(LOCK) --group bench -c requirements-dev.lock -o requirements-bench.lock
	$(OGCTESTS_LOCK) - -o requirements-ogctests.lock <<< 'ogctests==0.1.15'

assets: $(VENV)/.run ## build the web map; fetch its packages and the font of the PDFs from npm
	@$(PY) -m service.web.build
	touch $(VENV)/.assets

components: $(VENV)/.ogctests ## install PostGIS and Chromium where they are missing (Debian, root or sudo)
	@bash scripts/components.sh

clean: ## remove the environment, caches and built assets; stores and ./var stay
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf service/web/static/vendor service/web/static/map
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

$(VENV)/.created: scripts/venv.sh
	@bash scripts/venv.sh $(VENV)
	touch $@

$(VENV)/.run: $(VENV)/.created requirements.lock pyproject.toml
	@echo "== installing the locked packages into $(VENV) (about a minute the first time)"
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo "== installing what tests and checks need"
	$(PIP) --require-hashes -r requirements-dev.lock
	touch $@

$(VENV)/.bench: $(VENV)/.dev requirements-bench.lock
	@echo "== installing the peers of the benchmarks"
	$(PIP) --require-hashes -r requirements-bench.lock
	touch $@

# ogctests pins an httpx and a pytest that do not go with ours, and a pyarrow it does not use: no dependency is solved.
$(VENV)/.ogctests: $(VENV)/.created requirements-ogctests.lock
	@echo "== installing ogctests into an environment of its own"
	bash scripts/venv.sh $(VENV)/ogctests
	$(VENV)/ogctests/bin/python -m pip install --quiet --quiet --disable-pip-version-check \
		--no-deps --require-hashes -r requirements-ogctests.lock
	touch $@

$(VENV)/.assets: $(VENV)/.run service/web/assets/package-lock.json service/web/build.py service/web/build_map.py \
		$(shell find service/web/map -path '*/node_modules' -prune -o -type f -print 2>/dev/null)
	@echo "== building the web map and fetching the PDF font (packages from npm)"
	$(PY) -m service.web.build
	touch $@
