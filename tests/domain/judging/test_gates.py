from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.gate_facts import GateFacts
from slipway.domain.judging.gate_language import LATENCIES, Bound, GateRule, GateSyntaxError, parse_gate
from slipway.domain.judging.gates import GateEvidence, check_gate, gates_of

METRICS = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_.:/@()-]{0,12}\Z").filter(lambda name: name != "latency")
NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number or 0.0)
COLUMNS = st.text(st.characters(codec="utf-8", exclude_characters='"'), max_size=12).filter(bool)
BOUNDS = st.one_of(
    st.builds(Bound, NUMBERS, st.sampled_from(["", "EUR", "%", "m/s"])),
    st.builds(Bound, NUMBERS.filter(bool), st.sampled_from(["", "EUR"]), champion=st.just(True)),
    st.builds(Bound, champion=st.just(True), margin=st.sampled_from([-1, 0, 1])),
)
COMPARISONS = st.sampled_from([">=", "<=", ">", "<", "=="])
PIECES = [*'aub1.-+<>=:() "', "champion", "every slice of ", "latency p99"]
RULES = st.one_of(
    st.builds(GateRule, st.just("metric"), METRICS, COMPARISONS, BOUNDS, st.one_of(st.just(""), COLUMNS)),
    st.builds(
        GateRule,
        st.just("latency"),
        st.sampled_from(LATENCIES),
        COMPARISONS,
        st.builds(Bound, NUMBERS, st.sampled_from(["", "ms", "s"])),
    ),
    st.builds(
        GateRule,
        st.just("cost"),
        st.just(""),
        COMPARISONS,
        st.builds(Bound, NUMBERS, st.sampled_from(["", "USD"])),
    ),
    st.builds(GateRule, st.just("findings"), st.just(""), COMPARISONS, st.builds(Bound, NUMBERS)),
)


class TestLanguage:
    @given(RULES)
    def test_what_is_printed_reads_back(self, rule: GateRule) -> None:
        """The law of the language."""
        assert parse_gate(str(rule)) == rule

    @given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
    def test_any_text_is_a_gate_or_an_error_with_its_column(self, text: str) -> None:
        """Nothing else is raised, and what is read prints and reads back."""
        column = 1
        try:
            rule = parse_gate(text)
        except GateSyntaxError as error:
            column = error.column
        else:
            assert parse_gate(str(rule)) == rule
        assert 1 <= column <= len(text) + 1

    @pytest.mark.parametrize(
        ("text", "printed"),
        [
            ("auc>=0.80", "auc >= 0.8"),
            ("  mae <= champion  +  margin ", "mae <= champion + margin"),
            ("auc >= champion - 0.010", "auc >= champion - 0.01"),
            ("mae <= 25 EUR", "mae <= 25 EUR"),
            ("every slice of country: auc >= 0.7", "every slice of country: auc >= 0.7"),
            ('every slice of "home country": auc >= 0.7', 'every slice of "home country": auc >= 0.7'),
            ("latency p99 <= 20ms", "latency p99 <= 20 ms"),
            ("latency  p50 < 0.5 s", "latency p50 < 0.5 s"),
            ("cost per 1,000 predictions <= 0.01 USD", "cost per 1,000 predictions <= 0.01 USD"),
            ("critical image findings == 0", "critical image findings == 0"),
            ("ndcg@10 >= champion", "ndcg@10 >= champion"),
            ("pinball(0.9) <= 3", "pinball(0.9) <= 3"),
            ("latency_ms <= 3", "latency_ms <= 3"),
        ],
    )
    def test_ways_to_write(self, text: str, printed: str) -> None:
        """Spaces are free; one form is printed."""
        assert str(parse_gate(text)) == printed

    @pytest.mark.parametrize(
        ("text", "column", "expected"),
        [
            ("", 1, "a metric"),
            ("mae => 3", 5, "one of >=, <="),
            ("mae <=", 7, "a number or 'champion'"),
            ("mae <= x", 8, "a number or 'champion'"),
            ("mae <= 1e999", 8, "a number that a double can hold"),
            ("mae <= champion - ", 19, "a number or 'margin'"),
            ("mae <= champion - -1", 19, "a number without a sign"),
            ("latency p42 <= 3", 9, "one of p50"),
            ("latency p99 <= 3 USD", 18, "ms or s"),
            ("latency p99 <= champion", 16, "only metrics"),
            ("cost per 1,000 predictions <= 1 EUR", 33, "USD"),
            ("critical image findings == 0 ms", 30, "the end of the gate"),
            ("every slice of : auc >= 1", 16, "a slice column"),
            ("every slice of x auc >= 1", 18, "':'"),
            ("every slice of x: latency p99 <= 1", 19, "a metric, the only subject"),
            ("auc >= 0.8 x y", 14, "the end of the gate"),
        ],
    )
    def test_error_points_to_its_column(self, text: str, column: int, expected: str) -> None:
        """And says what could stand there."""
        with pytest.raises(GateSyntaxError, match=re.escape(expected)) as error:
            parse_gate(text)

        assert error.value.column == column


