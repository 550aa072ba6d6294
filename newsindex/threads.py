"""Threads beside the caller's, for all that begin some, and what only one of all threads may do at a time.

A `Worker` is begun for the words, sorting and zstd of a new segment, and for merges; `Exclusive` is for libraries that
keep what they work with in objects of the whole process.

An interrupt (Ctrl-C) may come wherever Python calls something. A pool of `concurrent.futures` takes locks there that it
then may never give back, and whoever waits for it next waits for ever: with CPython 3.14 after some hundred interrupted
commits. What is waited for here are a queue and locks which are whole in themselves.
"""

from __future__ import annotations

import atexit
import mmap
import os
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar
from weakref import ref

if TYPE_CHECKING:
    from queue import SimpleQueue
    from types import TracebackType

# Python waits for a new thread to say that it runs. One that gets a stack but no memory to say so is waited for
# forever, so there must be room for more than a stack before it begins.
_ROOM: Final = 32 << 20  # bytes of address space: a stack is 8 MB unless somebody has said otherwise

_R = TypeVar("_R")


class Task(Generic[_R]):
    """Something for a worker to do. One thread may wait for it.

    Attributes:
        done: it has ended, well or not.
        error: what it failed of.
    """

    def __init__(self, work: Callable[..., _R], *given: Any) -> None:
        self.done = False
        self.error: BaseException | None = None
        self._work: Callable[[], _R] = partial(work, *given)
        self._value: _R
        self._under_way = threading.Lock()
        self._under_way.acquire()

    def run(self) -> None:
        """Do it; what goes wrong is kept for who asks for the result."""
        try:
            self._value = self._work()
        except BaseException as error:
            self.error = error
        del self._work  # and what it was given
        self.done = True
        self._under_way.release()
        del self  # which the error would lead to, and so to itself

    def wait(self) -> None:
        """Wait until it has ended. Who was interrupted may wait again."""
        if not self.done:
            self._under_way.acquire()

    def result(self) -> _R:
        """Wait until it has ended; what came of it.

        Raises:
            BaseException: what it failed of.
        """
        self.wait()
        try:
            if self.error is not None:
                raise self.error
            return self._value
        finally:
            del self  # as above


class Worker:
    """A thread that does one task after another, until it is closed or forgotten. A context manager, which closes it.

    Args:
        name: what it does, for debuggers.

    Raises:
        MemoryError: there is no room for it, or the system allows no more threads.

    >>> with Worker("sums") as worker:
    ...     worker.begin(Task(sum, [2, 3])).result()
    5
    """

    def __init__(self, name: str) -> None:
        from queue import SimpleQueue  # which takes a while, and readers do without

        self._tasks: SimpleQueue[Any] = SimpleQueue()
        self._end = Task(int)  # which does nothing, when all else is done
        # What is no task ends it, so also the reference that is put there when the worker is forgotten.
        given = self._tasks, self._end, ref(self, self._tasks.put)
        # Not waited for by Python when the process ends, since it may be idle: `_close_all` does that.
        self._thread = threading.Thread(target=_do, args=given, name=f"newsindex-{name}", daemon=True)
        try:
            mmap.mmap(-1, _ROOM, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
            self._thread.start()
        except (OSError, RuntimeError) as error:
            if isinstance(error.__context__, KeyboardInterrupt):  # which Python's waiting was not prepared for
                raise
            raise MemoryError(
                f"no room for one more thread: {error}; free some memory, or raise the limits on address space and on "
                "threads (ulimit -v, ulimit -u)"
            ) from error

    def begin(self, task: Task[_R]) -> Task[_R]:
        """Have it do `task`, which is returned, behind all that it was given before."""
        self._tasks.put(task)
        return task

    def close(self) -> None:
        """Let it do what it was given, and wait for its end."""
        self._tasks.put(None)
        self._end.wait()  # Python before 3.13 takes a thread for ended when the waiting for its end was interrupted
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_running: Final[dict[threading.Thread, SimpleQueue[Any]]] = {}


def _do(tasks: SimpleQueue[Any], end: Task[int], worker: ref[Worker]) -> None:
    """All that a thread does; it keeps the reference to its worker for as long as that may be forgotten."""
    _running[threading.current_thread()] = tasks
    while isinstance(task := tasks.get(), Task):
        task.run()
        del task  # so that nothing of it is kept while the next one is waited for
    del _running[threading.current_thread()]
    end.run()


@atexit.register
def _close_all() -> None:
    """Let no thread be at work while the interpreter is taken down."""
    for thread, tasks in list(_running.items()):
        tasks.put(None)
        thread.join()


class Exclusive:
    """Lets one thread at a time do what it is asked to `run`; to be made once, for as long as the process lives.

    Nobody is at it while a process is forked, so that in the child nobody waits for a thread that is not there. Nor
    does an interrupt, wherever it comes, leave the others waiting for ever.
    """

    def __init__(self) -> None:
        # One of threads, not a plain one: a handler of signals may ask for what it has interrupted.
        lock = self._lock = threading.RLock()
        os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)

    def run(self, work: Callable[[], _R]) -> _R:
        """Call `work` when no other thread does.

        >>> Exclusive().run(lambda: 2 + 3)
        5
        """
        # From 3.14 on, Python may be interrupted between the taking of a lock and the beginning of its `with` block.
        try:
            self._lock.acquire()
            return work()
        finally:
            try:  # noqa: SIM105  a block would call something before it releases
                self._lock.release()
            except RuntimeError:
                pass  # it was interrupted before it had the lock
