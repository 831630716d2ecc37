"""Alembic migrations of the store; additive only."""
