"""An account in memory in which releases, promotions and jobs go their ways, step by step, as a test says."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from slipway.contracts import container, names
from slipway.domain.lineage_subject import LineageSubject
from slipway.domain.metric_curves import JobLog, LogLine
from slipway.domain.packages import RELEASE_PROPERTY
from slipway.domain.serving_config import identity_of
from slipway.domain.timestamps import timestamp
from slipway.usecases.record_lineage import LineageRecording, LineageSources
from slipway.usecases.sweep_lineage import LineageSweep
from tests.fakes.executions import FakeExecutions
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import PROMOTE_MACHINE, RELEASE_MACHINE, a_plan, a_version, pinned
from tests.fakes.storage import FakeDataSets, FakeReports

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT, MODEL, PREFIX = "pricing", "hotel-rates", "slipway-dev"
ENDPOINT = names.endpoint(PREFIX, PROJECT, MODEL)
ARN = "arn:aws:sagemaker:eu-west-1:123456789012"


class FakeSageMaker:
    """Ports ``Jobs``, ``JobLogs`` and ``Hosting``."""

    def __init__(self) -> None:
        self.trainings: dict[str, Any] = {}
        self.evaluations: dict[str, Any] = {}
        self.tagged: dict[str, dict[str, str]] = {}
        self.written: dict[str, list[LogLine]] = {}
        self.hosted: dict[str, Any] = {}
        self.configs: dict[str, Any] = {}
        self.models: dict[str, Any] = {}
        self.packages: dict[str, Any] = {}

    def training_job(self, name: Any) -> Any:
        return self.trainings.get(name)

    def processing_job(self, name: Any) -> Any:
        return self.evaluations.get(name)

    def tags(self, arn: Any) -> Any:
        return self.tagged.get(arn, {})

    def training_jobs_since(self, moment: Any) -> Any:
        return iter([one for one in self.trainings.values() if one["LastModifiedTime"] > moment])

    def processing_jobs_since(self, prefix: Any, moment: Any) -> Any:
        return iter(
            [
                one
                for name, one in self.evaluations.items()
                if one["LastModifiedTime"] > moment and name.startswith(prefix)
            ]
        )

    def read(self, group: Any, job: Any, *, whole: Any) -> Any:
        lines = tuple(self.written.get(job, ()))
        return JobLog(lines if whole else (), lines[-20:])

    def endpoint(self, name: Any) -> Any:
        return self.hosted.get(name)

    def endpoint_config(self, name: Any) -> Any:
        return self.configs.get(name)

    def model(self, name: Any) -> Any:
        return self.models.get(name)

    def endpoints(self, prefix: Any) -> Any:
        return iter([one for name, one in self.hosted.items() if name.startswith(prefix)])

    def model_package(self, arn: Any) -> Any:
        return self.packages.get(arn)


class History:
    """
    Each step changes the account as AWS and the platform's functions do, and returns what events would tell.

    Args:
        seed: Of all that is left to chance within a step.
    """

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.moment = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
        self.sagemaker = FakeSageMaker()
        self.ledger, self.executions = FakeLedger(), FakeExecutions()
        self.data_sets, self.reports = FakeDataSets(), FakeReports()
        self.open: list[tuple[str, Callable[[str], list[LineageSubject]]]] = []
        """Releases with their next steps."""
        self.failed: list[str] = []
        self.served: list[str] = []
        self.promotions = self.outside = self.numbers = 0
        self.sources = LineageSources(
            self.ledger,
            self.executions,
            self.sagemaker,
            self.sagemaker,
            self.sagemaker,
            self.data_sets,
            self.reports,
        )

    def recording(self, lineage: Any) -> LineageRecording:
        return LineageRecording(self.sources, lineage, "dev", PREFIX, "data", lambda _: None, ())

    def sweep(self, lineage: Any) -> dict[str, int]:
        recording = self.recording(lineage)
        return LineageSweep(self.sources, lineage, recording, PROMOTE_MACHINE, lambda: self.moment).sweep()

    @property
    def now(self) -> str:
        return timestamp(self.moment)

    def pass_time(self, seconds: int) -> None:
        self.moment += timedelta(seconds=seconds)

    def store_data(self) -> list[LineageSubject]:
        version = f"1.{len(self.data_sets.documents)}.0"
        stored = self.data_sets.put(PROJECT, "hotel-rates", version).document() | {"created_at": self.now}
        self.data_sets.documents[PROJECT, "hotel-rates", version] = json.dumps(stored)
        return [LineageSubject("data-set", f"{PROJECT}/hotel-rates:{version}")]

    def release(self) -> list[LineageSubject]:
        """A new version, or one anew that was rejected."""
        held = [
            one["version"] for one in self.ledger.versions(PROJECT, MODEL) if one["approval"] == "rejected"
        ]
        again = held and self.chance.random() < 0.5
        version = self.chance.choice(held) if again else f"1.{len(self.ledger.releases)}.0"
        release_id = f"{len(self.ledger.releases):016x}"
        plan = a_plan(version, release_id=release_id)
        versions = sorted(version for _, _, version in self.data_sets.documents) or ["1.0.0"]
        plan["training_data"] = [pinned(version=self.chance.choice(versions))]
        plan["planned_at"] = self.now
        record = {
            **{
                key: plan[key] for key in ("release_id", "project", "model", "version", "repository", "cause")
            },
            "image_tag": version,
            "image_digest": plan["image_digest"],
            "status": "running",
            "reason": "",
            "planned_at": self.now,
            "plan": plan,
        }
        self.ledger.claim_release(record)
        started = self.executions.start(RELEASE_MACHINE, release_id, json.dumps({"plan": plan}))
        self._begun(started.arn)
        self.ledger.mark_started(release_id, started.arn)
        self.open.append((release_id, self._train))
        return [LineageSubject("release", release_id)]

    def go_on(self) -> list[LineageSubject]:
        """Some open release takes its next step."""
        if not self.open:
            return []
        release_id, step = self.open.pop(self.chance.randrange(len(self.open)))
        return step(release_id)

    def retry(self) -> list[LineageSubject]:
        if not self.failed:
            return []
        release_id = self.failed.pop()
        arn = self.ledger.release(release_id)["execution_arn"]
        self.executions.redrive(arn, at=self.now)
        self.ledger.reopen_release(release_id, started_at=self.now)
        self.open.append((release_id, self._train))
        return [LineageSubject("release", release_id)]

    def experiment(self) -> list[LineageSubject]:
        """Somebody trains in a notebook, on data that is there."""
        if not self.data_sets.documents:
            return []
        self.outside += 1
        tags = {"slipway:project": PROJECT} if self.chance.random() < 0.7 else {}
        return self._job(f"notebook-{self.outside}", tags, status=self.chance.choice(("Completed", "Failed")))

    def roll_back(self) -> list[LineageSubject]:
        if not self.served:
            return []
        self.promotions += 1
        version = self.ledger.version(PROJECT, MODEL, self.chance.choice(self.served))
        return self._promote(
            version, f"by-hand-{self.promotions}", "rollback", failing=self.chance.random() < 0.2
        )

    def weigh(self) -> list[LineageSubject]:
        """Somebody changes the endpoint by hand."""
        described = self.sagemaker.hosted.get(ENDPOINT)
        if described is None:
            return []
        self.sagemaker.hosted[ENDPOINT] = described | {"LastModifiedTime": self.moment}
        return [LineageSubject("endpoint", ENDPOINT)]

    def delete(self) -> list[LineageSubject]:
        return [LineageSubject("endpoint", ENDPOINT)] if self.sagemaker.hosted.pop(ENDPOINT, None) else []

    def _plan(self, release_id: str) -> Any:
        return self.ledger.release(release_id)["plan"]

    def _tags(self, release_id: str) -> dict[str, str]:
        return {"slipway:release": release_id, "slipway:project": PROJECT, "slipway:environment": "dev"}

    def _begun(self, arn: str) -> None:
        self.executions.by_arn[arn] = replace(self.executions.by_arn[arn], started_at=self.now)

    def _train(self, release_id: str) -> list[LineageSubject]:
        self.numbers += 1
        name = f"{self._plan(release_id)['job_names']['training']}-{self.numbers}-0"
        failing = self.chance.random() < 0.25
        told = self._job(name, self._tags(release_id), status="Failed" if failing else "Completed")
        if failing:
            return told + self._end(release_id, "failed")
        self.open.append((release_id, lambda _: self._judge(release_id, name)))
        return told

    def _job(self, name: str, tags: dict[str, str], *, status: str) -> list[LineageSubject]:
        arn, began = f"{ARN}:training-job/{name}", self.moment
        self.pass_time(61)
        self.sagemaker.tagged[arn] = tags
        self.sagemaker.trainings[name] = {
            "TrainingJobName": name,
            "TrainingJobArn": arn,
            "TrainingJobStatus": status,
            "AlgorithmSpecification": {
                "TrainingImage": a_plan()["image_uri"],
                "MetricDefinitions": [{"Name": "mae", "Regex": "mae=([0-9.]+)"}],
            },
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {"S3DataSource": {"S3Uri": self._some_data()}},
                }
            ],
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
            "CreationTime": began,
            "TrainingStartTime": began,
            "TrainingEndTime": self.moment,
            "LastModifiedTime": self.moment,
            "BillableTimeInSeconds": 61,
            **({"FailureReason": "AlgorithmError"} if status == "Failed" else {}),
            **(
                {"ModelArtifacts": {"S3ModelArtifacts": f"s3://artifacts/{name}/output/model.tar.gz"}}
                if status == "Completed"
                else {}
            ),
        }
        self._say(name)
        return [LineageSubject("training-job", name)] * 2

    def _some_data(self) -> str:
        versions = sorted(self.data_sets.documents) or [(PROJECT, "hotel-rates", "1.0.0")]
        return str(self.data_sets.files_uri(*self.chance.choice(versions)))

    def _say(self, job: str) -> None:
        at = int(self.moment.timestamp() * 1000)
        lines = self.sagemaker.written.setdefault(job, [])
        lines.append(LogLine(at, f"mae={self.chance.randint(1, 99)}"))

    def log_arrives(self) -> list[LineageSubject]:
        """CloudWatch is behind: no event tells of it."""
        recent = [
            name
            for name, job in self.sagemaker.trainings.items()
            if job["LastModifiedTime"] > self.moment - timedelta(minutes=5)
        ]
        if recent:
            self._say(self.chance.choice(recent))
        return []

    def _judge(self, release_id: str, job: str) -> list[LineageSubject]:
        plan, accepted = self._plan(release_id), self.chance.random() < 0.8
        self.numbers += 1
        name = f"{plan['job_names']['challenger']}-{self.numbers}-0"
        arn, began = f"{ARN}:processing-job/{name}", self.moment
        uri = f"s3://artifacts/{job}/output/model.tar.gz"
        self.pass_time(30)
        self.sagemaker.tagged[arn] = self._tags(release_id)
        self.sagemaker.evaluations[name] = {
            "ProcessingJobName": name,
            "ProcessingJobArn": arn,
            "ProcessingJobStatus": "Completed",
            "AppSpecification": {"ImageUri": plan["image_uri"]},
            "ProcessingInputs": [{"InputName": "model", "S3Input": {"S3Uri": uri}}],
            "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1}},
            "CreationTime": began,
            "ProcessingStartTime": began,
            "ProcessingEndTime": self.moment,
            "LastModifiedTime": self.moment,
        }
        report = {
            **{key: plan[key] for key in ("release_id", "model", "version", "image_uri")},
            "judged_at": self.now,
            "accepted": accepted,
            "challenger": {"metrics": {"mae": self.chance.randint(1, 99)}},
            "model_uri": uri,
            "evaluation_jobs": [name],
        }
        self.reports.write(f"{plan['artifact_prefix']}/report.json", json.dumps(report))
        told = [LineageSubject("evaluation-job", name), LineageSubject("release", release_id)]
        if not accepted:
            return told + self._end(release_id, "not-accepted")
        self.open.append((release_id, lambda _: self._register(release_id, uri)))
        return told

    def _register(self, release_id: str, uri: str) -> list[LineageSubject]:
        plan = self._plan(release_id)
        number = len(self.sagemaker.packages) + 1
        arn = f"{ARN}:model-package/{ENDPOINT}/{number}"
        report_uri = f"{plan['artifact_prefix']}/report.json"
        taken = self.ledger.put_version(
            a_version(
                plan["version"],
                release_id=release_id,
                package_arn=arn,
                model_uri=uri,
                report_uri=report_uri,
                image_uri=plan["image_uri"],
                registered_at=self.now,
            )
        )
        if taken is not None:
            return self._end(release_id, "failed")
        self.sagemaker.packages[arn] = {
            "ModelPackageArn": arn,
            "CreationTime": self.moment,
            "CustomerMetadataProperties": {RELEASE_PROPERTY: release_id},
        }
        approval = {
            **{key: plan[key] for key in ("release_id", "project", "model", "version", "image_digest")},
            "report_uri": report_uri,
            "package_arn": arn,
            "status": "pending",
            "approvers": {"ana@example.com": "hash", "ben@example.com": "hash"},
            "requested_at": self.now,
            "expires_at_epoch": int(self.moment.timestamp()) + 86400,
            "environment": "dev",
            "told": {},
            "redrive": self.numbers,
            "delivered": False,
            "settled": False,
        }
        self.ledger.put_approval(approval)
        self.ledger.set_release_status(release_id, "awaiting-approval")
        self.open.append((release_id, self._decide))
        return [LineageSubject("model-package", arn), LineageSubject("release", release_id)]

    def _decide(self, release_id: str) -> list[LineageSubject]:
        plan, approved = self._plan(release_id), self.chance.random() < 0.7
        status: Any = "approved" if approved else "rejected"
        decision: Any = {
            "status": status,
            "decided_by": "ana@example.com",
            "decided_at": self.now,
            "decision_reason": "seen",
            "source_ip": "192.0.2.1",
            "user_agent": "a browser",
        }
        self.ledger.decide_approval(release_id, decision, now_epoch=int(self.moment.timestamp()))
        self.ledger.set_version_approval(
            PROJECT,
            MODEL,
            plan["version"],
            release_id=release_id,
            approval=status,
            approver="ana@example.com",
            at=self.now,
        )
        told = [LineageSubject("release", release_id)]
        if not approved:
            return told + self._end(release_id, "rejected")
        self.ledger.set_release_status(release_id, "promoting")
        self.open.append((release_id, self._promote_release))
        return told

    def _promote_release(self, release_id: str) -> list[LineageSubject]:
        version = self.ledger.version(PROJECT, MODEL, self._plan(release_id)["version"])
        self.numbers += 1
        failing = self.chance.random() < 0.2
        told = self._promote(version, f"{release_id}-{self.numbers}-0", "approval", failing=failing)
        return told + self._end(release_id, "failed" if failing else "deployed", retried=False)

    def _promote(self, version: Any, name: str, cause: str, *, failing: bool) -> list[LineageSubject]:
        request = {
            **{key: version[key] for key in ("project", "model", "version", "release_id")},
            "cause": cause,
            "actor": "ana@example.com",
            "reason": "seen",
        }
        arn = self.executions.start(PROMOTE_MACHINE, name, json.dumps({"request": request})).arn
        self._begun(arn)
        self.pass_time(20)
        previous = self.served[-1:] and {
            "version": self.served[-1],
            "release_id": self.ledger.version(PROJECT, MODEL, self.served[-1])["release_id"],
        }
        told = [LineageSubject("promotion", arn)]
        if failing:
            failure: Any = {"step": "Smoke", "error": "x", "cause": "y", "log_url": "", "next_action": ""}
            self.executions.end(arn, "FAILED", at=self.now)
            if cause != "approval":
                self.ledger.put_promotion(
                    {
                        **request,
                        "status": "failed",
                        "execution_arn": arn,
                        "ended_at": self.now,
                        "failure": failure,
                    }
                )
            return told * 2
        self._serve(version)
        self.served.append(version["version"])
        self._stage(version["package_arn"], "Production")
        self.executions.end(
            arn, "SUCCEEDED", at=self.now, output={"promotion": {"previous": previous or None}}
        )
        return [*told * 2, LineageSubject("endpoint", ENDPOINT)]

    def _stage(self, arn: str, stage: str) -> None:
        package = self.sagemaker.packages[arn]
        self.sagemaker.packages[arn] = package | {
            "ModelLifeCycle": {"Stage": stage},
            "LastModifiedTime": self.moment,
        }

    def _serve(self, version: Any) -> None:
        config = f"{PREFIX}-{version['release_id'][-8:]}"
        identity = json.dumps(identity_of(version))
        self.sagemaker.models[config] = {"PrimaryContainer": {"Environment": {container.IDENTITY: identity}}}
        variant = {"VariantName": "AllTraffic", "ModelName": config, "InstanceType": "ml.m5.large"}
        self.sagemaker.configs[config] = {"ProductionVariants": [variant]}
        before = self.sagemaker.hosted.get(ENDPOINT, {"CreationTime": self.moment})
        self.sagemaker.hosted[ENDPOINT] = {
            "EndpointName": ENDPOINT,
            "EndpointConfigName": config,
            "EndpointStatus": "InService",
            "CreationTime": before["CreationTime"],
            "LastModifiedTime": self.moment,
            "ProductionVariants": [
                {"VariantName": "AllTraffic", "CurrentWeight": 1.0, "CurrentInstanceCount": 1}
            ],
        }

    def _end(self, release_id: str, status: Any, *, retried: bool = True) -> list[LineageSubject]:
        arn = self.ledger.release(release_id)["execution_arn"]
        self.pass_time(1)
        self.executions.end(arn, "FAILED" if status == "failed" else "SUCCEEDED", at=self.now)
        failure: Any = {"step": "Train", "error": "x", "cause": "y", "log_url": "", "next_action": ""}
        self.ledger.end_release(
            release_id,
            status=status,
            ended_at=self.now,
            reason="",
            failure=failure if status == "failed" else None,
        )
        if status == "failed" and retried:
            self.failed.append(release_id)
        return [LineageSubject("release", release_id)]


def graph_of(lineage: Any) -> str:
    """All that a fake store holds, as text."""
    nodes = {name: lineage.node(name) for name in sorted(lineage.told)}
    return json.dumps([nodes, lineage.serving(), list(lineage.experiments())], sort_keys=True, indent=1)
