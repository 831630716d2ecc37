"""What independent suites say: ogctests, ogcapi-registry and schemathesis."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from service.ogc.app import CONFORMANCE
from service.store import Store
from tests.service.layers.conftest import NOON
from tests.service.ogc.conftest import served

SUITE = Path(sys.prefix) / "ogctests" / "bin" / "python"
"""ogctests pins packages that ours do not go with, so it lives in an environment of its own."""

_RUN = (
    "import sys; from ogctests.main import run_ogctests; "
    "flags = ['-q', '-o', 'addopts=', '-p', 'no:cacheprovider']; "
    "sys.exit(run_ogctests('features/core', instance_url=sys.argv[1], flags=flags))"
)


def test_ogctests_passes_every_test_of_features_core(drawn: Store, tmp_path: Path) -> None:
    if not SUITE.exists():
        pytest.fail("ogctests is missing. Install it with: make components", pytrace=False)
    with served(drawn, now=NOON) as address:
        done = subprocess.run(
            [str(SUITE), "-c", _RUN, f"{address}/ogc"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stdout[-6000:]
    assert re.search(r"\b29 passed", done.stdout), done.stdout[-500:]
    assert "skipped" not in done.stdout


def test_the_description_is_valid_for_every_standard_it_declares(embedded: TestClient) -> None:
    from ogcapi_registry import validate_conformance, validate_document, validate_ogc_api

    document = embedded.get("/ogc/api").json()
    assert document["openapi"] == "3.0.3"
    found = validate_document(document)
    assert found.is_valid, found.errors
    found = validate_ogc_api(document, list(CONFORMANCE))
    assert found.is_valid, found.errors
    known = validate_conformance(CONFORMANCE)
    # What its catalogue does not have: Common, CQL2 and Part 5. Everything else must be spelt as published.
    assert all(re.search(r"/(ogcapi-common-\d|cql2|ogcapi-features-5)/", one) for one in known.unrecognised)


def test_the_description_says_all_and_only_what_is_served(embedded: TestClient) -> None:
    document = embedded.get("/ogc/api").json()
    for path, item in document["paths"].items():
        assert set(item) == {"get"}, path
        for parameter in item["get"]["parameters"]:
            assert parameter["in"] in ("path", "query")
            if parameter["in"] == "query":
                assert (parameter["style"], parameter["explode"]) == ("form", False)
        assert "default" in item["get"]["responses"]
    items = {
        one["name"]: one
        for one in document["paths"]["/collections/{collectionId}/items"]["get"]["parameters"]
    }
    # As ogctests asks it where a server writes one path per collection.
    assert items["limit"]["schema"]["type"] == "integer"
    assert items["datetime"]["schema"]["type"] == "string"
    box = items["bbox"]["schema"]
    assert (box["type"], box["minItems"], box["maxItems"], box["items"]["type"]) == ("array", 4, 6, "number")
    # QGIS learns the size of a page only here.
    assert document["components"]["parameters"]["limit"]["schema"]["maximum"] == 10_000
