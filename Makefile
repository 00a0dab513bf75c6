# Two commands for users (demo, test); the rest is for engineers. Everything lives in .venv, made from PyPI alone.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# One of the packages is installed without what it depends on, on purpose: see .test below. No other install need warn of it.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-warn-conflicts

.PHONY: axe wheel-test binary table demo test test-fleet long docs lint types unit core core-long matrix kill-cards kill-boards used-cards fuzz-cards fuzz mutation peers peers-short bench-cards bench-board bench-overhead metrics performance changelog snapshots clean reliability

# One kept bench: saved web pages as scripts, found, cured; then flashed and proved.
DEMO := $(VENV)/demo
DEMO_PORT := sim://fipy?scenario=html-scripts&release=1.17.3.b1&build=38638&state=$(DEMO)/bench
DEMO_FILE := $(DEMO)/PRACTICE-CATM1-41065.dup

demo: $(VENV)/.demo
	@rm -rf $(DEMO) && mkdir -p $(DEMO)
	@printf '\n=== 1 of 4: a practice firmware file is made ===\n\n'
	$(BIN)/fipy-doctor sim --make-firmware $(DEMO)
	@printf '\n=== 2 of 4: a simulated FiPy is examined; its scripts turn out to be saved web pages ===\n\n'
	$(BIN)/fipy-doctor check --port '$(DEMO_PORT)' --firmware $(DEMO_FILE); test $$? -eq 1
	@printf '\n=== 3 of 4: that is cured ===\n\n'
	$(BIN)/fipy-doctor fix --upload-scripts --port '$(DEMO_PORT)' --backup $(DEMO)/backup --yes
	@printf '\n=== 4 of 4: the modem is flashed, and says itself what it runs now ===\n\n'
	$(BIN)/fipy-doctor flash $(DEMO_FILE) --port '$(DEMO_PORT)' --yes
	@printf '\n=== That was all on a simulated board. With yours plugged in: $(BIN)/fipy-doctor ===\n'

# Types beside the tests: mypy keeps one core busy for twenty seconds.
test: lint
	$(MAKE) --no-print-directory -j 2 types unit

# The site in site/: generated pages, screenshots from real simulated runs; every link is followed, nothing may be loaded
# from elsewhere, and the search has to answer people in trouble. site/index.html can be read without a server.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	$(BIN)/python -m docs._build.check_site site
	$(BIN)/python -m docs._build.check_search site

lint: $(VENV)/.test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell checks docs doctor tests *.md

types: $(VENV)/.test
	$(BIN)/mypy

unit: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --snapshot-disable-unused

# Whole stories, pulled plugs and killed programs in their series, and real programs: what is long because it must be.
long: $(VENV)/.test
	$(BIN)/python -m pytest -n auto -m 'long and not table'

# What another Python could break: everything below the jobs and the command line.
CORE := $(addprefix tests/,card checks firmware link modem updater)

core: $(VENV)/.core
	$(BIN)/python -m pytest -n auto $(CORE)

# What is long there, and the tables (a nightly run).
core-long: $(VENV)/.test
	$(BIN)/python -m pytest -n auto -m 'long or table' $(CORE)

# Every fault at every stage of every flow, each cell carried on until the modem is flashed (make test plays six, make long some more).
matrix: $(VENV)/.test
	$(BIN)/python -m tests.matrix

# Kill -9 at a hundred random moments of a reformat, move or repair: images, and loop devices where this is root; on
# used media, and a shorter pass each on media of zeros and of 0xFF.
kill-cards: $(VENV)/.test
	$(BIN)/python -m tests.card.kill 100
	FIPY_DOCTOR_MEDIUM=zeros $(BIN)/python -m tests.card.kill 20
	FIPY_DOCTOR_MEDIUM=ones $(BIN)/python -m tests.card.kill 20

# Large cards full of old bytes, of all cluster sizes, reformatted on loop devices: root, 10 GB of room, some minutes.
used-cards: $(VENV)/.test
	$(BIN)/python -m tests.card.used_cards

# Every cure of the board's files cut at every change, and one bit and one line of every answer damaged: nothing is lost,
# and what the program prints then finishes the work (a nightly run; make long plays ten cells).
kill-boards: $(VENV)/.test
	$(BIN)/python -m tests.kill_boards --real

# Card images damaged at random, other ones each time; make long tries sixty, always the same.
fuzz-cards: $(VENV)/.test
	FIPY_DOCTOR_FUZZ=20000 $(BIN)/python -m pytest -m long tests/card/test_fuzz.py

# Every parser of what others wrote, for a while, guided by coverage (atheris); what breaks one is kept in tests/fuzz/found.
# Then stories of a person at a bench, other ones each time.
FUZZ_SECONDS ?= 60
FUZZ_STORIES ?= 10
fuzz: $(VENV)/.fuzz
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS)
	FIPY_DOCTOR_ANY_ORDER=$(FUZZ_STORIES) $(BIN)/python -m pytest -m long -o faulthandler_timeout=0 tests/jobs/test_any_order.py

