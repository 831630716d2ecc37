"""The whole data model of DESIGN section 3."""

import sqlalchemy as sa
from alembic import op

import service.store.types as st
from service.store import gpkg

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SPATIAL = (
    "detection",
    "planned_burn",
    "service_area",
    "boundary_unit",
    "fire_point_state",
    "grid_cell",
    "zone",
)


def upgrade() -> None:
    """Create every table."""
    gpkg.prepare_home(op.get_bind())
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", st.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", st.UtcDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("params", st.CanonicalJson(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
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
    op.create_index(op.f("ix_account_rev"), "account", ["rev"], unique=False)
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
        "boundary_set",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("accuracy_m", sa.Double(), nullable=False),
        sa.Column("datum", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("source_sha256", sa.Text(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("valid_from", st.CivilDate(), nullable=True),
        sa.Column("valid_to", st.CivilDate(), nullable=True),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["boundary_set.id"], name=op.f("fk_boundary_set_replaces_id")
        ),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_boundary_set_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boundary_set")),
        sa.UniqueConstraint("name", "level", "version", name=op.f("uq_boundary_set_name_level_version")),
    )
    op.create_index(op.f("ix_boundary_set_rev"), "boundary_set", ["rev"], unique=False)
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
    op.create_index(op.f("ix_clustering_rev"), "clustering", ["rev"], unique=False)
    op.create_table(
        "detection",
        sa.Column("satellite", sa.Text(), nullable=False),
        sa.Column("acq_at", st.UtcDateTime(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("source_kind", sa.Text(), nullable=False),
        sa.Column("geom", st.Geometry("POINT"), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_detection_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_detection")),
        sa.UniqueConstraint(
            "acq_at", "satellite", "lon", "lat", name=op.f("uq_detection_acq_at_satellite_lon_lat")
        ),
    )
    op.create_index(op.f("ix_detection_rev"), "detection", ["rev"], unique=False)
    op.create_table(
        "duty",
        sa.Column("target_code", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("withdrawn_rev", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("valid_from", st.CivilDate(), nullable=True),
        sa.Column("valid_to", st.CivilDate(), nullable=True),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_duty_rev")),
        sa.ForeignKeyConstraint(["withdrawn_rev"], ["revision.id"], name=op.f("fk_duty_withdrawn_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    op.create_index(op.f("ix_duty_rev"), "duty", ["rev"], unique=False)
    op.create_index(op.f("ix_duty_target_code"), "duty", ["target_code"], unique=False)
    op.create_table(
        "feed_file",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("member", sa.Integer(), nullable=False),
        sa.Column("area_key", sa.Text(), nullable=False),
        sa.Column("map_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("source_kind", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("duplicate", sa.Integer(), nullable=False),
        sa.Column("outside", sa.Integer(), nullable=False),
        sa.Column("superseded", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_feed_file_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_file")),
        sa.UniqueConstraint(
            "sha256",
            "member",
            "area_key",
            "map_key",
            name=op.f("uq_feed_file_sha256_member_area_key_map_key"),
        ),
    )
    op.create_index(op.f("ix_feed_file_rev"), "feed_file", ["rev"], unique=False)
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
    op.create_index(op.f("ix_fire_list_issue_rev"), "fire_list_issue", ["rev"], unique=False)
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
    op.create_index(op.f("ix_fire_point_alias_rev"), "fire_point_alias", ["rev"], unique=False)
    op.create_table(
        "grid_set",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("accuracy_m", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("valid_from", st.CivilDate(), nullable=True),
        sa.Column("valid_to", st.CivilDate(), nullable=True),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_grid_set_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_set")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_grid_set_name_version")),
    )
    op.create_index(op.f("ix_grid_set_rev"), "grid_set", ["rev"], unique=False)
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
    op.create_index(op.f("ix_idempotent_write_rev"), "idempotent_write", ["rev"], unique=False)
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
    op.create_index(op.f("ix_layer_stack_rev"), "layer_stack", ["rev"], unique=False)
    op.create_table(
        "planned_burn",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=True),
        sa.Column("starts_at", st.UtcDateTime(), nullable=False),
        sa.Column("ends_at", st.UtcDateTime(), nullable=False),
        sa.Column("area_mu", sa.Double(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("approver", sa.Text(), nullable=False),
        sa.Column("approved_at", st.UtcDateTime(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("geom", st.Geometry("MULTIPOLYGON"), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_planned_burn_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_burn")),
    )
    op.create_index(op.f("ix_planned_burn_rev"), "planned_burn", ["rev"], unique=False)
    op.create_table(
        "regime_rule",
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("regime", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("valid_from", st.CivilDate(), nullable=True),
        sa.Column("valid_to", st.CivilDate(), nullable=True),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_regime_rule_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regime_rule")),
    )
    op.create_index(op.f("ix_regime_rule_rev"), "regime_rule", ["rev"], unique=False)
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
    op.create_index(op.f("ix_ruling_rev"), "ruling", ["rev"], unique=False)
    op.create_table(
        "service_area",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("buffer_m", sa.Integer(), nullable=False),
        sa.Column("set_hash", sa.Text(), nullable=False),
        sa.Column("geom", st.Geometry("MULTIPOLYGON"), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_service_area_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_area")),
        sa.UniqueConstraint("key", name=op.f("uq_service_area_key")),
    )
    op.create_index(op.f("ix_service_area_rev"), "service_area", ["rev"], unique=False)
    op.create_table(
        "special_period",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit_codes", st.CanonicalJson(), nullable=False),
        sa.Column("starts_on", st.CivilDate(), nullable=False),
        sa.Column("ends_on", st.CivilDate(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_special_period_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_special_period")),
    )
    op.create_index(op.f("ix_special_period_rev"), "special_period", ["rev"], unique=False)
    op.create_table(
        "unit",
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("detailed", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("valid_from", st.CivilDate(), nullable=True),
        sa.Column("valid_to", st.CivilDate(), nullable=True),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_unit_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("uid", name=op.f("uq_unit_uid")),
    )
    op.create_index(op.f("ix_unit_rev"), "unit", ["rev"], unique=False)
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
    op.create_index(op.f("ix_verification_rev"), "verification", ["rev"], unique=False)
    op.create_table(
        "zone_set",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("accuracy_m", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("valid_from", st.CivilDate(), nullable=True),
        sa.Column("valid_to", st.CivilDate(), nullable=True),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_zone_set_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zone_set")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_zone_set_name_version")),
    )
    op.create_index(op.f("ix_zone_set_rev"), "zone_set", ["rev"], unique=False)
    op.create_table(
        "boundary_repair",
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("area_change_m2", sa.Double(), nullable=False),
        sa.Column("accepted_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_boundary_repair_rev")),
        sa.ForeignKeyConstraint(["set_id"], ["boundary_set.id"], name=op.f("fk_boundary_repair_set_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boundary_repair")),
    )
    op.create_index(op.f("ix_boundary_repair_rev"), "boundary_repair", ["rev"], unique=False)
    op.create_index(op.f("ix_boundary_repair_set_id"), "boundary_repair", ["set_id"], unique=False)
    op.create_table(
        "boundary_unit",
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("geom", st.Geometry("MULTIPOLYGON"), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["set_id"], ["boundary_set.id"], name=op.f("fk_boundary_unit_set_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_boundary_unit_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boundary_unit")),
    )
    op.create_index(op.f("ix_boundary_unit_set_id"), "boundary_unit", ["set_id"], unique=False)
    op.create_table(
        "boundary_use",
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("from_date", st.CivilDate(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_boundary_use_rev")),
        sa.ForeignKeyConstraint(["set_id"], ["boundary_set.id"], name=op.f("fk_boundary_use_set_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boundary_use")),
    )
    op.create_index(op.f("ix_boundary_use_rev"), "boundary_use", ["rev"], unique=False)
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
        "feed_coverage",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("satellite", sa.Text(), nullable=False),
        sa.Column("first_at", st.UtcDateTime(), nullable=False),
        sa.Column("last_at", st.UtcDateTime(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["feed_file.id"], name=op.f("fk_feed_coverage_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_coverage")),
    )
    op.create_index(op.f("ix_feed_coverage_file_id"), "feed_coverage", ["file_id"], unique=False)
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
    op.create_index(op.f("ix_fire_point_rev"), "fire_point", ["rev"], unique=False)
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
    op.create_table(
        "grid_cell",
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("unit_code", sa.Text(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("geom", st.Geometry("MULTIPOLYGON"), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["set_id"], ["grid_set.id"], name=op.f("fk_grid_cell_set_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_grid_cell_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_cell")),
    )
    op.create_index(op.f("ix_grid_cell_set_id"), "grid_cell", ["set_id"], unique=False)
    op.create_table(
        "observation",
        sa.Column("detection_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=True),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("confidence_raw", sa.Text(), nullable=True),
        sa.Column("confidence_class", sa.Text(), nullable=False),
        sa.Column("frp_mw", sa.Double(), nullable=True),
        sa.Column("scan_km", sa.Double(), nullable=True),
        sa.Column("track_km", sa.Double(), nullable=True),
        sa.Column("daynight", sa.Text(), nullable=True),
        sa.Column("fire_type", sa.Integer(), nullable=True),
        sa.Column("bright_1", sa.Double(), nullable=True),
        sa.Column("bright_2", sa.Double(), nullable=True),
        sa.Column("extra", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["detection_id"], ["detection.id"], name=op.f("fk_observation_detection_id")),
        sa.ForeignKeyConstraint(["file_id"], ["feed_file.id"], name=op.f("fk_observation_file_id")),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_observation_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
    )
    op.create_index(op.f("ix_observation_detection_id"), "observation", ["detection_id"], unique=False)
    op.create_index(op.f("ix_observation_rev"), "observation", ["rev"], unique=False)
    op.create_table(
        "rejected_row",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("message_zh", sa.Text(), nullable=False),
        sa.Column("message_en", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["feed_file.id"], name=op.f("fk_rejected_row_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected_row")),
    )
    op.create_index(op.f("ix_rejected_row_file_id"), "rejected_row", ["file_id"], unique=False)
    op.create_table(
        "supersession",
        sa.Column("older_id", sa.Integer(), nullable=False),
        sa.Column("newer_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev_from", sa.Integer(), nullable=False),
        sa.Column("rev_to", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["newer_id"], ["detection.id"], name=op.f("fk_supersession_newer_id")),
        sa.ForeignKeyConstraint(["older_id"], ["detection.id"], name=op.f("fk_supersession_older_id")),
        sa.ForeignKeyConstraint(["rev_from"], ["revision.id"], name=op.f("fk_supersession_rev_from")),
        sa.ForeignKeyConstraint(["rev_to"], ["revision.id"], name=op.f("fk_supersession_rev_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supersession")),
    )
    op.create_index(op.f("ix_supersession_newer_id"), "supersession", ["newer_id"], unique=False)
    op.create_index(op.f("ix_supersession_older_id"), "supersession", ["older_id"], unique=False)
    op.create_table(
        "unit_code",
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("list_name", sa.Text(), nullable=False),
        sa.Column("vintage", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("valid_from", st.CivilDate(), nullable=True),
        sa.Column("valid_to", st.CivilDate(), nullable=True),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_unit_code_rev")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_code_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_code")),
    )
    op.create_index(op.f("ix_unit_code_code"), "unit_code", ["code"], unique=False)
    op.create_index(op.f("ix_unit_code_rev"), "unit_code", ["rev"], unique=False)
    op.create_index(op.f("ix_unit_code_unit_id"), "unit_code", ["unit_id"], unique=False)
    op.create_table(
        "unit_name",
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("alias", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("valid_from", st.CivilDate(), nullable=True),
        sa.Column("valid_to", st.CivilDate(), nullable=True),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_unit_name_rev")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_name_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_name")),
    )
    op.create_index(op.f("ix_unit_name_name"), "unit_name", ["name"], unique=False)
    op.create_index(op.f("ix_unit_name_rev"), "unit_name", ["rev"], unique=False)
    op.create_index(op.f("ix_unit_name_unit_id"), "unit_name", ["unit_id"], unique=False)
    op.create_table(
        "unit_parent",
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("valid_from", st.CivilDate(), nullable=True),
        sa.Column("valid_to", st.CivilDate(), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_parent_parent_id")),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_unit_parent_rev")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_parent_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_parent")),
    )
    op.create_index(op.f("ix_unit_parent_parent_id"), "unit_parent", ["parent_id"], unique=False)
    op.create_index(op.f("ix_unit_parent_rev"), "unit_parent", ["rev"], unique=False)
    op.create_index(op.f("ix_unit_parent_unit_id"), "unit_parent", ["unit_id"], unique=False)
    op.create_table(
        "unit_succession",
        sa.Column("predecessor_id", sa.Integer(), nullable=False),
        sa.Column("successor_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("on_date", st.CivilDate(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["predecessor_id"], ["unit.id"], name=op.f("fk_unit_succession_predecessor_id")
        ),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_unit_succession_rev")),
        sa.ForeignKeyConstraint(["successor_id"], ["unit.id"], name=op.f("fk_unit_succession_successor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_succession")),
    )
    op.create_index(
        op.f("ix_unit_succession_predecessor_id"), "unit_succession", ["predecessor_id"], unique=False
    )
    op.create_index(op.f("ix_unit_succession_rev"), "unit_succession", ["rev"], unique=False)
    op.create_index(
        op.f("ix_unit_succession_successor_id"), "unit_succession", ["successor_id"], unique=False
    )
    op.create_table(
        "zone",
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit_codes", st.CanonicalJson(), nullable=True),
        sa.Column("geom", st.Geometry("MULTIPOLYGON"), nullable=True),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("valid_from", st.CivilDate(), nullable=True),
        sa.Column("valid_to", st.CivilDate(), nullable=True),
        sa.ForeignKeyConstraint(["set_id"], ["zone_set.id"], name=op.f("fk_zone_set_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zone")),
    )
    op.create_index(op.f("ix_zone_set_id"), "zone", ["set_id"], unique=False)
    op.create_table(
        "sighting",
        sa.Column("observation_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["feed_file.id"], name=op.f("fk_sighting_file_id")),
        sa.ForeignKeyConstraint(
            ["observation_id"], ["observation.id"], name=op.f("fk_sighting_observation_id")
        ),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_sighting_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sighting")),
    )
    op.create_index(op.f("ix_sighting_observation_id"), "sighting", ["observation_id"], unique=False)
    op.create_index(op.f("ix_sighting_rev"), "sighting", ["rev"], unique=False)
    for table in SPATIAL:
        gpkg.register_geometry(op.get_bind(), table)
