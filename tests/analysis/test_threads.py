"""Side by side: each thread hears its own warnings, and limits last as long as anybody needs them."""

from __future__ import annotations

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from analysis import memory
from analysis.threads import heard, listening, one_blas_thread, one_thread


def test_a_thread_hears_its_own_warnings_only():
    both = threading.Barrier(2, timeout=20)

    def listen(own: str) -> list[str]:
        with heard(RuntimeWarning) as said:
            both.wait()
            for _ in range(100):
                warnings.warn(own, RuntimeWarning, stacklevel=1)
            both.wait()
        return [str(w) for w in said]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(listen, ("left", "right"))) == [["left"] * 100, ["right"] * 100]


def test_what_nobody_hears_is_shown_as_before():
    with listening(), pytest.raises(RuntimeWarning, match="unheard"):  # an error, as everywhere in tests
        warnings.warn("unheard", RuntimeWarning, stacklevel=1)
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        with heard(UserWarning) as said:
            warnings.warn("heard", UserWarning, stacklevel=1)
            warnings.warn("unheard", RuntimeWarning, stacklevel=1)
    assert [str(w) for w in said] == ["heard"]
    assert [str(w.message) for w in shown] == ["unheard"]


def test_the_inner_hears_before_the_outer():
    with heard(RuntimeWarning) as outer:
        with heard(UserWarning) as inner:
            warnings.warn("in", UserWarning, stacklevel=1)
        np.array([1.0]) / np.array([0.0])
    assert [str(w) for w in inner] == ["in"]
    assert [str(w) for w in outer] == ["divide by zero encountered in divide"]


def test_small_searches_keep_blas_to_one_thread():
    @one_blas_thread()
    def threads() -> set[int]:
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    assert threads() == threads() == {1}


def test_free_memory_can_be_given_back_at_any_time():
    np.ones(1_000_000)
    memory.given_back()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: memory.given_back(), range(4)))


def test_limits_last_until_the_last_leaves():
    with one_thread():
        pass  # the libraries are loaded
    outside = [library["num_threads"] for library in threadpool_info()]
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with one_thread():
            inside.set()
            leave.wait(20)

    other = threading.Thread(target=stay)
    other.start()
    inside.wait(20)
    with one_thread():
        leave.set()
        other.join()
        assert {library["num_threads"] for library in threadpool_info()} == {1}
    after = [library["num_threads"] for library in threadpool_info()]
    assert after == outside
