"""Memory that nothing holds any more goes back to the system, or what one analysis left adds to what the next takes."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache

import pyarrow as pa

from analysis import mapped

pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own pool holds on to what is free


def given_back() -> None:
    """Have the C library hand back what is free, and let go of what is mapped; it takes milliseconds.

    Elsewhere than on glibc nothing of the first happens.
    """
    mapped.let_go()
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
