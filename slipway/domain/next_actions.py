"""What to do after a failure: one row per kind; the first that matches counts."""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class _Row(NamedTuple):
    step: str
    """Regular expression that the step's name begins with; empty: any step."""
    words: str
    """Regular expression that error or cause holds; empty: any."""
    action: str
    """May hold ``{release}`` and ``{job}``."""


_ROWS: Final = (
    _Row(
        "",
        r"RestoreFailed",
        "The way back failed too, so that nothing may serve: have the platform's operators look at the "
        "endpoint now (`slipway endpoint show`), then `slipway release retry {release}`.",
    ),
    _Row(
        "",
        r"EndpointNeedsRepair",
        "SageMaker takes no update of the endpoint any more. Where some minutes without answers are allowed: "
        "`slipway endpoint stop MODEL`, then promote the version by hand; else have AWS Support mend it "
        'first. docs/operations.md, "An endpoint is Failed or UpdateRollbackFailed", has the steps.',
    ),
    _Row(
        "",
        r"LeaseLostError",
        "Another promotion took this endpoint over while this one was held up; it has written nothing "
        "since. Look at what serves with `slipway endpoint show`, then `slipway release retry {release}` if "
        "this version is still wanted.",
    ),
    _Row(
        "",
        r"EndpointDriftedError",
        "Somebody changed the endpoint by hand, and nothing was overwritten: `slipway endpoint show` says "
        "what serves. To replace it, promote with `--accept-drift CONFIG`, where CONFIG is the one that the "
        "cause names; what it was stays in SageMaker under that name.",
    ),
    _Row(
        "",
        r"RolledBackByAlarm",
        "An alarm rang while the new version took over, and SageMaker went back; the cause names it with "
        "what it saw. Mend the version and push a new one; or, where such answers are as they should be, "
        "change the limit under [serving.alarms]. What served before serves on.",
    ),
    _Row(
        "",
        r"PromotionTimedOut",
        "The endpoint was still changing after hours; what served before serves on. When `slipway endpoint "
        "show` says that it is in service, `slipway release retry {release}`.",
    ),
    _Row(
        "",
        r"ResourceLimitExceeded|LimitExceeded",
        "The account's quota for this instance type is used up: ask for a higher one in Service Quotas, "
        "or name another instance type in slipway.toml; then `slipway release retry {release}`.",
    ),
    _Row(
        "",
        r"CapacityError|InsufficientInstanceCapacity|InsufficientCapacity",
        "AWS has no instance of this type at the moment: try again later with `slipway release retry "
        "{release}`, or name another instance type in slipway.toml.",
    ),
    _Row(
        "",
        r"Throttling|TooManyRequests|Rate exceeded|ServiceUnavailable|InternalServerError|Lambda\.Sdk",
        "AWS did not answer in time: try again with `slipway release retry {release}`.",
    ),
    _Row(
        "",
        r"AccessDenied|not authorized",
        "A role of the platform lacks a permission: have its operators look at the error, deploy the "
        "platform again, then `slipway release retry {release}`.",
    ),
    _Row(
        "Train",
        r"MaxRuntimeExceeded|MaxWaitTimeExceeded|Timeout|is Stopped",
        "Training took longer than it may: raise training.max_runtime_minutes in slipway.toml, or train "
        "faster; then push a new version.",
    ),
    _Row(
        "Train",
        r"model\.tar\.gz|no model|wrote nothing",
        "The training program wrote no model: write it under /opt/ml/model; `slipway model train DIR` "
        "shows what it does. Then push a new version.",
    ),
    _Row(
        "Train",
        "",
        "The training program failed: read the log of {job}, run it at home with `slipway model train "
        "DIR`, then push a new version.",
    ),
    _Row(
        "Evaluate|Challenger",
        r"MaxRuntimeExceeded|Timeout|is Stopped",
        "Evaluation took longer than it may: raise evaluation.max_runtime_minutes in slipway.toml, then "
        "push a new version.",
    ),
    _Row(
        "Champion|EvaluateChampion",
        "",
        "The version in production failed on the evaluation data, not the new one: read the log of "
        "{job}. If the data changed its form, evaluate on data that both versions read.",
    ),
    _Row(
        "Evaluate|Challenger",
        "",
        "The evaluation program failed: read the log of {job}, run it at home with `slipway model train "
        "DIR`, then push a new version.",
    ),
    _Row(
        "Register",
        r"VersionTakenError",
        "Another release registered this version meanwhile: push the image under a newer version.",
    ),
    _Row(
        "",
        r"ArtifactUnreadableError",
        "What the training left as model.tar.gz can't be read, so nothing could serve it: write the model "
        "under /opt/ml/model, let SageMaker pack it, and push a new version.",
    ),
    _Row(
        "",
        r"ArtifactRemovedError",
        "The version's model was removed by retention or by hand: promote another version, or push the image "
        "under a newer one, which trains it again.",
    ),
    _Row(
        "",
        r"PackageNotApprovedError|VersionNotRegisteredError",
        "Only a registered and approved version can serve: `slipway approval list` shows what waits for "
        "a decision.",
    ),
    _Row(
        "",
        r"KindChangeError",
        "SageMaker changes no endpoint into one of another kind: `slipway endpoint stop MODEL` (nothing "
        "answers "
        "from then on), then promote the version; or give [serving] the kind that is in service.",
    ),
    _Row(
        "",
        r"TrialRunsError",
        "A trial of another version runs: when it has ended, `slipway release retry {release}`; or "
        "promote the "
        "version by hand, which ends the trial.",
    ),
    _Row(
        "",
        r"StrategyNotPossibleError",
        "The strategy that was asked for is impossible for this version, or forbidden here; its message says "
        "why. Promote the version by hand with another one.",
    ),
    _Row(
        "",
        r"NothingServesError|NotOnEndpointError|ChampionLeavesError|NoRoomError",
        "The endpoint can't look like that: `slipway endpoint show` says what stands on it. What served "
        "before "
        "serves on.",
    ),
    _Row(
        "",
        r"SupersededError",
        "Another version serves by now than the one that this was compared with, and it serves on: push the "
        "image under a higher version, try this one anew, or promote it by hand if it is still wanted.",
    ),
    _Row(
        "",
        r"IdentityMismatchError",
        'The server does not say which version it is: set identity = "proxy" under [serving] in '
        "slipway.toml, then push a new version. What served before serves on.",
    ),
    _Row(
        "",
        r"SmokeTestFailedError",
        "The new version did not answer its own sample request: run `slipway model check DIR`, then "
        "push a new version. What served before serves on.",
    ),
    _Row(
        "",
        r"AliasMovedError",
        "Another promotion came between: look at `slipway endpoint show`, and promote again if it is "
        "still wanted.",
    ),
    _Row(
        "",
        r"RolledBack|EndpointFailed|ping|health",
        "The new version's server did not become healthy: it must answer GET /ping on port 8080 with "
        "200. Read the endpoint's log, run `slipway model check DIR`, then push a new version. What "
        "served before serves on.",
    ),
    _Row(
        "",
        r"Lease|ConditionalCheckFailed",
        "Another promotion of this endpoint took too long: wait for it, then `slipway release retry "
        "{release}`.",
    ),
)

DEFAULT: Final = (
    "Look at the execution's history; when the cause is gone, `slipway release retry {release}` goes on "
    "where it stopped."
)
RETRY: Final = "`slipway release retry `"
"""As an action has it where no release is named."""


def next_action(step: str, error: str, cause: str, *, release_id: str, job: str = "") -> str:
    """
    What to do next, for the person who pushed.

    >>> next_action("Promote", "CapacityError", "", release_id="9f")[:53]
    'AWS has no instance of this type at the moment: try a'
    """
    said = f"{error} {cause}"
    for row in _ROWS:
        if re.match(row.step, step) and re.search(row.words, said):
            return row.action.format(release=release_id, job=job or "the job")
    return DEFAULT.format(release=release_id)


def next_action_by_hand(error: str, cause: str) -> str:
    """
    What to do next, for the person who asked for a promotion by hand; empty where nothing is known.

    >>> "try again later with the same command" in next_action_by_hand("CapacityError", "")
    True
    >>> next_action_by_hand("Surprise", "")
    ''
    """
    action = next_action("Promote", error, cause, release_id="")
    return "" if action == DEFAULT.format(release="") else action.replace(RETRY, "the same command")
