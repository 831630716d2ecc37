"""No reader sees a row of another: dated members of the assessment tree, and every command with a reader's token."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer
from typer.testing import CliRunner, Result

from gis.errors import ForbiddenError, NotFoundError
from grids.units import Purpose
from service.cli import app as cli
from service.pipeline.load_grid import load_grid_file
from service.pipeline.load_units import load_units
from service.pipeline.pending import pending
from service.pipeline.quarantine import rejected_rows
from service.pipeline.register_store import load_register
from service.pipeline.rulings import rule
from service.reads import FirePointView, fire_points, rulings_of
from service.scope import Scope, scope_of, whole
from service.store.models import Revision
from service.users import add_user
from tests.service.pipeline.feeds import Row, at
from tests.service.pipeline.world import World, ready
from tests.shared import DATA

PLACES = {
    "池北": ("128.12941", "42.42385"),
    "池西": ("127.60322", "42.10816"),
    "池南": ("127.75693", "42.00437"),
    "抚松": ("127.30974", "42.35958"),
    "安图": ("128.60355", "43.00579"),
    "公主岭": ("124.82636", "43.50191"),
    "梅河口": ("125.70917", "42.50622"),
    "柳河": ("125.74388", "42.28243"),
    "榆树": ("126.55669", "44.85764"),
    "舒兰": ("126.95271", "44.40385"),
    "辽宁": ("124.20322", "42.75816"),
}
TOWNSHIPS = {"池北": "222426120", "池西": "220621120", "池南": "220621121"}
DAY = dt.date(2023, 10, 29)
BEFORE, AFTER = dt.date(2020, 6, 18), dt.date(2020, 6, 19)


@pytest.fixture
def world(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[World]:
    """One fire point in each place on one day, and two in 公主岭 on the days around its move."""
    with ready(store_home, new_store_url, tmp_path / "world") as opened:
        _township_grid(opened)
        rows = [Row(at("2023-10-29 04:30"), *place) for place in PLACES.values()]
        opened.ingest(opened.feed("day.csv", rows, ["榆树,126.5,44.8,unreadable"]))
        for day in (BEFORE, AFTER):
            opened.ingest(opened.feed(f"{day}.csv", [Row(at(f"{day} 04:30"), *PLACES["公主岭"])]))
        opened.assess()
        yield opened


def _township_grid(world: World) -> None:
    """Load cells for the three townships of 长白山, and only for them."""
    features = []
    for name, code in TOWNSHIPS.items():
        lon, lat = map(float, PLACES[name])
        ring = [[lon + x, lat + y] for x, y in ((-0.05, -0.05), (0.05, -0.05), (0.05, 0.05), (-0.05, 0.05))]
        features.append(
            {
                "type": "Feature",
                "properties": {"code": code, "name": name, "level": "township"},
                "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
            }
        )
    data = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    load_grid_file(
        world.store,
        data,
        file="grid.geojson",
        name="grid",
        status="synthetic",
        datum="cgcs2000",
        valid_from=dt.date(2010, 1, 1),
        actor="test",
    )


@cache
def _names() -> dict[tuple[float, float], str]:
    return {(float(lon), float(lat)): name for name, (lon, lat) in PLACES.items()}


def _seen(points: list[FirePointView]) -> list[str]:
    return sorted(_names()[point.lon, point.lat] for point in points)


def _scope(world: World, uid: str, role: str = "city") -> Scope:
    with world.store.reader() as reader:
        return scope_of(reader, uid, role, uid)


def _sees(world: World, uid: str, day: dt.date = DAY) -> list[str]:
    with world.store.reader() as reader:
        return _seen(fire_points(reader, scope_of(reader, uid, "city", uid), day=day))


# --- dated members ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uid", "seen"),
    [
        ("u220500", ["柳河"]),
        ("u220581", ["梅河口"]),
        ("u2206cbs", ["池北", "池南", "池西"]),
        ("u220600", ["抚松"]),
        ("u222400", ["安图"]),
        ("u220621", ["抚松"]),
        ("u222426", ["安图"]),
        ("u222426120", ["池北"]),
        ("u220100", ["公主岭", "榆树"]),
        ("u220300", []),
    ],
)
def test_a_reader_sees_the_members_of_its_assessment_unit(world: World, uid: str, seen: list[str]) -> None:
    assert _sees(world, uid) == sorted(seen)


def test_every_point_in_the_province_belongs_to_one_assessment_unit(world: World) -> None:
    with world.store.reader() as reader:
        register = load_register(reader).register
        counts: Counter[str] = Counter()
        for uid in register.children("u220000", Purpose.ASSESSMENT, DAY):
            scope = scope_of(reader, uid, "city", uid)
            counts.update(point.fire_point_id for point in fire_points(reader, scope))
        everything = fire_points(reader, scope_of(reader, "p", "province", "u220000"))
    assert set(counts.values()) == {1}
    assert counts.keys() == {point.fire_point_id for point in everything}
    assert len(everything) == len(PLACES) - 1 + 2, "all but the neighbour's, which only the operator sees"


def test_gongzhuling_has_each_parent_on_its_date(world: World) -> None:
    assert (_sees(world, "u220300", BEFORE), _sees(world, "u220100", BEFORE)) == (["公主岭"], [])
    assert (_sees(world, "u220300", AFTER), _sees(world, "u220100", AFTER)) == ([], ["公主岭"])
    assert _sees(world, "u220381", BEFORE) == _sees(world, "u220381", AFTER) == ["公主岭"]
    points = {point.fire_day: point for point in world.points(end=AFTER)}
    assert (points[BEFORE].county_code, points[BEFORE].city) == ("220381", "四平市")
    assert (points[AFTER].county_code, points[AFTER].city) == ("220184", "长春市")


def test_the_code_lists_change_nobodys_members(world: World) -> None:
    wanted = {uid: _sees(world, uid) for uid in ("u220500", "u2206cbs", "u220621", "u222426", "u220100")}
    streets = DATA / "codes" / "china_division_2.7.0_stats2023_jilin_streets.csv"
    load_units(world.store, [streets], archive=world.archive, actor="test")
    world.assess()
    assert {uid: _sees(world, uid) for uid in wanted} == wanted


def test_a_point_ruled_to_another_township_leaves_the_cell_and_the_reader_it_had(world: World) -> None:
    point = next(one for one in world.points(day=DAY) if _names()[one.lon, one.lat] == "池西")
    assert point.grid_code == TOWNSHIPS["池西"]
    rule(
        world.store,
        point.fire_point_id,
        kind="unit",
        value=TOWNSHIPS["池北"],
        reason="现场核实",
        evidence_sha256=None,
        actor="judge",
        scope=whole("judge"),
    )
    world.assess()
    moved = next(one for one in world.points(day=DAY) if one.fire_point_id == point.fire_point_id)
    assert (moved.township_code, moved.county, moved.grid_code) == (TOWNSHIPS["池北"], "安图县", None)
    assert _sees(world, "u220621120") == []
    assert _sees(world, "u222426120") == ["池北", "池西"]


def test_a_unit_filter_never_widens_a_scope(world: World) -> None:
    scope = _scope(world, "u220500")
    with world.store.reader() as reader:
        assert fire_points(reader, scope, unit="220581") == []
        assert _seen(fire_points(reader, scope, unit="220524")) == ["柳河"]
        assert _seen(fire_points(reader, scope, unit="220000", day=DAY)) == ["柳河"]
        with pytest.raises(NotFoundError):
            fire_points(reader, scope, unit="999999")


def test_an_id_of_another_looks_like_one_that_was_never_issued(world: World) -> None:
    foreign = next(point for point in world.points(day=DAY) if point.county == "梅河口市")
    scope = _scope(world, "u220500")
    with world.store.reader() as reader:
        assert fire_points(reader, scope, ids=[foreign.fire_point_id]) == []
        assert rulings_of(reader, scope, foreign.fire_point_id) == []


def test_an_unknown_unit_sees_nothing_rather_than_everything(world: World) -> None:
    with world.store.reader() as reader, pytest.raises(ForbiddenError):
        scope_of(reader, "ghost", "county", "u999999")
    nobody = Scope("ghost", "county", "u999999", ())
    with world.store.reader() as reader:
        assert fire_points(reader, nobody) == []
        assert pending(reader, nobody) == []


def test_rejected_rows_have_no_place_and_are_for_the_whole_province(world: World) -> None:
    with world.store.reader() as reader:
        assert "unreadable" in rejected_rows(reader, whole("test"))[0]["raw"]
        with pytest.raises(ForbiddenError):
            rejected_rows(reader, scope_of(reader, "c", "county", "u220182"))


def test_neighbours_beside_a_border_are_named_to_those_who_own_them_only(world: World) -> None:
    from tests.service.pipeline.test_histories import products

    world.ingest(world.feed("border.csv", products()["nrt"]))
    world.assess()
    doubtful = [point for point in world.points() if "220581" in point.neighbours.get("county", ())]
    assert doubtful
    scope = _scope(world, "u220581")
    with world.store.reader() as reader:
        for point in fire_points(reader, scope):
            assert set(point.neighbours.get("county", ())) <= {"220581"}
        for case in pending(reader, scope):
            assert case.county_code == "220581"
            assert set(case.candidates) <= {"220581"}


# --- every command with a reader's token ------------------------------------------------------------

READS: Mapping[tuple[str, ...], list[list[str]]] = {
    ("firelist",): [
        ["firelist", "--date", "2023-10-29"],
        ["firelist", "--date", "2023-10-29", "--unit", "{other}"],
        *(["firelist", "--date", "2023-10-29", "--format", form, "-o", "{out}"] for form in ("csv", "json")),
        *(
            ["firelist", "--date", "2023-10-29", "--format", form, "-o", "{out}"]
            for form in ("geojson", "kml")
        ),
    ],
    ("map",): [
        ["map", "--date", "2023-10-29", "-o", "{out}"],
        ["map", "--payer", "{other}", "--season", "2023-2024", "-o", "{out}"],
    ],
    ("tiles",): [
        ["tiles", "counties", "-o", "{out}", "--max-zoom", "5"],
        ["tiles", "fire_points", "-o", "{out}"],
        ["tiles", "heat_sources", "-o", "{out}"],
    ],
    ("pending",): [["pending"], ["pending", "--unit", "{other}"]],
    ("rejected",): [["rejected"], ["rejected", "-o", "{out}"]],
    ("rule",): [["rule", "{foreign}", "--screen", "other", "--reason", "不应成功"]],
    ("verify",): [["verify", "{foreign}", "--finding", "straw", "--level", "local"]],
    ("publicise",): [["publicise", "{foreign}", "--at", "2023-11-01 09:00", "--notice", "公示一号"]],
    ("boundaries", "list"): [["boundaries", "list"]],
    ("charge",): [
        ["charge", "--season", "2023-2024", "--rulebook", "JL-1"],
        ["charge", "--season", "2023-2024", "--rulebook", "JL-1", "--payer", "{other}"],
    ],
    ("where",): [["where", "126.55", "44.85", "--at", "2023-10-29T12:00"]],
    ("screen",): [
        ["screen", "--report"],
        ["screen", "--report", "--unit", "{other}"],
        ["screen", "--report", "--forestry", "{out}"],
    ],
    ("standing",): [
        *(
            ["standing", "--season", "2023-2024", "--level", level]
            for level in ("city", "county", "township")
        ),
        ["standing", "--season", "2023-2024", "--rulebook", "JL-1", "-o", "{out}"],
        ["standing", "--season", "2023-2024", "--format", "csv"],
    ],
    ("statement", "draft"): [
        *(
            ["statement", "draft", "--payer", code, "--season", "2023-2024", "--rulebook", "JL-1"]
            for code in ("{mine}", "{other}")
        ),
        ["statement", "draft", "--all", "--season", "2023-2024", "--rulebook", "JL-1"],
    ],
    ("statement", "issue"): [
        [
            "statement",
            "issue",
            "--payer",
            "{other}",
            "--season",
            "2023-2024",
            "--rulebook",
            "JL-1",
            "--sample",
        ]
    ],
    ("statement", "final"): [["statement", "final", "--payer", "{other}", "--season", "2023-2024"]],
    ("statement", "list"): [["statement", "list"], ["statement", "list", "--payer", "{other}"]],
    ("statement", "show"): [["statement", "show", "--payer", "{other}", "--season", "2023-2024"]],
    ("statement", "roll"): [["statement", "roll", "--season", "2023-2024"]],
    ("statement", "verify"): [["statement", "verify", "--sha", "0" * 64]],
    ("objection", "file"): [
        [
            *("objection", "file", "{foreign}", "--payer", "{other}", "--season", "2023-2024"),
            *("--grounds", "不应成功"),
        ]
    ],
    ("objection", "answer"): [["objection", "answer", "1", "--outcome", "rejected", "--reason", "不应成功"]],
    ("objection", "appeal"): [["objection", "appeal", "1", "--grounds", "不应成功"]],
    ("objection", "withdraw"): [["objection", "withdraw", "1"]],
    ("objection", "list"): [["objection", "list"], ["objection", "list", "--payer", "{other}"]],
    ("explain",): [
        ["explain", "{own}"],
        ["explain", "{own}", "--rulebook", "JL-1", "--bundle", "{out}"],
        ["explain", "{foreign}"],
    ],
    ("whatif",): [
        ["whatif", "--season", "2023-2024", "--rulebook", "JL-1", "--deny", "{own}"],
        ["whatif", "--season", "2023-2024", "--rulebook", "JL-1", "--move", "{own}", "{other}"],
        ["whatif", "--season", "2023-2024", "--rulebook", "JL-1-PROVINCE"],
        ["whatif", "--season", "2023-2024", "--rulebook", "JL-1", "--boundaries", "tianditu"],
        ["whatif", "--season", "2023-2024", "--rulebook", "JL-1", "--clustering", "distance_m=100"],
        ["whatif", "--season", "2023-2024", "--rulebook", "JL-1", "--deny", "{foreign}"],
    ],
}
"""What a reader may run on fire points, and how."""

OPERATOR = {
    ("assess",),
    ("cluster",),
    ("boundaries", "use"),
    ("demo",),
    ("ingest",),
    ("schemas",),
    *(("rulebooks", verb) for verb in ("check", "list", "load", "schema", "show", "withdraw")),
    ("init",),
    ("serve",),
    *(
        ("load", kind)
        for kind in (
            *("boundaries", "duties", "grid", "heat-sources", "indicators", "landcover", "periods", "plans"),
            *("regimes", "units", "zones"),
        )
    ),
    *(("users", verb) for verb in ("add", "disable", "list", "rotate")),
}
"""Commands of whoever runs the service; they answer with counts of files and units, never with fire points."""


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if hasattr(command, "commands"):
        for name, one in command.commands.items():
            yield from _commands(one, (*path, name))
    else:
        yield path


def _run(world: World, token: str, *arguments: str) -> Result:
    environment = {
        "HUODIAN_DB": world.url,
        "HUODIAN_ARCHIVE": str(world.archive.root),
        "HUODIAN_TOKEN": token,
    }
    return CliRunner().invoke(cli.application(), list(arguments), env=environment)


def test_every_command_is_known_to_the_walk_below() -> None:
    assert set(_commands(typer.main.get_command(cli.application()))) == READS.keys() | OPERATOR


@pytest.mark.parametrize(
    ("mine", "other", "code"),
    [("榆树", "舒兰", "220182"), ("柳河", "梅河口", "220524"), ("池西", "抚松", "220621120")],
)
def test_no_command_shows_a_reader_anything_of_another(
    world: World, tmp_path: Path, mine: str, other: str, code: str
) -> None:
    _, token = add_user(world.store, "reader", "patrol", code, actor="test")
    points = {_names()[point.lon, point.lat]: point for point in world.points(day=DAY)}
    own, foreign = points[mine], points[other]
    secrets = [foreign.fire_point_id, PLACES[other][0][:8], PLACES[other][1][:7], "unreadable"]
    shown = 0
    for number, arguments in enumerate(line for lines in READS.values() for line in lines):
        out = tmp_path / f"answer{number}"
        filled = [
            word.format(
                own=own.fire_point_id,
                mine=own.county_code,
                other=foreign.county_code,
                foreign=foreign.fire_point_id,
                out=out,
            )
            for word in arguments
        ]
        for options in ([], ["--json"]):
            result = _run(world, token, *options, *filled)
            assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
            answer = result.output
            if out.exists():
                answer += out.read_bytes().decode("utf-8", "replace")
            if "{foreign}" in arguments:
                answer = answer.replace(foreign.fire_point_id, "")  # the id the reader typed
                assert result.exit_code != 0
            for secret in secrets:
                assert secret not in answer, (filled, secret)
            shown += own.fire_point_id in answer
    assert shown >= 5, "and the reader does see what is its own"


def test_a_wrong_token_reads_nothing(world: World) -> None:
    for arguments in (["pending"], ["firelist", "--date", "2023-10-29"], ["rejected"]):
        result = _run(world, "hd_wrong", "--json", *arguments)
        assert result.exit_code == 1
        assert json.loads(result.stdout)["error"]["code"] == "bad_token"


def test_what_loads_and_computes_for_everybody_is_not_for_a_reader(world: World, tmp_path: Path) -> None:
    _, token = add_user(world.store, "reader", "county", "220182", actor="test")
    _, whole = add_user(world.store, "chief", "admin", None, actor="test")
    table = tmp_path / "any.csv"
    table.write_text("编码,名称,级别,上级\nG1,一村,村,\n", encoding="utf-8")
    before = world.revision
    for words in (
        ["ingest", str(world.feed("more.csv", [Row(at("2023-10-30 04:30"), *PLACES["舒兰"])]))],
        ["assess"],
        ["boundaries", "use", "tianditu", "--level", "county", "--from", "2023-10-01"],
        ["load", "boundaries", "builtin"],
        *(["load", kind, str(table)] for kind in ("units", "grid", "zones", "plans", "periods", "duties")),
    ):
        result = _run(world, token, "--json", *words)
        assert json.loads(result.stdout)["error"]["code"] == "operator_only", words
        assert result.exit_code == 1
    assert world.revision == before
    assert _run(world, whole, "load", "grid", str(table), "--name", "admin").exit_code == 0
    with world.store.reader() as reader:
        rows = reader.rows(sa.select(Revision.actor).order_by(Revision.id.desc()).limit(1))
    assert [row.actor for row in rows] == ["chief"]