# Sixty mutants of each of seven modules, always the same ones, each tried with the tests that run it (twenty minutes).
mutation: $(VENV)/.mutation
	$(BIN)/python -m tests.mutation

# Against mcopy, mdir and mkfs.fat, on sparse cards of 4, 32 and 64 GB.
bench-cards: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks card

# What one block costs the board, in a real MicroPython: with the side file, without, and by the naive loop.
bench-board: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks board

# What a whole flash over a bare modem takes beside wire and modem: one minute, in real time.
bench-overhead: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks overhead

# Every firmware era x board x {check, flash from the card, flash over USB}, and the cases that make test leaves out of its samples.
table: $(VENV)/.test
	$(BIN)/python -m pytest -m 'table and not peers'

# Software that others wrote, on a board of every era; make peers-short, which CI plays, takes two eras and two minutes.
peers: $(VENV)/.peers
	$(BIN)/python -m pytest -n auto -m peers tests/peers

peers-short: $(VENV)/.peers
	$(BIN)/python -m pytest -n auto -m 'peers and not table' tests/peers

# A board farm on this computer: labgrid's coordinator and exporter, ser2net, simulated boards, and runs that are cut short.
test-fleet: $(VENV)/.fleet
	$(BIN)/python -m pytest -n 3 --dist loadfile -m fleet -o faulthandler_timeout=0 tests/fleet

# Every kept screen as it is now; read what git shows of them before it is committed.
snapshots: $(VENV)/.test
	$(BIN)/python -m pytest -n auto -m snapshot --snapshot-update $(shell grep -rl SnapshotAssertion --include='test_*.py' tests)

# What the long runs counted, as a page: docs/reliability.md. A run keeps its counts if FIPY_DOCTOR_KEEP_COUNTS=1.
reliability: $(BIN)/python
	$(BIN)/python -m docs._build.reliability

# Every benchmark beside its peers (a quarter of an hour, best on a computer at rest), as a page: docs/performance.md.
performance: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks --json > $(VENV)/performance.json
	$(BIN)/python -m docs._build.performance $(VENV)/performance.json

# The house in figures, beside what it was: docs/metrics.md.
metrics: $(VENV)/.metrics
	$(BIN)/python -m docs._build.metrics

# The wheel as people get it, in a fresh venv: its contents, the program, API, pytest plug-in, types, foreign neighbours.
wheel-test: $(VENV)/.package
	$(BIN)/python -m tests.packaged wheel

# dist/fipy-doctor: the program as one file, for computers without Python, built here and tried without one.
binary: $(VENV)/.package
	$(BIN)/python -m tests.packaged one-file

# The changes in docs/changes become a section of CHANGELOG.md: make changelog VERSION=0.2.0
changelog: $(BIN)/python
	$(BIN)/python -m docs._build.changelog $(VERSION)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python pyproject.toml
	$(PIP) -e .
	touch $@

$(VENV)/.docs: $(BIN)/python pyproject.toml
	$(PIP) -e '.[docs]'
	touch $@

$(VENV)/.metrics: $(BIN)/python pyproject.toml
	$(PIP) -e '.[metrics]'
	touch $@

# atheris has no wheel for some systems: python -m tests.fuzz says so then.
$(VENV)/.fuzz: $(VENV)/.test
	-$(PIP) --only-binary atheris -e '.[fuzz]'
	touch $@

$(VENV)/.package: $(BIN)/python pyproject.toml
	$(PIP) -e '.[package]'
	touch $@

$(VENV)/.peers: $(VENV)/.test
	$(PIP) -e '.[peers]'
	touch $@

# labgrid never goes into our own environment: it would replace pyserial (docs/reference/fleet.md 0).
$(VENV)/.fleet: $(VENV)/.test
	$(PYTHON) -m venv $(VENV)/labgrid
	$(VENV)/labgrid/bin/python -m pip install --quiet --disable-pip-version-check 'labgrid>=25,<27'
	touch $@

$(VENV)/.mutation: $(VENV)/.test
	$(PIP) -e '.[mutation]'
	touch $@

# pysequansutils ships the genuine .dup that the firmware tests judge; what it depends on is not needed for that.
$(VENV)/.test: $(BIN)/python pyproject.toml
	$(PIP) -e '.[test]'
	$(PIP) --no-deps 'pysequansutils==2.3.3.21'
	touch $@

# Quick to install: make core makes it for one run on each of two more Pythons.
$(VENV)/.core: $(BIN)/python pyproject.toml
	$(PIP) --no-compile -e '.[core]'
	$(PIP) --no-compile --no-deps 'pysequansutils==2.3.3.21'
	touch $@

# The one thing from npm: axe-core, which reads the pages of reports as a screen reader has to (docs/_build/package-lock.json).
axe: $(VENV)/.axe

$(VENV)/.axe: $(BIN)/python docs/_build/package-lock.json
	cp docs/_build/package.json docs/_build/package-lock.json $(VENV)
	npm ci --prefix $(VENV) --ignore-scripts --no-audit --no-fund --silent
	touch $@

clean:
	rm -rf $(VENV) site .mypy_cache .pytest_cache .ruff_cache
