import threading
import time

import pytest

from voicecoach.ear.worker import Worker
from voicecoach.errors import EarError


def double(number: int) -> int:
    if number < 0:
        raise EarError("no negatives")
    return 2 * number


@pytest.fixture
def doubler():
    worker = Worker(double)
    yield worker
    worker.close()


def collect(worker, count):
    found, until = [], time.monotonic() + 10
    while len(found) < count and time.monotonic() < until:
        found += worker.results()
        time.sleep(0.001)
    return found


def test_results_come_in_order_and_once(doubler):
    assert all(doubler.offer(number) for number in (1, 2, 3))
    assert collect(doubler, 3) == [2, 4, 6]
    assert doubler.results() == []


def test_an_error_is_a_result_and_the_next_job_is_done(doubler):
    doubler.offer(-1)
    doubler.offer(1)
    error, result = collect(doubler, 2)
    assert (str(error), result) == ("no negatives", 2)


def test_whatever_a_job_throws_is_a_result_and_the_next_job_is_done():
    faults = [ZeroDivisionError("engine broke"), SystemExit(3), MemoryError()]

    def work(number):
        if faults:
            raise faults.pop(0)
        return number

    worker = Worker(work)
    for number in range(4):
        assert worker.offer(number)
    *errors, result = collect(worker, 4)
    assert all(isinstance(error, EarError) for error in errors)
    assert "engine broke" in str(errors[0])
    assert result == 3
    worker.close()


def test_only_so_many_may_wait_and_what_is_forgotten_never_comes():
    gate, started, done = threading.Event(), threading.Event(), []

    def work(number):
        started.set()
        gate.wait(10)
        done.append(number)
        return number

    worker = Worker(work)
    worker.offer(0)
    assert started.wait(10)
    assert all(worker.offer(number) for number in range(1, Worker.MOST_WAITING + 1))
    assert not worker.offer(99)
    worker.forget()
    gate.set()
    while not worker.offer(100):
        time.sleep(0.001)
    assert collect(worker, 1) == [100]
    assert done == [0, 100]
    worker.close()
