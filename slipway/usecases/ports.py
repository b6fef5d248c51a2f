"""
What the use cases need from outside, in the domain's words.

An adapter is named ``<technology>_<port>``; ``tests/fakes`` holds a fake of each, and
one suite of tests runs over both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from slipway.domain.texts import MAX_PREDICTIONS_BYTES, MAX_REPORT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from slipway.contracts.ledger import (
        AliasRecord,
        ApprovalDecision,
        ApprovalRecord,
        ArtifactDigests,
        EndpointState,
        Failure,
        PersonalDecision,
        PromotionRecord,
        PushRecord,
        ReleaseRecord,
        ReleaseStatus,
        TrialRecord,
        TrialStatus,
        VersionApproval,
        VersionRecord,
    )
    from slipway.contracts.lineage import Descendant, Node, NodeFacts, NodeKind, Serving
    from slipway.contracts.promotion import Lease
    from slipway.contracts.release import ImageScan
    from slipway.contracts.steps import Step, StepLookup, StepRecord
    from slipway.contracts.trial import VariantLoad
    from slipway.domain.execution import Execution, ExecutionSummary, StartedExecution
    from slipway.domain.image import PushedImage, RegistryManifest
    from slipway.domain.metric_curves import JobLog
    from slipway.domain.registered_package import RegisteredPackage
    from slipway.domain.smoke import EndpointAnswer
    from slipway.domain.telemetry.endpoint_metrics import MetricQuery
    from slipway.domain.texts import TooLarge


class Clock(Protocol):
    """The time, in UTC."""

    def __call__(self) -> datetime: ...


class Releases(Protocol):
    """The ledger's releases and answered pushes."""

    def claim_release(self, record: ReleaseRecord) -> ReleaseRecord | None:
        """Write a release that is not there yet; None, or the one that is there already."""

    def mark_started(self, release_id: str, execution_arn: str) -> bool:
        """Note the execution; False when another delivery noted it first."""

    def set_release_status(self, release_id: str, status: ReleaseStatus) -> bool:
        """Move an open release to another open status; False when it is unknown or has ended."""

    def end_release(
        self,
        release_id: str,
        *,
        status: ReleaseStatus,
        ended_at: str,
        reason: str,
        failure: Failure | None = None,
        metrics: Mapping[str, float] | None = None,
    ) -> bool:
        """Record an end; False when this end, or a later one, is recorded already."""

    def reopen_release(self, release_id: str, *, started_at: str) -> bool:
        """Its failed execution was redriven at ``started_at``; False when it did not fail before that."""

    def note_told(self, release_id: str, moment: str) -> None:
        """People were told of what happened at ``moment``."""

    def note_lookups(self, release_id: str, lookups: Mapping[str, StepLookup]) -> None:
        """What the step cache answered, by step, in place of what was noted before."""

    def note_release_artifact_removed(self, release_id: str, at: str) -> bool:
        """What it had trained is gone; False when it is unknown, or that was noted before."""

    def release(self, release_id: str) -> ReleaseRecord | None: ...

    def releases_of_model(self, project: str, model: str, *, limit: int) -> list[ReleaseRecord]:
        """Newest first, without their plans."""

    def releases_of_month(self, month: str) -> Iterator[ReleaseRecord]:
        """Newest first, without their plans; ``month`` is ``yyyy-mm``."""

    def claim_push(self, record: PushRecord, *, instead_of: str = "") -> PushRecord | None:
        """
        Claim a push for a release; None, or what another delivery wrote.

        A claim for the same release holds for everybody who makes it. With ``instead_of``, a release's id,
        that one's claim is taken over.
        """

    def put_push(self, record: PushRecord) -> None: ...

    def push(self, repository: str, tag: str, digest: str) -> PushRecord | None: ...

    def pushes(self, repository: str) -> Iterator[PushRecord]:
        """Those answered."""


