"""Memory that nothing holds any more goes back to the system, or what one analysis left adds to what the next takes."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache

import pyarrow as pa

pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own pool holds on to what is free


def given_back() -> None:
    """Have the C library hand back what is free; it takes milliseconds. Elsewhere than on glibc nothing happens."""
    trim = _trim()
    if trim is not None:
        trim(0)


def from_the_system() -> None:
    """Have Arrow take its memory where numpy does, too: its own allocator keeps what was freed, often for minutes."""
    if _trim() is not None:
        import pyarrow as pa

        pa.set_memory_pool(pa.system_memory_pool())


@cache
def _trim() -> Callable[[int], int] | None:
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