EVIDENCE = GateEvidence(
    metrics={"auc": 0.83, "mae": 18.5, "f1": float("nan"), "r2": None},
    champion={"auc": 0.85, "mae": 20.9},
    reasons={"r2": "r2 is not defined: all labels are the same"},
    slices={"city": {"Ulm": {"auc": 0.9}, "Bonn": {"auc": 0.72}}},
    champion_slices={"city": {"Ulm": {"auc": 0.88}, "Bonn": {"auc": 0.71}}},
    small_slices={"city": ("Kiel",), "zip": ("1", "2")},
    units={"mae": "EUR"},
    margin=0.03,
    facts=GateFacts(
        latency_ms={"p99": 12.5},
        cost_per_1000_usd=0.004,
        critical_findings=1,
        lacks={"latency": "the server never answered"},
    ),
)


class TestCheck:
    @pytest.mark.parametrize(
        ("text", "passed", "reason"),
        [
            ("auc >= 0.8", True, "auc is 0.83, meets >= 0.8"),
            ("auc > 0.83", False, "auc is 0.83, needs > 0.83"),
            ("auc >= champion", False, "auc is 0.83, needs >= 0.85 (the champion's 0.85)"),
            ("auc >= champion - margin", True, "auc is 0.83, meets >= 0.82 (the champion's 0.85)"),
            ("auc >= champion - 0.01", False, "auc is 0.83, needs >= 0.84 (the champion's 0.85)"),
            ("mae <= 25 EUR", True, "mae is 18.5, meets <= 25"),
            ("mae <= 25 USD", False, "the gate is in USD, and mae is in EUR"),
            ("auc <= 25 USD", False, "the gate is in USD, and auc has no unit"),
            ("f1 >= 0.1", False, "f1 is not a finite number"),
            ("r2 >= 0.1", False, "r2 is not defined: all labels are the same"),
            ("gini >= 0.1", False, "gini is not known; known: auc, f1, mae, r2"),
            ("latency p99 <= 20 ms", True, "latency p99 is 12.5 ms, meets <= 20 ms"),
            ("latency p99 <= 0.01 s", False, "latency p99 is 12.5 ms, needs <= 10 ms"),
            ("latency p50 <= 20 ms", False, "latency p50 was not measured: the server never answered"),
            (
                "cost per 1,000 predictions <= 0.01 USD",
                True,
                "cost per 1,000 predictions is 0.004 USD, meets <= 0.01 USD",
            ),
            ("critical image findings == 0", False, "critical image findings is 1, needs == 0"),
            (
                "every slice of city: auc >= 0.7",
                True,
                "all 2 slices of city meet it; Kiel with too few rows not judged",
            ),
            (
                "every slice of city: auc >= 0.8",
                False,
                "1 of 2 slices of city: Bonn has 0.72, needs >= 0.8; Kiel with too few rows not judged",
            ),
            (
                "every slice of city: auc >= champion",
                True,
                "all 2 slices of city meet it; Kiel with too few rows not judged",
            ),
            (
                "every slice of city: mae <= 3",
                False,
                "2 of 2 slices of city: Ulm has no mae; Bonn has no mae; Kiel with too few rows not judged",
            ),
            ("every slice of zip: auc >= 0.7", False, "no slice of zip has enough rows to be judged"),
            ("every slice of town: auc >= 0.7", False, "there is no slice column town; known: city, zip"),
        ],
    )
    def test_gate_says_what_it_found(self, text: str, passed: object, reason: str) -> None:
        """What is missing never passes."""
        assert check_gate(parse_gate(text), EVIDENCE) == {
            "gate": str(parse_gate(text)),
            "passed": passed,
            "reason": reason,
        }

    def test_without_a_champion_gates_that_compare_with_it_pass(self) -> None:
        """A first version has nothing to be compared with; its other gates hold."""
        alone = replace(EVIDENCE, champion=None)

        assert check_gate(parse_gate("auc >= champion"), alone)["passed"]
        assert not check_gate(parse_gate("auc >= 0.9"), alone)["passed"]

    def test_champion_without_the_metric_rejects(self) -> None:
        """A comparison that can't be made is not one that was passed."""
        found = check_gate(parse_gate("auc >= champion"), replace(EVIDENCE, champion={"auc": float("nan")}))

        assert (found["passed"], found["reason"]) == (False, "the champion has no auc to compare with")

    @pytest.mark.parametrize(
        "text", ["latency p99 <= 20 ms", "cost per 1,000 predictions <= 1", "critical image findings == 0"]
    )
    def test_what_nobody_measured_rejects(self, text: str) -> None:
        """Latency, cost and scan alike."""
        assert not check_gate(parse_gate(text), GateEvidence({}))["passed"]


class TestEnvironment:
    def test_environment_adds_gates_and_drops_none(self) -> None:
        """A gate that both name counts once."""
        gates = gates_of(["auc >= 0.8", "auc>=champion"], ["auc >= 0.9", "auc >= champion"])

        assert [str(gate) for gate in gates] == ["auc >= 0.8", "auc >= champion", "auc >= 0.9"]
