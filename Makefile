.PHONY: install check soak lowest test slow bench docs format

install:          ## a virtual environment with everything for development
	python3 -m venv .venv
	.venv/bin/pip install -c constraints.txt -e '.[dev]'

check:            ## lint and types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

soak:             ## bad luck by the thousand: kills, spoilt files, disks that say no; long (SOAK_SHARE=0.1: a tenth)
	.venv/bin/pytest -m slow tests/soak -n 2

lowest:           ## a fast part of the tests, with the lowest versions that pyproject.toml allows
	.ci/lowest

test:             ## what CI runs
	.venv/bin/pytest

slow:             ## the longer tests: kill -9 at twenty moments, training on real faces
	.venv/bin/pytest -m slow

bench:            ## the benchmarks; on a quiet machine
	.venv/bin/python benchmarks/train_speed.py
	.venv/bin/python benchmarks/startup.py
	.venv/bin/python benchmarks/drawing.py

docs:             ## the documentation site, into site/, in an environment of its own
	python3 -m venv .venv-docs
	.venv-docs/bin/pip install --quiet -c constraints.txt -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 DISABLE_MKDOCS_2_WARNING=true .venv-docs/bin/mkdocs build --strict

format:
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
