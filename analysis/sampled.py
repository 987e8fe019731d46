"""Who stands for all where there are too many to fit a model on: whoever a hash of their place picks."""

from __future__ import annotations

import numpy as np

MOST = 200_000  # customers a model is fitted on; of more, so many are drawn


def stand_ins(count: int, seed: int) -> np.ndarray:
    """The places of MOST of `count` customers, rising; all of them where there are no more.

    Places are those of a total order, such as that of their ids, so that the order of rows does not matter. No place is
    likelier than another, and no two have the same hash.
    """
    if count <= MOST:
        return np.arange(count)
    hashed = mixed(np.arange(count, dtype=np.uint64) ^ mixed(np.array([seed % 2**64], dtype=np.uint64)))
    return np.sort(np.argpartition(hashed, MOST - 1)[:MOST])


def mixed(state: np.ndarray) -> np.ndarray:
    """A hash of whole numbers (uint64), one to one: splitmix64 (Steele, Lea and Flood 2014)."""
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
