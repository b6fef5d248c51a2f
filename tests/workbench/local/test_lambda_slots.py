"""Invocations wait for their turn, and never for ever."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from workbench.local.lambda_slots import Slots

STALLED = 0.3


class TestSlots:
    def test_no_more_than_the_slots_run_while_invocations_end(self) -> None:
        """
        A queue that takes far longer than the standstill limit is still worked off by so many at once.
        """
        slots, running, most = Slots(2, STALLED), [0], [0]
        counting = threading.Lock()

        def invocation(_: int) -> None:
            slots.acquire()
            with counting:
                running[0] += 1
                most[0] = max(most[0], running[0])
            time.sleep(STALLED / 6)
            with counting:
                running[0] -= 1
            slots.release()

        with ThreadPoolExecutor(30) as pool:
            list(pool.map(invocation, range(30)))

        assert most[0] == 2

    def test_first_come_is_first_served(self) -> None:
        """
        Turns are given in the order in which they were asked for.
        """
        slots, served = Slots(1, 60), list[int]()
        slots.acquire()

        def invocation(number: int) -> None:
            slots.acquire()
            served.append(number)
            slots.release()

        threads = []
        for number in range(5):
            threads.append(threading.Thread(target=invocation, args=(number,)))
            threads[-1].start()
            time.sleep(0.02)
        slots.release()
        for thread in threads:
            thread.join(5)

        assert served == list(range(5))

    def test_invocations_that_wait_for_each_other_go_on(self) -> None:
        """
        All slots are held by invocations that wait for a queued one: it runs after the standstill limit.
        """
        slots, depth = Slots(1, STALLED), list[int]()

        def invocation(level: int) -> None:
            slots.acquire()
            depth.append(level)
            if level < 2:
                inner = threading.Thread(target=invocation, args=(level + 1,))
                inner.start()
                inner.join(10)
            slots.release()

        started = time.monotonic()
        invocation(0)

        assert depth == [0, 1, 2]
        assert STALLED * 2 <= time.monotonic() - started < 10

    def test_slots_are_whole_again_after_a_standstill(self) -> None:
        """
        Whoever went ahead without a slot leaves no slot more and none less behind.
        """
        slots = Slots(1, 0.05)
        slots.acquire()
        slots.acquire()
        slots.release()
        slots.release()
        slots.acquire()
        waiting = threading.Thread(target=slots.acquire, daemon=True)
        waiting.start()
        waiting.join(0.02)

        assert waiting.is_alive()
        slots.release()
        waiting.join(5)
        assert not waiting.is_alive()
