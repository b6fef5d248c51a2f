"""
What a step of a release depends on, as a flat document of names and texts, and why it is not as before.

Only what the program can see or what shapes its outputs counts. A training job does not depend on
how its instance is paid for (spot), on the size of its disk, nor on its time limit: who runs into one of
the last two fails, and failures are not kept. It does depend on ``checkpoints``: the program sees a folder
that was kept. Which side of a comparison an evaluation stands on is no input: both are asked the same, so
that a challenger that became champion need not be measured again on the same data. Directions, units,
gates and margins are the judge's, who judges every time.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slipway.contracts.release import PinnedDataSet, Plan
    from slipway.contracts.steps import StepInputs

_ORDER: Final = (
    "program",
    "data",
    "hyperparameter",
    "artifact",
    "instance",
    "instances",
    "checkpoints",
    "metric",
    "image",
)
"""
In which order differences are named. The image comes last: it carries the manifest, so that its digest is
another one with every change of it and alone tells nobody anything.
"""
_SHOWN: Final = 48


def training_inputs(plan: Plan) -> StepInputs:
    """Of the training job."""
    training = plan["manifest"]["training"]
    return {
        "image": plan["image_digest"],
        "program": shlex.join(plan["manifest"]["programs"]["train"]),
        **_data(plan["training_data"]),
        # as the job gets them: 6 and "6" are the same to it
        **{
            f"hyperparameter {name}": str(value)
            for name, value in plan["requests"]["training"]["HyperParameters"].items()
        },
        "instance": str(training["instance_type"]),
        "instances": str(training["instance_count"]),
        "checkpoints": "kept" if training["checkpoints"] else "none",
        **{f"metric {name}": str(regex) for name, regex in training["metrics"].items()},
    }


def evaluation_inputs(
    plan: Plan, *, image_digest: str, evaluate: Sequence[str], model_uri: str, fingerprint: str
) -> StepInputs:
    """
    Of one side's evaluation.

    Args:
        plan: Both sides' instance and data are the challenger's.
        image_digest: Of the side's own image.
        evaluate: The side's own program.
        model_uri: Where its artifact lies.
        fingerprint: Of that artifact's bytes. The key of the training that made it would not do: trained
            again without the cache, the same inputs may give other bytes.
    """
    return {
        "image": image_digest,
        "program": shlex.join(evaluate),
        **_data(plan["evaluation_data"]),
        "artifact": f"{model_uri} {fingerprint}",
        "instance": str(plan["manifest"]["evaluation"]["instance_type"]),
    }


def _data(channels: Iterable[PinnedDataSet]) -> StepInputs:
    return {f"data {pinned['channel']}": pinned["digest"] for pinned in channels}


def key_of(inputs: StepInputs) -> str:
    """
    The same inputs, in any order, have the same key; others never.

    >>> key_of({"image": "a", "program": "train"}) == key_of({"program": "train", "image": "a"})
    True
    """
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def differences(old: StepInputs, new: StepInputs) -> list[str]:
    """Names of the inputs that are not as they were, those that explain most first."""
    return sorted((name for name in old.keys() | new.keys() if old.get(name) != new.get(name)), key=_rank)


def first_difference(old: StepInputs, new: StepInputs) -> str:
    """
    What changed, in words; empty: nothing.

    >>> old, new = {"hyperparameter depth": "6", "image": "a"}, {"hyperparameter depth": "8", "image": "b"}
    >>> first_difference(old, new)
    'hyperparameter depth 6 → 8 (first difference of 2)'
    >>> first_difference({}, {"data holdout": "sha256:9f"})
    'data holdout, which is new: sha256:9f'
    """
    changed = differences(old, new)
    if not changed:
        return ""
    name = changed[0]
    if name not in old:
        said = f"{name}, which is new: {_short(new[name])}"
    elif name not in new:
        said = f"{name}, which was {_short(old[name])} and is gone"
    else:
        said = f"{name} {_short(old[name])} → {_short(new[name])}"
    return said if len(changed) == 1 else f"{said} (first difference of {len(changed)})"


def _rank(name: str) -> tuple[int, str]:
    kind = name.partition(" ")[0]
    return (_ORDER.index(kind) if kind in _ORDER else len(_ORDER), name)


def _short(text: str) -> str:
    """
    One line; of a digest its beginning, of an address its end: these tell two of them apart.

    >>> _short("sha256:0123456789abcdef0123"), _short("")
    ('sha256:0123456789ab', "''")
    """
    line = " ".join(text.split())
    if line.startswith("sha256:"):
        return line[:19]
    if len(line) <= _SHOWN:
        return line or "''"
    return f"…{line[-_SHOWN:]}" if line.startswith("s3://") else f"{line[:_SHOWN]}…"
