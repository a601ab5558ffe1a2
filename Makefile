# `make` alone prints the targets. Everything here is a plain command that also works when typed by hand.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# Only what make's command line says counts: a shell's ENV, HOST or APP is about something else. Each value goes to
# slipway.launch in the environment as it is written, so that neither make nor a shell takes a part of it for code.
arguments := ENV BLUEPRINT APP FILE GIT COMMIT MODULE MORE TO STATE HOST CMD ARGS NAME HEALTH PORT DATABASE REGION ACCOUNT CIDR PUBLIC KEY KEY_FILE ROLE ROUNDS SEED PYTHON
command_line = $(filter command,$(firstword $(origin $(1))))
export SLIPWAY_GIVEN = $(foreach name,$(arguments),$(if $(call command_line,$(name)),$(name)))
define pass_on
export SLIPWAY_GIVEN_$(1) = $$(if $$(call command_line,$(1)),$$(value $(1)))
endef
$(foreach name,$(arguments),$(eval $(call pass_on,$(name))))
# Make would expand what it exports by itself.
$(foreach variable,$(.VARIABLES),$(if $(call command_line,$(variable)),$(eval unexport $(variable))))

environments := $(notdir $(patsubst %/,%,$(wildcard inventories/*/)))
blueprints := $(patsubst terraform/blueprints/%.tfvars,%,$(wildcard terraform/blueprints/*.tfvars))
bin := .venv/bin
python := "$${SLIPWAY_GIVEN_PYTHON:-python3}"
run_tests := $(bin)/python tests/run.py

.PHONY: help
help: ## Show this help
	@echo 'Usage: make TARGET [ENV=sandbox] [BLUEPRINT=location-content] [ARGS="more options of ansible-playbook"]'
	@awk 'BEGIN { FS = ":.*## " } /^## / { printf "\n%s\n", substr($$0, 4) } /^[a-z0-9-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@printf '\nEnvironments: %s\nBlueprints:   %s\n' '$(environments)' '$(blueprints)'

# What make needs itself. Commands, below, make ready what they need.
.PHONY: venv ready
venv:
	@$(python) -m slipway.launch venv

ready:
	@$(python) -m slipway.launch
	@$(python) -m slipway.launch docker

## From nothing to a service
env: ## The first of two: account, region, key, bucket of states: make env ENV=dev [REGION=…] [CIDR=…] [KEY=…] [KEY_FILE=…]
app: ## A blueprint for an application, from what the doctor finds: make app APP=../svc [NAME=conduit]
site: ## Do it all, from the cloud to the check of the service: make site [ENV=dev APP=./dir FILE=.env]
bootstrap: ## Make the bucket of Terraform's states, and bring a local state into it
init: ## Make Terraform ready for the environment: its provider and its state
plan: ## Show what Terraform would change, and change nothing
apply: ## Show Terraform's plan and apply exactly that plan
configure: ## Make the hosts what they should be, up to the service itself
release: ## Bring the published artifact and the stored .env to the hosts
verify: ## Ask the hosts whether the service reaches all that it needs
deploy: ## A new version: publish (what APP= or GIT= and COMMIT= name, if they do), release, verify
rollback: ## Back to the release before, to TO=<id>, or TO=<n> releases back; needs no S3 and no SSM
maintenance: ## Answer 503 in the service's place, or let it answer again: make maintenance ON|OFF
destroy: ## Remove what Terraform made for this application in this environment

## What the service gets
publish: ## Upload an application: make publish APP=./dir or GIT=url COMMIT=sha [MODULE=main:app]
env-push: ## Store a .env as the environment's SecureString: make env-push FILE=.env [MORE=yes]
env-diff: ## Compare a .env with the stored one, by names: make env-diff FILE=.env [MORE=yes]
doctor: ## Can a directory be deployed? make doctor APP=./dir [ARGS=--json]

## Look at what runs
status: ## Release, unit, disk and last verify of every host [ARGS=--json]
releases: ## Who released what, when, with which result [ARGS="--limit 50 --json"]
logs: ## The service's journal: make logs [HOST=i-…] [ARGS="--follow --lines 500"]
shell: ## A shell as the service: its account, release, .env and restrictions [HOST=i-…]
run: ## One command as the service: make run CMD="python -m x" [HOST=i-…]
ssh: ## Open a shell on a host: make ssh [HOST=i-…] [ARGS="command"]
health: ## Ask every host's service for its health, from here

## The AWS account in a box
sandbox-up: ready ## Start the sandbox
	@$(bin)/python -m sandbox up

sandbox-down: venv ## Stop the sandbox and remove all that it made; its AWS account is lost
	@$(bin)/python -m sandbox down

sandbox-status: venv ## Say what runs in the sandbox
	@$(bin)/python -m sandbox status

## Tests
test: ready ## Run the tests, in the order below, and print times and counts: about an hour with two processors
lint: venv ## ansible-lint, yamllint, ruff, mypy
unit: venv ## Unit tests of modules, plugins, sandbox, set-up and repository
app-test: ready ## The sample service's own tests
terraform-test: venv ## terraform fmt, validate and test for each module and root
checkov: venv ## Unwise settings in the Terraform code; each that is accepted has its reason beside it
aws-rules: venv ## Plans of the stacks, checked against AWS's published rules
molecule: ready ## Each role on a real systemd host
integration: ready ## Modules and sandbox against each other
e2e: ready ## site.yml from nothing, twice, and what bad input gets

## Tests that take hours
test-long: ready ## Run all of these, in this order, and print times and counts
sanity: venv ## ansible-test's sanity tests of the collection
aws-rules-long: venv ## The same with a plan of every combination of choices
e2e-long: ready ## Interruptions of site.yml, loss under load, and each variant of what e2e tries once
faults: ready ## Releases to which something happens, on one host and on four
interruptions: ## End releases at random moments and expect the next to converge: make interruptions [ROUNDS=200] [SEED=n]
mutate: ## Take each task of a role away and expect its tests to fail: make mutate [ROLE=docker]

## House
collection: venv ## Build the collection that ansible-galaxy can install, in dist/
	@$(bin)/slipway collection

docs: venv ## Write the tables in the READMEs of roles and Terraform modules anew
	@$(bin)/slipway docs

docs-site: venv ## Build the docs site in .cache/site/html; a broken link is an error
	@$(bin)/sphinx-build --fail-on-warning --keep-going --nitpicky --quiet -c docs -d .cache/site/doctrees . .cache/site/html
	@echo 'Open .cache/site/html/docs/index.html'

changelog: venv ## Move the fragments into the release notes of galaxy.yml's version, and render them
	@cd collections/ansible_collections/slipway/fastapi && \
		PATH="$(CURDIR)/$(bin):$$PATH" antsibull-changelog release --update-existing --reload-plugins

lock: venv ## Resolve each requirements*.in anew into its lock: here, in the sample service and in tests/checkov
	@for list in ./requirements ./requirements-dev examples/app/requirements tests/checkov/requirements; do \
		(cd "$${list%/*}" && "$(CURDIR)/$(bin)/uv" pip compile --universal --generate-hashes --python-version 3.11 -q "$${list##*/}.in" -o "$${list##*/}.txt") || exit; \
	done

clean: ## Remove caches and built files; keeps the sandbox, what it runs, and .venv
	@rm -rf .cache dist .pytest_cache .mypy_cache .ruff_cache .ansible
	@find . -path ./.venv -prune -o -path ./.sandbox -prune -o -type d -name __pycache__ -exec rm -rf {} +

# Which recipe each target above has. A command's is the program behind it (slipway/launch/commands.py).
commands := env app site bootstrap init plan apply configure release verify deploy rollback maintenance destroy publish env-push env-diff doctor status releases logs shell run ssh health interruptions mutate
stages := lint unit app-test terraform-test checkov aws-rules molecule integration e2e
long_stages := sanity aws-rules-long e2e-long faults
.PHONY: $(commands) $(stages) $(long_stages) test test-long sandbox-up sandbox-down sandbox-status collection docs docs-site changelog lock clean

$(commands):
	@$(python) -m slipway.launch.make $@
$(stages):
	@$(run_tests) $@
$(long_stages):
	@$(run_tests) --long $@
test:
	@$(run_tests)
test-long:
	@$(run_tests) --long

# `make maintenance ON`: ON is a goal as well, with nothing of its own to do.
ifneq ($(filter maintenance,$(MAKECMDGOALS)),)
ON OFF on off:
	@:
endif
maintenance: export SLIPWAY_GOALS = $(filter-out maintenance,$(MAKECMDGOALS))
