from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from slipway.domain.judging.bootstrap import compare
from slipway.domain.judging.difference import Difference, Interval, Spread
from slipway.domain.judging.metrics import metric_named
from slipway.domain.judging.pairing import Pair
from slipway.domain.judging.rows import Side
from slipway.domain.judging.verdict import conclude, more_rows

NARROWER = 1.6449 / 1.96


def difference(gain: float, half: float, direction: str = "minimize", rows: int = 1000) -> Difference:
    """A difference with a symmetric interval."""
    point = -gain if direction == "minimize" else gain
    narrow = half * NARROWER
    return Difference(
        metric="mae" if direction == "minimize" else "auc",
        direction=direction,  # type: ignore[arg-type]
        unit="label",
        champion=20.0,
        challenger=20.0 + point,
        point=point,
        interval=Interval(point - half, point + half, 0.95),
        narrow=Interval(point - narrow, point + narrow, 0.9),
        method="bca",
        resamples=2000,
        undefined=0,
        rows=rows,
        units=rows,
        spread=Spread(point, half / 1.96, (point, point, point), point - half, point + half),
    )


class TestKinds:
    @pytest.mark.parametrize("direction", ["minimize", "maximize"])
    @pytest.mark.parametrize(
        ("gain", "half", "margin", "kind"),
        [
            (1.0, 0.5, 0.0, "better"),
            (-1.0, 0.5, 0.0, "worse"),
            (0.1, 0.5, 0.0, "undecided"),
            (0.1, 0.5, 1.0, "equivalent"),
            (0.1, 0.05, 1.0, "better"),
            (-0.2, 0.1, 1.0, "equivalent"),
            (-0.9, 0.5, 1.0, "undecided"),
            (-2.0, 0.5, 1.0, "worse"),
            (-1.4, 0.5, 1.0, "undecided"),
            (0.0, 0.0, 0.0, "equivalent"),
        ],
    )
    def test_verdict_follows_from_interval_and_margin(
        self, gain: float, half: float, margin: float, kind: str, direction: str
    ) -> None:
        """Whichever way is better."""
        assert conclude(difference(gain, half, direction), margin).kind == kind

    def test_two_one_sided_tests_take_the_narrow_interval(self) -> None:
        """A gain whose 95 % interval leaves the margin and whose 90 % interval doesn't is equivalent."""
        assert conclude(difference(0.0, 1.1), 1.0).kind == "equivalent"
        assert conclude(difference(0.0, 1.3), 1.0).kind == "undecided"

    @pytest.mark.parametrize("margin", [-1.0, float("nan"), float("inf")])
    def test_margin_is_a_finite_number(self, margin: float) -> None:
        """Everything would be equivalent within an infinite one."""
        with pytest.raises(ValueError, match="margin"):
            conclude(difference(1.0, 0.5), margin)


class TestMoreRows:
    def test_known_case(self) -> None:
        """A gain of half the half width needs (2 * (1.96 + 0.84) / 1.96)² times the rows."""
        assert more_rows(difference(0.5, 1.0), 0.0) == pytest.approx(7.17 * 1000, rel=0.01)

    def test_that_many_rows_decide_in_four_of_five_cases(self) -> None:
        """The promise, kept: 80 % of new evaluations of that size give a verdict."""
        random = np.random.default_rng(0)
        gain, deviation, rows = 0.1, 1.0, 200
        half = 1.96 * deviation / np.sqrt(rows)
        more = more_rows(difference(gain, half, rows=rows), 0.0)
        assert more is not None
        total = rows + more
        decided = random.normal(gain, deviation / np.sqrt(total), 20_000) > 1.96 * deviation / np.sqrt(total)

        assert decided.mean() == pytest.approx(0.8, abs=0.02)

    def test_no_gain_and_no_margin_is_never_decided(self) -> None:
        """No number of rows shows a difference that is not there; a margin does."""
        assert more_rows(difference(0.0, 1.0), 0.0) is None
        assert more_rows(difference(0.0, 1.0), 0.9) is not None

    def test_nearest_verdict_counts(self) -> None:
        """With a margin, equivalence may need fewer rows than a tiny gain does."""
        with_margin, without = more_rows(difference(0.05, 1.0), 0.9), more_rows(difference(0.05, 1.0), 0.0)

        assert with_margin is not None
        assert without is not None
        assert with_margin < without / 50


class TestWords:
    def test_better(self) -> None:
        """One sentence, with numbers and units, and no more digits than are known."""
        assert conclude(difference(2.42, 0.31), 0.0, "EUR").in_words() == (
            "better: mae 17.58 EUR beside the champion's 20.00 EUR, 2.42 EUR better; 95% interval of the "
            "gain +2.11 to +2.73 EUR, from 1,000 rows"
        )

    def test_undecided_says_what_would_decide(self) -> None:
        """Rounded up: no more of it is known."""
        assert (
            conclude(difference(0.5, 1.0), 0.0).in_words().endswith("; about 7,200 more rows would decide it")
        )
        nothing = conclude(difference(0.0, 1.0), 0.0).in_words()
        assert nothing.endswith("; more rows would not decide it: set a margin")

    def test_margin_is_named(self) -> None:
        """Equivalence means nothing without it."""
        assert ", margin 1.5 EUR" in conclude(difference(0.0, 1.0), 1.5, "EUR").in_words()

    def test_unit_1_is_no_unit(self) -> None:
        """As manifests write it."""
        assert " 1 " not in conclude(replace(difference(2.0, 0.5), metric="auc"), 0.0, "1").in_words()


class TestFromRows:
    def test_same_predictions_are_equivalent(self) -> None:
        """Even without a margin: no draw tells them apart."""
        label = np.random.default_rng(0).normal(size=100)
        side = Side("regression", label, label + 1)
        mae = metric_named("regression", "mae")
        assert mae is not None
        found = compare(Pair(side, side, {}), [mae])[0]

        assert isinstance(found, Difference)
        assert conclude(found).kind == "equivalent"


class TestImports:
    @pytest.mark.parametrize("module", ["verdict", "gates", "gate_language", "difference", "refusal"])
    def test_no_arrays_are_loaded(self, module: str) -> None:
        """Functions that only read a verdict or a gate do not load numpy."""
        code = f"import sys, slipway.domain.judging.{module}; sys.exit('numpy' in sys.modules)"

        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
