"""
Write what came of what, as a side effect of what happens anyway.

An event only says what may have changed. Its source is read again, and its nodes are made of that alone: an
event that comes twice, late or out of order changes nothing, and one that is lost is made good by a sweep.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.costs import LIST_PRICES, Prices
from slipway.domain.data_lineage import data_set_node
from slipway.domain.job_lineage import (
    ENDED,
    PROCESSING_LOGS,
    TRAINING_LOGS,
    evaluation_node,
    training_nodes,
)
from slipway.domain.metric_curves import JobLog
from slipway.domain.packages import RELEASE_PROPERTY
from slipway.domain.serving_lineage import (
    deleted,
    endpoint_node,
    promotion_node,
    serving_of,
)
from slipway.usecases.read_job_origin import evaluation_origin, training_origin
from slipway.usecases.read_release_lineage import read_release_lineage
from slipway.usecases.read_served import read_served

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from slipway.contracts.ledger import Failure
    from slipway.domain.execution import Execution
    from slipway.domain.lineage_subject import LineageSubject
    from slipway.usecases.ports import (
        DataSets,
        Executions,
        Hosting,
        JobLogs,
        Jobs,
        Ledger,
        Lineage,
        Reports,
    )

_log: Final = logging.getLogger(__name__)
PAUSES_SECONDS: Final = (0.2, 0.4, 0.8, 1.6)
"""``record_outcome`` hears of an execution's end by the same event: what it writes is waited for so long."""

_DECIDED: Final = {"Approved": "approved", "Rejected": "rejected"}


@dataclass(frozen=True, slots=True)
class LineageSources:
    """Where everything is read again."""

    ledger: Ledger
    executions: Executions
    jobs: Jobs
    logs: JobLogs
    hosting: Hosting
    data_sets: DataSets
    reports: Reports
    prices: Prices = LIST_PRICES


