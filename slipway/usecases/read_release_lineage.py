"""Everything that the ledger, the evidence and the model registry say of one release, as nodes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from slipway.contracts.ledger import OPEN_STATUSES
from slipway.contracts.report import report_uri
from slipway.domain.package_lineage import artifact_node, package_node, superseded_package_node
from slipway.domain.release_lineage import approval_node, release_nodes, report_node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from slipway.contracts.ledger import ReleaseRecord
    from slipway.contracts.lineage import NodeFacts
    from slipway.usecases.ports import Reports
    from slipway.usecases.record_lineage import LineageSources


def read_release_lineage(
    release_id: str, sources: LineageSources, *, sleep: Callable[[float], None], pauses: Sequence[float]
) -> list[NodeFacts]:
    """
    Image, release, evidence, artifact, model package and approval, as far as they are there.

    Args:
        release_id: Its id; nothing for one that the ledger does not know.
        sources: Where to read.
        sleep: Takes seconds.
        pauses: Between looks at a release whose execution has ended and that does not say so yet.
    """
    record = _settled(release_id, sources, sleep, pauses)
    if record is None:
        return []
    nodes = release_nodes(record)
    plan = record.get("plan")
    if plan is None:
        return nodes  # refused: nothing came of it
    uri = report_uri(plan["artifact_prefix"])
    report = _report(sources.reports, uri)
    if report:
        nodes.append(report_node(report, uri))
    version = sources.ledger.version(record["project"], record["model"], record["version"])
    approval = sources.ledger.get_approval(release_id)
    if version is not None and version["release_id"] == release_id:
        nodes.append(artifact_node(version["model_uri"], version.get("artifact")))
        nodes.append(package_node(version, sources.hosting.model_package(version["package_arn"])))
    elif approval is not None:
        nodes.append(superseded_package_node(approval, report))
    if approval is not None:
        nodes.append(approval_node(approval))
    return nodes


def _settled(
    release_id: str, sources: LineageSources, sleep: Callable[[float], None], pauses: Sequence[float]
) -> ReleaseRecord | None:
    record = sources.ledger.release(release_id)
    arn = "" if record is None else record.get("execution_arn", "")
    if record is None or not pauses or not arn or record["status"] not in OPEN_STATUSES:
        return record
    execution = sources.executions.describe(arn)
    if execution is None or not execution.ended:
        return record
    for pause in pauses:
        sleep(pause)
        record = sources.ledger.release(release_id)
        if record is None or record["status"] not in OPEN_STATUSES:
            break
    return record


def _report(reports: Reports, uri: str) -> Mapping[str, Any]:
    """Empty where there is none, or none that can be read."""
    text = reports.read(uri)
    try:
        report = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    # every report that a judge wrote says when
    return report if isinstance(report, dict) and "judged_at" in report else {}