class Versions(Protocol):
    """The ledger's registered versions, aliases and promotions."""

    def put_version(self, record: VersionRecord) -> VersionRecord | None:
        """
        Register a version; None, or the record of another release that holds it.

        A version that was rejected, expired or abandoned may be registered anew.
        """

    def version(self, project: str, model: str, version: str) -> VersionRecord | None: ...

    def versions(self, project: str, model: str) -> list[VersionRecord]: ...

    def projects_of(self, model: str) -> list[str]:
        """The projects that registered a version of a model of this name, sorted."""

    def listed_versions(
        self, *, project: str = "", model: str = "", since: str = ""
    ) -> Iterator[VersionRecord]:
        """
        Registered versions as lists show them (``LISTED``), page by page as asked for.

        Newest first; those of a project without a model, model by model. ``model`` needs its project.
        """

    def versions_until(self, until: str) -> Iterator[VersionRecord]:
        """Those registered before ``until``, as lists show them, oldest first."""

    def set_version_approval(
        self,
        project: str,
        model: str,
        version: str,
        *,
        release_id: str,
        approval: VersionApproval,
        approver: str,
        at: str,
        reason: str = "",
    ) -> bool:
        """Decide a pending or abandoned version of this release; False when it was decided already."""

    def withdraw_version_approval(
        self, project: str, model: str, version: str, *, release_id: str, at: str
    ) -> bool:
        """An approval came too late: the release's approved version is abandoned; False when it is not so."""

    def revoke_version_approval(
        self, project: str, model: str, version: str, *, release_id: str, approver: str, at: str, reason: str
    ) -> bool:
        """The release's approved version is rejected after all; False when it is not approved."""

    def set_version_stage(self, project: str, model: str, version: str, *, stage: str) -> bool:
        """Note the life cycle's stage; False when there is no such version, or it has this stage."""

    def tag_version(
        self,
        project: str,
        model: str,
        version: str,
        *,
        tags: Mapping[str, str],
        instead_of: Mapping[str, str],
    ) -> bool:
        """Replace all tags; False when there is no such version, or its tags are not ``instead_of``."""

    def note_artifact_removed(self, record: VersionRecord, at: str) -> bool:
        """The version can't serve any more; False when it is another release's, or was noted before."""

    def withdraw_artifact_removal(self, record: VersionRecord, at: str) -> bool:
        """Its artifact was needed after all, and is there; False when it was not noted at ``at``."""

    def alias(self, project: str, model: str, alias: str) -> AliasRecord | None:
        """Where it points, by one strongly consistent read; None: nowhere (any more)."""

    def alias_tip(self, project: str, model: str, alias: str) -> AliasRecord | None:
        """The last move, also when that was the alias's removal."""

    def aliases(self, project: str, model: str) -> list[AliasRecord]:
        """The last moves of all its aliases by name, removals too; one read each, however often it moved."""

    def alias_at(self, project: str, model: str, alias: str, moment: str) -> AliasRecord | None:
        """The last move until ``moment``, by one read; None: it was not there yet."""

    def move_alias(self, record: AliasRecord) -> bool:
        """
        Move an alias from revision ``record.revision - 1`` and append its history, or False.

        It moves to no version whose artifact was removed, and never to a time before its last move.
        """

    def alias_history(self, project: str, model: str, alias: str) -> list[AliasRecord]:
        """Newest first."""

    def put_promotion(self, record: PromotionRecord) -> bool:
        """Record a promotion's end once; False when it is recorded already."""

    def promotion(self, project: str, model: str, execution_arn: str) -> PromotionRecord | None: ...

    def note_promotion_told(self, record: PromotionRecord) -> None:
        """People were told of this end."""

    def promotions(self, project: str, model: str) -> list[PromotionRecord]:
        """Newest first."""


