# Needs only python3 (3.11 to 3.13), make and a shell. Each target makes its own .venv when it is missing or out of date.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
TAP_STAMP := .bench/tap/.installed
UV_VERSION := 0.13.9
# What the cluster's tests need beside the rest; they have an environment of their own.
CLUSTER_PINS := $(if $(CLUSTER),requirements-cluster.txt requirements-cluster-test.txt)

# Airflow starts its parts by name.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# Without byte code every `airflow` command takes 5 s instead of 1.8 s.
unexport PYTHONDONTWRITEBYTECODE
# A package of the same name elsewhere must not win over the one in .venv.
unexport PYTHONPATH
unexport PYTHONHOME

# The first of these that runs, is 3.11 to 3.13 and can make environments; PYTHON=... asks for one of your own.
CANDIDATES := $(if $(PYTHON),"$(PYTHON)",python3 python3.13 python3.12 python3.11)
SUITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

# uv reads no pip configuration: hand on the index, extra indexes, wheel folders and certificate that pip would use.
define pip_settings_for_uv
	conf() { eval "value=\$${PIP_$$1:-}"; [ -n "$$value" ] || value=$$($(PY) -m pip config get "global.$$2" 2>/dev/null); \
		printf '%s' "$$value" | tr '\n' ' '; }; \
	index=$$(conf INDEX_URL index-url); extra=$$(conf EXTRA_INDEX_URL extra-index-url); \
	links=$$(conf FIND_LINKS find-links); cert=$$(conf CERT cert); \
	[ -z "$$index" ] || export UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$index}"; \
	[ -z "$$extra" ] || export UV_INDEX="$${UV_INDEX:-$$extra}" UV_INDEX_STRATEGY="$${UV_INDEX_STRATEGY:-unsafe-best-match}"; \
	[ -z "$$links" ] || export UV_FIND_LINKS="$${UV_FIND_LINKS:-$$(printf '%s' "$$links" | tr -s ' ' ',')}"; \
	[ -z "$$cert" ] || export SSL_CERT_FILE="$${SSL_CERT_FILE:-$$cert}"
endef

define REQUIREMENTS_NOTE
# All that the plugin runs on, pinned, Airflow included; made by `make requirements`.
# There is no `-e .` at the end on purpose: this file can be copied beside dags/ and plugins/ into any Airflow
# and be installed there, and the two folders then work as they are. To install the plugin as a package, add
# `pip install --no-deps .` in the repository (or `-e .` to work on it). To keep the versions of an Airflow that
# you already have, leave this file out and run `pip install .` alone: it asks for ranges.
endef
export REQUIREMENTS_NOTE

.PHONY: help venv run up test reliability bench test-cluster screenshots lint format requirements clean

help: ## Show the targets
	@grep -hE '^[a-z.-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z.-]+):.*## (.*)/make \1	\2/' | expand -t 20

venv: $(STAMP) ## Make or update .venv

# hatchling, which the last install needs to link the plugin into .venv, is pinned in requirements-dev.txt.
$(STAMP): requirements.txt requirements-dev.txt pyproject.toml $(CLUSTER_PINS)
	@$(PY) -c '$(SUITS)' 2>/dev/null || { \
		for python in $(CANDIDATES); do "$$python" -c '$(SUITS)' 2>/dev/null && break; python=; done; \
		if [ -z "$$python" ]; then \
			echo "make: none of these is a Python 3.11, 3.12 or 3.13 with venv:" $(CANDIDATES) >&2; \
			echo "Install one (Debian, Ubuntu: apt install python3 python3-venv) or name it: make PYTHON=/path/to/python3" >&2; \
			exit 1; \
		fi; \
		echo "Making $(VENV) with $$("$$python" -V)"; \
		rm -rf $(VENV) && "$$python" -m venv $(VENV); }
	@echo "Installing the pinned packages (about a minute the first time)"
	@$(PY) -m pip install -qq --disable-pip-version-check uv==$(UV_VERSION) 2>/dev/null \
		|| echo "uv could not be installed; pip does its work, more slowly" >&2
	@$(pip_settings_for_uv); \
	install() { \
		if [ -x $(VENV)/bin/uv ]; then \
			$(VENV)/bin/uv pip install --quiet --python $(PY) --compile-bytecode "$$@" && return; \
			echo "uv could not; trying again with pip" >&2; \
		fi; \
		$(PY) -m pip install -qq --disable-pip-version-check "$$@"; }; \
	install -r requirements.txt -r requirements-dev.txt $(CLUSTER_PINS:%=-r %) && install --no-deps --no-build-isolation -e .
	@touch $@

