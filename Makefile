# Costate: `make up` runs the service here, `make test` tests everything, `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

STACK ?= local
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell command -v $(p) >/dev/null && $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
UV_VERSION := 0.13.8
UV := .tools/bin/uv
RUN := .venv/bin/python
PULUMI := $(RUN) -m infra.engine run --stack $(STACK) -- pulumi
# A stack on a cloud or a cluster needs SDKs, and is changed only after a look at the preview.
CLOUD := $(shell grep -sqE 'platform: *(aws|gcp|azure|existing)' Pulumi.$(STACK).yaml && echo yes)
CLUSTER := $(shell grep -sqE 'platform: *(aws|gcp|azure)' Pulumi.$(STACK).yaml || echo yes)
ENVIRONMENT := $(if $(CLOUD),$(if $(CLUSTER),.tools/env-cluster,.tools/env-plan),.tools/env-run)
PYTEST := $(RUN) -m pytest -n 2 --dist loadgroup
# With this set, large SDKs are parsed anew at every import.
unexport PYTHONDONTWRITEBYTECODE

##@ Run
.PHONY: up
up: $(ENVIRONMENT) ## bring the stack up, solve a sample problem on it, print the address
	$(PULUMI) up $(if $(CLOUD),,--yes --skip-preview)
	@.venv/bin/costate check-sample --url "$$($(PULUMI) stack output url)"

.PHONY: preview
preview: $(ENVIRONMENT) ## show what `make up` would change
	$(PULUMI) preview --diff

.PHONY: refresh
refresh: $(ENVIRONMENT) ## compare the state with what really runs
	$(PULUMI) refresh $(if $(CLOUD),,--yes --skip-preview)

.PHONY: plan
plan: .tools/env-plan ## what STACK would be: resources, picture, cost, policy; AGAINST=recording.json tells what changes
	$(RUN) -m infra.plan $(STACK) $(if $(AGAINST),--against $(AGAINST)) $(if $(PREVIEW),--preview $(PREVIEW))

.PHONY: down
down: $(ENVIRONMENT) ## stop everything; data and logs stay
	$(PULUMI) destroy $(if $(CLOUD),,--yes --skip-preview)

