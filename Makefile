# make report: installs what is missing and builds the deck; DATA, OUT and ARGS are optional.
# make test: everything that checks the project. make spark: installs pyspark too, for --engine spark.
DATA ?=
OUT ?= site
ARGS ?=

report: .venv/.ready-run
	.venv/bin/python build.py $(if $(DATA),"$(DATA)") --out "$(OUT)" $(ARGS)

setup: .venv/.ready-run

test: .venv/.ready-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/python -m pytest -n 2 $(if $(CI),-m "") $(ARGS)

spark: .venv/.ready-spark

test-spark: .venv/.ready-dev-spark
	.venv/bin/python -m pytest -m engines $(ARGS)

bench: .venv/.ready-dev
	.venv/bin/python -m benchmarks

lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -q -o requirements.lock
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -q -c requirements.lock -o requirements-dev.lock
	uv pip compile pyproject.toml --extra spark --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -q -c requirements-dev.lock -o requirements-spark.lock

.venv/.ready-dev: requirements-dev.lock setup.sh
	./setup.sh dev

.venv/.ready-spark: requirements-spark.lock setup.sh
	./setup.sh spark

.venv/.ready-dev-spark: requirements-dev.lock requirements-spark.lock setup.sh
	./setup.sh dev-spark

# What another setup installed is enough.
.venv/.ready-run: requirements.lock setup.sh
	@find .venv -maxdepth 1 -name '.ready-*' -newer requirements.lock 2>/dev/null | grep -q . || ./setup.sh
	@touch $@

.PHONY: report setup test test-spark spark bench lock
