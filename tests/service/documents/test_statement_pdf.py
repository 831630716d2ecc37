"""The PDF of a statement: page one answers a finance officer, nothing typed in runs, one document is one file."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import RefusedInputError
from service.billing.chain import canonical_bytes
from service.billing.explain_words import LAYER_WORDS
from service.documents import terms
from service.documents.fonts import drawable
from service.documents.lettering import clean
from service.documents.statement_pdf import statement_pdf
from service.documents.statement_xlsx import statement_xlsx
from service.reports.words import STATUS_OF_DATA
from service.rulebooks import shipped_rulebook
from tests.service.accountability.facts import fire
from tests.service.billing.runs import issue, run_of
from tests.service.documents import sample
from tests.service.documents.pages import pages, sheets, squeeze

HOSTILE = [
    '#panic("x") #read("/etc/passwd") #sys.inputs $1/0$ *b* _i_ `raw` <label> @ref // comment /* open',
    "\"] #emoji.fire #set page(width: 1pt) \\u{202e} ~ -- --- 'q' https://example.org",
    '"}\n#let data = none\n= heading',
    "\u202e元000,8\u0000\u200b\u2028终",
    "{{7*7}} </p><script> %PDF-1.7 \\end{document}",
]


def test_page_one_says_what_a_finance_officer_asks() -> None:
    document = sample.statement()
    first = pages(statement_pdf(document))[0]
    for said in (
        "扣款通知单",
        "2023-2024考核期第1期",
        "双辽市（220382，县级）",
        "省财政",
        "800,000.00元",
        "80万元",
        "人民币捌拾万元整",
        "以前各期累计",
        "异议截止：2024年5月15日（含当日，北京时间）",
        "第一级：市级，15日内答复；第二级：省级，30日内答复",
        "500,000.00",
        squeeze(document["lines"][0]["reason_zh"]),
        "首个与后续火点，第1个",
        "非正式",
        "编制：王编制",
        "复核：李复核",
        "批准：",
    ):
        assert said in first, said


def test_the_other_pages_say_what_disputes_and_checks_need() -> None:
    document = sample.statement()
    rest = "".join(pages(statement_pdf(document))[1:])
    for said in (
        "fp00000000000001",
        "2023-10-2912:01",
        "123.57200,43.63300",
        "220382/220382101",
        "两区制：禁烧区",
        "市级2023-10-2916:30",
        "12.5亩",
        "前365天热点日（875米内）：3天",
        "茂林生物质电厂（HS-07，biomass），距4.2千米，在其影响半径外",
        "双辽市93.5%、梨树县6.5%",
        "距界线：312米",
        "另一界线mca第2版（参考）：梨树县（220322）",
        "先后裁定1（同一分钟，以现场报告为先）",
        "异议处理中（第一级）",
        "跨县界，付款单位待裁定",
        "市级复核查否：未见过火痕迹",
        "《吉林省秸秆禁烧量化责任追究办法》（JL-1，无文号）",
        "样例，二手来源",
        "tianditu",
        "huodian0.1.0",
        "17（2024-05-0809:10北京时间）",
        hashlib.sha256(canonical_bytes(document)).hexdigest(),
        "5d" * 32,
        "未设置审图号",
    ):
        assert said in rest, said


def test_every_layer_and_status_that_decides_has_a_chinese_name_on_paper() -> None:
    assert set(LAYER_WORDS) <= set(terms.LAYERS), "what explain can name, the paper names too"
    assert {code: said.zh for code, said in STATUS_OF_DATA.items()} == {
        code: zh for code, (zh, _) in terms.STATUSES.items()
    }, "one word for one status, on paper and on screen"


def test_a_later_issue_names_its_adjustments_and_its_predecessor() -> None:
    first, *rest = pages(statement_pdf(sample.second_issue()))
    assert "本期净额（应退）" in first
    assert "-300,000.00" in first
    assert "人民币负叁拾万元整" in first
    assert "核实否定，不再计入" in first
    assert "非正式" not in first
    said = "".join(rest)
    assert "第1期JSON的SHA-256" + "ab" * 32 in said
    assert "序次变更：成为首个" in said


def test_a_draft_says_so_on_every_page() -> None:
    found = pages(statement_pdf(sample.draft()))
    assert "扣款通知单（征求意见稿）" in found[0]
    assert "尚未下达" in found[0]
    assert all("征求意见稿" in page for page in found)


def test_every_page_of_an_informal_statement_carries_the_mark() -> None:
    assert all("非正式" in page for page in pages(statement_pdf(sample.large(30))))
    assert not any("非正式" in page for page in pages(statement_pdf(sample.second_issue())))


def test_three_hundred_lines_run_over_pages_each_with_the_head_and_none_lost() -> None:
    document = sample.large(300)
    found = pages(statement_pdf(document))
    tables = [page for page in found if "计费理由reason争议要点" in page]
    assert len(tables) > 20
    seen = [name for page in tables for name in re.findall(r"fp[0-9a-f]{14}", page)]
    assert seen == [one["fire_point_id"] for one in document["lines"]]
    assert "90,200,000.00" in found[0]
    assert "人民币玖仟零贰拾万元整" in found[0]
    assert f"第{len(found)}页，共{len(found)}页" in found[-1]


def test_an_empty_account_is_a_paper_too() -> None:
    document = sample.statement(lines=[], held=[], left_out=[], layers=[], rulebooks=[], map={"outlines": []})
    found = pages(statement_pdf(document))
    assert "本期账目中没有计费火点" in found[0]
    assert "没有待定的火点" in "".join(found)


def test_what_is_not_known_is_said_to_be() -> None:
    bare = {
        "no": 1,
        "fire_point_id": "fp1",
        "amount": "1.00",
        "clause": "c",
        "reason_zh": "r",
        "context": None,
    }
    said = "".join(pages(statement_pdf(sample.statement(lines=[bare]))))
    for one in ("前365天热点日：未知", "最近登记热源：未知", "各县占比：未知", "距界线：未知", "面积未报"):
        assert one in said


@pytest.mark.parametrize("text", HOSTILE)
def test_typed_text_is_printed_and_never_run(text: str) -> None:
    found = pages(statement_pdf(sample.said_everywhere(text)))
    assert squeeze(drawable(clean(text))) in "".join(found)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
@settings(max_examples=30, deadline=None)
def test_any_text_makes_a_paper_with_its_figures(text: str) -> None:
    (first,) = pages(statement_pdf(sample.said_everywhere(text)), 1)
    assert "800,000.00元" in first
    assert "人民币捌拾万元整" in first


@pytest.mark.parametrize("text", ["长" * 800, "W" * 800, "长 word " * 100])
def test_page_one_stays_page_one_however_long_the_texts(text: str) -> None:
    document = sample.said_everywhere(text)
    document["lines"] = [sample.line(no, "1.00", reason_zh=text, clause=text, county=text) for no in (1, 2)]
    document["adjustments"] = document["adjustments"] * 12
    first, second = pages(statement_pdf(document), 2)
    assert "异议截止" in first
    assert "批准" in first
    assert "1.00" in first
    assert "一、火点明细" in second


def test_page_one_is_filled_before_the_rest_is_left_to_the_details() -> None:
    (first,) = pages(statement_pdf(sample.large(40)), 1)
    shown = int(re.findall(r"此处列(\d+)笔", first)[0])
    assert 8 <= shown < 40
    assert f"另有{40 - shown}笔" in first
    assert f"{shown}号网格" in first
    assert f"{shown + 1}号网格" not in first


def test_the_document_that_billing_builds_is_the_one_that_is_printed() -> None:
    facts = [fire(f"F{day:03}x", f"2020-10-{day:02}T12:00", "220382") for day in (1, 2)]
    built = issue(run_of(facts, shipped_rulebook("JL-1")), "220382")
    found = pages(statement_pdf(built))
    assert "800,000.00元" in found[0]
    assert squeeze(built["lines"][1]["reason_zh"]) in found[0]
    assert squeeze(built["objection"]["zh"]) in found[0]
    assert "没有核查记录" in found[1]
    assert "坐标未知" in found[1]
    assert hashlib.sha256(canonical_bytes(built)).hexdigest() in found[-1]
    assert sheets(statement_xlsx(built))["明细"][-1][19] == 800_000


def test_no_amount_that_is_no_number_is_printed() -> None:
    document = sample.statement(lines=[sample.line(1, "1.00") | {"amount": "五十万"}])
    with pytest.raises(RefusedInputError) as caught:
        statement_pdf(document)
    assert caught.value.code == "document_amount"


def test_only_the_packaged_font_is_inside_and_the_time_is_the_documents() -> None:
    reader = pypdf.PdfReader(io.BytesIO(statement_pdf(sample.statement())))
    names = {str(font["/BaseFont"]) for page in reader.pages for font in _fonts(page)}
    assert names
    assert all(re.fullmatch(r"/[A-Z]{6}\+NotoSansSC-(Regular|Bold)(-Identity-H)?", name) for name in names)
    assert reader.metadata is not None
    assert reader.metadata["/CreationDate"].startswith("D:20240508011500")
    assert "双辽市" in str(reader.metadata.title)


def _fonts(page: Any) -> list[Any]:
    return [one.get_object() for one in page["/Resources"].get("/Font", {}).values()]


def test_a_document_in_another_order_gives_the_same_file() -> None:
    document = sample.statement()
    turned = {name: document[name] for name in reversed(document)}
    assert statement_pdf(document) == statement_pdf(document) == statement_pdf(turned)


_AGAIN = """
import hashlib
from service.documents.roll_pdf import roll_pdf
from service.documents.roll_xlsx import roll_xlsx
from service.documents.statement_pdf import statement_pdf
from service.documents.statement_xlsx import statement_xlsx
from tests.service.documents import sample
for make in (statement_pdf, statement_xlsx):
    print(hashlib.sha256(make(sample.statement())).hexdigest())
for make in (roll_pdf, roll_xlsx):
    print(hashlib.sha256(make(sample.roll())).hexdigest())
"""


def test_another_process_time_zone_language_and_folder_give_the_same_files(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    said = set()
    for zone, language, seed in (("Asia/Shanghai", "zh_CN.UTF-8", "1"), ("America/New_York", "C", "2")):
        environment = {
            **os.environ,
            "TZ": zone,
            "LC_ALL": language,
            "PYTHONHASHSEED": seed,
            "SOURCE_DATE_EPOCH": seed,
            "TYPST_FONT_PATHS": str(tmp_path),
            "PYTHONPATH": str(root),
        }
        done = subprocess.run(
            [sys.executable, "-c", _AGAIN],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        said.add(done.stdout)
    assert len(said) == 1
    ours = hashlib.sha256(statement_pdf(sample.statement())).hexdigest()
    assert said.pop().split()[0] == ours
