"""What a finished release or promotion adds to the platform's own metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slipway.domain.telemetry.otlp import Point

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slipway.domain.telemetry.spans import AttributeValue, Span, Trace

APPROVAL: Final = "RequestApproval"
"""The state that waits for a person."""
_KEPT: Final = ("slipway.project", "slipway.model")
"""Of a metric's attributes: versions and release ids would make a series for each release."""


def release_points(trace: Trace, *, subject: str) -> list[Point]:
    """
    Durations of the whole and of each step, steps that failed, and how long people took to decide.

    All bear the times of what they are of: sent twice, they are the same points.

    Args:
        trace: Of a release or promotion that has ended.
        subject: ``release`` or ``promotion``.
    """
    root = trace.root
    of = {key: value for key, value in root.attributes.items() if key in _KEPT}
    outcome = root.attributes.get("slipway.release.status", root.status)
    points = [_took(f"slipway.{subject}.duration", root, {**of, "slipway.outcome": outcome})]
    for span in trace.spans[1:]:
        if span.end is None or "slipway.step.name" not in span.attributes:
            continue
        step = {**of, "slipway.step.name": span.name}
        points.append(_took("slipway.step.duration", span, {**step, "slipway.outcome": span.status}))
        points += _failures(span, step)
        if span.name == APPROVAL:
            points.append(_took("slipway.approval.wait", span, of))
    return points


def _took(metric: str, span: Span, attributes: Mapping[str, AttributeValue]) -> Point:
    end = span.end or span.start
    return Point(metric, "s", "histogram", span.seconds or 0.0, span.start, end, attributes)


def _failures(span: Span, step: Mapping[str, AttributeValue]) -> Iterator[Point]:
    if span.status == "error":
        error = {"error.type": span.attributes.get("error.type", "error")}
        yield Point(
            "slipway.steps.failed",
            "{step}",
            "sum",
            1.0,
            span.start,
            span.end or span.start,
            {**step, **error},
        )
