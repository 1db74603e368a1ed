"""Bodies that are nearly alike, by their sketches, without comparing all pairs.

Source: A. Broder, "On the resemblance and containment of documents" (1997): of two sets, the share of the k
smallest hashes of their union that are in both estimates the Jaccard similarity; k is the size of a sketch.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Numbers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

#: Bodies that share one hash with more others than this are linked to their neighbours only, not to all.
_ALL_PAIRS_LIMIT = 8
#: The share of the shorter sketch that a pair must have in common to be looked at.
_PREFILTER = 0.35
_CHUNK = 50_000
_PADDING = np.uint64(1 << 40)


def find_alike(sketches: pa.ListArray, threshold: float) -> tuple[Numbers, Numbers, npt.NDArray[np.float64]]:
    """Return pairs of bodies (two arrays of indices) at least as alike as ``threshold``, and how alike they are.

    Linear in the number of hashes, apart from sorting. In a large cluster not every pair is found, but all
    its members hang together by pairs that are. Bodies with an empty sketch are alike to none.
    """
    owners, hashes = _flatten(sketches)
    first, second = _find_candidates(owners, hashes, _count(sketches))
    if not first.size:
        return first, second, np.empty(0)
    matrix = _pad(owners, hashes, len(sketches))
    alike = [
        _compare(matrix[first[start : start + _CHUNK]], matrix[second[start : start + _CHUNK]])
        for start in range(0, first.size, _CHUNK)
    ]
    similarity = np.concatenate(alike)
    kept = similarity >= threshold
    return first[kept], second[kept], similarity[kept]


def _flatten(sketches: pa.ListArray) -> tuple[Numbers, Hashes]:
    owners = sketches.value_parent_indices().to_numpy(zero_copy_only=False).astype(np.int64)
    return owners, sketches.flatten().to_numpy(zero_copy_only=False).astype(np.uint64)


def _count(sketches: pa.ListArray) -> Numbers:
    counts: Numbers = sketches.value_lengths().to_numpy(zero_copy_only=False).astype(np.int64)
    return counts


def _find_candidates(owners: Numbers, hashes: Hashes, counts: Numbers) -> tuple[Numbers, Numbers]:
    """Return the pairs that share enough hashes to be worth a comparison."""
    order = np.lexsort((owners, hashes))
    owners, hashes = owners[order], hashes[order]
    starts = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1]))) if hashes.size else np.empty(0, int)
    sizes = np.diff(np.append(starts, hashes.size))
    codes = []
    total = np.int64(max(1, counts.size))
    for size in np.unique(sizes):
        if size < 2:
            continue
        group = owners[starts[sizes == size][:, None] + np.arange(size)]
        if size <= _ALL_PAIRS_LIMIT:
            left, right = np.triu_indices(size, 1)
        else:
            left, right = np.arange(size - 1), np.arange(1, size)
        codes.append((group[:, left] * total + group[:, right]).ravel())
    if not codes:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    pairs, shared = np.unique(np.concatenate(codes), return_counts=True)
    first, second = pairs // total, pairs % total
    enough = shared >= np.maximum(2, _PREFILTER * np.minimum(counts[first], counts[second]))
    return first[enough], second[enough]


def _pad(owners: Numbers, hashes: Hashes, count: int) -> Hashes:
    """Return one row per body, its hashes to the left, padding to the right."""
    positions = np.arange(owners.size) - np.searchsorted(owners, owners)
    matrix = np.full((count, int(positions.max()) + 1), _PADDING, np.uint64)
    matrix[owners, positions] = hashes
    return matrix


def _compare(first: Hashes, second: Hashes) -> npt.NDArray[np.float64]:
    """Return the estimated similarity of each row of one matrix with that row of another."""
    size = first.shape[1]
    both = np.sort(np.concatenate((first, second), axis=1), axis=1)
    is_real = both != _PADDING
    is_again = np.zeros(both.shape, bool)
    is_again[:, 1:] = both[:, 1:] == both[:, :-1]
    rank = np.cumsum(is_real & ~is_again, axis=1)
    counted = is_real & (rank <= size)
    shared = (counted & is_again).sum(axis=1)
    union = (counted & ~is_again).sum(axis=1)
    similarity: npt.NDArray[np.float64] = shared / np.maximum(union, 1)
    return similarity
