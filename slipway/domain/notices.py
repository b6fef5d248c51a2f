"""What people are told of each of the platform's events: one notice, written once for e-mail and chat."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from slipway.contracts import events
from slipway.domain.amounts import day_and_time, sentence, took
from slipway.domain.approval import AUTOMATIC
from slipway.domain.comparison import compare
from slipway.domain.endpoint_changes import change_after, change_headline, layout_lines
from slipway.domain.trials.shown import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Tone = Literal["good", "bad", "waiting", "plain"]


@dataclass(frozen=True, slots=True)
class Notice:
    """
    One message, without any form yet.

    Attributes:
        tone: How it is to be taken.
        headline: One line that names environment, model and version.
        lead: A sentence or two.
        facts: Label and value; a value may have several lines.
        metrics: Label, challenger, champion, difference; champion and difference are a dash without one.
        commands: To be copied: what each does, and the command.
        next_action: What the reader should do now; empty: nothing.
        link: A URL to look further; empty: none.
        release_id: For the last line.
        request_id: Of the request for a decision; empty: none is wanted.
        report_digest: Of the report that it is about.
        version: Of the release.
    """

    tone: Tone
    headline: str
    lead: str
    facts: Sequence[tuple[str, str]] = ()
    metrics: Sequence[tuple[str, str, str, str]] = ()
    commands: Sequence[tuple[str, str]] = ()
    next_action: str = ""
    link: str = ""
    release_id: str = ""
    request_id: str = ""
    report_digest: str = ""
    version: str = ""


def notice_of(kind: str, detail: Mapping[str, Any], *, region: str) -> Notice | None:
    """
    The notice of one event; None for a kind that nobody is told of.

    Args:
        kind: The event's ``detail-type``: one of ``contracts.events.KINDS``.
        detail: At least ``contracts.events.NoticeDetail``.
        region: Where the event comes from; commands and links name it.
    """
    write = _WRITERS.get(kind)
    return write(detail, region) if write is not None else None


def _of(detail: Mapping[str, Any]) -> str:
    """``[prod] pricing/hotel-rates 1.1.0``, as far as it is known."""
    named = "/".join(str(detail[key]) for key in ("project", "model") if detail.get(key))
    version = str(detail.get("version") or detail.get("tag") or "")
    return f"[{detail.get('environment', '')}] {named or detail.get('repository', '')} {version}".strip()


def _id(detail: Mapping[str, Any]) -> str:
    return str(detail.get("release_id") or "")


def _refused(detail: Mapping[str, Any], _region: str) -> Notice:
    return Notice(
        tone="bad",
        headline=f"{_of(detail)}: push refused",
        lead="The pushed image starts no release.",
        facts=_present(
            ("Reason", detail.get("reason")),
            ("Repository", detail.get("repository")),
            ("Tag", detail.get("tag")),
            ("Digest", detail.get("digest")),
        ),
        next_action="Correct what the reason names, then push the image under a new version.",
        release_id=_id(detail),
    )


def _started(detail: Mapping[str, Any], region: str) -> Notice:
    cause = {
        "push": "its image was pushed",
        "sweep": "its image was pushed (found by the sweep)",
        "cli": "somebody asked for it",
        "schedule": "its schedule said so",
        "drift": "its data has drifted",
    }.get(str(detail.get("cause", "")), "it was asked for")
    return Notice(
        tone="plain",
        headline=f"{_of(detail)}: release started",
        lead=f"The release began because {cause}. The result of training and evaluation follows.",
        link=_execution_url(detail, region),
        release_id=_id(detail),
    )


def _judged(detail: Mapping[str, Any], _region: str) -> Notice:
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
        headline=f"{_of(detail)}: {'accepted, waits for approval' if accepted else 'not accepted'}",
        lead=sentence(str(verdict.get("summary", ""))),
        facts=_present(
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
        release_id=_id(detail),
    )


def _requested(detail: Mapping[str, Any], _region: str) -> Notice:
    approvers = [str(address) for address in detail.get("approvers") or ()]
    return Notice(
        tone="waiting",
        headline=f"{_of(detail)}: approval wanted",
        lead=sentence(str(detail.get("summary", ""))),
        facts=_present(
            *((str(label).capitalize(), text) for label, text in detail.get("numbers") or ()),
            ("Who may decide", ", ".join(approvers)),
            ("Decide before", day_and_time(detail.get("expires_at", ""))),
        ),
        next_action="Each approver has a link of their own by e-mail.",
        release_id=_id(detail),
        request_id=str(detail.get("request_id", "")),
        report_digest=str(detail.get("report_digest", "")),
        version=str(detail.get("version", "")),
    )


def _given(detail: Mapping[str, Any], _region: str) -> Notice:
    approver, given, persons = detail.get("approver"), detail.get("given"), detail.get("persons")
    return Notice(
        tone="waiting",
        headline=f"{_of(detail)}: {given} of {persons} approved, by {approver}",
        lead=f"{approver} approved this version. It waits for another approver.",
        facts=_present(("Reason", detail.get("reason")), ("Conditions", detail.get("conditions"))),
        next_action="Each approver has a link of their own by e-mail.",
        release_id=_id(detail),
    )


def _decided(detail: Mapping[str, Any], _region: str) -> Notice:
    decision, approver = str(detail.get("decision", "")), str(detail.get("approver", ""))
    tone, lead = _DECISIONS.get(decision, ("plain", "{approver} decided: {decision}."))
    if approver == AUTOMATIC:
        lead = "Approved automatically, as the settings of this environment allow: nobody looked at it."
    if detail.get("undeliverable"):
        tone = "bad"
        after = "The release had ended before it could be told; nothing was changed in production."
    else:
        after = _AFTER.get(decision, "")
    return Notice(
        tone=tone,
        headline=f"{_of(detail)}: {decision}" + (f" by {approver}" if approver else ""),
        lead=f"{lead.format(approver=approver, decision=decision)} {after}".strip(),
        facts=_present(
            ("Reason", detail.get("reason") if decision != "expired" else ""),
            ("Conditions", detail.get("conditions")),
        ),
        release_id=_id(detail),
    )


_DECISIONS: Final[Mapping[str, tuple[Tone, str]]] = {
    "approved": ("good", "{approver} approved this version."),
    "rejected": ("bad", "{approver} rejected this version."),
    "expired": ("bad", "Nobody decided in time."),
}
_AFTER: Final[Mapping[str, str]] = {
    "approved": "It goes into production now; the endpoint's details follow.",
    "rejected": "What serves now goes on serving.",
    "expired": "What serves now goes on serving. Start the release again to ask anew.",
}


def _in_service(detail: Mapping[str, Any], region: str) -> Notice:
    endpoint = detail.get("endpoint") or {}
    identity = endpoint.get("identity") or {}
    name = str(endpoint.get("endpoint_name", ""))
    tested = endpoint.get("smoke_status")
    milliseconds = endpoint.get("smoke_milliseconds")
    took = f" in {milliseconds:.0f} ms" if isinstance(milliseconds, int | float) else ""
    return Notice(
        tone="good",
        headline=f"{_of(detail)}: in service",
        lead=f"Endpoint {name} now serves version {detail.get('version', '')}.",
        facts=_present(
            ("Endpoint", name),
            ("Region", region),
            ("ARN", endpoint.get("endpoint_arn")),
            ("Variant", endpoint.get("variant")),
            ("Instances", f"{endpoint.get('instance_count', '')} x {endpoint.get('instance_type', '')}"),
            ("Configuration", endpoint.get("endpoint_config_name")),
            ("Image", identity.get("image_digest")),
            ("Trained on", identity.get("data_version")),
            ("Smoke test", f"{tested}{took}" if tested else ""),
        ),
        commands=[
            ("Call it (the model's slipway.toml has a sample request)", _invocation(name, region)),
            ("Which version answers", f"slipway endpoint show {detail.get('project')}/{detail.get('model')}"),
        ],
        release_id=_id(detail),
    )


def _changed(detail: Mapping[str, Any], region: str) -> Notice:
    endpoint = detail.get("endpoint") or {}
    action, name = str(endpoint.get("action", "")), str(endpoint.get("endpoint_name", ""))
    layout = layout_lines(endpoint.get("layout") or ())
    return Notice(
        tone="plain",
        headline=f"{_of(detail)}: {change_headline(action)}",
        lead=f"Endpoint {name} was changed. {change_after(action)}".strip(),
        facts=_present(
            ("Endpoint", name),
            ("Region", region),
            ("Who answers", layout),
            ("Configuration", endpoint.get("endpoint_config_name")),
        ),
        commands=[
            ("What serves", f"slipway endpoint show {detail.get('project')}/{detail.get('model')}"),
        ],
        release_id=_id(detail),
    )


def _invocation(endpoint: str, region: str) -> str:
    return (
        f"aws sagemaker-runtime invoke-endpoint --region {region} --endpoint-name {endpoint} "
        "--content-type application/json --body fileb://request.json answer.json"
    )


def _failed(detail: Mapping[str, Any], region: str) -> Notice:
    step, error = str(detail.get("step") or "an unknown step"), str(detail.get("error") or "")
    execution = _execution_url(detail, region)
    return Notice(
        tone="bad",
        headline=f"{_of(detail)}: failed at {step}",
        lead=f"The release failed at {step}. {_SERVING.get(error, 'What served before still serves.')}",
        facts=_present(
            ("Step", step),
            ("Error", error),
            ("Cause", _cause(detail.get("cause"))),
            ("Log", detail.get("log_url")),
        ),
        next_action=str(detail.get("next_action") or "Read the log, then retry the release."),
        link=execution if execution != detail.get("log_url") else "",
        release_id=_id(detail),
    )


def _set_back(detail: Mapping[str, Any], _region: str) -> Notice:
    found, wanted = str(detail.get("found", "")), str(detail.get("wanted", ""))
    return Notice(
        tone="bad",
        headline=f"{_of(detail)}: model package set back to {wanted}",
        lead=f"{detail.get('who') or 'Somebody'} made it {found} in SageMaker Studio; that was not to be.",
        facts=_present(("Why not", detail.get("reason")), ("Package", detail.get("package_arn"))),
        next_action="Nothing was changed in production. To release it after all, push it as a new version.",
        release_id=_id(detail),
    )


def _withdrawn(detail: Mapping[str, Any], _region: str) -> Notice:
    who, model = str(detail.get("who") or "Somebody"), f"{detail.get('project')}/{detail.get('model')}"
    serves = bool(detail.get("serves"))
    after = "It serves, and goes on serving." if serves else "It does not serve."
    return Notice(
        tone="bad",
        headline=f"{_of(detail)}: approval withdrawn by {who}",
        lead=f"{who} rejected this approved version in SageMaker Studio: it is promoted no more. {after}",
        facts=_present(("Reason", detail.get("reason")), ("Package", detail.get("package_arn"))),
        next_action=f"Look at it with `slipway endpoint show {model}`, and put another version in its place."
        if serves
        else "",
        release_id=_id(detail),
    )


def _idle(detail: Mapping[str, Any], _region: str) -> Notice:
    model, stops_at = f"{detail.get('project')}/{detail.get('model')}", str(detail.get("stops_at") or "")
    usd = detail.get("usd_per_month")
    costs = f"{usd:,.2f} USD a month" if isinstance(usd, int | float) else ""
    return Notice(
        tone="waiting" if stops_at else "plain",
        headline=f"{_of(detail)}: nobody calls its endpoint",
        lead=f"Endpoint {detail.get('endpoint')} was last called or changed at "
        f"{day_and_time(str(detail.get('idle_since', '')))}."
        + (f" Unless somebody calls it, it is stopped at {day_and_time(stops_at)}." if stops_at else ""),
        facts=_present(("Costs", costs)),
        commands=[("Stop it now", f"slipway endpoint stop {model} --reason 'nobody needs it'")],
        next_action="To keep it, call it, or release a version with keep_idle = true under [serving]. "
        "A stopped endpoint comes back with `slipway endpoint start`.",
        release_id=_id(detail),
    )


def _alarm(detail: Mapping[str, Any], region: str) -> Notice:
    rings = detail.get("state") == "ALARM"
    model = f"{detail.get('project')}/{detail.get('model')}"
    what = str(detail.get("what") or "an alarm")
    return Notice(
        tone="bad" if rings else "good",
        headline=f"{_of(detail)}: {'alarm' if rings else 'alarm over'}, {what}",
        lead=sentence(f"{what[:1].upper()}{what[1:]}" if rings else f"No longer so: {what}"),
        facts=_present(
            ("Endpoint", detail.get("endpoint")),
            ("Region", region),
            ("Alarm", detail.get("alarm")),
            ("CloudWatch says", detail.get("reason")),
        ),
        commands=[
            ("Look at it", f"slipway dashboard {model}"),
            ("Go back to what served before", f'slipway rollback {model} --reason "{what}"'),
        ]
        if rings
        else [],
        next_action="Look at the dashboard; the runbook has the steps." if rings else "",
        link=str(detail.get("runbook") or "") if rings else "",
        release_id=_id(detail),
    )


def _trial_started(detail: Mapping[str, Any], _region: str) -> Notice:
    settings, model = detail.get("settings") or {}, f"{detail.get('project')}/{detail.get('model')}"
    kind = KINDS.get(str(detail.get("kind", "")), "trial")
    share = f"{float(settings.get('share', 0)):.0%}".replace("%", " %")
    what = (
        f"{share} of the traffic goes to it"
        if detail.get("kind") == "ab"
        else f"it gets copies of {share} of the requests"
    )
    return Notice(
        tone="plain",
        headline=f"{_of(detail)}: {kind} begins beside {detail.get('champion')}",
        lead=f"Once it stands there, {what}, until something is decided.",
        facts=_present(
            ("Decided by", settings.get("outcome")),
            (
                "At the latest after",
                f"{settings.get('requests', '')} requests or {settings.get('hours', '')} hours",
            ),
            ("Begun by", detail.get("actor")),
        ),
        commands=[
            ("Follow it", f"slipway {detail.get('kind')} status {model}"),
            ("End it", f"slipway {detail.get('kind')} stop {model} --reason 'why'"),
        ],
        release_id=_id(detail),
    )


def _trial_ended(detail: Mapping[str, Any], _region: str) -> Notice:
    status, kind = str(detail.get("status", "")), KINDS.get(str(detail.get("kind", "")), "trial")
    tone, after = _TRIAL_ENDS.get(status, ("plain", ""))
    return Notice(
        tone=tone,
        headline=f"{_of(detail)}: {kind} {status}",
        lead=f"{after.format(champion=detail.get('champion'))}".strip(),
        facts=_present(("Decided", detail.get("word")), ("Reason", detail.get("reason"))),
        release_id=_id(detail),
    )


_TRIAL_ENDS: Final[Mapping[str, tuple[Tone, str]]] = {
    "promoted": ("good", "The challenger took the place of {champion}."),
    "rejected": ("bad", "The challenger leaves; {champion} serves on alone."),
    "stopped": ("plain", "The challenger leaves; {champion} serves on alone."),
    "superseded": ("plain", "Another promotion took the challenger's place."),
    "failed": ("bad", "It decided nothing; the challenger leaves, and {champion} serves on alone."),
}


_SERVING: Final[Mapping[str, str]] = {
    "RestoreFailed": "The endpoint could not be put back to what served before: look at it now.",
    "EndpointDriftedError": "The endpoint serves what somebody set by hand.",
    "EndpointNeedsRepair": "The endpoint may answer in part: look at it now.",
    "LeaseLostError": "Another promotion has taken the endpoint over.",
}
"""What is said of production after an error, where it is not that nothing has changed there."""

MAX_CAUSE: Final = 1500
"""Characters of a cause; the log has the rest."""


def _cause(cause: object) -> str:
    """A cause for people: the message of a JSON error, else the text, shortened."""
    text = str(cause or "")
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        text = str(parsed.get("errorMessage") or parsed.get("FailureReason") or text)
    return text if len(text) <= MAX_CAUSE else text[: MAX_CAUSE - 3] + "..."


def _execution_url(detail: Mapping[str, Any], region: str) -> str:
    arn = str(detail.get("execution_arn") or "")
    if not arn:
        return ""
    return f"https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details/{arn}"


def _present(*facts: tuple[str, object]) -> list[tuple[str, str]]:
    return [(label, str(value)) for label, value in facts if value]


_WRITERS: Final[Mapping[str, Callable[[Mapping[str, Any], str], Notice]]] = {
    events.RELEASE_REFUSED: _refused,
    events.RELEASE_STARTED: _started,
    events.RELEASE_JUDGED: _judged,
    events.APPROVAL_REQUESTED: _requested,
    events.APPROVAL_GIVEN: _given,
    events.APPROVAL_DECIDED: _decided,
    events.ENDPOINT_IN_SERVICE: _in_service,
    events.ENDPOINT_CHANGED: _changed,
    events.RELEASE_FAILED: _failed,
    events.PACKAGE_SET_BACK: _set_back,
    events.VERSION_WITHDRAWN: _withdrawn,
    events.ENDPOINT_IDLE: _idle,
    events.ENDPOINT_ALARM: _alarm,
    events.TRIAL_STARTED: _trial_started,
    events.TRIAL_ENDED: _trial_ended,
}
