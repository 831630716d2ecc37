"""Fire points, rulings, published lists, people and leases."""

import sqlalchemy as sa
from alembic import op

import service.store.types as st
from service.store import gpkg

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SPATIAL = ("fire_point_state",)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", st.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "account",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit_uid", sa.Text(), nullable=True),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("disabled_rev", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["disabled_rev"], ["revision.id"], name=op.f("fk_account_disabled_rev")),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_account_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )
    op.create_table(
        "assessed_day",
        sa.Column("fire_day", st.CivilDate(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev_from", sa.Integer(), nullable=False),
        sa.Column("rev_to", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["rev_from"], ["revision.id"], name=op.f("fk_assessed_day_rev_from")),
        sa.ForeignKeyConstraint(["rev_to"], ["revision.id"], name=op.f("fk_assessed_day_rev_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessed_day")),
    )
    op.create_index(op.f("ix_assessed_day_fire_day"), "assessed_day", ["fire_day"], unique=False)
    op.create_table(
        "clustering",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("from_date", st.CivilDate(), nullable=False),
        sa.Column("params", st.CanonicalJson(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_clustering_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clustering")),
    )
    op.create_table(
        "fire_list_issue",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fire_day", st.CivilDate(), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("as_of_rev", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("previous_sha256", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_fire_list_issue_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fire_list_issue")),
        sa.UniqueConstraint("unit_code", "number", name=op.f("uq_fire_list_issue_unit_code_number")),
    )
    op.create_table(
        "fire_point_alias",
        sa.Column("old_id", sa.Text(), nullable=False),
        sa.Column("new_id", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_fire_point_alias_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fire_point_alias")),
    )
    op.create_index(op.f("ix_fire_point_alias_old_id"), "fire_point_alias", ["old_id"], unique=False)
    op.create_table(
        "idempotent_write",
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=False),
        sa.Column("answer", st.CanonicalJson(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_idempotent_write_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotent_write")),
        sa.UniqueConstraint("actor", "key", name=op.f("uq_idempotent_write_actor_key")),
    )
    op.create_table(
        "layer_stack",
        sa.Column("stack_hash", sa.Text(), nullable=False),
        sa.Column("layers", st.CanonicalJson(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_layer_stack_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_layer_stack")),
        sa.UniqueConstraint("stack_hash", name=op.f("uq_layer_stack_stack_hash")),
    )
    op.create_table(
        "ruling",
        sa.Column("fire_point_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence_sha256", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_ruling_rev")),
        sa.ForeignKeyConstraint(["supersedes_id"], ["ruling.id"], name=op.f("fk_ruling_supersedes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ruling")),
    )
    op.create_index(op.f("ix_ruling_fire_point_id"), "ruling", ["fire_point_id"], unique=False)
    op.create_table(
        "verification",
        sa.Column("fire_point_id", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("found_at", st.UtcDateTime(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("evidence_sha256", sa.Text(), nullable=True),
        sa.Column("area_mu", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_verification_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification")),
    )
    op.create_index(op.f("ix_verification_fire_point_id"), "verification", ["fire_point_id"], unique=False)
    op.create_table(
        "detection_state",
        sa.Column("detection_id", sa.Integer(), nullable=False),
        sa.Column("fire_point_id", sa.Text(), nullable=False),
        sa.Column("fire_day", st.CivilDate(), nullable=False),
        sa.Column("county_unit_id", sa.Integer(), nullable=True),
        sa.Column("township_unit_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev_from", sa.Integer(), nullable=False),
        sa.Column("rev_to", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["county_unit_id"], ["unit.id"], name=op.f("fk_detection_state_county_unit_id")
        ),
        sa.ForeignKeyConstraint(
            ["detection_id"], ["detection.id"], name=op.f("fk_detection_state_detection_id")
        ),
        sa.ForeignKeyConstraint(["rev_from"], ["revision.id"], name=op.f("fk_detection_state_rev_from")),
        sa.ForeignKeyConstraint(["rev_to"], ["revision.id"], name=op.f("fk_detection_state_rev_to")),
        sa.ForeignKeyConstraint(
            ["township_unit_id"], ["unit.id"], name=op.f("fk_detection_state_township_unit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_detection_state")),
    )
    op.create_index(
        op.f("ix_detection_state_detection_id"), "detection_state", ["detection_id"], unique=False
    )
    op.create_index(op.f("ix_detection_state_fire_day"), "detection_state", ["fire_day"], unique=False)
    op.create_index(
        op.f("ix_detection_state_fire_point_id"), "detection_state", ["fire_point_id"], unique=False
    )
    op.create_index("ix_detection_state_live", "detection_state", ["rev_to", "fire_day"], unique=False)
    op.create_table(
        "fire_point",
        sa.Column("fire_point_id", sa.Text(), nullable=False),
        sa.Column("founder_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["founder_id"], ["detection.id"], name=op.f("fk_fire_point_founder_id")),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_fire_point_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fire_point")),
        sa.UniqueConstraint("fire_point_id", name=op.f("uq_fire_point_fire_point_id")),
    )
    op.create_index(op.f("ix_fire_point_founder_id"), "fire_point", ["founder_id"], unique=False)
    op.create_table(
        "fire_point_state",
        sa.Column("fire_point_id", sa.Text(), nullable=False),
        sa.Column("fire_day", st.CivilDate(), nullable=False),
        sa.Column("cut", sa.Text(), nullable=False),
        sa.Column("clustering", sa.Text(), nullable=False),
        sa.Column("representative_id", sa.Integer(), nullable=False),
        sa.Column("first_at", st.UtcDateTime(), nullable=False),
        sa.Column("last_at", st.UtcDateTime(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("pixels", sa.Integer(), nullable=False),
        sa.Column("satellites", st.CanonicalJson(), nullable=False),
        sa.Column("sources", st.CanonicalJson(), nullable=False),
        sa.Column("frp_mw", sa.Double(), nullable=True),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("city_unit_id", sa.Integer(), nullable=True),
        sa.Column("county_unit_id", sa.Integer(), nullable=True),
        sa.Column("township_unit_id", sa.Integer(), nullable=True),
        sa.Column("grid_unit_id", sa.Integer(), nullable=True),
        sa.Column("city_code", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("county_code", sa.Text(), nullable=True),
        sa.Column("county", sa.Text(), nullable=True),
        sa.Column("township_code", sa.Text(), nullable=True),
        sa.Column("township", sa.Text(), nullable=True),
        sa.Column("grid_code", sa.Text(), nullable=True),
        sa.Column("grid", sa.Text(), nullable=True),
        sa.Column("zone_code", sa.Text(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("regime", sa.Text(), nullable=False),
        sa.Column("regime_zh", sa.Text(), nullable=False),
        sa.Column("regime_en", sa.Text(), nullable=False),
        sa.Column("boundary_case", st.CanonicalJson(), nullable=False),
        sa.Column("neighbours", st.CanonicalJson(), nullable=False),
        sa.Column("county_share", sa.Double(), nullable=True),
        sa.Column("border_distance_m", sa.Double(), nullable=True),
        sa.Column("cropland_share", sa.Double(), nullable=True),
        sa.Column("screen", sa.Text(), nullable=False),
        sa.Column("reasons", st.CanonicalJson(), nullable=False),
        sa.Column("layer_stack_id", sa.Integer(), nullable=False),
        sa.Column("informal", sa.Boolean(), nullable=False),
        sa.Column("ruling_ids", st.CanonicalJson(), nullable=False),
        sa.Column("geom", st.Geometry("POINT"), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev_from", sa.Integer(), nullable=False),
        sa.Column("rev_to", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["city_unit_id"], ["unit.id"], name=op.f("fk_fire_point_state_city_unit_id")),
        sa.ForeignKeyConstraint(
            ["county_unit_id"], ["unit.id"], name=op.f("fk_fire_point_state_county_unit_id")
        ),
        sa.ForeignKeyConstraint(["grid_unit_id"], ["unit.id"], name=op.f("fk_fire_point_state_grid_unit_id")),
        sa.ForeignKeyConstraint(
            ["layer_stack_id"], ["layer_stack.id"], name=op.f("fk_fire_point_state_layer_stack_id")
        ),
        sa.ForeignKeyConstraint(
            ["representative_id"], ["detection.id"], name=op.f("fk_fire_point_state_representative_id")
        ),
        sa.ForeignKeyConstraint(["rev_from"], ["revision.id"], name=op.f("fk_fire_point_state_rev_from")),
        sa.ForeignKeyConstraint(["rev_to"], ["revision.id"], name=op.f("fk_fire_point_state_rev_to")),
        sa.ForeignKeyConstraint(
            ["township_unit_id"], ["unit.id"], name=op.f("fk_fire_point_state_township_unit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fire_point_state")),
    )
    op.create_index(
        op.f("ix_fire_point_state_county_unit_id"), "fire_point_state", ["county_unit_id"], unique=False
    )
    op.create_index(op.f("ix_fire_point_state_fire_day"), "fire_point_state", ["fire_day"], unique=False)
    op.create_index(
        op.f("ix_fire_point_state_fire_point_id"), "fire_point_state", ["fire_point_id"], unique=False
    )
    op.create_index("ix_fire_point_state_live", "fire_point_state", ["rev_to", "fire_day"], unique=False)
    op.create_index(
        op.f("ix_fire_point_state_township_unit_id"), "fire_point_state", ["township_unit_id"], unique=False
    )
    for table in SPATIAL:
        gpkg.register_geometry(op.get_bind(), table)
