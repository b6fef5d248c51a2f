"""One definition of what is looked at of a model in service: the body of its CloudWatch dashboard."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from slipway.contracts.names import PREDICTION_METRIC, PREDICTION_NAMESPACE
from slipway.domain.dashboard_text import summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slipway.domain.watched import Mark, WatchedEndpoint, WatchedVariant

INVOCATIONS: Final = "AWS/SageMaker"
"""Metrics by EndpointName and VariantName; latencies in microseconds."""
INSTANCES: Final = "/aws/sagemaker/Endpoints"
"""CPU and memory of the instances, in percent, by EndpointName and VariantName."""

SHOWN: Final = timedelta(hours=72)
"""The longest that a page of it looks back."""
PERIOD_SECONDS: Final = 60
WIDGET_HEIGHT: Final = 6
TEXT_HEIGHT: Final = 6
COLUMNS: Final = 3
WIDTH: Final = 24 // COLUMNS
MAX_MARKS: Final = 20
"""Older promotions are not marked; the ledger has them all."""

_BY_VARIANT: Final = (
    ("#2f7ed8", "#1aa7a1", "#8a63d2", "#5f7fa3"),
    ("#e8792b", "#c09a06", "#c0563e", "#9a7b5f"),
    ("#3f9b45", "#8a9a22", "#2b8a7c", "#6f8f6a"),
    ("#d0569d", "#a06bc4", "#b5485f", "#8f7290"),
    ("#7d8794", "#4f9bb5", "#a58a3d", "#96695c"),
)
"""Four for each variant, neither light nor dark: they are looked at by day and by night."""
_DISTRIBUTION: Final = (("Average", "mean"), ("p5", "p5"), ("p50", "p50"), ("p95", "p95"))
_MEAN: Final = _DISTRIBUTION[:1]
_RED: Final = "#d9363e"


def dashboard_body(
    watched: WatchedEndpoint, *, alarms: Sequence[str] = (), account: str = ""
) -> dict[str, Any]:
    """
    The body that PutDashboard takes, as an object.

    The summary comes first, beside the alarms; then three charts a row: traffic, latency and errors; CPU,
    memory and instances; what is predicted, and how much of it. Every chart has a mark for each promotion.

    Args:
        watched: What serves.
        alarms: The names of the alarms that stand beside it.
        account: Whose they are.
    """
    charts = list(_charts(watched))
    widgets: list[dict[str, Any]] = [
        {
            "type": "text",
            "x": 0,
            "y": 0,
            "width": 24 - WIDTH if alarms else 24,
            "height": TEXT_HEIGHT,
            "properties": {"markdown": summary(watched)},
        }
    ]
    if alarms:
        prefix = f"arn:aws:cloudwatch:{watched.region}:{account}:alarm:"
        widgets.append(
            {
                "type": "alarm",
                "x": 24 - WIDTH,
                "y": 0,
                "width": WIDTH,
                "height": TEXT_HEIGHT,
                "properties": {"title": "Alarms", "alarms": [f"{prefix}{name}" for name in alarms]},
            }
        )
    widgets += [
        {
            "type": "metric",
            "x": index % COLUMNS * WIDTH,
            "y": TEXT_HEIGHT + index // COLUMNS * WIDGET_HEIGHT,
            "width": WIDTH,
            "height": WIDGET_HEIGHT,
            "properties": chart,
        }
        for index, chart in enumerate(charts)
    ]
    return {"start": "-PT24H", "periodOverride": "inherit", "widgets": widgets}


def _charts(watched: WatchedEndpoint) -> Iterator[dict[str, Any]]:
    answering = [variant for variant in watched.variants if variant.role != "shadow"]
    yield _chart(
        watched,
        "Requests a minute",
        [_invoked(watched, variant, "Invocations", "Sum", variant.place) for variant in watched.variants],
        stacked=True,
        colors=[tones[0] for tones in _tones(watched.variants)],
    )
    yield _chart(
        watched,
        "Model latency",
        [
            _invoked(watched, variant, "ModelLatency", stat, f"{stat} {variant.place}")
            for variant in watched.variants
            for stat in ("p50", "p90", "p99")
        ],
        colors=[tone for tones in _tones(watched.variants) for tone in tones[:3]],
    )
    yield _chart(
        watched,
        "Errors a minute",
        [
            _invoked(watched, variant, metric, "Sum", f"{said} {variant.place}")
            for variant in answering
            for metric, said in (
                ("Invocation4XXErrors", "4XX"),
                ("Invocation5XXErrors", "5XX"),
                ("InvocationModelErrors", "by the model"),
            )
        ],
        colors=[tone for tones in _tones(answering) for tone in (tones[1], _RED, tones[0])],
    )
    for title, metric, stat in (
        ("CPU, % of a core", "CPUUtilization", "Average"),
        ("Memory, %", "MemoryUtilization", "Average"),
        # Each instance reports once a minute: so many reports, so many instances. Of the disk, as the
        # embedded AWS tells of CPU and memory more often when its clock runs fast.
        ("Instances", "DiskUtilization", "SampleCount"),
    ):
        yield _chart(
            watched,
            title,
            [
                _metric(INSTANCES, metric, _of(watched, variant), stat, variant.place)
                for variant in watched.variants
            ],
            colors=[tones[0] for tones in _tones(watched.variants)],
        )
    predicting = [*watched.variants, *watched.earlier]
    yield _chart(
        watched,
        "Predictions",
        [
            _predicted(variant, PREDICTION_METRIC, stat, f"{said} {variant.label}")
            for variant in predicting
            for stat, said in _shown_of(variant)
        ],
        colors=[
            tone
            for variant, tones in zip(predicting, _tones(predicting), strict=True)
            for tone in tones[: len(_shown_of(variant))]
        ],
    )
    yield _chart(
        watched,
        "Rows predicted a minute",
        [_predicted(variant, "Rows", "Sum", variant.label) for variant in predicting],
        colors=[tones[0] for tones in _tones(predicting)],
    )
    yield _chart(
        watched,
        "Answers without a number",
        [_predicted(variant, "UnreadableAnswers", "Sum", variant.label) for variant in predicting],
        colors=[tones[0] for tones in _tones(predicting)],
    )


def _shown_of(variant: WatchedVariant) -> tuple[tuple[str, str], ...]:
    """The distribution of what stands there; of what stood there before, where its middle was."""
    return _MEAN if variant.role == "earlier" else _DISTRIBUTION


def _tones(variants: Sequence[WatchedVariant]) -> list[tuple[str, str, str, str]]:
    return [_BY_VARIANT[index % len(_BY_VARIANT)] for index, _ in enumerate(variants)]


def _chart(
    watched: WatchedEndpoint,
    title: str,
    metrics: list[list[Any]],
    *,
    colors: Sequence[str],
    stacked: bool = False,
) -> dict[str, Any]:
    for metric, color in zip(metrics, colors, strict=True):
        metric[-1]["color"] = color
    properties: dict[str, Any] = {
        "title": title,
        "view": "timeSeries",
        "stacked": stacked,
        "region": watched.region,
        "period": PERIOD_SECONDS,
        "metrics": metrics,
        "yAxis": {"left": {"min": 0}} if title != "Predictions" else {"left": {"showUnits": False}},
        "legend": {"position": "bottom"},
    }
    marks = [annotation(mark) for mark in watched.marks[:MAX_MARKS]]
    return properties | ({"annotations": {"vertical": marks}} if marks else {})


def annotation(mark: Mark) -> dict[str, str]:
    """A promotion as a vertical line."""
    return {"label": f"{mark.said} by {mark.actor}"[:256], "value": mark.at}


def _of(watched: WatchedEndpoint, variant: WatchedVariant) -> dict[str, str]:
    return {"EndpointName": watched.endpoint, "VariantName": variant.variant}


def _invoked(
    watched: WatchedEndpoint, variant: WatchedVariant, metric: str, stat: str, label: str
) -> list[Any]:
    return _metric(INVOCATIONS, metric, _of(watched, variant), stat, label)


def _predicted(variant: WatchedVariant, metric: str, stat: str, label: str) -> list[Any]:
    return _metric(PREDICTION_NAMESPACE, metric, {"ModelName": variant.model_name}, stat, label)


def _metric(namespace: str, metric: str, dimensions: dict[str, str], stat: str, label: str) -> list[Any]:
    """One line of a chart, as a dashboard names a metric: namespace, name, dimensions in turn, options."""
    return [
        namespace,
        metric,
        *(part for dimension in dimensions.items() for part in dimension),
        {"stat": stat, "label": label},
    ]