@dataclass(frozen=True, slots=True)
class LineageRecording:
    """
    Reads a source and writes its nodes.

    Attributes:
        sources: What is read.
        lineage: What is written.
        environment: A job with the tag of another one is left to that one.
        resource_prefix: Of the endpoints' names.
        data_bucket: By it a channel's URI is known to be a data set's.
        sleep: Takes seconds.
        pauses: Between looks at what somebody else is about to write.
    """

    sources: LineageSources
    lineage: Lineage
    environment: str
    resource_prefix: str
    data_bucket: str
    sleep: Callable[[float], None]
    pauses: Sequence[float] = PAUSES_SECONDS

    def record(self, subject: LineageSubject) -> int:
        """Record one source; the number of nodes that changed."""
        recorders: dict[str, Callable[[str], int]] = {
            "data-set": self._data_set,
            "release": self._release,
            "training-job": self._training_job,
            "evaluation-job": self._evaluation_job,
            "model-package": self._model_package,
            "promotion": self._promotion,
            "endpoint": self._endpoint,
        }
        return recorders[subject.kind](subject.name)

    def _data_set(self, name: str) -> int:
        project, _, rest = name.partition("/")
        data_set, _, version = rest.partition(":")
        text = self.sources.data_sets.document(project, data_set, version)
        if text is None:
            return 0  # it is still being stored
        uri = self.sources.data_sets.files_uri(project, data_set, version)
        try:
            node = data_set_node(json.loads(text), uri)
        except (KeyError, TypeError, ValueError):
            # whoever releases with it is told; there is nothing to record
            _log.warning("data set not recorded", extra={"data_set": name}, exc_info=True)
            return 0
        return self.lineage.put_nodes([node])

    def _release(self, release_id: str) -> int:
        nodes = read_release_lineage(release_id, self.sources, sleep=self.sleep, pauses=self.pauses)
        return self.lineage.put_nodes(nodes) if nodes else 0

    def _training_job(self, name: str) -> int:
        described = self.sources.jobs.training_job(name)
        asked = (
            None
            if described is None
            else training_origin(described, self.sources, self.environment, self.data_bucket)
        )
        if described is None or asked is None:
            return 0
        log = JobLog()
        if described["TrainingJobStatus"] in ENDED:
            log = self.sources.logs.read(TRAINING_LOGS, name, whole=True)
        return self.lineage.put_nodes(training_nodes(described, asked, log, self.sources.prices))

    def _evaluation_job(self, name: str) -> int:
        described = self.sources.jobs.processing_job(name)
        asked = None if described is None else evaluation_origin(described, self.sources, self.environment)
        if described is None or asked is None:
            return 0
        log = JobLog()
        if described["ProcessingJobStatus"] in ("Failed", "Stopped"):
            log = self.sources.logs.read(PROCESSING_LOGS, name, whole=False)
        return self.lineage.put_nodes([evaluation_node(described, asked, log, self.sources.prices)])

    def _model_package(self, arn: str) -> int:
        described = self.sources.hosting.model_package(arn) or {}
        properties = described.get("CustomerMetadataProperties") or {}
        release_id = properties.get(RELEASE_PROPERTY)
        if not release_id:
            return 0
        self._await_approval(release_id, _DECIDED.get(described.get("ModelApprovalStatus", "")))
        return self._release(release_id)

    def _await_approval(self, release_id: str, decided: str | None) -> None:
        """A decision that was made in Studio is taken into the ledger by another function, at this moment."""
        release = self.sources.ledger.release(release_id)
        if release is None or decided is None:
            return
        for pause in self.pauses:
            version = self.sources.ledger.version(release["project"], release["model"], release["version"])
            if version is None or version["approval"] not in {"pending", "approved"} - {decided}:
                return
            self.sleep(pause)

    def _promotion(self, execution_arn: str) -> int:
        execution = self.sources.executions.describe(execution_arn)
        request = {} if execution is None else execution.document.get("request") or {}
        if execution is None or not request:
            return 0
        node = promotion_node(
            execution,
            resource_prefix=self.resource_prefix,
            package_arn=self._package_arn(request),
            failure=self._failure(execution, request),
        )
        changed = self.lineage.put_nodes([node])
        if execution.ended:
            # it marked their stages at its end
            previous = (execution.output.get("promotion") or {}).get("previous") or {}
            for release_id in dict.fromkeys((request["release_id"], previous.get("release_id"))):
                changed += self._release(release_id) if release_id else 0
        return changed + self._endpoint(node["facts"]["endpoint"])

    def _package_arn(self, request: Mapping[str, Any]) -> str:
        approval = self.sources.ledger.get_approval(request["release_id"])
        if approval is not None:
            return approval["package_arn"]
        version = self.sources.ledger.version(request["project"], request["model"], request["version"])
        return (
            version["package_arn"]
            if version is not None and version["release_id"] == request["release_id"]
            else ""
        )

    def _failure(self, execution: Execution, request: Mapping[str, Any]) -> Failure | None:
        """Of a promotion by hand; the failure of any other is its release's."""
        if execution.status not in ("FAILED", "TIMED_OUT") or request["cause"] == "approval":
            return None
        for pause in (0.0, *self.pauses):
            self.sleep(pause)
            record = self.sources.ledger.promotion(request["project"], request["model"], execution.arn)
            if record is not None:
                return record.get("failure")
        return None

    def _endpoint(self, name: str) -> int:
        if not name.startswith(f"{self.resource_prefix}-"):
            return 0
        described = self.sources.hosting.endpoint(name)
        if described is None:
            return self._deleted(name)
        served = read_served(described, self.sources)
        serving = serving_of(described, served)
        promotions = sorted(
            {
                below["id"]
                for package in {one.package for one in served} - {""}
                for below in self.lineage.descendants(package, kind="promotion")
            }
        )
        changed = int(self.lineage.put_serving(serving))
        node = endpoint_node(serving, served, described["EndpointConfigName"], promotions)
        return changed + self.lineage.put_nodes([node])

    def _deleted(self, name: str) -> int:
        before = next((one for one in self.lineage.serving() if one["endpoint"] == name), None)
        if before is None:
            return 0  # we never heard of it
        serving = deleted(before)
        changed = int(self.lineage.put_serving(serving))
        return changed + self.lineage.put_nodes([endpoint_node(serving, (), "", ())])
