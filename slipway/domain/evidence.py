"""A release's evidence, picked out of its report for page, e-mail and Slack."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slipway.domain.amounts import about_usd, sentence
from slipway.domain.comparison import MetricRow, number
from slipway.domain.headline_numbers import headline_numbers, interval_of, rows_of
from slipway.domain.shapes import listed, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    What a report says; every key of it may be missing, so that an older or lost report can be shown.

    Attributes:
        report: ``contracts.report.EvidenceReport``.
    """

    report: Mapping[str, Any]

    @property
    def summary(self) -> str:
        """The verdict in a sentence."""
        return sentence(str(self.report.get("summary", "")))

    @property
    def champion_version(self) -> str:
        """The version in production when the release was planned; empty for a first release."""
        return str(self.side("champion").get("version", ""))

    def side(self, name: str) -> Mapping[str, Any]:
        """``contracts.report.Side`` of ``challenger`` or ``champion``; empty where there is none."""
        return mapping(self.report.get(name))

    def cached_from(self, step: str) -> str:
        """The release whose outputs were taken for a step (contracts.steps.STEPS); empty: it was run."""
        taken = str(mapping(self.report.get("cached_from")).get(step, ""))
        return taken if re.fullmatch("[0-9a-f]{16}", taken) else ""

    def not_run(self) -> str:
        """
        What was taken from other releases, in words; empty: nothing was.

        >>> Evidence({"cached_from": {"training": "9f2c41d07b3a55e1"}}).not_run()
        'training: same as release 9f2c41d07b3a55e1'
        """
        names = {
            "training": "training",
            "challenger": "evaluation",
            "champion": "the champion's evaluation",
        }
        taken = {name: self.cached_from(step) for step, name in names.items()}
        return "; ".join(f"{name}: same as release {release}" for name, release in taken.items() if release)

    def numbers(self) -> list[tuple[str, str]]:
        """The five that matter, in words; an older report's are worked out from what it has."""
        numbers = listed(self.report.get("numbers")) or headline_numbers(self.report)
        return [(str(label), str(text)) for label, text in numbers]

    def interval(self, metric: str) -> str:
        """
        Where a metric's difference lies, in words; empty: no rows and no trial say so.

        >>> bounds = {"lower": -2.5, "upper": -1.5}
        >>> Evidence({"rows": {"comparisons": {"mae": bounds}}}).interval("mae")
        '-2.500 to -1.500'
        """
        found = interval_of(self.report, metric)
        if not found:
            return ""
        return f"{number(found['lower'], signed=True)} to {number(found['upper'], signed=True)}"

    def rows(self) -> list[MetricRow]:
        """Every metric of both sides, the primary one first."""
        return rows_of(self.report)

    def data_sets(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Use (``training`` or ``evaluation``) and ``contracts.release.PinnedDataSet``, in this order."""
        return [
            (use, mapping(pinned))
            for use in ("training", "evaluation")
            for pinned in self.report.get(f"{use}_data") or ()
        ]

    def gates(self) -> Sequence[Mapping[str, Any]]:
        """``contracts.release.GateOutcome`` of each gate."""
        return [mapping(gate) for gate in self.report.get("gates") or ()]

    def serving(self) -> str:
        """
        The instances that would serve, in words.

        >>> Evidence({"cost": {"instance_type": "ml.m5.large", "instance_count": 2}}).serving()
        '2 x ml.m5.large'
        """
        cost = mapping(self.report.get("cost"))
        return f"{cost.get('instance_count', 1)} x {cost.get('instance_type') or 'an unknown instance type'}"

    def cost(self) -> str:
        """
        The estimate in one line.

        >>> cost = {"instance_type": "ml.m5.large", "instance_count": 1}
        >>> Evidence({"cost": {**cost, "training_usd": 0.013, "usd_per_month": 83.95}}).cost()
        'Training cost about 0.013 USD; serving on 1 x ml.m5.large would cost about 84 USD a month.'
        """
        cost = mapping(self.report.get("cost"))
        training, month = cost.get("training_usd"), cost.get("usd_per_month")
        parts = [
            f"Training cost {about_usd(training)}",
            f"serving on {self.serving()} would cost {about_usd(month, ' a month')}",
        ]
        return "; ".join(parts) + "."


def evidence_of_document(document: Mapping[str, Any]) -> Evidence:
    """
    As much evidence as the release document itself holds, for when the report can't be read.

    Args:
        document: ``contracts.release.ReleaseDocument`` up to ``package``.
    """
    plan, verdict = mapping(document.get("plan")), mapping(document.get("verdict"))
    training, champion = mapping(document.get("training")), plan.get("champion")
    declared = mapping(mapping(mapping(plan.get("manifest")).get("evaluation")).get("metrics"))
    return Evidence(
        {
            **{
                key: plan.get(key)
                for key in ("release_id", "image_digest", "training_data", "evaluation_data")
            },
            "summary": verdict.get("summary", ""),
            "numbers": verdict.get("numbers"),
            "primary_metric": verdict.get("primary_metric", ""),
            "metric_declarations": declared,
            "gates": verdict.get("gates", []),
            "challenger": {"version": plan.get("version"), "metrics": verdict.get("challenger")},
            "champion": champion
            and {"version": champion.get("version"), "metrics": verdict.get("champion") or {}},
            "training_seconds": training.get("seconds"),
            "billable_seconds": training.get("billable_seconds"),
            "cached_from": {"training": training.get("cached_from", "")},
        }
    )
