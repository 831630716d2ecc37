"""``huodian load periods`` and ``load regimes``: what overrides what, dated; reading back is `regime_store`'s."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from boundaries.plans import PlannedBurn, SpecialPeriod, read_periods, refuse_in_periods
from boundaries.regime import RegimeRule, builtin_regimes, read_regimes
from gis.errors import RefusedInputError
from service.pipeline.load_plans import lineage_of, stored_plans
from service.pipeline.regime_store import load_regimes, store_regimes
from service.pipeline.register_store import load_register
from service.store import models
from service.store.engine import Store


def load_builtin_regimes(store: Store, *, actor: str) -> dict[str, Any]:
    """Load the regimes shipped with the package (status reference)."""
    return _write_rules(store, builtin_regimes(), actor, "builtin")


def load_regime_file(store: Store, data: bytes, *, name: str, actor: str) -> dict[str, Any]:
    """Load regime rules from YAML bytes; the rules of a unit replace those it had.

    Raises
    ------
    RefusedInputError
        ``bad_yaml``, ``bad_regimes`` or ``overlapping_regimes``.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedInputError(
            "bad_yaml",
            f"{name} 不是 UTF-8。请另存为 UTF-8 后重试。",
            f"{name} is not UTF-8. Save it as UTF-8 and try again.",
            file=name,
        ) from error
    return _write_rules(store, read_regimes(text, name=name), actor, name)


def _write_rules(store: Store, rules: Sequence[RegimeRule], actor: str, name: str) -> dict[str, Any]:
    with store.writer(actor, "load.regimes", {"file": name}) as writer:
        changed = store_regimes(writer, rules)
        revision = writer.revision if writer.wrote else None
    return {
        "file": name,
        "rules": len(rules),
        "written": len(rules) if changed else 0,
        "unchanged": revision is None,
        "revision": revision,
    }


def load_period_file(store: Store, data: bytes, *, name: str, status: str, actor: str) -> dict[str, Any]:
    """Load special periods; plans already loaded that now lie inside one are named, for a person to move.

    Raises
    ------
    RefusedInputError
        ``bad_table``, ``bad_yaml`` or ``bad_periods``.
    """
    periods = read_periods(data, status=status, name=name)
    with store.writer(actor, "load.periods", {"file": name}) as writer:
        known = set(load_regimes(writer)[0].periods)
        new = [period for period in periods if period not in known]
        for period in new:
            writer.insert(
                models.SpecialPeriod,
                name=period.name,
                unit_codes=list(period.unit_codes),
                starts_on=period.start,
                ends_on=period.end,
                effect=period.effect,
                status=period.status.value,
                source=period.source,
                confidence=period.confidence,
            )
        plans = stored_plans(writer)
        clashes = _clashes(plans, periods, lineage_of(plans, load_register(writer).register))
        revision = writer.revision if writer.wrote else None
    return {
        "file": name,
        "periods": len(periods),
        "written": len(new),
        "unchanged": revision is None,
        "revision": revision,
        "plans_inside": clashes,
    }


def _clashes(
    plans: Sequence[PlannedBurn], periods: Sequence[SpecialPeriod], lineage: dict[str, list[str]]
) -> list[dict[str, Any]]:
    try:
        refuse_in_periods(plans, periods, lineage=lineage)
    except RefusedInputError as error:
        return list(error.context["errors"])
    return []
