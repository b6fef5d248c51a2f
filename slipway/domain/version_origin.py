"""What a version came of: from the graph where it is recorded, else from what the ledger keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.contracts.ledger import ReleaseRecord, VersionRecord
    from slipway.contracts.lineage import NodeFacts
    from slipway.domain.lineage_graph import LineageGraph


@dataclass(frozen=True, slots=True)
class Origin:
    """
    Data, parameters, image and machines of one version, or of a release that did not come that far.

    Attributes:
        training_data: ``contracts.release.PinnedDataSet`` of each channel.
        evaluation_data: Likewise.
        hyperparameters: As the training program got them, by name; None: no manifest is known.
        image_uri: With its digest.
        image_digest: ``sha256:…``.
        source: ``contracts.release.ImageSource``; None: it ended before its image was read.
        instance_type: Of the training job.
        instance_count: Likewise; 0: not known.
        training: ``contracts.lineage_facts.TrainingFacts``; empty: no such job is recorded.
        evaluations: ``contracts.lineage_facts.EvaluationFacts`` of each side.
    """

    training_data: tuple[Mapping[str, Any], ...] = ()
    evaluation_data: tuple[Mapping[str, Any], ...] = ()
    hyperparameters: Mapping[str, str] | None = None
    image_uri: str = ""
    image_digest: str = ""
    source: Mapping[str, Any] | None = None
    instance_type: str = ""
    instance_count: int = 0
    training: Mapping[str, Any] | None = None
    evaluations: tuple[Mapping[str, Any], ...] = ()

    @property
    def commit(self) -> str:
        """The git commit that the image was built from; empty: the image does not say."""
        return str((self.source or {}).get("git_commit", ""))

    @property
    def training_status(self) -> str:
        """SageMaker's word for how the training job stands; empty: no job is recorded."""
        return str((self.training or {}).get("status", ""))

    @property
    def libraries(self) -> Mapping[str, str]:
        """Distribution to version; empty: not known."""
        return (self.source or {}).get("libraries") or {}

    @property
    def python(self) -> str:
        """Python's version; empty: not known."""
        return str((self.source or {}).get("python", ""))


def origin_of(
    version: VersionRecord | None, release: ReleaseRecord | None, graph: LineageGraph | None
) -> Origin:
    """
    What is known of where a version came from.

    What ran counts before what was planned: the job's own facts, then the version's record, then the plan.

    Args:
        version: The registered version; None: it was never registered.
        release: Its release; None: not at hand.
        graph: The graph around it; None: not recorded (yet).
    """
    asked: Mapping[str, Any] = release or {}
    plan: Mapping[str, Any] = asked.get("plan") or {}
    record: Mapping[str, Any] = version or {}
    manifest = record.get("manifest") or plan.get("manifest") or {}
    wanted = manifest.get("training") or {}
    training = _own_training(graph, record.get("release_id") or plan.get("release_id", ""))
    declared = {name: str(value) for name, value in (wanted.get("hyperparameters") or {}).items()}
    return Origin(
        training_data=tuple(
            training.get("channels") or record.get("training_data") or plan.get("training_data") or ()
        ),
        evaluation_data=tuple(record.get("evaluation_data") or plan.get("evaluation_data") or ()),
        hyperparameters=(training.get("hyperparameters") or record.get("hyperparameters") or declared)
        if manifest or training
        else None,
        image_uri=str(training.get("image_uri") or record.get("image_uri") or plan.get("image_uri") or ""),
        image_digest=str(
            record.get("image_digest") or plan.get("image_digest") or asked.get("image_digest", "")
        ),
        source=_source(training, record, plan, graph) if record or plan or training else None,
        instance_type=str(training.get("instance_type") or wanted.get("instance_type", "")),
        instance_count=int(training.get("instance_count") or wanted.get("instance_count", 0)),
        training=training,
        evaluations=tuple(_facts(graph.of_kind("evaluation-job"))) if graph is not None else (),
    )


def _own_training(graph: LineageGraph | None, release_id: str) -> Mapping[str, Any]:
    """The job that trained it: of several tries the last; another release's where it was taken from there."""
    if graph is None:
        return {}
    jobs = _facts(graph.of_kind("training-job"))
    mine = [job for job in jobs if job.get("release_id") == release_id] or jobs
    return max(mine, key=lambda job: str(job.get("started_at", "")), default={})


def _source(
    training: Mapping[str, Any],
    record: Mapping[str, Any],
    plan: Mapping[str, Any],
    graph: LineageGraph | None,
) -> Mapping[str, Any]:
    """What the image says of itself; what it leaves unsaid, from the log of the job that ran it."""
    images = _facts(graph.of_kind("image")) if graph is not None else []
    digest = record.get("image_digest") or plan.get("image_digest")
    own = [image for image in images if image.get("digest") == digest and image.get("source")]
    said: Mapping[str, Any] = own[0]["source"] if own else {}
    return {
        **(training.get("installed") or {}),
        **(plan.get("source") or {}),
        **(record.get("source") or {}),
        **said,
    }


def _facts(nodes: Sequence[NodeFacts]) -> list[Mapping[str, Any]]:
    return [node["facts"] for node in nodes if node["facts"]]