class Approvals(Protocol):
    """The ledger's approvals; a record that is read never holds its task token."""

    def put_approval(self, record: ApprovalRecord) -> bool:
        """Ask for the first time; False when it was asked for already."""

    def renew_approval(
        self, release_id: str, *, task_token: str, redrive: int, expires_at_epoch: int, reopen: bool
    ) -> bool:
        """
        Note the token of another attempt; False when the record is not in the status that is wanted.

        With ``reopen`` an expired one is pending again; without, it must be pending or decided.
        """

    def get_approval(self, release_id: str) -> ApprovalRecord | None: ...

    def approval_token(self, release_id: str) -> str:
        """The task token; empty when there is none."""

    def mark_told(self, release_id: str, approver: str, redrive: int) -> None: ...

    def decide_approval(
        self,
        release_id: str,
        decision: ApprovalDecision,
        *,
        now_epoch: int,
        person: PersonalDecision | None = None,
        after: int = 0,
    ) -> bool:
        """
        Decide once: False when it is not pending, or (but for "expired") too late.

        With ``person`` it is appended to ``decisions``, and False where there are not ``after`` of them.
        """

    def note_decision(self, release_id: str, person: PersonalDecision, *, now_epoch: int, after: int) -> bool:
        """Append one that does not decide yet; False in the same cases."""

    def renew_report(self, release_id: str, report_digest: str, *, was: str, found_at: str) -> bool:
        """Ask all anew about another report; False when it is decided, or not about ``was`` any more."""

    def note_escalation(
        self, release_id: str, approvers: Mapping[str, str], *, redrive: int, at: str
    ) -> bool:
        """Let more people decide (address to nonce's hash); False when decided, or done at this redrive."""

    def note_reminder(self, release_id: str, *, redrive: int, at: str) -> bool:
        """All were reminded; False when it is decided, or was done at this redrive."""

    def close_approval(self, release_id: str, decision: ApprovalDecision) -> bool:
        """The release ended before anybody decided: nothing is left to do; False when it is not pending."""

    def mark_delivered(self, release_id: str, *, undeliverable: bool) -> None: ...

    def mark_settled(self, release_id: str) -> None:
        """Nothing is left to do; the token is forgotten."""

    def pending_approvals(self) -> list[ApprovalRecord]:
        """Those not settled yet, decided or not; the one that expires first comes first."""


class Leases(Protocol):
    """The ledger's leases: one promotion at a time works on an endpoint."""

    def end_lease(self, endpoint: str, owner: str) -> bool:
        """Give back the lease of the execution ``owner`` (its ARN); False when it holds none."""

    def lease(self, endpoint: str) -> Lease | None:
        """Who holds it, by one strongly consistent read, also when it ran out; None: nobody."""

    def lease_owner(self, endpoint: str, *, now_epoch: int) -> str:
        """The ARN of the execution that works on it; empty: none does."""


class Endpoints(Protocol):
    """The ledger's states of endpoints: what each serves and served, as promotions left it."""

    def endpoint_state(self, endpoint: str) -> EndpointState | None:
        """What it serves, by one strongly consistent read; None: the ledger knows of no promotion to it."""

    def endpoint_history(self, endpoint: str, *, limit: int | None = None) -> list[EndpointState]:
        """Newest first."""

    def record_promotion(self, state: EndpointState, moves: Sequence[AliasRecord], *, lease: Lease) -> bool:
        """
        Write what an endpoint serves now, its history and the aliases that moved: all of it, or False.

        Args:
            state: Later than any before.
            moves: As ``move_alias`` takes them.
            lease: It must be held by this owner with this fence at that moment.
        """

    def endpoint_at(self, endpoint: str, moment: str) -> EndpointState | None:
        """What it served at ``moment`` (ISO 8601), by one read; None: it was not there yet."""


class Trials(Protocol):
    """The ledger's trials of challengers beside champions."""

    def begin_trial(self, record: TrialRecord) -> bool:
        """Record a trial that is not there yet; False: it is."""

    def trial(self, project: str, model: str, trial_id: str) -> TrialRecord | None: ...

    def trials(self, project: str, model: str) -> list[TrialRecord]:
        """Newest first."""

    def note_look(
        self, project: str, model: str, trial_id: str, *, state: Mapping[str, Any], ends_by: str, after: int
    ) -> bool:
        """Keep an analysis on top of the ``after``-th; False when there is a later one, or it has ended."""

    def set_trial_status(
        self, project: str, model: str, trial_id: str, status: TrialStatus, *, reason: str, at: str
    ) -> bool:
        """Move an open trial to another status, at ``at`` if that ends it; False: it is not open."""


class VariantLoads(Protocol):
    """How variants of an endpoint did, as their metrics have it."""

    def load(self, endpoint: str, variant: str, *, since: datetime, until: datetime) -> VariantLoad: ...


class IdleWarnings(Protocol):
    """The ledger's notes of who was told that nobody calls an endpoint."""

    def idle_warned_at(self, endpoint: str) -> str:
        """When its people were last told (ISO 8601); empty: never."""

    def note_idle_warning(self, endpoint: str, at: str) -> None: ...


