"""Workers and their tasks, and what one thread at a time may do, whatever interrupts it."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable

import pytest

from newsindex.threads import Exclusive, Task, Worker


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("newsindex-test")]


def test_tasks_are_done_one_after_another() -> None:
    done: list[int] = []
    with Worker("test") as worker:
        tasks = [worker.begin(Task(done.append, number)) for number in range(100)]
        failing = worker.begin(Task(divmod, 1, 0))
        after = worker.begin(Task(lambda: list(done)))
        with pytest.raises(ZeroDivisionError):
            failing.result()
        assert after.result() == after.result() == list(range(100))
        assert names() == ["newsindex-test"]
    assert all(task.done and task.error is None for task in tasks)
    assert isinstance(failing.error, ZeroDivisionError)
    assert names() == []


def test_what_was_begun_is_done_when_a_worker_is_closed_or_forgotten() -> None:
    gate = threading.Event()
    worker = Worker("test")
    tasks = [worker.begin(Task(gate.wait, 60)), worker.begin(Task(sum, [2, 3]))]
    del worker
    assert names() == ["newsindex-test"]
    gate.set()
    assert [task.result() for task in tasks] == [True, 5]
    for _ in range(1000):
        if not names():
            break
        threading.Event().wait(0.05)
    assert names() == []


def test_who_was_interrupted_waits_again(interrupt_in: Callable[[float], None]) -> None:
    gate = threading.Event()
    worker = Worker("test")
    task = worker.begin(Task(gate.wait, 60))
    for wait in (worker.close, worker.close, task.wait, task.wait):
        interrupt_in(0.05)
        with pytest.raises(KeyboardInterrupt):
            wait()
    gate.set()
    worker.close()
    worker.close()
    assert task.result() is True
    assert names() == []


def test_what_failed_is_kept_by_nothing_but_its_task() -> None:
    class Big:
        pass

    def fail(big: Big) -> None:
        raise KeyError

    big = Big()
    told = weakref.ref(big)
    with Worker("test") as worker:
        task = worker.begin(Task(fail, big))
        with pytest.raises(KeyError):
            task.result()
        del big
        gc.disable()
        try:
            del task
            assert told() is None
        finally:
            gc.enable()


@pytest.mark.parametrize("idle", [True, False])
def test_a_process_ends_when_its_workers_have(idle: bool, child_environment: dict[str, str]) -> None:
    code = f"""
import time
from newsindex.threads import Task, Worker
worker = Worker("test")
task = worker.begin(Task(lambda: (time.sleep({0 if idle else 0.3}), print("done"))))
{"task.result()" if idle else ""}
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, env=child_environment)
    assert (run.returncode, run.stdout, run.stderr) == (0, b"done\n", b"")


def test_a_thread_for_which_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(MemoryError, match=r"no room for one more thread: can't start.*ulimit -u"):
        Worker("test")


def test_no_interrupt_keeps_other_threads_out(interrupt_in: Callable[[float], None], long: bool) -> None:
    exclusive, interrupts = Exclusive(), 0
    while interrupts < (100_000 if long else 2000):
        try:
            interrupt_in(50e-6)
            while True:
                exclusive.run(int)
        except KeyboardInterrupt:
            interrupts += 1
    others: list[bool] = []
    thread = threading.Thread(target=exclusive.run, args=(lambda: others.append(True),), daemon=True)
    thread.start()
    thread.join(60)
    assert others


def test_one_thread_at_a_time() -> None:
    exclusive, inside, most = Exclusive(), 0, 0

    def work() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        threading.Event().wait(0.001)
        inside -= 1

    threads = [threading.Thread(target=lambda: [exclusive.run(work) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside, most) == (0, 1)


def test_what_fails_and_what_it_interrupts_lets_go() -> None:
    exclusive = Exclusive()
    with pytest.raises(ZeroDivisionError):
        exclusive.run(lambda: 1 // 0)
    assert exclusive.run(lambda: exclusive.run(lambda: "again")) == "again"
    done: list[int] = []
    thread = threading.Thread(target=exclusive.run, args=(lambda: done.append(1),), daemon=True)
    thread.start()
    thread.join(60)
    assert done
