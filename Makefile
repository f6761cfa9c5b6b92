# Everything from a clone. The recipes only call programs; what they do is in tools/, lab/ and leafrack/.
# GNU make.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.SUFFIXES:

TOOLS := python3 -m tools
STEP := $(TOOLS) run --step

.PHONY: help
help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

.PHONY: up
up: ## Tools, virtualenv, lab, `pulumi up` of stack dev, then the table of sessions
	@$(TOOLS) get --lab
	@$(TOOLS) forget-lost-lab
	@$(STEP) "lab up" -- python -m lab up
	@$(STEP) "pulumi stack select dev" -- pulumi stack select dev --create
	@$(STEP) "pulumi up of stack dev" -- pulumi up --stack dev --yes --skip-preview --suppress-outputs
	@$(STEP) "sessions and routes" -- python -m leafrack status --wait 60

.PHONY: status
status: ## Sessions and routes, expected against actual
	@$(TOOLS) run -- python -m leafrack status

.PHONY: drift
drift: ## Has anything of ours changed in the cluster since the last `pulumi up`, and does every session stand?
	@$(STEP) "drift check of stack dev" -- bash ci/drift.sh dev

.PHONY: down
down: ## `pulumi destroy` of stack dev, then the lab: nothing is left outside this clone
	@status=0; $(TOOLS) destroy || status=$$?; \
	if [ -x .venv/bin/python ]; then $(STEP) "lab down" -- python -m lab down || status=$$?; fi; exit $$status

.PHONY: test
test: ## What CI runs, the end-to-end tests on the lab included (root, half an hour)
	@$(TOOLS) get --lab
	@$(TOOLS) run -- python -m pytest --numprocesses auto --dist loadfile --durations 10 -m "not nightly"

.PHONY: nightly
nightly: ## All tests: those of `make test`, and what they show in other cases (root, an hour)
	@$(TOOLS) get --lab
	@$(TOOLS) run -- python -m pytest --numprocesses auto --dist loadfile --durations 10

.PHONY: soak
soak: ## Twelve fabrics that nobody thought of, 50 runs of Pulumi killed at random moments, every fault that there is (root, two hours and a half)
	@$(TOOLS) get --lab
	@LEAFRACK_FABRICS=12 LEAFRACK_SEED=$${LEAFRACK_SEED:-$$(date +%s)} $(TOOLS) run -- python -m pytest --numprocesses 3 tests/e2e/test_any_fabric.py
	@LEAFRACK_KILLS=50 LEAFRACK_FAULTS=all $(TOOLS) run -- python -m pytest tests/e2e/test_killed.py tests/e2e/test_api_faults.py tests/e2e/test_switch_faults.py

.PHONY: check
check: ## What needs no lab and no root: ruff, mypy, the quick tests
	@$(TOOLS) venv
	@$(TOOLS) run -- python -m ruff check .
	@$(TOOLS) run -- python -m ruff format --check .
	@$(TOOLS) run -- python -m mypy
	@$(TOOLS) run -- python -m pytest --numprocesses 2 --ignore tests/test_lint.py -m "not lab and not e2e and not toolchain and not nightly"

.PHONY: test-newest
test-newest: ## The unit tests with the newest packages that pyproject.toml allows, in a virtualenv of their own
	@$(TOOLS) newest

.PHONY: test-platforms
test-platforms: ## The conformance suite of platforms that are FRR, on FRR of newer Debian releases (root, ten minutes)
	@$(TOOLS) get --lab
	@$(TOOLS) platforms

.PHONY: tools
tools: ## Only the programs, packages and the virtualenv
	@$(TOOLS) get

.PHONY: clean
clean: down ## Remove .lab, .venv and .tools of this clone; the tools folder that clones share stays
	@$(TOOLS) clean

.PHONY: distclean
distclean: down ## As clean, and the shared tools folder too
	@$(TOOLS) clean --cache