class Ledger(Releases, Versions, Approvals, Leases, Endpoints, Trials, IdleWarnings, Protocol):
    """All that the platform remembers of releases; lineage and the step cache have ports of their own."""


class Lineage(Protocol):
    """The ledger's graph of what came of what."""

    def put_nodes(self, nodes: Sequence[NodeFacts]) -> int:
        """
        Write nodes with the edges that lead to them, in both directions; the number that changed.

        Idempotent and order-independent: a source that is not there yet becomes a stub, and what is below a
        node hears of ancestors that come late. One transaction for each node and its edges.
        """

    def node(self, node: str) -> Node | None:
        """One strongly consistent read: the node and the whole graph above it."""

    def nodes(self, nodes: Sequence[str]) -> dict[str, Node]:
        """Those of them that are there, in as few reads as possible."""

    def descendants(
        self, node: str, *, kind: NodeKind | None = None, limit: int | None = None
    ) -> Iterator[Descendant]:
        """What is below a node, ordered by kind and id, page by page as asked for."""

    def by_digest(self, digest: str) -> list[str]:
        """Ids of the data sets, images and artifacts with this ``sha256:…``."""

    def put_serving(self, serving: Serving) -> bool:
        """What an endpoint serves now; False when something newer, or the same, is recorded."""

    def serving(self) -> list[Serving]:
        """Every endpoint, by name; one that was deleted has no variants."""

    def experiments(self) -> Iterator[dict[str, Any]]:
        """Training jobs that no release made, newest first, as lists show them."""


class Steps(Protocol):
    """The ledger's step cache."""

    def step(self, key: str) -> StepRecord | None: ...

    def claim_step(self, record: StepRecord, *, instead_of: str = "") -> StepRecord | None:
        """Claim a key for a release; None, or who has it. ``instead_of``: take over that release's claim."""

    def finish_step(self, record: StepRecord) -> bool:
        """Keep what came of a claimed step, also as the model's last; False when another release has it."""

    def release_step(self, key: str, release_id: str) -> bool:
        """Give back a claim that came to nothing; False when this release holds none."""

    def latest_step(self, project: str, model: str, step: Step) -> StepRecord | None:
        """What a miss is compared with."""


class Fingerprints(Protocol):
    """Files in the artifact bucket, without their content."""

    def fingerprint(self, uri: str) -> str:
        """Changes whenever the file's bytes do; empty: there is no such file."""


class ImageRegistry(Protocol):
    """Where images are pushed to."""

    def manifest(self, repository: str, reference: str) -> RegistryManifest | None:
        """An image by ``sha256:…`` or tag; None when there is none."""

    def blob(self, repository: str, digest: str) -> bytes:
        """A blob whose digest was verified; RegistryAnswerError otherwise."""

    def repositories(self, prefix: str) -> Iterator[str]: ...

    def scan(self, repository: str, digest: str) -> ImageScan:
        """What the registry's scan of an image found, as far as it is."""

    def pushed_since(self, repository: str, since: datetime) -> Iterator[PushedImage]:
        """Tagged images, one per tag."""


class DataSets(Protocol):
    """Immutable data set versions in the data bucket."""

    def versions(self, project: str, data_set: str) -> list[str]:
        """In no order; one that is still being stored has no document yet."""

    def document(self, project: str, data_set: str, version: str) -> str | None:
        """The text of its ``data-set.json``."""

    def files_uri(self, project: str, data_set: str, version: str) -> str:
        """``s3://bucket/<project>/<data set>/<version>/files/``."""

    def stored(self) -> Iterator[tuple[str, str, str]]:
        """Project, name and version of all there are, in no order; some may still be being stored."""


class Reports(Protocol):
    """Evaluation reports and evidence in the artifact bucket."""

    def read(self, uri: str, *, limit: int = MAX_REPORT_BYTES) -> str | TooLarge | None:
        """The text of a file of at most ``limit`` bytes; None when there is none."""

    def read_bytes(self, uri: str, *, limit: int = MAX_PREDICTIONS_BYTES) -> bytes | TooLarge | None:
        """A file of at most ``limit`` bytes as it is; None when there is none."""

    def write(self, uri: str, text: str) -> None: ...


