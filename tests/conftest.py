"""What tests of several directories share: the option --long, Hypothesis without a clock, file systems that refuse."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import settings
from reliability_directory import FailingDirectory

REPOSITORY = Path(__file__).resolve().parents[1]

# A machine under load is slow, and no test fails for that.
settings.register_profile("newsindex", deadline=None)
settings.load_profile("newsindex")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests of reliability at their full counts: hours")


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether tests of reliability shall run at their full counts."""
    return bool(request.config.getoption("--long"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def child_environment() -> dict[str, str]:
    """The environment for a Python process that shall import what this one can."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path])}


@pytest.fixture
def interrupt_in() -> Iterator[Callable[[float], None]]:
    """Has the main thread interrupted once, as by Ctrl-C, in so many seconds; 0 takes back what has not come yet."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds) and None
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def failing() -> type[FailingDirectory]:
    return FailingDirectory


@pytest.fixture
def read_only() -> Iterator[tuple[Path, Callable[..., contextlib.AbstractContextManager[None]]]]:
    """A directory and a context in which this process may not write to it, root or not.

    Or may do with it what another mode says, but as another user where it is root's.
    """

    @contextlib.contextmanager
    def unprivileged(mode: int = 0o555) -> Iterator[None]:
        place.chmod(mode)
        root = os.geteuid() == 0
        try:
            if root:
                os.seteuid(65534)
        except OSError as error:
            pytest.skip(f"cannot become an unprivileged user here: {error}")
        try:
            yield
        finally:
            if root:
                os.seteuid(0)
            place.chmod(0o755)

    # Not under tmp_path, which only its owner may enter.
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        yield place, unprivileged
