"""The approval page's evidence, section by section; every function returns HTML with its parts escaped."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.amounts import about_usd, day_and_time, took
from slipway.domain.comparison import number
from slipway.domain.shapes import mapping
from slipway.domain.trials.shown import facts_of
from slipway.domain.web_table import Column, line, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from slipway.domain.comparison import MetricRow
    from slipway.domain.evidence import Evidence

_DIGEST_SHOWN: Final = 19
_SIGNED: Final = re.compile(r"(?<![\w&#.,:/-])(?:[+-]\d[\d.,]*\d|[+-]\d|\d[\d.]*(?=e[+-]))(?:e[+-]\d+)?")


@dataclass(frozen=True, slots=True)
class Plot:
    """
    One picture of the report.

    Attributes:
        title: Plain text: whose plot it is and of what.
        image: Base64 of the SVG; empty where it could not be read.
        problem: Plain text: why it could not, if that is known.
    """

    title: str
    image: str
    problem: str = ""


def card(heading: str, content: str, *, anchor: str) -> str:
    """A section with a heading that labels it; nothing where there is no content."""
    if not content:
        return ""
    return (
        f'<section class="card" aria-labelledby="{anchor}"><h2 id="{anchor}">{escape(heading)}</h2>'
        f"{content}</section>"
    )


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """A definition list of plain-text terms and HTML descriptions; empty ones are left out."""
    return "".join(f"<dt>{escape(term)}</dt><dd>{html}</dd>" for term, html in pairs if html).join(
        ('<dl class="facts">', "</dl>")
    )


def words(text: str) -> str:
    """
    Text, escaped, whose numbers are not broken at their signs at the end of a line.

    >>> words("gain -4.47e-07 of <1.1.0-rc.1>")
    'gain <span class="num">-4.47e-07</span> of &lt;1.1.0-rc.1&gt;'
    """
    return _SIGNED.sub(lambda found: f'<span class="num">{found[0]}</span>', escape(text))


def code(text: object) -> str:
    """Machine-readable text, escaped; empty stays empty."""
    return f"<code>{escape(str(text))}</code>" if text else ""


def chip(row: MetricRow) -> str:
    """What a difference means, as a word in a tint."""
    effect = row.effect
    return "" if effect == "unknown" else f'<span class="chip {effect}">{effect}</span>'


def verdict(evidence: Evidence, version: str) -> str:
    """The verdict's sentence over the metric that decides, large."""
    rows = evidence.rows()
    hero = ""
    if rows and rows[0].primary and rows[0].challenger is not None:
        row = rows[0]
        ours, champion, difference = row.cells()
        unit = f' <span class="unit">{escape(row.unit)}</span>' if row.unit else ""
        cells = [(f"{row.metric} of {version}", f"{escape(ours)}{unit}")]
        if row.champion is not None:
            cells.append((f"champion {evidence.champion_version}", f"{escape(champion)}{unit}"))
            relative = f' <span class="unit">{escape(row.relative)}</span>' if row.relative else ""
            cells.append(("difference", f"{words(difference)}{relative} {chip(row)}"))
        hero = "".join(f"<div><dt>{escape(term)}</dt><dd>{html}</dd></div>" for term, html in cells)
        hero = f'<dl class="hero">{hero}</dl>'
    rest = facts((label.capitalize(), words(text)) for label, text in evidence.numbers()[1:])
    judged = "" if evidence.report.get("accepted", True) else " no"
    return (
        f'<section class="card verdict{judged}" aria-labelledby="verdict"><h2 id="verdict">Verdict</h2>'
        f'<p class="say">{words(evidence.summary or "The verdict could not be read.")}</p>'
        f"{hero}{rest}</section>"
    )


def metrics(evidence: Evidence, version: str) -> str:
    """Every metric: challenger, champion, difference."""
    rows = evidence.rows()
    if not rows:
        return ""
    champion = evidence.champion_version
    intervals = champion and any(evidence.interval(row.metric) for row in rows)
    measured = evidence.side("challenger").get("rows")
    caption = f"Measured on {measured:,} rows of evaluation data." if measured else "On the evaluation data."
    caption = "Of real requests, while both stood there." if "trial" in evidence.report else caption
    head = [Column("Metric", number=False), Column("Challenger", version)]
    head += [Column("Champion", champion), Column("Difference")] if champion else []
    head += [Column("Interval")] if intervals else []
    head += [Column("", number=False)] if champion else []
    body = [
        line(
            f'{escape(row.label)}<span class="aim">{escape(row.aim)}</span>'
            if row.aim
            else escape(row.label),
            [
                *map(escape, row.cells()[: 3 if champion else 1]),
                *([escape(evidence.interval(row.metric) or "-")] if intervals else []),
                *([chip(row)] if champion else []),
            ],
            head,
            strong=row.primary,
        )
        for row in rows
    ]
    first = "There is no champion yet: this would be the first version in production."
    return (
        table(caption, head, body)
        + ("" if champion else f'<p class="hint">{first}</p>')
        + "".join(
            f'<p class="problem">{escape(problem)}</p>'
            for name in ("challenger", "champion")
            for problem in _problems(name, evidence.side(name))
        )
    )