class KeptFiles(Protocol):
    """Text files in the data bucket, by key."""

    def read(self, key: str, *, limit: int) -> str | TooLarge | None:
        """The text of a file of at most ``limit`` bytes; None when there is none."""

    def write(self, key: str, text: str) -> None: ...

    def keys(self, prefix: str, *, after: str = "") -> Iterator[str]:
        """Keys that begin with ``prefix``, in their order; only those greater than ``after``."""

    def remove(self, keys: list[str]) -> None:
        """Those that are there."""


class Artifacts(Protocol):
    """Model artifacts (``model.tar.gz``) in the artifact bucket."""

    def digests(self, uri: str) -> ArtifactDigests:
        """Read it once, in bounded memory; ArtifactUnreadableError when it is not there, or no archive."""

    def remove(self, uri: str) -> bool:
        """False when there was none (any more)."""

    def trained_by(self, prefix: str) -> list[str]:
        """URIs of the artifacts that the training jobs of one release left, by its artifact prefix."""


class Executions(Protocol):
    """Runs of the state machines."""

    def start(self, machine_arn: str, name: str, document: str) -> StartedExecution: ...

    def describe(self, execution_arn: str) -> Execution | None:
        """None when the execution is unknown (history is kept for 90 days)."""

    def history(self, execution_arn: str) -> Sequence[Mapping[str, Any]]:
        """Events, newest first, enough of them to find a failure's cause."""

    def whole_history(self, execution_arn: str) -> Sequence[Mapping[str, Any]]:
        """Every event, oldest first."""

    def since(self, machine_arn: str, moment: datetime) -> Iterator[ExecutionSummary]:
        """Those of a machine that began after ``moment``, newest first."""


class Jobs(Protocol):
    """SageMaker's training and processing jobs, as it describes them; times are datetimes."""

    def training_job(self, name: str) -> Mapping[str, Any] | None:
        """DescribeTrainingJob; None: there is no such job."""

    def processing_job(self, name: str) -> Mapping[str, Any] | None:
        """DescribeProcessingJob; None: there is no such job."""

    def tags(self, arn: str) -> dict[str, str]: ...

    def training_jobs_since(self, moment: datetime) -> Iterator[Mapping[str, Any]]:
        """Summaries of all that changed after ``moment``, slowly: others list as well."""

    def processing_jobs_since(self, prefix: str, moment: datetime) -> Iterator[Mapping[str, Any]]:
        """Likewise, of those whose names begin so."""


class JobLogs(Protocol):
    """What jobs write while they run."""

    def read(self, group: str, job: str, *, whole: bool) -> JobLog:
        """Its last lines and, if ``whole``, as many from its beginning as curves are made of."""


class Hosting(Protocol):
    """SageMaker's endpoints, what they run, and model packages, as it describes them; None: not there."""

    def endpoint(self, name: str) -> Mapping[str, Any] | None: ...

    def endpoint_config(self, name: str) -> Mapping[str, Any] | None: ...

    def model(self, name: str) -> Mapping[str, Any] | None: ...

    def endpoints(self, prefix: str) -> Iterator[Mapping[str, Any]]:
        """Summaries of those whose names begin so."""

    def model_package(self, arn: str) -> Mapping[str, Any] | None: ...


class EndpointParts(Protocol):
    """What endpoints run with; each can be made again from its version."""

    def remove_config(self, name: str) -> bool:
        """Remove an endpoint config that no endpoint uses; False when there was none (any more)."""

    def remove_model(self, name: str) -> bool:
        """Remove a SageMaker model, not its artifact; False when there was none (any more)."""


class Traffic(Protocol):
    """How endpoints are called."""

    def called_at(
        self, endpoint: str, variants: Sequence[str], since: datetime, until: datetime
    ) -> datetime | None:
        """The last call of any of its variants, to the end of its hour; None: there was none since."""


class Monitoring(Protocol):
    """Dashboards and alarms of models in service."""

    def put_dashboard(self, name: str, body: Mapping[str, Any]) -> None:
        """Make it or replace it; DashboardRefusedError where its body says what none may say."""

    def remove_dashboard(self, name: str) -> None:
        """Remove it, if it is there."""

    def alarms(self, prefix: str) -> list[Mapping[str, Any]]:
        """Those on one metric whose names begin so, as CloudWatch describes them."""

    def put_alarm(self, request: Mapping[str, Any]) -> None:
        """Make it or replace it."""

    def remove_alarms(self, names: Sequence[str]) -> None:
        """Remove those of them that are there."""


