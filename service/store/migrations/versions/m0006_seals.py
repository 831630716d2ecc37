"""Seals of revisions: a chain of hashes over who did what, and what people said."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; what was recorded before stays unsealed."""
    op.create_table(
        "revision_seal",
        sa.Column("rev", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_revision_seal_rev")),
        sa.PrimaryKeyConstraint("rev", name=op.f("pk_revision_seal")),
    )