def _problems(name: str, side: Mapping[str, Any]) -> Iterable[str]:
    if side.get("problem"):
        yield f"The {name}'s evaluation can't be read: {side['problem']}"
    if side.get("missing_metrics"):
        yield f"The {name} did not report: {', '.join(map(str, side['missing_metrics']))}"


def trial(evidence: Evidence) -> str:
    """What a trial has shown, where that is what is proposed."""
    found = evidence.report.get("trial")
    if not isinstance(found, dict):
        return ""
    return facts((label, words(text)) for label, text in facts_of(found))


def gates(evidence: Evidence) -> str:
    """Each gate with its outcome in words."""
    return "".join(
        f'<li><span class="chip {_outcome(gate)}">{_outcome(gate)}</span>'
        f"<span>{words(str(gate.get('reason') or gate.get('gate', '')))}</span></li>"
        for gate in evidence.gates()
    ).join(('<ul class="list">', "</ul>") if evidence.gates() else ("", ""))


def _outcome(gate: Any) -> str:
    return "passed" if gate.get("passed") else "failed"


def plots(pictures: Sequence[Plot]) -> str:
    """
    The report's plots; as images, in which no script runs and nothing is loaded.
    """
    figures = "".join(
        f'<figure><img alt="{escape(plot.title)}" src="data:image/svg+xml;base64,{plot.image}">'
        f"<figcaption>{escape(plot.title)}</figcaption></figure>"
        if plot.image
        else f'<p class="hint">{escape(plot.title)} could not be shown'
        f"{escape(f': {plot.problem}') if plot.problem else ''}.</p>"
        for plot in pictures
    )
    return f'<div class="plots">{figures}</div>' if figures else ""


def data_sets(evidence: Evidence) -> str:
    """What it was trained and evaluated on, pinned."""
    head = [Column("Data set", number=False), Column("Rows"), Column("Digest")]
    body = [
        line(
            f"{escape(str(pinned.get('data_set', '')))} {escape(str(pinned.get('version', '')))}"
            f'<span class="aim">{escape(use)}, channel {escape(str(pinned.get("channel", "")))}</span>',
            [
                escape(number(pinned["rows"]) if isinstance(pinned.get("rows"), int) else "-"),
                code(str(pinned.get("digest", ""))[:_DIGEST_SHOWN]),
            ],
            head,
        )
        for use, pinned in evidence.data_sets()
    ]
    return table("Frozen when the release was planned.", head, body) if body else ""


def origin(
    evidence: Evidence, *, image_digest: str, release_id: str, package_arn: str = "", opened: bool = False
) -> str:
    """
    Where the model comes from: image, artifact, job, code, hyperparameters, libraries.

    Args:
        evidence: What is known beside the following.
        image_digest: As pinned.
        release_id: As pinned.
        package_arn: Empty: not registered yet.
        opened: Whether lists are unfolded: on paper nobody can.
    """
    report = evidence.report
    source = mapping(report.get("source"))
    parameters, libraries = mapping(report.get("hyperparameters")), mapping(source.get("libraries"))
    return facts(
        [
            ("Image digest", code(image_digest)),
            ("Image", code(str(report.get("image_uri", "")).partition("@")[0])),
            ("Model artifact", code(report.get("model_uri"))),
            ("Training job", code(report.get("training_job"))),
            ("Evaluation jobs", "<br>".join(map(code, report.get("evaluation_jobs") or ()))),
            ("Not run again", escape(evidence.not_run())),
            ("Model package", code(package_arn)),
            ("Code", _joined(str(source.get("git_repository", "")), str(source.get("git_commit", "")))),
            ("Python", escape(str(source.get("python", "")))),
            ("Release", f"{code(release_id)} {_cause(report)}"),
        ]
    ) + "".join(
        _folded(one, many, listed, opened=opened)
        for one, many, listed in (
            ("hyperparameter", "hyperparameters", parameters),
            ("library", "libraries", libraries),
        )
    )


def _folded(one: str, many: str, listed: Mapping[str, Any], *, opened: bool) -> str:
    if not listed:
        return ""
    pairs = facts((str(name), code(value)) for name, value in sorted(listed.items()))
    counted = f"1 {one}" if len(listed) == 1 else f"{len(listed)} {many}"
    return f"<details{' open' if opened else ''}><summary>{counted}</summary>{pairs}</details>"


def _cause(report: Any) -> str:
    cause, planned = report.get("cause"), report.get("planned_at")
    if not (cause and planned):
        return ""
    return f'<span class="soft">by {escape(str(cause))} on {escape(day_and_time(str(planned)))}</span>'


def time_and_cost(evidence: Evidence) -> str:
    """How long it took, what that cost, and what serving would cost."""
    report = evidence.report
    cost = report.get("cost") or {}
    challenger, champion = evidence.side("challenger"), evidence.side("champion")
    trained = took(report.get("training_seconds"), report.get("billable_seconds"))
    return facts(
        [
            ("Training", _joined(trained, about_usd(cost.get("training_usd")))),
            ("Evaluation", escape(took(challenger.get("seconds")))),
            ("Champion's evaluation", escape(took(champion.get("seconds")))),
            (
                "Serving",
                _joined(evidence.serving(), about_usd(cost.get("usd_per_month"), " a month")) if cost else "",
            ),
            ("Prices", escape(str(cost.get("source", "")))),
        ]
    )


def _joined(*parts: str) -> str:
    return escape(", ".join(part for part in parts if part))
