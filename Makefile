# The developer's entrance. Each target is what the test suite runs.
PY = .venv/bin/python
PYTEST = $(PY) -m pytest -q

.PHONY: venv check unit root oracle guest test demo bench docs fmt install uninstall

venv:
	packaging/setup.sh --test
check: venv
	$(PYTEST) tests/house
unit: venv
	$(PYTEST) tests/house tests/unit
root: venv
	$(PYTEST) tests/root
oracle: venv
	$(PYTEST) tests/oracle
guest: venv
	$(PYTEST) tests/guest
test:
	./test
demo:
	./demo
bench: venv
	$(PY) tests/bench/bench.py --list
docs: venv
	$(PY) docs/generate.py
fmt: venv
	$(PY) -m ruff format src tests docs packaging
	$(PY) -m ruff check --fix src tests docs packaging

PREFIX ?= /usr/local
install:
	packaging/install.sh "$(DESTDIR)" "$(PREFIX)"
uninstall:
	packaging/uninstall.sh "$(DESTDIR)" "$(PREFIX)"
