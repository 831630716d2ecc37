"""The closed lists of a verification (domain reference, section 12; DESIGN section 3, "Verification")."""

from __future__ import annotations

from gis.types import SourceKind

CONFIRMATIONS = frozenset({"straw", "stubble", "weeds", "rubbish", "grave_paper", "forest_grass"})
"""Something burnt, or had burnt; whether it is billed is the rulebook's business."""

DENIALS = frozenset({"industrial", "planned", "nothing_found", "duplicate", "outside"})
"""Not a fire to answer for: a heat source, an approved burn, nothing, one listed already, somebody else's."""

UNREACHABLE = "unreachable"
"""Nobody got there: it decides nothing, neither confirms nor acquits."""

# fmt: off
FINDINGS = (
    "straw", "stubble", "weeds", "rubbish", "grave_paper", "forest_grass", "industrial", "planned",
    "nothing_found", UNREACHABLE, "duplicate", "outside",
)
# fmt: on

LEVELS = ("local", "city", "province")
"""From narrow to wide: what a wider level says is not overturned by a narrower one."""

SOURCE_KINDS = tuple(kind.value for kind in SourceKind if kind is not SourceKind.SATELLITE)
"""What looked at the place: a satellite listed it, and does not verify itself."""
