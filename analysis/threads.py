"""Sums that do not depend on how many threads a machine has."""

from __future__ import annotations

from contextlib import AbstractContextManager


def one_thread() -> AbstractContextManager[object]:
    """Sums in one order, whatever the machine; the libraries are loaded first, or they would not be held to it."""
    import sklearn.cluster  # noqa: F401
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)
