"""A decoder of vector tiles, written from the specification and apart from the encoder: slow, strict, plain Python."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import shapely

Ring = list[tuple[int, int]]


@dataclass
class Feature:
    """One feature; geometry in units of the grid, y downwards."""

    id: int | None
    kind: int
    parts: list[Ring]
    properties: dict[str, Any]

    @property
    def shape(self) -> Any:
        """The shapely geometry; shells are the rings of positive area by the surveyor's formula."""
        if self.kind == 1:
            return shapely.MultiPoint([part[0] for part in self.parts])
        if self.kind == 2:
            return shapely.MultiLineString(self.parts)
        polygons: list[tuple[Ring, list[Ring]]] = []
        for ring in self.parts:
            if doubled_area(ring) > 0:
                polygons.append((ring, []))
            else:
                polygons[-1][1].append(ring)
        return shapely.MultiPolygon([shapely.Polygon(shell, holes) for shell, holes in polygons])


@dataclass
class Layer:
    """One layer."""

    name: str = ""
    version: int = 0
    extent: int = 4096
    features: list[Feature] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def by(self, key: str) -> dict[Any, Feature]:
        """Return the features by one property."""
        found = {one.properties[key]: one for one in self.features}
        assert len(found) == len(self.features)
        return found


def doubled_area(ring: Ring) -> int:
    """Twice the area by the surveyor's formula."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True))


def decode(data: bytes) -> dict[str, Layer]:
    """Return the layers of a tile by name."""
    found: dict[str, Layer] = {}
    for tag, value in _fields(data):
        assert tag == 3
        layer = _layer(value)
        assert layer.name not in found, "names of layers are unique in a tile"
        found[layer.name] = layer
    return found


def _layer(data: bytes) -> Layer:
    layer = Layer()
    raw = []
    for tag, value in _fields(data):
        if tag == 15:
            layer.version = value
        elif tag == 1:
            layer.name = value.decode()
        elif tag == 2:
            raw.append(value)
        elif tag == 3:
            layer.keys.append(value.decode())
        elif tag == 4:
            layer.values.append(_value(value))
        else:
            assert tag == 5
            layer.extent = value
    assert len(set(layer.keys)) == len(layer.keys)
    layer.features = [_feature(one, layer) for one in raw]
    assert layer.version == 2
    assert layer.features
    return layer


def _feature(data: bytes, layer: Layer) -> Feature:
    number, kind, tags, commands = None, 0, [], []
    for tag, value in _fields(data):
        if tag == 1:
            number = value
        elif tag == 2:
            tags = list(_varints(value))
        elif tag == 3:
            kind = value
        else:
            assert tag == 4
            commands = list(_varints(value))
    assert len(tags) % 2 == 0
    pairs = zip(tags[::2], tags[1::2], strict=True)
    properties = {layer.keys[key]: layer.values[value] for key, value in pairs}
    return Feature(number, kind, _parts(kind, commands), properties)


def _parts(kind: int, commands: list[int]) -> list[Ring]:
    parts: list[Ring] = []
    x = y = 0
    words = iter(commands)
    closed = True
    for word in words:
        command, count = word & 7, word >> 3
        if command == 7:
            assert kind == 3
            assert count == 1
            assert len(parts[-1]) >= 3
            closed = True
            continue
        assert command in (1, 2)
        assert count > 0
        if command == 1:
            assert closed
            assert count == 1 or kind == 1
        for _ in range(count):
            dx, dy = (_signed(next(words)) for _ in range(2))
            x, y = x + dx, y + dy
            if command == 1:
                parts.append([])
            else:
                assert (dx, dy) != (0, 0), "no line of length zero"
            parts[-1].append((x, y))
        closed = kind == 1 or (kind == 2 and command == 2)
    assert closed
    assert parts
    assert kind != 3 or doubled_area(parts[0]) > 0
    return parts


def _signed(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


def _value(data: bytes) -> Any:
    ((tag, value),) = _fields(data)
    if tag == 1:
        return value.decode()
    if tag == 2:
        return struct.unpack("<f", value)[0]
    if tag == 3:
        return struct.unpack("<d", value)[0]
    if tag == 6:
        return _signed(value)
    return bool(value) if tag == 7 else value


def _varints(data: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield value
            value = shift = 0
    assert shift == 0


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        word = varint()
        tag, wire = word >> 3, word & 7
        if wire == 0:
            yield tag, varint()
            continue
        size = {1: 8, 5: 4}.get(wire) or (varint() if wire == 2 else 0)
        assert at + size <= len(data)
        yield tag, data[at : at + size]
        at += size
