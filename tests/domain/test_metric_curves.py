from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.metric_curves import MAX_POINTS, JobLog, LogLine, curves_of, thinned

MAE = {"Name": "mae", "Regex": "mae=([0-9.eE+-]+|nan)"}


def lines(*texts: str) -> list[LogLine]:
    """One each second, from one second after the beginning."""
    return [LogLine(1_000_000 + 1000 * number, text) for number, text in enumerate(texts, 1)]


class TestCurves:
    def test_points_are_seconds_and_values(self) -> None:
        """Each match is a point, at its line's time since the job began."""
        found = curves_of(lines("epoch 1 mae=3.5", "nothing", "mae=2 mae=1.5"), [MAE], began=1_000_000)

        assert found == {"mae": [[1.0, 3.5], [3.0, 2.0], [3.0, 1.5]]}

    def test_what_is_no_number_is_no_point(self) -> None:
        """JSON knows no NaN, and a group may hold anything."""
        assert curves_of(lines("mae=nan", "mae=."), [MAE | {"Regex": "mae=(.+)"}], began=0) == {}

    def test_an_expression_that_is_none_loses_its_own_curve_only(self) -> None:
        """SageMaker's dialect is not Python's."""
        found = curves_of(lines("mae=1"), [{"Name": "x", "Regex": "("}, MAE], began=1_000_000)

        assert list(found) == ["mae"]

    @given(st.integers(0, 2000), st.integers(2, MAX_POINTS))
    def test_thinned_keeps_both_ends(self, count: int, most: int) -> None:
        """At most so many, in order, with the first and the last."""
        points = [[float(number), 0.0] for number in range(count)]
        kept = thinned(points, most)

        assert len(kept) == min(count, most)
        assert kept == sorted(kept)
        assert (kept[:1], kept[-1:]) == (points[:1], points[-1:])

    def test_many_metrics_share_the_room(self) -> None:
        """Forty metrics of a long job fit into a node."""
        definitions = [{"Name": f"m{number}", "Regex": "v=([0-9]+)"} for number in range(40)]
        found = curves_of(lines(*["v=1"] * 500), definitions, began=0)

        assert sum(map(len, found.values())) <= 4000


class TestEnding:
    def test_the_last_twenty_that_say_something(self) -> None:
        """Blank lines are no news."""
        log = JobLog(last=tuple(lines(*[f"line {number}" for number in range(30)], " ", "")))

        assert log.ending() == [f"line {number}" for number in range(10, 30)]
