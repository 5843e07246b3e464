# The whole portal with nothing but Python 3.11 or newer, its venv module, git and make.
#   PORT=8001     another port for `make run`
#   PYTHON=…      the Python to make .venv with
#   ARGS='-k x'   what `make test` hands to pytest (`-n 0`: without processes of its own)
# `make test` runs on the embedded database and broker unless DATABASE_URL and REDIS_URL name servers.

PORT ?= 8000
ARGS ?=
DEPOSITS ?= 300
FAULTS ?= 20
SEED ?= 1
CLIENTS ?= 8
CANCELS ?= 20
PEOPLE ?= 50
MINUTES ?= 10
DUE ?= 20000
REQUESTS ?= 10000
BENCH_ARGS ?=
BIN := .venv/bin

# A run of the tests starts hundreds of processes: what one has compiled the others read, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check lock screenshots chaos load fuzz bench
.NOTPARALLEL:

help: ## say what there is to make
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST)

run: ## install, load the demo data and serve the whole portal on http://127.0.0.1:8000
	@tools/install.sh requirements.lock
	@exec $(BIN)/python -m portal.launch --port $(PORT)

test: ## install and run all the tests, in a real browser too
	@tools/install.sh requirements-dev.lock
	@$(BIN)/python -m tests.chromium
	@DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m tests.nginx
	@DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m tests.clamd
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile \
		--no-loadscope-reorder $(ARGS)

# As in production, whatever the environment says; the database is not asked.
DEPLOYED = env -i PATH="$$PATH" SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
	ALLOWED_HOSTS=portail.example BEHIND_TLS=1 DATABASE_URL=sqlite://:memory: EMAIL_URL=smtp://mail.example

check: ## lint, format, types, layers, missing migrations, deploy checks
	@tools/install.sh requirements-dev.lock
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m djlint --quiet --lint templates
	$(BIN)/python -m djlint --check templates
	$(BIN)/python -m mypy .
	$(BIN)/python tools/audit.py
	@git ls-files -z | xargs -0 $(BIN)/python -m detect_secrets.pre_commit_hook --baseline .secrets.baseline
	$(BIN)/python $(BIN)/lint-imports
	@$(DEPLOYED) $(BIN)/python manage.py makemigrations --check --dry-run
	@$(DEPLOYED) $(BIN)/python manage.py check --deploy --fail-level WARNING

screenshots: ## make the pictures of docs/screenshots anew
	@tools/install.sh requirements-dev.lock
	@$(BIN)/python -m tests.chromium
	$(BIN)/python -m tests.browser.screenshots

chaos: ## deposit over HTTP while everything is killed (DEPOSITS=300 FAULTS=20 SEED=1 CLIENTS=8 CANCELS=20)
	@tools/install.sh requirements-dev.lock
	@exec $(BIN)/python -m tests.chaos --deposits $(DEPOSITS) --faults $(FAULTS) --seed $(SEED) \
		--clients $(CLIENTS) --cancels $(CANCELS) $(ARGS)

load: ## people in the wizard at once, then deposits due at once (PEOPLE=50 MINUTES=10 DUE=20000 SEED=1)
	@tools/install.sh requirements-dev.lock
	$(BIN)/python -m tests.load people --people $(PEOPLE) --minutes $(MINUTES) --seed $(SEED) $(ARGS)
	$(BIN)/python -m tests.load due --deposits $(DUE) --seed $(SEED) $(ARGS)

fuzz: ## random requests at every form, from each side (REQUESTS=10000 SEED=1)
	@tools/install.sh requirements-dev.lock
	@exec $(BIN)/python -m tests.fuzz --requests $(REQUESTS) --seed $(SEED) $(ARGS)

bench: ## the portal side by side with its limits, at a million dossiers (BENCH_ARGS=--small for a minute's run)
	@tools/install.sh requirements-dev.lock
	@exec $(BIN)/python -m tests.bench $(BENCH_ARGS)

LOCK := -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make lock' pyproject.toml

lock: ## make the lock files anew from pyproject.toml (ARGS=--upgrade for newer versions)
	@tools/install.sh requirements-dev.lock
	$(BIN)/python $(LOCK) $(ARGS) --all-extras --output-file requirements-dev.lock
	$(BIN)/python $(LOCK) --constraint requirements-dev.lock --output-file requirements.lock
	$(BIN)/python $(LOCK) --extra s3 --extra proconnect --constraint requirements-dev.lock \
		--output-file requirements-production.lock
