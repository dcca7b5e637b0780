"""Links and sign-ins end: when they were made and last used, by whom, and whether they were ended.

What there is counts from now: sign-ins stay, links that nobody used were printed by earlier starts.

revision 0002, after 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cosession.room.clock import SystemClock

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("logins", sa.Column("made_wall_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("logins", sa.Column("used_wall_ms", sa.BigInteger))
    op.add_column("logins", sa.Column("printed", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("logins", sa.Column("ended", sa.Boolean, nullable=False, server_default=sa.false()))
    logins = sa.table("logins", sa.column("made_wall_ms"), sa.column("used_wall_ms"), sa.column("secret_sha256"))
    now_ms = SystemClock().wall_ms()
    op.execute(logins.update().values(made_wall_ms=now_ms))
    op.execute(logins.update().where(logins.c.secret_sha256.is_not(None)).values(used_wall_ms=now_ms))
