"""schemathesis over both descriptions: no failure of the server, no answer that the description does not declare."""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.api.app import create_app
from service.settings import Settings
from service.users import add_user
from tests.service.api.client import NOW
from tests.service.ogc.conftest import opened

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = max(4, int(os.environ.get("HUODIAN_FUZZ_EXAMPLES", "0")) // 100 or 6)
"""Cases of each operation and kind (valid and not)."""


@pytest.fixture(scope="module")
def application(
    templates: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, str]]:
    """An application over a copy of the embedded store, and a token that may do everything."""
    store, _ = opened("sqlite", templates, tmp_path_factory.mktemp("fuzz"))
    token = add_user(store, "admin", "admin", None, actor="test")[1]
    effective = Settings(public_url="http://testserver", allowed_hosts=("testserver",))
    yield create_app(effective, store, clock=lambda: NOW, log_stream=io.StringIO()), token
    store.close()


@pytest.mark.parametrize("path", ["/ogc/api", "/api/v1/openapi.json"])
def test_no_request_makes_the_server_fail_or_say_what_is_not_declared(
    application: tuple[Any, str], path: str
) -> None:
    app, token = application
    headers = {"Authorization": f"Bearer {token}"}
    schema = schemathesis.openapi.from_asgi(path, app, headers=headers)
    said: Counter[int] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            # Where nothing can be wrong, as there is no parameter, there is no negative case.
            with suppress(Unsatisfiable):
                _fuzz(operation, mode, headers, said)
    assert min(said[200], said[400], said[404]) > 5, said


def _fuzz(operation: Any, mode: GenerationMode, headers: dict[str, str], said: Counter[int]) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Any) -> None:
        answer = case.call(headers=headers)
        said[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS, headers=headers)

    run()
