# make run     the dashboard, at http://localhost:8501
# make test    everything that is needed on a fresh machine, then the whole test suite
# make check   formatting, lint and types
# make bench   side by side with the usual recipe; the long trainings' tests
# make figures train the shipped models anew and say how far they are apart

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check bench figures clean

run: $(VENV)/ready
	$(BIN)/streamlit run app.py

# Browser tests by themselves: a page that waits for a core looks like one that does not answer.
test: $(VENV)/ready-dev $(VENV)/browser
	$(BIN)/python -m pytest -m 'not slow and not browser' --numprocesses auto
	$(BIN)/python -m pytest -m 'not slow and browser'

check: $(VENV)/ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

bench: $(VENV)/ready-dev $(VENV)/browser
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.best
	$(BIN)/python -m benchmarks.growth
	$(BIN)/python -m benchmarks.explorers
	$(BIN)/python -m benchmarks.motifs
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.cluster
	$(BIN)/python -m benchmarks.pages
	$(BIN)/python -m benchmarks.visitors
	$(BIN)/python -m pytest -m slow

figures: $(VENV)/ready
	$(BIN)/python -m toymodel cache --ship
	$(BIN)/python -m toymodel phase --ship

clean:
	rm -rf $(VENV)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/ready: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/ready-dev: pyproject.toml $(VENV)/ready
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@

# Any Chromium will do; without one, Debian's where apt-get may install it, else Playwright's.
$(VENV)/browser: $(VENV)/ready-dev
	@command -v chromium || command -v chromium-browser || command -v google-chrome \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	     && apt-get update -qq && apt-get install -y -qq chromium; } \
	|| $(BIN)/playwright install chromium
	touch $@
