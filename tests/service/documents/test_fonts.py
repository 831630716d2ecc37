"""The packaged font: whole, licensed, the only one; its absence names the command that fetches it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from boundaries.builtin import builtin
from gis.errors import NotFoundError
from service.documents import fonts, typeset
from service.documents.roll_pdf import roll_pdf
from service.documents.statement_pdf import statement_pdf
from service.web import vendor
from tests.service.documents import sample


def gb2312() -> str:
    found = []
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                found.append(bytes([high, low]).decode("gb2312"))
            except UnicodeDecodeError:
                continue
    return "".join(found)


def test_every_character_of_gb2312_and_of_the_counties_names_is_drawn() -> None:
    assert len(gb2312()) == 7445
    assert fonts.drawable(gb2312()) == gb2312()
    names = "".join(unit.name for level in ("province", "city", "county") for unit in builtin(level).units)
    assert fonts.drawable(names) == names
    assert (
        fonts.drawable("垚堃淏珺喆崴嵖岈氹埗㙍䃅塄圐圙崾岘峁塬") == "垚堃淏珺喆崴嵖岈氹埗㙍䃅塄圐圙崾岘峁塬"
    )


def test_both_weights_hold_the_same_characters() -> None:
    regular, bold = (fonts._characters(path.read_bytes()) for path in fonts.font_files())
    assert regular == bold
    assert len(regular) > 30_000


def test_what_the_font_lacks_is_named_not_boxed() -> None:
    assert fonts.drawable("火\U0001f525点ش") == "火〔U+1F525〕点〔U+0634〕"


def test_the_built_folder_holds_the_licence() -> None:
    folder = vendor.VENDOR / fonts.PACKAGE
    said = (folder / "LICENSE_FONT").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in said
    manifest = json.loads((vendor.VENDOR / vendor.MANIFEST).read_text(encoding="utf-8"))
    assert fonts.LICENCE in manifest["packages"][fonts.PACKAGE]["license"]
    assert {f"{fonts.PACKAGE}/{name}" for name in fonts.FILES} <= set(manifest["files"])


def test_typst_sees_no_other_font() -> None:
    seen = typeset._fonts(fonts.font_files()).fonts()
    assert {(one.family, one.weight) for one in seen} == {(fonts.FAMILY, 400), (fonts.FAMILY, 700)}


@pytest.mark.parametrize("make", [lambda: statement_pdf(sample.statement()), lambda: roll_pdf(sample.roll())])
def test_without_the_font_there_is_no_paper(
    make: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vendor, "VENDOR", tmp_path)
    with pytest.raises(NotFoundError) as caught:
        make()  # type: ignore[operator]
    assert caught.value.code == "no_font"
    assert "make assets" in caught.value.zh
    assert "make assets" in caught.value.en


@pytest.mark.parametrize("font", [b"", b"\0\1\0\0\0\0" + bytes(60), b"\0\1\0\0\0\x09" + bytes(60)])
def test_a_damaged_font_is_said_to_be(font: bytes) -> None:
    with pytest.raises(NotFoundError, match="damaged"):
        fonts._characters(font)
