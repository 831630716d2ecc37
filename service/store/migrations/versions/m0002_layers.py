"""The unit register, boundaries, grid, zones and regimes."""

import sqlalchemy as sa
from alembic import op

import service.store.types as st
from service.store import gpkg

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SPATIAL = ("planned_burn", "boundary_unit", "grid_cell", "zone")


def upgrade() -> None:
    """Create the tables."""
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
    op.create_index(op.f("ix_duty_target_code"), "duty", ["target_code"], unique=False)
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
    for table in SPATIAL:
        gpkg.register_geometry(op.get_bind(), table)