.PHONY: logs
logs: ## follow the logs of every process of the stack
	tail -n 40 -F .costate/$(STACK)/logs/*.log

.PHONY: clean
clean: down ## stop everything and delete its data and logs
	rm -rf .costate/$(STACK)

##@ Package
TARGET ?= cpu
BASE ?= python:3.11-slim-bookworm
TAG ?= costate:$(TARGET)
.PHONY: image
image: ## build the image with docker or podman: TARGET=cpu|gpu, BASE=image to begin with, TAG=name
	@engine=$$(for one in docker podman; do $$one info >/dev/null 2>&1 && { echo $$one; break; }; done); \
	test -n "$$engine" || { echo "Neither docker nor podman answers: start one of them." >&2; exit 1; }; \
	set -x; DOCKER_BUILDKIT=1 $$engine build --target $(TARGET) --build-arg BASE=$(BASE) --tag $(TAG) .

.PHONY: image-test
image-test: .tools/env-test ## build the image and run it; as root on Debian, without docker too
	$(RUN) -m pytest -n 0 tests/image

##@ Test
# What is not on this machine yet is fetched or built before the first test that needs it: a build takes longer than a
# test may. The commands before pytest do so, and answer at once where all is there.
.PHONY: test
test: test-unit test-contract test-accuracy test-service test-engine test-cluster test-browser ## run every level

.PHONY: test-unit
test-unit: .tools/env-test ## pure functions and models
	$(PYTEST) tests/unit

.PHONY: test-contract
test-contract: .tools/env-test ## every platform keeps the same promises
	@$(RUN) tests/tools/monitoring.py
	$(PYTEST) tests/contract

.PHONY: test-accuracy
test-accuracy: .tools/env-test ## solvers against known answers
	$(PYTEST) tests/accuracy

.PHONY: test-service
test-service: .tools/env-test ## the service on a real PostgreSQL and Redis, with faults
	$(PYTEST) tests/service

.PHONY: test-engine
test-engine: .tools/env-test .tools/policy ## the real Pulumi engine
	@$(RUN) -m infra.engine path
	$(PYTEST) tests/engine

.PHONY: test-cluster
test-cluster: .tools/env-test ## a real control plane of Kubernetes (built from source the first time: 10 to 15 minutes)
	@$(RUN) -m infra.engine path
	@$(RUN) tests/tools/control_plane.py
	@PYTHONPATH=tests $(RUN) -m tools.definitions
	$(PYTEST) tests/cluster

.PHONY: test-controllers
test-controllers: .tools/env-test ## KEDA and Argo Rollouts beside a control plane (not part of `test`)
	@$(RUN) tests/tools/control_plane.py
	@PYTHONPATH=tests $(RUN) -m tools.definitions
	@PYTHONPATH=tests $(RUN) -m tools.controllers
	$(RUN) -m pytest -n 0 tests/controllers

.PHONY: test-browser
test-browser: .tools/env-test ## the page in headless Chromium
	@$(RUN) tests/browser/chromium.py
	$(PYTEST) tests/browser

CLUSTER := $(RUN) tests/node/command.py
.PHONY: cluster-up
cluster-up: .tools/env-test ## a real node of Kubernetes on this machine (root on Linux), with images of this checkout
	$(CLUSTER) up

.PHONY: cluster-down
cluster-down: .tools/env-test ## end the node and all that runs on it
	$(CLUSTER) down

.PHONY: test-node
test-node: cluster-up ## the product in pods of the real node (not part of `test`)
	$(CLUSTER) run $(CURDIR)/$(RUN) -m pytest -n 0 tests/node

.PHONY: lint
lint: .tools/env-test ## formatting and lint
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .

.PHONY: types
types: .tools/env-test ## strict type check
	.venv/bin/mypy

##@ Maintain
.PHONY: format
format: .tools/env-test ## format and mend what can be mended
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

.PHONY: docs
docs: .tools/env-test ## generate the reference pages
	$(RUN) -m infra.config.reference > docs/config.md
	$(RUN) -m infra.platforms_reference > docs/platforms.md
	$(RUN) -m infra.monitoring.runbooks > docs/runbooks/README.md

.PHONY: gallery
gallery: .tools/env-run ## solve and picture every template: docs/gallery.md
	$(RUN) benchmarks/gallery.py

.PHONY: bench
bench: .tools/env-bench ## ours and the peers side by side
	for script in benchmarks/*_vs_*.py; do $(RUN) "$$script"; done

.PHONY: help
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo; echo "STACK=name chooses the stack (now: $(STACK))."

# The tools: uv of one exact version, then environments exactly as locked, each marked by a stamp.
$(UV):
	@test -n "$(PYTHON)" || { echo "Costate needs Python 3.11 or newer on PATH (found: $$(python3 --version 2>&1))." >&2; exit 1; }
	@echo "Setting up uv $(UV_VERSION) with $(PYTHON)"
	$(PYTHON) -m venv .tools || { echo "Python's venv module is missing: on Debian and Ubuntu, apt-get install python3-venv." >&2; rm -rf .tools; exit 1; }
	.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

LOCK := pyproject.toml uv.lock
CLOUDS := --group aws --group gcp --group azure --group kubernetes
SYNC := UV_PYTHON_DOWNLOADS=never $(UV) sync --frozen --inexact --python $(PYTHON)

.tools/env-run: $(LOCK) | $(UV)
	$(SYNC) --group infra --group local
	@touch $@

.tools/env-test: $(LOCK) | $(UV)
	$(SYNC) --all-extras --group infra --group local $(CLOUDS) --group test --group lint
	@touch $@ .tools/env-run

# Apart from the rest: pulumi-policy holds an older protobuf.
.tools/policy: $(LOCK) | $(UV)
	UV_PROJECT_ENVIRONMENT=$@ UV_PYTHON_DOWNLOADS=never $(UV) sync --frozen --only-group policy --python $(PYTHON)
	@touch $@

.tools/env-plan: $(LOCK) | $(UV)
	$(SYNC) --group infra --group local $(CLOUDS)
	@touch $@ .tools/env-run

# An existing cluster needs no cloud's SDK.
.tools/env-cluster: $(LOCK) | $(UV)
	$(SYNC) --group infra --group kubernetes
	@touch $@

.tools/env-bench: $(LOCK) | $(UV)
	$(SYNC) --group infra --group local --group bench
	@touch $@ .tools/env-run
