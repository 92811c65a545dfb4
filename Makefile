# Everything is done by tools/dev.py, which also works where make is missing:
#     python3 tools/dev.py demo
# Each line is one program without a shell in between, so that a signal to make reaches it.

PYTHON ?= python3
DEV = $(PYTHON) tools/dev.py

.DEFAULT_GOAL := help
.PHONY: help demo stop test lint setup e2e races faults load load-quick rush messages

help:
	@echo "make demo      the 9th Fachkongress on http://127.0.0.1:8000/demo/  (HOST, PORT, LOCAL_DIR)"
	@echo "make stop      ends the demonstration and its servers"
	@echo "make test      all tests without a browser, under 8 minutes on two cores"
	@echo "make lint      style, types, imports, missing migrations, deployment check"
	@echo "make setup     only .venv/ with everything installed"
	@echo "make e2e       the tests in the browser and with whole sites, about 5 minutes"
	@echo "make races     many at once, full counts"
	@echo "make load      what an audience costs, about ten minutes; load-quick: a minute and a half"
	@echo "make rush      the opening of the registration: 600 people at once, then 6 a second, three minutes"
	@echo "make faults    processes killed and lines cut"
	@echo "make messages  collects and compiles the texts (needs gettext)"

demo:
	@$(DEV) demo

stop:
	@$(DEV) stop

test:
	@$(DEV) test

lint:
	@$(DEV) lint

setup:
	@$(DEV) setup

e2e:
	@$(DEV) e2e

races:
	@$(DEV) pytest -m race --full

load:
	@$(DEV) load

load-quick:
	@$(DEV) load --quick

rush:
	@$(DEV) rush

faults:
	@$(DEV) pytest -m fault --full

messages:
	@$(DEV) messages
