# `make` alone prints the targets. Everything here is a plain command that also works when typed by hand.
SHELL := /bin/bash
.DEFAULT_GOAL := help

ENV ?= sandbox
BLUEPRINT ?= location-content
PYTHON ?= python3
ARGS ?=
APP ?=
FILE ?= .env

export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg

environments := $(notdir $(wildcard inventories/*))
blueprints := $(patsubst terraform/blueprints/%.tfvars,%,$(wildcard terraform/blueprints/*.tfvars))
bin := .venv/bin
play = $(bin)/ansible-playbook -i 'inventories/$(ENV)' -e 'blueprint=$(BLUEPRINT)'
# A path as ansible-playbook takes it whole, spaces included.
json = printf '{"$(1)": "%s"}' "$$(realpath -m -- '$(2)')"
run_tests := $(bin)/python tests/run.py

.PHONY: help
help: ## Show this help
	@echo 'Usage: make TARGET [ENV=$(ENV)] [BLUEPRINT=$(BLUEPRINT)] [ARGS="more options of ansible-playbook"]'
	@awk 'BEGIN { FS = ":.*## " } /^## / { printf "\n%s\n", substr($$0, 4) } /^[a-z0-9-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@printf '\nEnvironments: %s\nBlueprints:   %s\n' '$(environments)' '$(blueprints)'

# What every target that works on an environment asks first, so that a typing error is told as one.
.PHONY: checked
checked:
	@$(if $(filter $(ENV),$(environments)),:,echo "There is no environment '$(ENV)'. Choose one: make … ENV=<$(environments)>" >&2; exit 2)
	@$(if $(filter $(BLUEPRINT),$(blueprints)),:,echo "There is no blueprint '$(BLUEPRINT)'. Choose one: make … BLUEPRINT=<$(blueprints)>" >&2; exit 2)

.PHONY: venv
venv:
	@$(PYTHON) -m setup venv

.PHONY: ready
ready:
	@$(PYTHON) -m setup
	@$(if $(filter sandbox,$(ENV)),$(PYTHON) -m setup docker)

## From nothing to a service
.PHONY: site bootstrap init plan apply configure release verify deploy rollback maintenance destroy
site: checked ready ## Do it all: sandbox (where there is one), provision, configure, release, verify
	@$(play) site.yml $(ARGS)

bootstrap: checked ready ## Make the bucket of Terraform's states, and bring a local state into it
	@$(play) playbooks/bootstrap.yml $(ARGS)

init: checked ready ## Make Terraform ready for the environment: its provider and its state
	@$(play) playbooks/init.yml $(ARGS)

plan: checked ready ## Show what Terraform would change, and change nothing
	@$(play) playbooks/provision.yml -e plan_only=true $(ARGS)

apply: checked ready ## Show Terraform's plan and apply exactly that plan
	@$(play) playbooks/provision.yml $(ARGS)

configure: checked venv ## Make the hosts what they should be, up to the service itself
	@$(play) playbooks/configure.yml $(ARGS)

release: checked venv ## Bring the published artifact and the stored .env to the hosts
	@$(play) playbooks/release.yml $(ARGS)

verify: checked venv ## Ask the hosts whether the service reaches all that it needs
	@$(play) playbooks/verify.yml $(ARGS)

deploy: checked venv ## A new version: publish (what APP= or GIT= and COMMIT= name, if they do), release, verify
	@$(play) playbooks/deploy.yml $(source) $(ARGS)

TO :=
rollback: checked venv ## Back to the release before, to TO=<id>, or TO=<n> releases back; needs no S3 and no SSM
	@$(play) playbooks/rollback.yml $(if $(TO),-e '{"to": "$(TO)"}') $(ARGS)

# `make maintenance ON`: the word is a goal as well, with nothing of its own to do.
STATE := $(filter-out maintenance,$(MAKECMDGOALS))
ifneq ($(filter maintenance,$(MAKECMDGOALS)),)
ON OFF on off:
	@:
endif
maintenance: checked ## Answer 503 in the service's place, or let it answer again: make maintenance ON|OFF
	@$(if $(and $(filter 1,$(words $(STATE))),$(filter ON OFF on off,$(STATE))),:,echo "Say on or off: make maintenance ON, or make maintenance OFF" >&2; exit 2)
	@$(PYTHON) -m setup venv
	@$(play) playbooks/maintenance.yml -e '{"maintenance": "$(STATE)"}' $(ARGS)

destroy: checked ready ## Remove what Terraform made for this application in this environment
	@$(play) playbooks/destroy.yml $(ARGS)

## What the service gets
.PHONY: publish env-push env-diff doctor
# A folder, or a commit of a repository, in which APP then is a folder.
GIT :=
COMMIT :=
MODULE :=
from_git = -e "$$(printf '{"artifact_repository": "%s", "artifact_commit": "%s", "artifact_path": "%s"}' \
	"$$(test -d '$(GIT)' && realpath -- '$(GIT)' || printf %s '$(GIT)')" '$(COMMIT)' '$(APP)')"
source = $(if $(GIT),$(from_git),$(if $(APP),-e "$$($(call json,dir,$(APP)))")) $(if $(MODULE),-e 'publish_app=$(MODULE)')
publish: checked ## Upload an application: make publish APP=./dir or GIT=url COMMIT=sha [MODULE=main:app]
	@$(if $(APP)$(GIT),:,echo "Which application? The folder that holds its main.py: make publish APP=./dir, or a commit of its repository: make publish GIT=url COMMIT=sha" >&2; exit 2)
	@$(PYTHON) -m setup venv
	@$(play) playbooks/publish.yml $(source) $(ARGS)

# Any value chooses the second parameter of the .env, where there is one.
MORE :=
env-push: checked venv ## Store a .env as the environment's SecureString: make env-push FILE=.env [MORE=yes]
	@$(play) playbooks/env_push.yml -e "$$($(call json,file,$(FILE)))" $(if $(MORE),-e more=true) $(ARGS)

env-diff: checked venv ## Compare a .env with the stored one, by names: make env-diff FILE=.env [MORE=yes]
	@$(bin)/python tools/env_diff.py --inventory 'inventories/$(ENV)' --app '$(BLUEPRINT)' $(if $(MORE),--more) -- '$(FILE)'

doctor: venv ## Can a directory be deployed? make doctor APP=./dir [ARGS=--json]
	@$(bin)/python -m tools.doctor $(ARGS) -- '$(APP)'

## Look at what runs
.PHONY: status releases logs shell run ssh health
service = $(bin)/python tools/service.py $(1) --inventory 'inventories/$(ENV)'
one = $(call service,$(1)) $(if $(HOST),--host '$(HOST)')

status: checked venv ## Release, unit, disk and last verify of every host [ARGS=--json]
	@$(call service,status) $(ARGS)

releases: checked venv ## Who released what, when, with which result [ARGS="--limit 50 --json"]
	@$(bin)/python tools/releases.py --inventory 'inventories/$(ENV)' $(ARGS)

logs: checked venv ## The service's journal: make logs [HOST=i-…] [ARGS="--follow --lines 500"]
	@$(call one,logs) $(ARGS)

shell: checked venv ## A shell as the service: its account, release, .env and restrictions [HOST=i-…]
	@$(call one,shell)

run: export SLIPWAY_COMMAND = $(value CMD)
run: checked venv ## One command as the service: make run CMD="python -m x" [HOST=i-…]
	@$(if $(value CMD),:,echo 'Say what to run: make run CMD="python -m x"' >&2; exit 2)
	@$(call one,run) -- "$$SLIPWAY_COMMAND"

# By the environment, so that quotes and semicolons of the command reach the host and not this shell.
ssh: export SLIPWAY_SSH_COMMAND = $(value ARGS)
ssh: checked venv ## Open a shell on a host: make ssh [HOST=i-…] [ARGS="command"]
	@$(bin)/python tools/hosts.py ssh --inventory 'inventories/$(ENV)' $(if $(HOST),--host '$(HOST)') $(if $(ARGS),-- "$$SLIPWAY_SSH_COMMAND")

health: checked venv ## Ask every host's service for its health, from here
	@$(bin)/python tools/health.py --inventory 'inventories/$(ENV)'

## The AWS account in a box
.PHONY: sandbox-up sandbox-down sandbox-status
sandbox-up: ready ## Start the sandbox
	@$(bin)/python -m sandbox up

sandbox-down: venv ## Stop the sandbox and remove all that it made; its AWS account is lost
	@$(bin)/python -m sandbox down

sandbox-status: venv ## Say what runs in the sandbox
	@$(bin)/python -m sandbox status

## Tests
.PHONY: test lint unit app-test terraform-test molecule mutate integration e2e faults interruptions
test: ready ## Run every test, in the order below, and print the counts
	@$(run_tests)

lint: venv ## ansible-lint, yamllint, ruff, mypy
	@$(run_tests) lint

unit: venv ## Unit tests of modules, plugins, sandbox, set-up and repository
	@$(run_tests) unit

app-test: ready ## The sample service's own tests
	@$(run_tests) app-test

terraform-test: venv ## terraform fmt, validate and test for each module and root
	@$(run_tests) terraform-test

molecule: ready ## Each role on a real systemd host
	@$(run_tests) molecule

mutate: ready ## Take each task of a role away and expect its tests to fail: make mutate [ROLE=docker]; long
	@molecule/mutate $(ROLE) $(ARGS)

integration: ready ## Modules and sandbox against each other
	@$(run_tests) integration

e2e: ready ## site.yml from nothing, twice, and what bad input gets
	@$(run_tests) e2e

faults: ready ## Releases to which something happens, on one host and on four
	@$(run_tests) faults

ROUNDS ?= 200
SEED ?=
interruptions: ready ## End releases at random moments and expect the next to converge: make interruptions [ROUNDS=200] [SEED=n]; long
	@$(bin)/python -m tests.faults --rounds '$(ROUNDS)' $(if $(SEED),--seed '$(SEED)')

## House
.PHONY: collection docs lock clean
collection: venv ## Build the collection that ansible-galaxy can install, in dist/
	@$(bin)/python tools/build_collection.py

docs: venv ## Write the tables in roles/*/README.md anew from the argument specifications
	@$(bin)/python -m tools.role_readmes

lock: venv ## Resolve requirements.in anew into the locked requirements.txt, here and in the sample service
	@for folder in . examples/app; do \
		(cd "$$folder" && "$(CURDIR)/$(bin)/uv" pip compile --universal --generate-hashes --python-version 3.11 -q requirements.in -o requirements.txt) || exit; \
	done

clean: ## Remove caches and built files; keeps the sandbox, what it runs, and .venv
	@rm -rf .cache dist .pytest_cache .mypy_cache .ruff_cache .ansible
	@find . -path ./.venv -prune -o -path ./.sandbox -prune -o -type d -name __pycache__ -exec rm -rf {} +
