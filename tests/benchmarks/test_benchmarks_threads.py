"""What a second thread adds: computed from times that the tests know, and told for engines that threads may share."""

import doctest
import threading
import time

import pytest

from benchmarks import threads
from benchmarks.engines import CannotError
from benchmarks.generator import generate
from benchmarks.queries import CLASSES, Drawer


class Sleeper:
    """A searcher that rests for a while for each query; a lock, where it has one, lets one thread rest at a time."""

    def __init__(self, shared=True, lock=None, knows=CLASSES):
        self.shared = shared
        self._lock, self._knows = lock, knows
        self.seen = set()

    def task(self, query):
        if query.fetch != "rows" and "ten snippets" not in self._knows:
            raise CannotError("rows only")
        return self._rest if self._lock is None else self._rest_alone

    def _rest(self):
        self.seen.add(threading.get_ident())
        time.sleep(0.002)

    def _rest_alone(self):
        with self._lock:
            self._rest()


@pytest.fixture(scope="module")
def drawer():
    return Drawer(generate(60, seed=2), seed=3)


def test_threads_that_do_not_wait_gain_and_those_that_do_gain_nothing(drawer, monkeypatch):
    monkeypatch.setattr(threads, "CLASSES", ["common term", "ten snippets"])
    free, locked, alone = Sleeper(), Sleeper(lock=threading.Lock(), knows=["common term"]), Sleeper(shared=False)
    found = threads.measure(drawer, {"free": free, "locked": locked, "alone": alone}, 2, 5, lambda _: None)
    assert set(found) == {"free", "locked"}
    assert set(found["free"].classes) == {"common term", "ten snippets"}
    assert set(found["locked"].classes) == {"common term"}
    assert found["free"].gain.median > found["locked"].gain.median * 1.2
    assert found["free"].gain.low <= found["free"].gain.median <= found["free"].gain.high
    assert len(free.seen - {threading.get_ident()}) == 2
    assert not alone.seen


def test_what_fails_in_a_thread_fails_the_run(drawer, monkeypatch):
    class Failing(Sleeper):
        def _rest(self):
            if threading.current_thread() is not threading.main_thread():
                raise ZeroDivisionError
            super()._rest()

    monkeypatch.setattr(threads, "CLASSES", ["common term"])
    with pytest.raises(ZeroDivisionError):
        threads.measure(drawer, {"failing": Failing()}, 1, 2, lambda _: None)


def test_examples():
    assert doctest.testmod(threads).failed == 0
