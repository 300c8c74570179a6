"""`figment explain …`: what the nets of a run do, and how."""

import click


@click.group()
def explain() -> None:
    """Find out what the nets of a run do, and how. Each experiment ends in a sentence and a section of the run's report."""
