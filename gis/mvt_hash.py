"""The kernel that makes numbers of text ids; it stands by itself so that numba's cache watches all it calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from gis.location.jit import helper, kernel


@helper
def _turned(value: Any, bits: int) -> Any:
    """Rotate 32 bits to the left."""
    return ((value << np.uint64(bits)) | (value >> np.uint64(32 - bits))) & np.uint64(0xFFFFFFFF)


@helper
def _mixed(a: Any, b: Any, c: Any) -> Any:
    full = np.uint64(0xFFFFFFFF)
    a = ((a - c) & full) ^ _turned(c, 4)
    c = (c + b) & full
    b = ((b - a) & full) ^ _turned(a, 6)
    a = (a + c) & full
    c = ((c - b) & full) ^ _turned(b, 8)
    b = (b + a) & full
    a = ((a - c) & full) ^ _turned(c, 16)
    c = (c + b) & full
    b = ((b - a) & full) ^ _turned(a, 19)
    a = (a + c) & full
    c = ((c - b) & full) ^ _turned(b, 4)
    b = (b + a) & full
    return a, b, c


@helper
def _last(a: Any, b: Any, c: Any) -> Any:
    full = np.uint64(0xFFFFFFFF)
    c = ((c ^ b) - _turned(b, 14)) & full
    a = ((a ^ c) - _turned(c, 11)) & full
    b = ((b ^ a) - _turned(a, 25)) & full
    c = ((c ^ b) - _turned(b, 16)) & full
    a = ((a ^ c) - _turned(c, 4)) & full
    b = ((b ^ a) - _turned(a, 14)) & full
    c = ((c ^ b) - _turned(b, 24)) & full
    return b, c


@kernel("i8[::1](u1[::1], i8[::1])")
def hashes(data: Any, sizes: Any) -> Any:
    """Return 53 bits of Bob Jenkins's hash of texts given as UTF-8 end to end and their lengths.

    The hash is lookup3 (public domain) as PostgreSQL has it in ``hashtextextended(text, 0)``, by which it spreads the
    rows of hash partitions, so that it may not change.
    """
    out = np.empty(sizes.shape[0], np.int64)
    words = np.empty(3, np.uint64)
    start = 0
    for number in range(sizes.shape[0]):
        size = sizes[number]
        a = np.uint64((0x9E3779B9 + 3923095 + size) & 0xFFFFFFFF)
        b, c = a, a
        at, left = start, size
        while left >= 12:
            words[:] = np.uint64(0)
            for place in range(12):
                words[place // 4] |= np.uint64(data[at + place]) << np.uint64(8 * (place % 4))
            full = np.uint64(0xFFFFFFFF)
            a, b, c = _mixed((a + words[0]) & full, (b + words[1]) & full, (c + words[2]) & full)
            at += 12
            left -= 12
        words[:] = np.uint64(0)
        for place in range(left):
            shift = place + 1 if place >= 8 else place  # the lowest byte of c is kept for the length
            words[shift // 4] |= np.uint64(data[at + place]) << np.uint64(8 * (shift % 4))
        full = np.uint64(0xFFFFFFFF)
        high, low = _last((a + words[0]) & full, (b + words[1]) & full, (c + words[2]) & full)
        out[number] = np.int64(((high << np.uint64(32)) | low) & np.uint64((1 << 53) - 1))
        start += size
    return out
