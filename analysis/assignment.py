"""Who is treated and who is not: drawn by a hash of the customer's id, so that nobody's arm hangs on anybody else."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

TREATMENT, CONTROL = "treatment", "control"
MISMATCH = 0.001  # p below which customers of one arm were lost more often than of the other
ODD = 1e-6  # p below which a draw has other sizes than its share: an honest one falls at 0.001 in every thousandth
RULE = (
    "u = first eight bytes (big-endian) of BLAKE2b-64 of 'seed|action|customer', divided by two to the sixty-fourth; "
    "control where u is below the control share, else treatment"
)
STRATA = (
    "Within each segment of an action the draw is one of its own with the same share, since no two customers' draws "
    "hang together; so segments are balanced on average and not to the head, which is checked. A customer's segment "
    "is not part of what is hashed: who moves between segments of one action keeps the arm."
)


def draw(customer_ids: Iterable[str], action: str, seed: int) -> np.ndarray:
    """A number in [0, 1) a customer (float64) by RULE; the same on every machine, in any order, among any others."""
    start, drawn = blake2b(f"{seed}|{action}|".encode("utf-8", "surrogatepass"), digest_size=8), bytearray()
    for customer in customer_ids:
        of = start.copy()
        of.update(customer.encode("utf-8", "surrogatepass"))
        drawn += of.digest()
    found = np.frombuffer(drawn, dtype=">u8")
    return (found >> np.uint64(11)).astype(np.float64) / 2**53  # the 53 bits a float64 holds


def control(customer_ids: Iterable[str], action: str, seed: int, share: float) -> np.ndarray:
    """Who is left alone (bool); a larger share keeps all of them and adds others."""
    return draw(customer_ids, action, seed) < share


def mismatch(treatment: int, control: int, share: float) -> float:
    """p of the chi-square test that the arms have the sizes a control share of `share` gives."""
    from scipy.special import chdtrc

    n = treatment + control
    if not n or not 0 < share < 1:
        return 1.0
    return float(chdtrc(1, (control - n * share) ** 2 / (n * share * (1 - share))))


def as_drawn(found: tuple[int, int], lost: tuple[int, int], share: float) -> tuple[float, bool]:
    """p that both arms (treatment, control) were found again alike, by Fisher's test; and whether they may be compared.

    Who is in which arm is known, so that an uneven draw is no sign of anything by itself: a fault is that one arm lost
    more, or a draw so far from its share that no draw can have made it.
    """
    from scipy.stats import fisher_exact

    p = float(fisher_exact([list(found), list(lost)])[1]) if any(lost) else 1.0
    return p, p >= MISMATCH and mismatch(found[0] + lost[0], found[1] + lost[1], share) >= ODD
