"""Notices of a release and of its version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.domain.amounts import sentence, took
from slipway.domain.comparison import compare
from slipway.domain.notices.notice import (
    Notice,
    cause_text,
    execution_url,
    present,
    release_id,
    subject,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def refused(detail: Mapping[str, Any], _region: str) -> Notice:
    return Notice(
        tone="bad",
        headline=f"{subject(detail)}: push refused",
        lead="The pushed image starts no release.",
        facts=present(
            ("Reason", detail.get("reason")),
            ("Repository", detail.get("repository")),
            ("Tag", detail.get("tag")),
            ("Digest", detail.get("digest")),
        ),
        next_action="Correct what the reason names, then push the image under a new version.",
        release_id=release_id(detail),
    )


def started(detail: Mapping[str, Any], region: str) -> Notice:
    cause = {
        "push": "its image was pushed",
        "sweep": "its image was pushed (found by the sweep)",
        "cli": "somebody asked for it",
        "schedule": "its schedule said so",
        "drift": "its data has drifted",
    }.get(str(detail.get("cause", "")), "it was asked for")
    return Notice(
        tone="plain",
        headline=f"{subject(detail)}: release started",
        lead=f"The release began because {cause}. The result of training and evaluation follows.",
        link=execution_url(detail, region),
        release_id=release_id(detail),
    )


def judged(detail: Mapping[str, Any], _region: str) -> Notice:
    verdict = detail.get("verdict") or {}
    training = detail.get("training") or {}
    accepted = bool(verdict.get("accepted"))
    rows = compare(
        str(verdict.get("primary_metric", "")),
        verdict.get("challenger") or {},
        verdict.get("champion") or {},
        {},
    )
    champion = verdict.get("champion") is not None
    gates = [gate for gate in verdict.get("gates") or () if not gate.get("passed")]
    return Notice(
        tone="waiting" if accepted else "bad",
        headline=f"{subject(detail)}: {'accepted, waits for approval' if accepted else 'not accepted'}",
        lead=sentence(str(verdict.get("summary", ""))),
        facts=present(
            *((label.capitalize(), text) for label, text in verdict.get("numbers") or ()),
            ("Failed gates", "\n".join(str(gate.get("reason", "")) for gate in gates)),
            ("Champion", "" if champion else "none yet: this would be the first version in production"),
            ("Training took", took(training.get("seconds"), training.get("billable_seconds"))),
            ("Training job", training.get("job_name")),
            ("Model", training.get("model_uri")),
            ("Report", verdict.get("report_uri")),
        ),
        metrics=[(row.metric, *row.cells()) for row in rows],
        next_action=(
            "Its approvers have their links by e-mail."
            if accepted
            else "Look at the report; what serves now goes on serving. Push a better version."
        ),
        release_id=release_id(detail),
    )


def failed(detail: Mapping[str, Any], region: str) -> Notice:
    step, error = str(detail.get("step") or "an unknown step"), str(detail.get("error") or "")
    execution = execution_url(detail, region)
    return Notice(
        tone="bad",
        headline=f"{subject(detail)}: failed at {step}",
        lead=f"The release failed at {step}. {_SERVING.get(error, 'What served before still serves.')}",
        facts=present(
            ("Step", step),
            ("Error", error),
            ("Cause", cause_text(detail.get("cause"))),
            ("Log", detail.get("log_url")),
        ),
        next_action=str(detail.get("next_action") or "Read the log, then retry the release."),
        link=execution if execution != detail.get("log_url") else "",
        release_id=release_id(detail),
    )


def set_back(detail: Mapping[str, Any], _region: str) -> Notice:
    found, wanted = str(detail.get("found", "")), str(detail.get("wanted", ""))
    return Notice(
        tone="bad",
        headline=f"{subject(detail)}: model package set back to {wanted}",
        lead=f"{detail.get('who') or 'Somebody'} made it {found} in SageMaker Studio; that was not to be.",
        facts=present(("Why not", detail.get("reason")), ("Package", detail.get("package_arn"))),
        next_action="Nothing was changed in production. To release it after all, push it as a new version.",
        release_id=release_id(detail),
    )


def withdrawn(detail: Mapping[str, Any], _region: str) -> Notice:
    who, model = str(detail.get("who") or "Somebody"), f"{detail.get('project')}/{detail.get('model')}"
    serves = bool(detail.get("serves"))
    after = "It serves, and goes on serving." if serves else "It does not serve."
    return Notice(
        tone="bad",
        headline=f"{subject(detail)}: approval withdrawn by {who}",
        lead=f"{who} rejected this approved version in SageMaker Studio: it is promoted no more. {after}",
        facts=present(("Reason", detail.get("reason")), ("Package", detail.get("package_arn"))),
        next_action=f"Look at it with `slipway endpoint show {model}`, and put another version in its place."
        if serves
        else "",
        release_id=release_id(detail),
    )


_SERVING: Final[Mapping[str, str]] = {
    "RestoreFailed": "The endpoint could not be put back to what served before: look at it now.",
    "EndpointDriftedError": "The endpoint serves what somebody set by hand.",
    "EndpointNeedsRepair": "The endpoint may answer in part: look at it now.",
    "LeaseLostError": "Another promotion has taken the endpoint over.",
}
"""What is said of production after an error, where it is not that nothing has changed there."""
