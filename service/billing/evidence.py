"""In which words a rulebook's `counts.evidence` names what saw a fire.

A detection knows whether a satellite, a patrol, a drone, a camera or a caller saw it. Whose satellite list it came in
is known from the file: one read through the ministry's map is ``ministry_satellite`` beside ``satellite``, one read
through a map of a provincial list is ``provincial_satellite``. A map of one's own says so by its name.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import sqlalchemy as sa

from service.store.engine import Reader
from service.store.models import DetectionState, FeedFile, Observation, Sighting

_PREFIXES = (
    ("ministry", "ministry_satellite"),
    ("provincial", "provincial_satellite"),
    ("jiangxi_weekly", "provincial_satellite"),
)


def evidence_of_feed(feed: str) -> str | None:
    """Return the word for whose list a feed is, None for a plain satellite product."""
    return next((word for prefix, word in _PREFIXES if feed.startswith(prefix)), None)


def listed_by(reader: Reader, start: dt.date, end: dt.date) -> dict[str, frozenset[str]]:
    """Return, by fire point of these fire days, whose lists named one of its pixels."""
    words = {
        feed: word
        for (feed,) in reader.rows(sa.select(FeedFile.feed).where(reader.known(FeedFile)).distinct())
        if (word := evidence_of_feed(feed)) is not None
    }
    if not words:
        return {}
    pixel = sa.select(DetectionState.fire_point_id, FeedFile.feed).join(
        Observation, Observation.detection_id == DetectionState.detection_id
    )
    wanted = (
        reader.live(DetectionState),
        DetectionState.fire_day.between(start, end),
        FeedFile.feed.in_(sorted(words)),
        reader.known(FeedFile),
    )
    queries = (
        pixel.join(FeedFile, FeedFile.id == Observation.file_id),
        # The same row met again in another file is no new observation, but that file named the pixel all the same.
        pixel.join(Sighting, Sighting.observation_id == Observation.id).join(
            FeedFile, FeedFile.id == Sighting.file_id
        ),
    )
    found: dict[str, set[str]] = defaultdict(set)
    for query in queries:
        for name, feed in reader.rows(query.where(*wanted).distinct()):
            found[name].add(words[feed])
    return {name: frozenset(kinds) for name, kinds in found.items()}
