# The developer's entrance. Each target is what the test suite runs.
PY = .venv/bin/python

.PHONY: venv check unit root oracle test bench fmt install uninstall demo

venv:
	packaging/setup.sh --test
check: venv
	$(PY) -m pytest -q tests/house
unit: venv
	$(PY) -m pytest -q tests/house tests/unit
root: venv
	$(PY) -m pytest -q tests/root
oracle: venv
	$(PY) -m pytest -q tests/oracle
test:
	./test
demo:
	./demo
bench: venv
	$(PY) tests/bench/bench.py --list
fmt: venv
	$(PY) -m ruff format src tests
	$(PY) -m ruff check --fix src tests

PREFIX ?= /usr/local
install:
	packaging/install.sh "$(DESTDIR)" "$(PREFIX)"
uninstall:
	packaging/uninstall.sh "$(DESTDIR)" "$(PREFIX)"
