# The whole developer interface, one line a target. Needs make and Python 3.11 or newer; `make test ARGS="-k refund"`,
# `make manage ARGS="check_books"`.
PYTHON ?= python3
READY = @$(PYTHON) scripts/venv.py
PY = .venv/bin/python
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header

.PHONY: run event manage test lint fix bench soak nightly certify docs screenshots messages pins

run: ; $(READY) runtime && exec $(PY) manage.py run
event: ; $(READY) runtime && exec $(PY) manage.py event $(ARGS)
manage: ; $(READY) runtime && exec $(PY) manage.py local $(ARGS)
test: ; $(READY) test && exec $(PY) scripts/suite.py $(ARGS)
lint: ; $(READY) test && exec $(PY) scripts/lint.py
fix: ; $(READY) test && $(PY) -m ruff check --quiet --fix . ; $(PY) -m ruff format --quiet .
bench: ; $(READY) test && exec $(PY) -m benchmarks $(ARGS)
soak: ; $(READY) test && exec $(PY) scripts/suite.py -m soak $(ARGS)
nightly: ; $(READY) test && FRESH_SEEDS=1 exec $(PY) scripts/suite.py tests/casino/test_randomness.py $(ARGS)
certify: ; $(READY) test && exec $(PY) manage.py certify_games $(ARGS)
docs: ; $(READY) test && exec $(PY) manage.py write_docs
screenshots: ; $(READY) test && exec $(PY) -m tests.pictures $(ARGS)
messages: ; $(READY) test && exec $(PY) scripts/messages.py
pins: ; @command -v uv >/dev/null || { echo "Pins are compiled by uv; install it first."; exit 1; } ; cd requirements && $(COMPILE) runtime.in -o ../requirements.txt && $(COMPILE) test.in -o test.txt
