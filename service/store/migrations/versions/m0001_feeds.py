"""Revisions, service areas, files and detections."""

import sqlalchemy as sa
from alembic import op

import service.store.types as st
from service.store import gpkg

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SPATIAL = ("detection", "service_area")


def upgrade() -> None:
    """Create the tables."""
    gpkg.prepare_home(op.get_bind())
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
    op.create_table(
        "feed_coverage",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("satellite", sa.Text(), nullable=False),
        sa.Column("first_at", st.UtcDateTime(), nullable=False),
        sa.Column("last_at", st.UtcDateTime(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["feed_file.id"],
            name=op.f("fk_feed_coverage_file_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_coverage")),
    )
    op.create_index(op.f("ix_feed_coverage_file_id"), "feed_coverage", ["file_id"], unique=False)
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
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["feed_file.id"],
            name=op.f("fk_observation_file_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_observation_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
    )
    op.create_index(op.f("ix_observation_detection_id"), "observation", ["detection_id"], unique=False)
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
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["feed_file.id"],
            name=op.f("fk_rejected_row_file_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
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
        "sighting",
        sa.Column("observation_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["feed_file.id"],
            name=op.f("fk_sighting_file_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["observation_id"], ["observation.id"], name=op.f("fk_sighting_observation_id")
        ),
        sa.ForeignKeyConstraint(["rev"], ["revision.id"], name=op.f("fk_sighting_rev")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sighting")),
    )
    op.create_index(op.f("ix_sighting_observation_id"), "sighting", ["observation_id"], unique=False)
    for table in SPATIAL:
        gpkg.register_geometry(op.get_bind(), table)
