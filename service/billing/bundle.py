"""The evidence of one fire point in one file: explanation, raw rows, layers, rulings, verifications, rule, lines.

The bytes are a function of what is known and of the archive: names in order, no clock, nothing compressed.
Duty-holders' names and telephones stay out, wherever somebody wrote them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gis.errors import NotFoundError
from service.accountability.rulebook import canonical
from service.billing.bundle_layers import layer_files
from service.billing.explain import Found, explain, find
from service.billing.explain_page import page
from service.billing.rawrows import header_and_rows
from service.pipeline.archive import Archive
from service.reports.words import ROLE_WORDS
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import Duty

MANIFEST = "MANIFEST.sha256"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A packed bundle.

    Attributes
    ----------
    data
        The bytes of the ZIP file.
    members
        SHA-256 of each member by name, the manifest left out.
    missing
        What the archive no longer holds, as ``{file, sha256, line, zh, en}``.
    story
        The explanation inside.
    """

    data: bytes
    members: Mapping[str, str]
    missing: tuple[dict[str, Any], ...]
    story: Mapping[str, Any]


def bundle(
    reader: Reader,
    scope: Scope,
    fire_point_id: str,
    archive: Archive,
    *,
    season: str | None = None,
    rulebook: str | None = None,
    at: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> Bundle:
    """Pack the evidence of a fire point; parameters as `explain` takes them.

    Raises
    ------
    NotFoundError
        ``unknown_fire_point``: never issued, or not within the scope.
    """
    found = find(reader, scope, fire_point_id)
    told = explain(reader, scope, fire_point_id, season=season, rulebook=rulebook, at=at, now=now)
    story: dict[str, Any] = _without(told, _personal(found))
    files: dict[str, bytes] = {
        "explanation.json": _json(story),
        "explanation.zh.txt": page(story, "zh").encode(),
        "explanation.en.txt": page(story, "en").encode(),
        "rulings.json": _json(story["rulings"]),
        "verifications.json": _json(story["verification"]),
        "statements.json": _json(_papers(story)),
        "firelists.json": _json(story["lists"]),
    }
    rows, missing = _rows(archive, story)
    files.update(rows)
    files.update(layer_files(found))
    files.update(_rulebooks(reader, story))
    return _packed(files, missing, story)


def _packed(files: Mapping[str, bytes], missing: list[dict[str, Any]], story: dict[str, Any]) -> Bundle:
    digests = {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}
    manifest = "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:  # compressed bytes differ between zlibs
        for name, data in [*sorted(files.items()), (MANIFEST, manifest)]:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3
            info.external_attr = 0o644 << 16
            packed.writestr(info, data)
    return Bundle(out.getvalue(), digests, tuple(missing), story)


def _papers(story: Mapping[str, Any]) -> dict[str, Any]:
    """Return statements and objections, or the sentence that stands for them."""
    names = ("untold",) if story["untold"] else ("statements", "objections")
    return {name: story[name] for name in names}


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()


# --- raw rows ------------------------------------------------------------------------------------------------------


def _rows(archive: Archive, story: Mapping[str, Any]) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """Return each row that spoke of the fire point as a file of its own, the headers, and an index of both."""
    wanted: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for entry in _spoken(story):
        wanted[entry["sha256"], entry["member"]].append(entry)
    files: dict[str, bytes] = {}
    missing: list[dict[str, Any]] = []
    for (sha256, member), entries in sorted(wanted.items()):
        folder = f"rows/{sha256}-{member}"
        try:
            header, rows = header_and_rows(
                archive, sha256, member, [(one["line"], one["lon"], one["lat"]) for one in entries]
            )
        except NotFoundError as error:
            for one in entries:
                one["stored_as"] = None
                missing.append(
                    {
                        "file": one["file"],
                        "sha256": sha256,
                        "line": one["line"],
                        "zh": error.zh,
                        "en": error.en,
                    }
                )
            continue
        if header is not None:
            files[f"{folder}/header.txt"] = header
        for number, one in enumerate(entries):
            data = rows[one["line"], one["lon"], one["lat"]]
            name = f"{folder}/line-{one['line']:08d}.txt"
            if files.get(name, data) != data:  # features of one line of GeoJSON
                name = f"{folder}/line-{one['line']:08d}-{number}.txt"
            files[name] = data
            one["stored_as"] = name
            one["row_sha256"] = hashlib.sha256(data).hexdigest()
    files["rows/index.json"] = _json([one for key in sorted(wanted) for one in wanted[key]])
    return files, missing


def _spoken(story: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for pixel in story["pixels"]:
        for said, by in [(pixel, None), *((old, pixel) for old in pixel["superseded"])]:
            for row in said["observations"]:
                for at in [row, *row["seen_again"]]:
                    yield {
                        "file": at["file"],
                        "sha256": at["sha256"],
                        "member": at["member"],
                        "line": at["line"],
                        "satellite": said["satellite"],
                        "seen_at": said["seen_at"],
                        "lon": said["lon"],
                        "lat": said["lat"],
                        "product": row["product"],
                        "decides": row["decides"] and by is None and at is row,
                        "superseded": by is not None,
                    }


# --- rule and people -----------------------------------------------------------------------------------------------


def _rulebooks(reader: Reader, story: Mapping[str, Any]) -> dict[str, bytes]:
    from service.billing.books import books_for

    files: dict[str, bytes] = {}
    for one in story["money"]:
        if one["rulebook"] is not None:
            for book in books_for(reader, one["rulebook"]["id"]):
                files[f"rulebooks/{book.id}.json"] = canonical(book.canonical())
    return files


def _personal(found: Found) -> dict[str, str]:
    """Return names and telephones of everybody who ever held a duty for the place, each with its role."""
    view = found.view
    codes = [code for code in (view.grid_code, view.township_code, view.county_code, view.city_code) if code]
    rows = found.then.rows(
        sa.select(Duty.person, Duty.phone, Duty.role).where(Duty.target_code.in_(codes)).order_by(Duty.id)
    )
    found_words: dict[str, str] = {}
    for row in rows:
        role = ROLE_WORDS[row.role].zh if row.role in ROLE_WORDS else row.role
        for word in (row.person, row.phone):
            if word and len(word) > 1:
                found_words[word] = f"〔{role}〕"
    return found_words


def _without(value: Any, personal: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for word in sorted(personal, key=len, reverse=True):
            value = value.replace(word, personal[word])
        return value
    if isinstance(value, dict):
        return {key: _without(one, personal) for key, one in value.items()}
    if isinstance(value, list):
        return [_without(one, personal) for one in value]
    return value
