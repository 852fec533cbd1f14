# What a person types: make demo, make test, make check. All work in .venv; no compiler is needed.

PY := .venv/bin/python
# Two test processes suit two cores; make test JOBS=8 suits eight.
JOBS ?= 2

.PHONY: .venv demo quick test test-slow security check lint types layers django image-check bench screenshots lock clean

demo:
	@PYTHON="$(PYTHON)" sh config/venv.sh requirements-demo.txt
	@$(PY) manage.py demo

# The tests nearest to what was changed since BASE, in under a minute; tests/quick.py says how they are chosen.
quick: .venv
	@$(PY) -m tests.quick $(BASE) --jobs $(JOBS)

test: .venv
	@$(PY) -m tests.chromium
	@$(PY) -m pytest -n $(JOBS) --dist worksteal -m "not bench and not slow"

# The same claims once more, larger and longer: chaos, walks in a browser, whole demos.
test-slow: .venv
	@$(PY) -m tests.chromium
	@$(PY) -m pytest -n $(JOBS) --dist worksteal -m "slow and not bench"

# The attacks that docs/security.md names, each for as long as it says there.
security: .venv
	@ATTACK_S=30 $(PY) -m pytest -s -p no:randomly -m security

# make -k check goes on after a failed part.
check: lint types layers django

lint: .venv
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: .venv
	.venv/bin/mypy

layers: .venv
	.venv/bin/lint-imports

django: .venv
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py check
	@echo "manage.py check --deploy, as in production"
	@CONCORD_ENV=production SECRET_KEY=$$($(PY) -c "import secrets; print(secrets.token_urlsafe(60))") \
	CONCORD_ENCRYPTION_KEYS=$$($(PY) -c "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())") \
	DATABASE_URL=postgres://concord@127.0.0.1/concord REDIS_URL=redis://127.0.0.1 ALLOWED_HOSTS=concord.example \
	$(PY) manage.py check --deploy --fail-level WARNING

# The image's steps and services by hand: there need be no Docker here. About two minutes.
image-check: .venv
	@$(PY) -m tests.image

# Figures, no assertions: docs/benchmarks.md says how to read them. BASE=<revision> measures that one beside
# this one, case by case; ONLY=<words> chooses benchmarks as pytest's -k does.
bench: .venv
ifdef BASE
	@$(PY) -m tests.benchmarks.against "$(BASE)" "$(ONLY)"
else
	@$(PY) -m pytest -m bench -p no:randomly -s $(if $(ONLY),-k "$(ONLY)") tests/benchmarks
endif

screenshots: .venv
	@$(PY) -m tests.screenshots

# Pin anew what pyproject.toml asks for, and prove that nothing is missing in what was pinned. Needs uv.
PIN := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	--no-strip-extras pyproject.toml
lock: .venv
	$(PIN) -o requirements.txt
	$(PIN) --extra demo --extra dev -o requirements-dev.txt
	$(PIN) --extra demo --constraint requirements-dev.txt -o requirements-demo.txt
	$(PY) -m tests.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov

# The environment alone. Always asked: the script compares what is installed with what the lock says.
.venv:
	@PYTHON="$(PYTHON)" sh config/venv.sh requirements-dev.txt
