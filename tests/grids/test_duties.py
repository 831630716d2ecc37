from __future__ import annotations

import datetime as dt
import logging

import pytest

from gis.errors import RefusedInputError
from grids.duties import Role, clean_phone, read_duties, role_of

CSV = """网格编码,角色,职务,姓名,联系电话,起始日期,截止日期
220381100,网格长,镇党委书记,张三,138-0013-8000,2023-10-01,2024/5/1
220381100,包保,副市长,李四,0434-6212345,,
220381100201,网格员,,王五,13900139000.0,,
220381100201,网格员,,赵六,,,
220381100202,网格员,,王五,13900139000,,
"""


def test_duties_are_many_to_many_and_by_role() -> None:
    duties = read_duties(CSV.encode("gb18030"))
    assert [(d.role, d.person) for d in duties.of("220381100")] == [
        (Role.HEAD, "张三"),
        (Role.GUARANTOR, "李四"),
    ]
    assert [d.target for d in duties.duties if d.person == "王五"] == ["220381100201", "220381100202"]
    assert len(duties.of("220381100201")) == 2
    head = duties.of("220381100")[0]
    assert head.phone == "13800138000"
    assert head.title == "镇党委书记"
    assert head.validity.holds(dt.date(2024, 5, 1))
    assert not head.validity.holds(dt.date(2024, 5, 2))


def test_names_and_phones_never_reach_a_log(caplog: pytest.LogCaptureFixture) -> None:
    duties = read_duties(CSV.encode())
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("t").info("%s %r %s", duties, duties.duties[0], list(duties.duties))
    for secret in ("张三", "13800138000", "13900139000"):
        assert secret not in caplog.text


def test_a_wrong_phone_is_refused_without_being_repeated() -> None:
    with pytest.raises(RefusedInputError) as caught:
        read_duties(CSV.replace("138-0013-8000", "call me 555").encode())
    assert "555" not in str(caught.value.as_dict())
    assert caught.value.context["errors"][0]["line"] == 2


@pytest.mark.parametrize(
    ("text", "clean"), [("", None), ("110", "110"), ("+86 138 0013 8000", "+8613800138000")]
)
def test_phones(text: str, clean: str | None) -> None:
    assert clean_phone(text) == clean


@pytest.mark.parametrize(
    ("word", "title", "role"),
    [
        ("head", "", Role.HEAD),
        ("网格长", "镇长", Role.HEAD),
        ("", "镇党委书记", Role.TOWNSHIP_SECRETARY),
        ("", "村党支部书记", Role.VILLAGE_SECRETARY),
        ("", "副镇长", Role.TOWNSHIP_DEPUTY),
        ("", "乡长", Role.TOWNSHIP_HEAD),
        ("", "副县长", Role.LEADER),
        ("包村干部", "", Role.GUARANTOR),
        ("", "炊事员", Role.OTHER),
    ],
)
def test_the_words_of_counties_become_roles(word: str, title: str, role: Role) -> None:
    assert role_of(word, title) is role


def test_the_same_line_twice_is_one_duty() -> None:
    twice = read_duties((CSV + CSV.splitlines()[1] + "\n").encode())
    assert twice.content_hash == read_duties(CSV.encode()).content_hash
    assert len(twice.duties) == 5


def test_a_typing_error_in_a_code_is_seen() -> None:
    assert read_duties(CSV.encode()).unknown_targets(["220381100", "220381100201"]) == ("220381100202",)


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("张三", "", "person"),
        ("2023-10-01", "1/10/2023", "start/end"),
        ("2024/5/1", "2022-05-01", "start/end"),
    ],
)
def test_wrong_rows_name_their_column(old: str, new: str, column: str) -> None:
    with pytest.raises(RefusedInputError) as caught:
        read_duties(CSV.replace(old, new).encode())
    assert [error["column"] for error in caught.value.context["errors"]] == [column]


def test_a_table_without_persons_is_refused() -> None:
    with pytest.raises(RefusedInputError, match=r"person|姓名"):
        read_duties("网格编码,电话\n220381,110\n".encode())
