"""What lists show of a session: a summary for each, and what is sealed in it.

They are empty at first: the server makes them from the events in the background (decision 40).

revision 0003, after 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "summaries",
        sa.Column("session", sa.String(64), primary_key=True),
        sa.Column("format", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("starts_wall_ms", sa.BigInteger, nullable=False),
        sa.Column("programme", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("meta", sa.Text, nullable=False),
    )
    op.create_index("ix_summaries_programme", "summaries", ["programme"])
    op.create_table(
        "summary_contents",
        sa.Column("session", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("ciphertext", sa.LargeBinary, nullable=False),
    )
