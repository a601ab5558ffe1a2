# `make` alone prints the targets. Everything here is a plain command that also works when typed by hand.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# Only what make's command line says counts: a shell's ENV, HOST or APP is about something else. Each value goes to
# tools/verb.py in the environment as it is written, so that neither make nor a shell takes a part of it for code.
words := ENV BLUEPRINT APP FILE GIT COMMIT MODULE MORE TO STATE HOST CMD ARGS ROLE ROUNDS SEED PYTHON
command_line = $(filter command,$(firstword $(origin $(1))))
export SLIPWAY_GIVEN = $(foreach word,$(words),$(if $(call command_line,$(word)),$(word)))
define hand_on
export SLIPWAY_GIVEN_$(1) = $$(if $$(call command_line,$(1)),$$(value $(1)))
endef
$(foreach word,$(words),$(eval $(call hand_on,$(word))))
# Make would expand what it exports by itself.
$(foreach variable,$(.VARIABLES),$(if $(call command_line,$(variable)),$(eval unexport $(variable))))

export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg

environments := $(notdir $(wildcard inventories/*))
blueprints := $(patsubst terraform/blueprints/%.tfvars,%,$(wildcard terraform/blueprints/*.tfvars))
bin := .venv/bin
python := "$${SLIPWAY_GIVEN_PYTHON:-python3}"
verb = $(python) -m tools.verb $@
run_tests := $(bin)/python tests/run.py

.PHONY: help
help: ## Show this help
	@echo 'Usage: make TARGET [ENV=sandbox] [BLUEPRINT=location-content] [ARGS="more options of ansible-playbook"]'
	@awk 'BEGIN { FS = ":.*## " } /^## / { printf "\n%s\n", substr($$0, 4) } /^[a-z0-9-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@printf '\nEnvironments: %s\nBlueprints:   %s\n' '$(environments)' '$(blueprints)'

.PHONY: venv
venv:
	@$(python) -m setup venv

.PHONY: ready
ready:
	@$(python) -m setup
	@$(python) -m setup docker

## From nothing to a service
.PHONY: site bootstrap init plan apply configure release verify deploy rollback maintenance destroy
site: ## Do it all: sandbox (where there is one), provision, configure, release, verify
	@$(verb)

bootstrap: ## Make the bucket of Terraform's states, and bring a local state into it
	@$(verb)

init: ## Make Terraform ready for the environment: its provider and its state
	@$(verb)

plan: ## Show what Terraform would change, and change nothing
	@$(verb)

apply: ## Show Terraform's plan and apply exactly that plan
	@$(verb)

configure: ## Make the hosts what they should be, up to the service itself
	@$(verb)

release: ## Bring the published artifact and the stored .env to the hosts
	@$(verb)

verify: ## Ask the hosts whether the service reaches all that it needs
	@$(verb)

deploy: ## A new version: publish (what APP= or GIT= and COMMIT= name, if they do), release, verify
	@$(verb)

rollback: ## Back to the release before, to TO=<id>, or TO=<n> releases back; needs no S3 and no SSM
	@$(verb)

# `make maintenance ON`: the word is a goal as well, with nothing of its own to do.
ifneq ($(filter maintenance,$(MAKECMDGOALS)),)
ON OFF on off:
	@:
endif
maintenance: export SLIPWAY_GOALS = $(filter-out maintenance,$(MAKECMDGOALS))
maintenance: ## Answer 503 in the service's place, or let it answer again: make maintenance ON|OFF
	@$(verb)

destroy: ## Remove what Terraform made for this application in this environment
	@$(verb)

## What the service gets
.PHONY: publish env-push env-diff doctor
# GIT and COMMIT name a commit of a repository, in which APP then is a folder.
publish: ## Upload an application: make publish APP=./dir or GIT=url COMMIT=sha [MODULE=main:app]
	@$(verb)

# Any value chooses the second parameter of the .env, where there is one.
env-push: ## Store a .env as the environment's SecureString: make env-push FILE=.env [MORE=yes]
	@$(verb)

env-diff: ## Compare a .env with the stored one, by names: make env-diff FILE=.env [MORE=yes]
	@$(verb)

doctor: ## Can a directory be deployed? make doctor APP=./dir [ARGS=--json]
	@$(verb)

## Look at what runs
.PHONY: status releases logs shell run ssh health

status: ## Release, unit, disk and last verify of every host [ARGS=--json]
	@$(verb)

releases: ## Who released what, when, with which result [ARGS="--limit 50 --json"]
	@$(verb)

logs: ## The service's journal: make logs [HOST=i-…] [ARGS="--follow --lines 500"]
	@$(verb)

shell: ## A shell as the service: its account, release, .env and restrictions [HOST=i-…]
	@$(verb)

run: ## One command as the service: make run CMD="python -m x" [HOST=i-…]
	@$(verb)

ssh: ## Open a shell on a host: make ssh [HOST=i-…] [ARGS="command"]
	@$(verb)

health: ## Ask every host's service for its health, from here
	@$(verb)

## The AWS account in a box
.PHONY: sandbox-up sandbox-down sandbox-status
sandbox-up: ready ## Start the sandbox
	@$(bin)/python -m sandbox up

sandbox-down: venv ## Stop the sandbox and remove all that it made; its AWS account is lost
	@$(bin)/python -m sandbox down

sandbox-status: venv ## Say what runs in the sandbox
	@$(bin)/python -m sandbox status

## Tests
.PHONY: test test-long lint unit app-test terraform-test aws-rules aws-rules-long checkov molecule integration e2e e2e-long faults interruptions mutate
test: ready ## Run the tests, in the order below, and print times and counts: about an hour with two processors
	@$(run_tests)

lint: venv ## ansible-lint, yamllint, ruff, mypy
	@$(run_tests) lint

unit: venv ## Unit tests of modules, plugins, sandbox, set-up and repository
	@$(run_tests) unit

app-test: ready ## The sample service's own tests
	@$(run_tests) app-test

terraform-test: venv ## terraform fmt, validate and test for each module and root
	@$(run_tests) terraform-test

checkov: venv ## Unwise settings in the Terraform code; each that is accepted has its reason beside it
	@$(run_tests) checkov

aws-rules: venv ## Plans of the stacks, checked against AWS's published rules
	@$(run_tests) aws-rules

molecule: ready ## Each role on a real systemd host
	@$(run_tests) molecule

integration: ready ## Modules and sandbox against each other
	@$(run_tests) integration

e2e: ready ## site.yml from nothing, twice, and what bad input gets
	@$(run_tests) e2e

## Tests that take hours
test-long: ready ## Run all of these, in this order, and print times and counts
	@$(run_tests) --long

aws-rules-long: venv ## The same with a plan of every combination of choices
	@$(run_tests) --long aws-rules-long

e2e-long: ready ## Interruptions of site.yml, loss under load, and each variant of what e2e tries once
	@$(run_tests) --long e2e-long

faults: ready ## Releases to which something happens, on one host and on four
	@$(run_tests) --long faults

interruptions: ## End releases at random moments and expect the next to converge: make interruptions [ROUNDS=200] [SEED=n]
	@$(verb)

mutate: ## Take each task of a role away and expect its tests to fail: make mutate [ROLE=docker]
	@$(verb)

## House
.PHONY: collection docs lock clean
collection: venv ## Build the collection that ansible-galaxy can install, in dist/
	@$(bin)/python tools/build_collection.py

docs: venv ## Write the tables in roles/*/README.md anew from the argument specifications
	@$(bin)/python -m tools.role_readmes

lock: venv ## Resolve each requirements*.in anew into its lock: here, in the sample service and in tests/checkov
	@for list in ./requirements ./requirements-dev examples/app/requirements tests/checkov/requirements; do \
		(cd "$${list%/*}" && "$(CURDIR)/$(bin)/uv" pip compile --universal --generate-hashes --python-version 3.11 -q "$${list##*/}.in" -o "$${list##*/}.txt") || exit; \
	done

clean: ## Remove caches and built files; keeps the sandbox, what it runs, and .venv
	@rm -rf .cache dist .pytest_cache .mypy_cache .ruff_cache .ansible
	@find . -path ./.venv -prune -o -path ./.sandbox -prune -o -type d -name __pycache__ -exec rm -rf {} +
