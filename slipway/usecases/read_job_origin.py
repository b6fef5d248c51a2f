"""Who asked for a job and with what data: its tags lead to its release, or say that it is an experiment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from slipway.domain.data_lineage import data_set_of_uri
from slipway.domain.derivation import data_set_id
from slipway.domain.job_lineage import Asked, evaluation_asked, training_asked
from slipway.domain.reproduction_requests import REPRODUCES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.contracts.release import PinnedDataSet
    from slipway.usecases.record_lineage import LineageSources


def training_origin(
    described: Mapping[str, Any], sources: LineageSources, environment: str, data_bucket: str
) -> Asked | None:
    """None: the job is nobody's whom we know, or another environment's."""
    tags = _own_tags(described["TrainingJobArn"], sources, environment)
    plan = _plan(tags, sources)
    if plan is not None:
        return training_asked(plan)
    project = tags.get("slipway:project")
    if not project:
        return None
    read = [_channel(channel, sources, data_bucket) for channel in described.get("InputDataConfig") or ()]
    known = [one for one in read if one is not None]
    return Asked(
        project=project,
        model=tags.get("slipway:model", ""),
        reproduces=tags.get(REPRODUCES, ""),
        channels=[pinned for _, pinned in known],
        data_sets=[node for node, _ in known],
    )


def evaluation_origin(
    described: Mapping[str, Any], sources: LineageSources, environment: str
) -> Asked | None:
    """None: no release asked for it."""
    plan = _plan(_own_tags(described["ProcessingJobArn"], sources, environment), sources)
    return None if plan is None else evaluation_asked(plan, described["ProcessingJobName"])


def _own_tags(arn: str, sources: LineageSources, environment: str) -> dict[str, str]:
    """Empty for a job of another environment."""
    tags = sources.jobs.tags(arn)
    return tags if tags.get("slipway:environment", environment) == environment else {}


def _plan(tags: Mapping[str, str], sources: LineageSources) -> Mapping[str, Any] | None:
    release_id = tags.get("slipway:release")
    record = sources.ledger.release(release_id) if release_id else None
    return None if record is None else record.get("plan")


def _channel(
    channel: Mapping[str, Any], sources: LineageSources, data_bucket: str
) -> tuple[str, PinnedDataSet] | None:
    """The data set that a channel reads, with its node's id; None: it reads something else."""
    uri = ((channel.get("DataSource") or {}).get("S3DataSource") or {}).get("S3Uri", "")
    found = data_set_of_uri(uri, data_bucket)
    text = None if found is None else sources.data_sets.document(*found)
    if found is None or text is None:
        return None
    project, name, version = found
    document = json.loads(text)
    pinned: PinnedDataSet = {
        "channel": channel["ChannelName"],
        "data_set": name,
        "version": version,
        "digest": document["digest"],
        "uri": uri,
        "rows": document.get("rows"),
    }
    return data_set_id(project, pinned), pinned
