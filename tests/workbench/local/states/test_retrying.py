"""When the next attempt is made."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.local.states.definition import Retrier
from workbench.local.states.failures import matches
from workbench.local.states.frames import Frame
from workbench.local.states.retrying import retry_delay


def delays(retriers: list[Retrier], error: str, most: int = 50) -> list[float]:
    """All delays until no retrier answers."""
    frame, found = Frame((), "A", None), []
    while len(found) < most and (delay := retry_delay(retriers, frame, error)) is not None:
        found.append(delay)
    return found


class TestRetryDelay:
    @given(
        st.integers(1, 9),
        st.floats(1, 4),
        st.integers(0, 9),
        st.integers(10, 99),
        st.sampled_from(["FULL", "NONE"]),
    )
    def test_grows_up_to_its_limit(
        self, interval: int, rate: float, attempts: int, limit: int, jitter: str
    ) -> None:
        """
        The nth of MaxAttempts delays is IntervalSeconds * BackoffRate^n, at most MaxDelaySeconds.

        Full jitter only lowers it.
        """
        raw = {
            "ErrorEquals": ["E"],
            "IntervalSeconds": interval,
            "BackoffRate": rate,
            "MaxAttempts": attempts,
        }
        raw |= {"MaxDelaySeconds": limit, "JitterStrategy": jitter}
        found = delays([Retrier(raw)], "E")
        full = [min(limit, interval * rate**n) for n in range(attempts)]
        assert len(found) == attempts
        assert all(0 <= each <= most for each, most in zip(found, full, strict=True))
        assert jitter == "FULL" or found == full

    def test_the_first_retrier_that_answers_counts(self) -> None:
        """
        Each retrier counts its own attempts; an exhausted one is not replaced by the next.
        """
        one, rest = (
            {"ErrorEquals": [name], "MaxAttempts": n, "BackoffRate": 1}
            for name, n in (("E", 1), ("States.ALL", 3))
        )
        frame, retriers = Frame((), "A", None), [Retrier(one), Retrier(rest)]
        found = [retry_delay(retriers, frame, error) for error in ("E", "F", "E", "F")]
        assert found == [1, 1, None, 1]


class TestMatches:
    def test_names(self) -> None:
        """
        States.TaskFailed takes every task's error but timeouts.

        States.ALL takes all but States.Runtime and the data limit.
        """
        assert matches(["A", "B"], "B")
        assert matches(["States.TaskFailed"], "SageMaker.ResourceInUseException")
        assert not matches(["States.TaskFailed"], "States.Timeout")
        assert matches(["States.Timeout"], "States.HeartbeatTimeout")
        assert not matches(["States.HeartbeatTimeout"], "States.Timeout")
        assert matches(["States.ALL"], "States.Timeout")
        assert not matches(["States.ALL"], "States.DataLimitExceeded")
        assert matches(["States.Runtime"], "States.Runtime")
