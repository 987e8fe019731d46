"""What analyses need to run side by side: sums in one order, and warnings heard by whom they concern."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


class Shared:
    """One context for all threads that are inside: entered by the first, left by the last."""

    def __init__(self) -> None:
        self._lock, self._inside, self._stack = threading.Lock(), 0, ExitStack()

    @contextmanager
    def of(self, made: Any) -> Iterator[None]:
        """Be inside; made: gives the context, called by the first only."""
        with self._lock:
            if not self._inside:
                self._stack.enter_context(made())
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    self._stack.close()


KINDS = (UserWarning, RuntimeWarning)  # of them are those of scipy and scikit-learn
_SUMS, _WARNINGS = Shared(), Shared()
_HEARD = threading.local()


@contextmanager
def one_thread() -> Iterator[None]:
    """Sums in one order, whatever the machine; the libraries are loaded first, or they would not be held to it.

    OpenMP is held back in each thread by itself, BLAS in all at once.
    """
    found = _libraries("sklearn.cluster")
    with _SUMS.of(partial(found.limit, limits=1, user_api="blas")), found.limit(limits=1, user_api="openmp"):
        yield


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """The same of BLAS alone: for small searches, in which other threads would only wait and keep a core busy."""
    with _SUMS.of(partial(_libraries("scipy.linalg").limit, limits=1, user_api="blas")):
        yield


@cache
def _libraries(of: str) -> ThreadpoolController:
    """What runs threads once `of` is loaded: to look for it takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    import_module(of)
    return ThreadpoolController()


@contextmanager
def heard(*kinds: type[Warning]) -> Iterator[list[Warning]]:
    """The warnings of these kinds that this thread's block gave, instead of being shown.

    `warnings.catch_warnings` changes what all threads see, so that one analysis could silence another's.
    """
    with listening():
        before = getattr(_HEARD, "kinds", ()), getattr(_HEARD, "said", [])
        _HEARD.kinds, _HEARD.said = kinds, []
        try:
            yield _HEARD.said
        finally:
            _HEARD.kinds, _HEARD.said = before


def listening() -> AbstractContextManager[None]:
    """Have the warnings of libraries handed to the thread that gave them; what no thread hears is shown as before."""
    return _WARNINGS.of(_listening)


@contextmanager
def _listening() -> Iterator[None]:
    refused = {kind: _refused(kind) for kind in KINDS}
    with warnings.catch_warnings():
        shown = warnings.showwarning

        def hear(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            if isinstance(message, getattr(_HEARD, "kinds", ())):
                _HEARD.said.append(message)
            elif isinstance(message, Warning) and any(refused[kind] for kind in KINDS if issubclass(category, kind)):
                raise message
            else:
                shown(message, category, *where, **more)

        warnings.showwarning = hear
        for kind in KINDS:
            warnings.simplefilter("always", kind)
        yield


def _refused(kind: type[Warning]) -> bool:
    """Whether a warning of this kind is an error here, as it is in tests."""
    actions = (action for action, message, of, *_ in warnings.filters if message is None and issubclass(kind, of))
    return next(actions, "") == "error"
