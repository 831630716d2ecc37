"""Register files that several tests load."""

from __future__ import annotations

_HEAD = """
format: 1
jurisdiction: "220000"
default_source: notice
sources:
  notice: {title: 吉林市 pays for its districts, confidence: R}
units:
  - {uid: u220000, level: province, kind: province, name: 吉林省, code: "220000"}
  - {uid: u220200, level: city, kind: prefecture_city, name: 吉林市, code: "220200", parent: u220000}
"""
_DISTRICT = """\
  - uid: u{code}
    level: county
    kind: district
    name: {name}
    code: "{code}"
    parents:
      - {{parent: u220200}}
      - {{parent: u220200, purpose: payer, from: 2020-10-01{until}}}
"""
_NAMES = {"220202": "昌邑区", "220204": "船营区", "220211": "丰满区"}


def paid_by_the_city(*codes: str, until: str | None = None) -> str:
    """Return a register file by which 吉林市 pays for districts of its own from 2020-10-01."""
    end = "" if until is None else f", to: {until}"
    return _HEAD + "".join(_DISTRICT.format(code=code, name=_NAMES[code], until=end) for code in codes)
