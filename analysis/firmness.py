"""How firmly a customer sits in a segment: whether it takes one score or more to leave it."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pandas as pd

from analysis.rfm import segment_codes

SCORES = 5


def firmness(scores: pd.DataFrame) -> np.ndarray:
    """Of the ways in which each of the three scores stays or moves by one, the share that leave the segment the same.

    Between 1/27 and one, rounded to hundredths; not a probability. scores: r, f, m of each customer, as Rfm.frame.
    """
    r, f, m = (scores[c].to_numpy().astype(np.int64) - 1 for c in "rfm")
    return np.round(_shares()[r, f, m], 2)


@cache
def _shares() -> np.ndarray:
    """The same for each three scores."""
    code = segment_codes()
    share = np.empty((SCORES, SCORES, SCORES))
    for at in product(range(SCORES), repeat=3):
        around = product(*([p for p in (a - 1, a, a + 1) if 0 <= p < SCORES] for a in at))
        share[at] = np.mean([code[other] == code[at] for other in around])
    return share