run: $(STAMP) ## The main job from start to end against the sandbox, or against real accounts given in the environment
	@$(PY) -m localrun run

up: $(STAMP) ## Airflow's UI and the sandbox until Ctrl-C
	@$(PY) -m localrun up

# All of them take half as long in two processes; a part is clearer in one.
test: $(STAMP) ## All tests; a part of them: make test ARGS="tests/unit -k price"
	@$(PY) -m pytest $(or $(ARGS),--numprocesses 2 --dist loadfile)

reliability: $(STAMP) ## Every crash, fault, race and generated account, with the figures (about 15 minutes)
	@$(PY) -m pytest tests/reliability --full --numprocesses 2 --dist loadfile $(ARGS)

screenshots: $(STAMP) ## The pictures of docs/quickstart.md, made anew by the browser tests (needs Chromium)
	@$(PY) -m pytest tests/browser --screenshots $(ARGS)

test-cluster: ## docker-compose.yaml's commands as processes: two Celery workers, PostgreSQL, Redis (docs/deploy.md)
	@$(MAKE) --no-print-directory VENV=.venv-cluster CLUSTER=1 venv
	@.venv-cluster/bin/python -m pytest tests/cluster --cluster $(ARGS)

.env: .env.example ## Secrets of this installation for docker-compose.yaml, made up here
	@python3 deploy/make_env.py $< $@

bench: $(STAMP) $(TAP_STAMP) ## What the product costs, beside its peers (about 11 minutes; ARGS=quick: 3), into docs/performance.md
	@$(PY) -m benchmarks $(ARGS)

# The peer pins packages of its own, so it gets an environment of its own.
$(TAP_STAMP): benchmarks/tap-requirements.txt $(STAMP)
	@rm -rf .bench/tap && $(PY) -m venv .bench/tap && \
		.bench/tap/bin/python -m pip install -qq --disable-pip-version-check -r $< && touch $@

lint: $(STAMP) ## Style, types and the direction of imports; every check runs even when one fails
	@failed=""; \
	for check in "ruff check ." "ruff format --check ." "mypy" "lint-imports"; do \
		printf '\n== %s\n' "$$check"; \
		$(VENV)/bin/$$check || failed="$$failed [$$check]"; \
	done; \
	if [ -n "$$failed" ]; then printf '\nFailed:%s\n' "$$failed"; exit 1; fi

format: $(STAMP) ## Apply what ruff can fix by itself
	@$(VENV)/bin/ruff check --fix-only . && $(VENV)/bin/ruff format .

requirements: $(STAMP) ## Pin all requirements files anew from pyproject.toml (UPGRADE=1: to the newest versions)
	@[ -x $(VENV)/bin/uv ] || { \
		echo "make: uv is not in $(VENV), and pip can't pin requirements. Install it:" >&2; \
		echo "  $(PY) -m pip install uv==$(UV_VERSION)" >&2; \
		exit 1; }
	@$(pip_settings_for_uv); set -e; \
	pin() { $(VENV)/bin/uv pip compile --quiet $(if $(UPGRADE),--upgrade) "$$@"; }; \
	pin pyproject.toml --universal --python-version 3.11 --output-file requirements.txt; \
	pin pyproject.toml --extra cluster --constraint requirements.txt \
		--universal --python-version 3.11 --output-file requirements-cluster.txt; \
	pin --group test --group lint --group sandbox --constraint requirements.txt \
		--universal --python-version 3.11 --output-file requirements-dev.txt; \
	pin --group cluster-test --constraint requirements.txt --constraint requirements-cluster.txt \
		--constraint requirements-dev.txt \
		--universal --python-version 3.11 --output-file requirements-cluster-test.txt; \
	{ printf '%s\n' "$$REQUIREMENTS_NOTE"; cat requirements.txt; } > $(VENV)/pinned && cp $(VENV)/pinned requirements.txt

clean: ## Remove .venv, caches and the homes of local runs
	rm -rf $(VENV) .venv-cluster .run .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
