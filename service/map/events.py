"""Server-sent events: "something changed for you, up to this revision", from one question a second for everybody.

An event names a revision and nothing else. A stream ends when accounts or the unit register change, and after an hour:
a browser connects again by itself, and is asked again who it is.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable

import anyio
from anyio import to_thread

from gis.errors import BusyError
from service.kept import Kept
from service.map.touched import Touched, touched
from service.scope import Scope
from service.store.engine import Store

EVERY_S = 1.0
HEARTBEAT_S = 15.0
LIFE_S = 3600.0
RETRY_MS = 3000
MOST = 200
MOST_OF_ONE = 8
"""Streams of one identity: browsers allow six connections to a host, and people have several tabs."""


class Events:
    """The listeners of one application; every method may be called from any thread.

    Parameters
    ----------
    open_store
        Returns the store.
    every, heartbeat, life
        Seconds between two looks at the store, between signs of life, and until a stream ends by itself.
    clock
        A monotonic clock, for tests.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        *,
        every: float = EVERY_S,
        heartbeat: float = HEARTBEAT_S,
        life: float = LIFE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_store = open_store
        self._every, self._heartbeat, self._life = every, heartbeat, life
        self._clock = clock
        self._closed = threading.Event()
        self._stops: Callable[[], bool] = self._closed.is_set
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._listeners: Counter[str] = Counter()
        self._newest = -1
        self._looked_at = float("-inf")
        self._answers: Kept[Touched] = Kept(64)

    def stops_when(self, stops: Callable[[], bool]) -> None:
        """End every stream once this is true: a server that stops waits for its streams."""
        self._stops = stops

    def close(self) -> None:
        """End every stream within a second."""
        self._closed.set()

    @property
    def listeners(self) -> int:
        """How many streams are open."""
        with self._lock:
            return self._listeners.total()

    def enter(self, scope: Scope) -> None:
        """Take a listener's place; `leave` gives it back.

        Raises
        ------
        BusyError
            ``too_many_listeners``.
        """
        with self._lock:
            if self._listeners.total() >= MOST or self._listeners[scope.actor] >= MOST_OF_ONE:
                raise BusyError(
                    "too_many_listeners",
                    f"实时更新的连接已满（每个用户 {MOST_OF_ONE} 个，共 {MOST} 个）：请关闭多余的页面，或稍后重试",
                    f"no more live connections ({MOST_OF_ONE} per user, {MOST} in all): close other tabs, or try later",
                )
            self._listeners[scope.actor] += 1

    def leave(self, scope: Scope) -> None:
        """Give a listener's place back."""
        with self._lock:
            self._listeners[scope.actor] -= 1
            if self._listeners[scope.actor] <= 0:
                del self._listeners[scope.actor]

    async def stream(
        self, scope: Scope, since: int | None = None, *, wait: float | None = None
    ) -> AsyncIterator[bytes]:
        """Yield the stream of one listener, as `text/event-stream`.

        Parameters
        ----------
        since
            The revision the listener has seen; the newest without one.
        wait
            Seconds after which the stream ends; 0 tells what is known now.
        """
        yield f"retry: {RETRY_MS}\n\n".encode()
        began = said = self._clock()
        newest = await to_thread.run_sync(self._look)
        seen = newest if since is None else min(since, newest)
        while True:
            if newest > seen:
                found = await to_thread.run_sync(self._touched, scope, seen, newest)
                if found.changed:
                    yield f'id: {newest}\nevent: revision\ndata: {{"revision":{newest}}}\n\n'.encode()
                    said = self._clock()
                if found.identities:
                    return
                seen = newest
            now = self._clock()
            if self._ended() or now - began >= (self._life if wait is None else wait):
                return
            if now - said >= self._heartbeat:
                yield b": \n\n"
                said = now
            await anyio.sleep(self._every)
            newest = self._newest if self._fresh() else await to_thread.run_sync(self._look)

    def _ended(self) -> bool:
        return self._closed.is_set() or self._stops()

    def _fresh(self) -> bool:
        return self._clock() - self._looked_at < self._every

    def _look(self) -> int:
        """Return the newest revision; one listener asks the store, the others take what the last one saw."""
        if not self._looking.acquire(blocking=self._newest < 0):
            return self._newest
        try:
            if not self._fresh():
                with self._open_store().reader() as reader:
                    self._newest = reader.rev
                self._looked_at = self._clock()
            return self._newest
        finally:
            self._looking.release()

    def _touched(self, scope: Scope, seen: int, newest: int) -> Touched:
        def asked() -> Touched:
            with self._open_store().reader(newest) as reader:
                return touched(reader, scope, seen)

        return self._answers.get((scope.key(), scope.role, seen, newest), asked)