class MetricNumbers(Protocol):
    """Numbers of metrics."""

    def numbers(
        self, queries: Sequence[MetricQuery], start: datetime, end: datetime, period_seconds: int
    ) -> Iterator[tuple[MetricQuery, datetime, float]]:
        """Each statistic's numbers with the beginning of their periods; none where there is none."""


class TelemetrySink(Protocol):
    """An OpenTelemetry collector; raises TelemetryNotReachedError when it does not take what it is sent."""

    def send_traces(self, document: Mapping[str, Any]) -> None: ...

    def send_metrics(self, document: Mapping[str, Any]) -> None: ...


class ReleasePlanner(Protocol):
    """Asks ``plan_release`` without waiting for its answer."""

    def ask(self, repository: str, tag: str, *, cause: str) -> None: ...


class ModelRegistry(Protocol):
    """SageMaker's model packages."""

    def ensure_group(self, name: str, description: str, tags: list[dict[str, str]]) -> None: ...

    def find_package(self, group: str, release_id: str, since: str) -> str | None:
        """ARN of the release's package, if one was made after ``since`` (ISO 8601)."""

    def create_package(self, request: Mapping[str, Any]) -> str: ...

    def await_package(self, arn: str) -> None:
        """Return when the package is Completed; PackageNotReadyError when it fails, or takes too long."""

    def package(self, arn: str) -> RegisteredPackage | None:
        """As it is now; None when there is none."""

    def set_properties(self, arn: str, properties: Mapping[str, str], remove: Sequence[str]) -> None:
        """Put and remove ``CustomerMetadataProperties``; others stay."""

    def approval_status(self, arn: str) -> str:
        """``ModelApprovalStatus``; empty when there is no such package."""

    def set_approval(self, arn: str, status: str, description: str) -> None:
        """``ModelApprovalStatus``, with a description that is marked as ours."""

    def set_stage(self, arn: str, stage: str, status: str, description: str) -> None:
        """``ModelLifeCycle``."""


class EndpointRuntime(Protocol):
    """Sends requests to endpoints."""

    def invoke(
        self, endpoint: str, *, body: bytes, content_type: str, accept: str, variant: str = ""
    ) -> EndpointAnswer:
        """An error of the model or the endpoint is an answer too; ``variant``: it alone may answer."""

    def invoke_later(
        self, endpoint: str, *, body: bytes, content_type: str, accept: str, question: str
    ) -> EndpointAnswer:
        """
        Ask an asynchronous endpoint, and wait for its answer, which does not say who made it.

        ``question`` is the URI that the body is put under.
        """


class LinkSigner(Protocol):
    """Vouches for approval links with a key that nobody can read."""

    @property
    def key(self) -> str:
        """``key_tag`` of the key that signs now."""

    def sign(self, message: bytes) -> bytes:
        """The message's MAC, 32 bytes."""

    def verify(self, message: bytes, mac: bytes) -> bool:
        """Whether the MAC is the message's; takes as long either way."""


class TaskTokens(Protocol):
    """Executions that wait for somebody."""

    def succeed(self, token: str, output: Mapping[str, Any]) -> bool:
        """Let the execution go on; False when it does not wait (any more)."""


class Mailer(Protocol):
    """Plain-text e-mail to subscribed addresses."""

    def send(self, recipient: str, subject: str, text: str) -> None: ...


class ChatChannel(Protocol):
    """One chat channel."""

    def post(self, message: Mapping[str, Any]) -> bool:
        """False when no channel is configured; ChatNotReachedError when it did not take the message."""


class ChatReplies(Protocol):
    """Answers to who pressed a button in chat."""

    def reply(self, url: str, text: str) -> bool:
        """Seen by that person alone; False when the URL is not chat's own."""


class EventBus(Protocol):
    """Where the platform's own events go."""

    def emit(self, kind: str, detail: Mapping[str, Any]) -> None:
        """Raises EventNotAcceptedError."""
