"""`python -m cosession.cli`, as `cosession`."""

from cosession.cli import app

app()
