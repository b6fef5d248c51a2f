"""Notices of trials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slipway.domain.notices.notice import (
    Notice,
    Tone,
    present,
    release_id,
    subject,
)
from slipway.domain.trials.demand import in_words
from slipway.domain.trials.shown import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping


def trial_started(detail: Mapping[str, Any], _region: str) -> Notice:
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
        headline=f"{subject(detail)}: {kind} begins beside {detail.get('champion')}",
        lead=f"Once it stands there, {what}, until something is decided.",
        facts=present(
            ("Decided by", settings.get("outcome")),
            ("Needs", in_words(settings) if "minimum_effect" in settings else ""),
            ("At the latest after", _at_the_latest(settings)),
            ("Begun by", detail.get("actor")),
        ),
        commands=[
            ("Follow it", f"slipway {detail.get('kind')} status {model}"),
            ("End it", f"slipway {detail.get('kind')} stop {model} --reason 'why'"),
        ],
        release_id=release_id(detail),
    )


def _at_the_latest(settings: Mapping[str, Any]) -> str:
    """
    When it is over.

    >>> _at_the_latest({"hours": 24, "requests": 1000}), _at_the_latest({"hours": 168})
    ('1,000 requests or 24 hours', '168 hours')
    """
    requests = f"{int(settings['requests']):,} requests or " if settings.get("requests") else ""
    return f"{requests}{settings.get('hours', '')} hours"


def trial_ended(detail: Mapping[str, Any], _region: str) -> Notice:
    status, kind = str(detail.get("status", "")), KINDS.get(str(detail.get("kind", "")), "trial")
    tone, after = _TRIAL_ENDS.get(status, ("plain", ""))
    return Notice(
        tone=tone,
        headline=f"{subject(detail)}: {kind} {status}",
        lead=after.format(champion=detail["champion"]) if detail.get("champion") else _NEVER_BEGAN,
        facts=present(("Decided", detail.get("word")), ("Reason", detail.get("reason"))),
        release_id=release_id(detail),
    )


_NEVER_BEGAN: Final = "It never began; the endpoint is as it was."

_TRIAL_ENDS: Final[Mapping[str, tuple[Tone, str]]] = {
    "promoted": ("good", "The challenger took the place of {champion}."),
    "rejected": ("bad", "The challenger leaves; {champion} serves on alone."),
    "stopped": ("plain", "The challenger leaves; {champion} serves on alone."),
    "superseded": ("plain", "Another promotion took the challenger's place."),
    "failed": ("bad", "It decided nothing; the challenger leaves, and {champion} serves on alone."),
}
