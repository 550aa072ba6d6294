"""What becomes of our objects in a process that was made by `os.fork`, as some ways of `multiprocessing` make it.

The child has a copy of every object, but of all threads only the one that forked: a merge never ends there, and a
writer would write to its parent's index beside it. Objects to which that matters are told in the child, before anything
else runs there: locks of writers are no longer theirs, and writers refuse to work. Indexes and stemmers need not be
told: they keep nothing locked. What only one thread may do at a time is a `newsindex.threads.Exclusive`.
"""

from __future__ import annotations

import functools
import os
import sys
from typing import TYPE_CHECKING, Any, Final, Protocol
from weakref import ref

if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property as cached_property
else:

    class cached_property(functools.cached_property):  # noqa: N801
        """The one of later versions of Python, without a lock that all threads and objects share.

        Two threads may both find the value; both are right.
        """

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            if instance is None:
                return self
            value = instance.__dict__[self.attrname] = self.func(instance)
            return value


class Forked(Protocol):
    """What is to be told in a forked child."""

    def after_fork(self) -> None:
        """Called in the child, for its copy."""


_told: Final[set[ref[Forked]]] = set()


def tell(one: Forked) -> None:
    """Have `one.after_fork()` called in each child that is forked, for as long as it lives."""
    # A `WeakSet` would forget it by a function of Python's, and what interrupts that is lost.
    _told.add(ref(one, _told.discard))


def _in_child() -> None:
    for one in [told() for told in _told]:
        if one is not None:
            one.after_fork()


os.register_at_fork(after_in_child=_in_child)
