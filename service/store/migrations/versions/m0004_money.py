"""Rulebooks, publications, indicators, heat sources, statements and objections."""

import sqlalchemy as sa
from alembic import op

import service.store.types as st
from service.store import gpkg

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and the new columns of a verification."""
    op.create_table(
        "heat_source",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("radius_m", sa.Double(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("withdrawn_rev", sa.Integer(), nullable=True),
        sa.Column("geom", st.Geometry("POINT"), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("valid_from", st.CivilDate(), nullable=True),
        sa.Column("valid_to", st.CivilDate(), nullable=True),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_heat_source_rev")),
        sa.ForeignKeyConstraint(
            ["withdrawn_rev"], ["revision.id"], name=op.f("fk_heat_source_withdrawn_rev")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_heat_source")),
    )
    op.create_index(op.f("ix_heat_source_code"), "heat_source", ["code"], unique=False)
    op.create_table(
        "indicator",
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_indicator_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator")),
    )
    op.create_index(op.f("ix_indicator_unit_code"), "indicator", ["unit_code"], unique=False)
    op.create_table(
        "publication",
        sa.Column("fire_point_id", sa.Text(), nullable=False),
        sa.Column("published_at", st.UtcDateTime(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_publication_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
    )
    op.create_index(op.f("ix_publication_fire_point_id"), "publication", ["fire_point_id"], unique=False)
    op.create_table(
        "rulebook",
        sa.Column("book_id", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("document", st.CanonicalJson(), nullable=False),
        sa.Column("withdrawn_rev", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_rulebook_rev")),
        sa.ForeignKeyConstraint(["withdrawn_rev"], ["revision.id"], name=op.f("fk_rulebook_withdrawn_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulebook")),
    )
    op.create_index(op.f("ix_rulebook_book_id"), "rulebook", ["book_id"], unique=False)
    op.create_table(
        "statement",
        sa.Column("payer_code", sa.Text(), nullable=False),
        sa.Column("payer_uid", sa.Text(), nullable=True),
        sa.Column("payer_name", sa.Text(), nullable=False),
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("as_of_rev", sa.Integer(), nullable=False),
        sa.Column("computed_at", st.UtcDateTime(), nullable=False),
        sa.Column("previous", st.Fen(), nullable=False),
        sa.Column("total", st.Fen(), nullable=False),
        sa.Column("net", st.Fen(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("previous_sha256", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_statement_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
        sa.UniqueConstraint(
            "payer_code", "season", "number", name=op.f("uq_statement_payer_code_season_number")
        ),
    )
    op.create_index(op.f("ix_statement_payer_code"), "statement", ["payer_code"], unique=False)
    op.create_table(
        "objection",
        sa.Column("statement_id", sa.Integer(), nullable=False),
        sa.Column("fire_point_id", sa.Text(), nullable=False),
        sa.Column("instance", sa.Integer(), nullable=False),
        sa.Column("appeals_id", sa.Integer(), nullable=True),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("filed_at", st.UtcDateTime(), nullable=False),
        sa.Column("filed_by", sa.Text(), nullable=False),
        sa.Column("unit_uid", sa.Text(), nullable=True),
        sa.Column("evidence_sha256", sa.Text(), nullable=True),
        sa.Column("answer_due", st.CivilDate(), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["appeals_id"], ["objection.id"], name=op.f("fk_objection_appeals_id")),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_objection_rev")),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_objection_statement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
    )
    op.create_index(op.f("ix_objection_fire_point_id"), "objection", ["fire_point_id"], unique=False)
    op.create_index(op.f("ix_objection_statement_id"), "objection", ["statement_id"], unique=False)
    op.create_table(
        "statement_event",
        sa.Column("statement_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", st.UtcDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_statement_event_rev")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_statement_event_statement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_event")),
    )
    op.create_index(
        op.f("ix_statement_event_statement_id"), "statement_event", ["statement_id"], unique=False
    )
    op.create_table(
        "objection_event",
        sa.Column("objection_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", st.UtcDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("unit_uid", sa.Text(), nullable=True),
        sa.Column("evidence_sha256", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["objection_id"], ["objection.id"], name=op.f("fk_objection_event_objection_id")
        ),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_objection_event_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection_event")),
    )
    op.create_index(
        op.f("ix_objection_event_objection_id"), "objection_event", ["objection_id"], unique=False
    )
    gpkg.register_geometry(op.get_bind(), "heat_source")
    for name in ("area_exact", "actor", "unit_uid", "source_kind", "row_key"):
        op.add_column("verification", sa.Column(name, sa.Text(), nullable=True))
    op.create_index(op.f("ix_verification_row_key"), "verification", ["row_key"], unique=False)
