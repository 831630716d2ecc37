"""Errors: a stable word, two languages, the values they are about."""

from __future__ import annotations

import json

import pytest

from gis import errors


def test_an_error_is_one_document_for_machines_and_people() -> None:
    error = errors.RefusedInputError("bad_row", "第 3 行不对", "row 3 is wrong", line=3, value="x")
    assert json.loads(json.dumps(error.as_dict())) == {
        "code": "bad_row",
        "zh": "第 3 行不对",
        "en": "row 3 is wrong",
        "line": 3,
        "value": "x",
    }
    assert "第 3 行不对" in str(error)
    assert "row 3 is wrong" in str(error)


@pytest.mark.parametrize(
    "kind",
    [
        errors.RefusedInputError,
        errors.UnknownDatumError,
        errors.NotFoundError,
        errors.ForbiddenError,
        errors.ConflictError,
        errors.BusyError,
        errors.UsageError,
    ],
)
def test_one_except_catches_every_error(kind: type[errors.HuodianError]) -> None:
    with pytest.raises(errors.HuodianError):
        raise kind("word", "中文", "English")


def test_a_wrong_command_exits_2_and_a_refused_input_1() -> None:
    assert errors.UsageError.exit_code == 2
    assert errors.RefusedInputError.exit_code == 1
    assert issubclass(errors.UnknownDatumError, errors.RefusedInputError)
