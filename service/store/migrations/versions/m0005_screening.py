"""Screening thresholds, land cover, and published tables of learned heat sources."""

import sqlalchemy as sa
from alembic import op

import service.store.types as st

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "heat_table",
        sa.Column("before", st.CivilDate(), nullable=False),
        sa.Column("params", st.CanonicalJson(), nullable=False),
        sa.Column("detections", sa.Integer(), nullable=False),
        sa.Column("cells", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_heat_table_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_heat_table")),
    )
    op.create_index(op.f("ix_heat_table_before"), "heat_table", ["before"], unique=False)
    op.create_table(
        "landcover",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("crs", sa.Text(), nullable=True),
        sa.Column("classes", st.CanonicalJson(), nullable=False),
        sa.Column("facts", st.CanonicalJson(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("valid_from", st.CivilDate(), nullable=True),
        sa.Column("valid_to", st.CivilDate(), nullable=True),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_landcover_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_landcover")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_landcover_name_version")),
    )
    op.create_table(
        "screening",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("from_date", st.CivilDate(), nullable=False),
        sa.Column("params", st.CanonicalJson(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_screening_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening")),
    )
    op.create_table(
        "heat_cell",
        sa.Column("table_id", sa.Integer(), nullable=False),
        sa.Column("cell_column", sa.Integer(), nullable=False),
        sa.Column("cell_row", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hot_days", sa.Integer(), nullable=False),
        sa.Column("detections", sa.Integer(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("night_share", sa.Double(), nullable=False),
        sa.Column("first_day", st.CivilDate(), nullable=False),
        sa.Column("last_day", st.CivilDate(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["table_id"], ["heat_table.id"], name=op.f("fk_heat_cell_table_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_heat_cell")),
    )
    op.create_index(op.f("ix_heat_cell_table_id"), "heat_cell", ["table_id"], unique=False)
