"""The service while somebody else writes: reads go on, a ruling waits its turn, and a held store is said so."""

from __future__ import annotations

import multiprocessing
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from service.pipeline.archive import Archive
from service.pipeline.ingest import Options, ingest
from service.store import engine, open_store
from tests.service.api.client import client, problem_of
from tests.service.api.conftest import SERIES, RealStore
from tests.service.api.test_firepoints import rows_of
from tests.service.api.test_rulings import submit


def _ingest_many(url: str, archive: str, files: list[str]) -> None:
    """Ingest in a process of its own, as the command line does."""
    store = open_store(url)
    ingest(
        store,
        Archive(Path(archive)),
        [Path(one) for one in files],
        actor="other",
        options=Options(area="none"),
    )
    store.close()


def url_of(real: RealStore) -> str:
    return real.store.engine.url.set(drivername=real.store.engine.url.get_backend_name()).render_as_string(
        hide_password=False
    )


def test_reads_and_a_ruling_while_a_large_ingest_runs(real: RealStore) -> None:
    """Fourteen real files, every row of the eastern hemisphere's day stored, one transaction each."""
    files = [str(path) for path in sorted(SERIES.glob("2023-10-*.csv.gz"))[:14]]
    assert len(files) == 14
    other = multiprocessing.get_context("spawn").Process(
        target=_ingest_many, args=(url_of(real), str(real.archive), files)
    )
    answers: list[int] = []
    ruled: list[Any] = []
    with client(real.store, real.tokens["jilin"]) as web:
        expected = rows_of(web, unit="220182")
        before = web.get("/api/v1/health").json()["revision"]
        other.start()
        while other.is_alive():
            answers.append(
                web.get("/api/v1/firepoints", params={"date": "2023-10-29", "unit": "220182"}).status_code
            )
            during = web.get("/api/v1/health").json()["revision"]
            if during > before and not ruled and other.is_alive():
                point = expected[0]["fire_point_id"]
                ruled.append(submit(web, fire_point_id=point, kind="screen", value="other"))
                assert other.is_alive(), "the ingest was over before the ruling was in"
        other.join()
        assert other.exitcode == 0
        assert len(answers) > 3
        assert set(answers) == {200}
        assert [answer.status_code for answer in ruled] == [201]
        assert web.get("/api/v1/health").json()["revision"] >= before + 15
        assert [row["fire_point_id"] for row in rows_of(web, unit="220182")] == [
            row["fire_point_id"] for row in expected
        ]


def test_a_held_store_is_503_and_says_when_to_come_back(
    real: RealStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0.3)
    real.store.engine.dispose()
    if real.store.dialect == "sqlite":

        @engine.sa.event.listens_for(real.store.engine, "connect")
        def _short(raw: Any, _record: object) -> None:
            raw.execute("PRAGMA busy_timeout=300")

    held, done = threading.Event(), threading.Event()
    other = open_store(url_of(real))

    def hold() -> None:
        with other.writer("other", "test") as writer:
            assert writer.revision
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    with client(real.store, real.tokens["jilin"]) as web:
        point = rows_of(web, unit="220182")[0]["fire_point_id"]
        thread.start()
        held.wait(30)
        try:
            began = time.monotonic()
            answer = submit(web, fire_point_id=point, kind="screen", value="other")
            assert problem_of(answer, 503)["code"] == "store_busy"
            assert int(answer.headers["retry-after"]) >= 0
            assert time.monotonic() - began < 9, "the shortened timeout was used"
            assert len(rows_of(web, unit="220182")) == 101, "reads go on"
        finally:
            done.set()
            thread.join()
        assert submit(web, fire_point_id=point, kind="screen", value="other").status_code == 201
    other.close()
