"""Everything an approval needs, in memory, around one release that waits for a decision."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from slipway.domain.approval import DecisionForm
from slipway.domain.approval_conditions import AllowedConditions
from slipway.domain.approval_link import key_tag
from slipway.domain.registered_package import RegisteredPackage, marked
from slipway.domain.texts import MAX_REPORT_BYTES, TooLarge
from slipway.usecases.ask_again import AskAgain
from slipway.usecases.decide_approval import decide_approval
from slipway.usecases.request_approval import Ports, request_approval
from slipway.usecases.show_approval import show_approval
from slipway.usecases.sweep_approvals import sweep_approvals
from slipway.usecases.take_in_package import PackageIntake
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import a_manifest

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
RELEASE = "9f2c41d07b3a55e1"
DIGEST = "sha256:" + "ab" * 32
ANA, BEN = "ana@example.com", "ben@example.com"
BASE = "https://abcdefghij.execute-api.us-east-1.amazonaws.com"
FOLDER = f"s3://artifacts/pricing/hotel-rates/releases/{RELEASE}"
PACKAGE = "arn:aws:sagemaker:us-east-1:000000000000:model-package/slipway-prod-pricing-hotel-rates/2"
MOST_EVENTS = 20
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><path d="M0 10 10 0"/></svg>'


class FakeSigner:
    """Port ``LinkSigner`` with a key of its own."""

    def __init__(self, secret: bytes = b"a key") -> None:
        self.secret = secret
        self.verified = 0
        self.key = key_tag(secret.hex())

    def sign(self, message: bytes) -> bytes:
        return hmac.digest(self.secret, message, hashlib.sha256)

    def verify(self, message: bytes, mac: bytes) -> bool:
        self.verified += 1
        return hmac.compare_digest(self.sign(message), mac)


class FakeMailer:
    """Port ``Mailer``; addresses in ``broken`` can't be reached."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.broken: set[str] = set()

    def send(self, recipient: str, subject: str, text: str) -> None:
        if recipient in self.broken:
            raise ConnectionError(f"{recipient} can't be reached")
        self.sent.append((recipient, subject, text))


class FakeTokens:
    """Port ``TaskTokens``: a token in ``waiting`` can be used once."""

    def __init__(self) -> None:
        self.waiting: set[str] = set()
        self.outputs: list[tuple[str, Any]] = []
        self.trouble: Exception | None = None
        self.before: Any = None
        self._lock = threading.Lock()

    def succeed(self, token: str, output: Any) -> bool:
        if self.before is not None:
            before, self.before = self.before, None
            before()
        with self._lock:
            if self.trouble is not None:
                raise self.trouble
            if token not in self.waiting:
                return False
            self.waiting.discard(token)
            self.outputs.append((token, dict(output)))
            return True


class FakeReports:
    """Port ``Reports``."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.asked: list[str] = []

    def read(self, uri: str, *, limit: int = MAX_REPORT_BYTES) -> Any:
        self.asked.append(uri)
        text = self.files.get(uri)
        return TooLarge(len(text), limit) if text is not None and len(text) > limit else text

    def write(self, uri: str, text: str) -> None:
        self.files[uri] = text


class FakeEvents:
    """Port ``EventBus``."""

    def __init__(self) -> None:
        self.emitted: list[tuple[str, dict[str, Any]]] = []
        self.trouble: Exception | None = None

    def emit(self, kind: str, detail: Any) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.emitted.append((kind, dict(detail)))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [detail for emitted, detail in self.emitted if emitted == kind]


class FakePackages:
    """The part of port ``ModelRegistry`` that decisions use: one package, whose every update is an event."""

    def __init__(self, tokens: FakeTokens) -> None:
        self.approvals: list[tuple[str, str, str]] = []
        self.waiting_then: list[int] = []
        self._tokens = tokens
        self.held = RegisteredPackage(
            PACKAGE,
            "PendingManualApproval",
            properties={
                "slipway:project": "pricing",
                "slipway:model": "hotel-rates",
                "slipway:version": "1.1.0",
                "slipway:release": RELEASE,
                "metric:mae": "31.2",
            },
        )
        self.changed: list[list[str]] = []
        """``UpdatedModelPackageFields`` of each update, in its order."""

    def change(self, *fields: str, by: str = "slipway", **changes: Any) -> None:
        """UpdateModelPackage, by whomever."""
        self.held = replace(self.held, modified_by=by, **changes)
        self.changed.append(list(fields))

    def package(self, arn: str) -> RegisteredPackage | None:
        return self.held if arn == self.held.arn else None

    def set_approval(self, arn: str, status: str, description: str) -> None:
        self.approvals.append((arn, status, description))
        self.waiting_then.append(len(self._tokens.waiting))
        description = marked(description, status)
        self.change("ModelApprovalStatus", "ApprovalDescription", approval=status, description=description)

    def set_properties(self, arn: str, properties: Any, remove: Any) -> None:
        kept = {key: text for key, text in self.held.properties.items() if key not in remove}
        self.change("CustomerMetadataProperties", properties={**kept, **properties})


def plan(**changes: Any) -> dict[str, Any]:
    """``contracts.release.Plan``, as far as approval reads it."""
    return {
        "release_id": RELEASE,
        "environment": "prod",
        "cause": "push",
        "project": "pricing",
        "model": "hotel-rates",
        "version": "1.1.0",
        "image_digest": DIGEST,
        "image_uri": f"000000000000.dkr.ecr.us-east-1.amazonaws.com/models/pricing/hotel-rates@{DIGEST}",
        "manifest": {"evaluation": {"metrics": {"mae": {"direction": "minimize", "unit": "EUR"}}}},
        "training_data": [pinned("train", "hotel-rates", "1.1.0", 98_213)],
        "evaluation_data": [pinned("holdout", "hotel-rates-holdout", "1.0.0", 24_610)],
        "champion": {"version": "1.0.0"},
        "approval_timeout_seconds": 3 * 24 * 3600,
        **changes,
    }


def pinned(channel: str, data_set: str, version: str, rows: int) -> dict[str, Any]:
    """``contracts.release.PinnedDataSet``."""
    digest = "sha256:" + hashlib.sha256(f"{data_set}:{version}".encode()).hexdigest()
    return {"channel": channel, "data_set": data_set, "version": version, "digest": digest, "rows": rows}


def report(**changes: Any) -> dict[str, Any]:
    """``contracts.report.EvidenceReport`` of a challenger that is better in nearly everything."""
    document = plan()
    return {
        **{key: document[key] for key in ("release_id", "environment", "project", "model", "version")},
        **{key: document[key] for key in ("cause", "training_data", "evaluation_data")},
        "planned_at": "2026-11-22T13:41:08.120Z",
        "judged_at": "2026-11-22T13:43:55.310Z",
        "accepted": True,
        "summary": "1.1.0 is accepted: mae is 31.20, 1.84 better than the champion 1.0.0 (33.04), "
        "and all 2 gates are met.",
        "primary_metric": "mae",
        "margin": 0.0,
        "metric_declarations": {
            "mae": {"direction": "minimize", "unit": "EUR"},
            "rmse": {"direction": "minimize", "unit": "EUR"},
            "r2": {"direction": "maximize", "unit": ""},
            "bias": {"direction": "minimize", "unit": "EUR"},
        },
        "gates": [
            {"gate": "mae <= 60", "passed": True, "reason": "mae is 31.20, meets <= 60"},
            {"gate": "r2 >= 0.6", "passed": True, "reason": "r2 is 0.7612, meets >= 0.6"},
        ],
        "challenger": side("1.1.0", 31.2046, 44.871, 0.7612, 1.92, "challenger"),
        "champion": side("1.0.0", 33.0411, 47.305, 0.7349, 1.88, "champion"),
        "image_uri": document["image_uri"],
        "image_digest": DIGEST,
        "model_uri": f"{FOLDER}/training/slipway-prod-hotel-rates-1-1-0-9f2c41d0-0-0/output/model.tar.gz",
        "hyperparameters": {"learning_rate": "0.1", "max_iter": "300", "min_samples_leaf": "20"},
        "training_job": "slipway-prod-hotel-rates-1-1-0-9f2c41d0-0-0",
        "training_seconds": 124.0,
        "billable_seconds": 97.0,
        "training_metrics": {"validation:mae": 30.8},
        "cost": {
            "instance_type": "ml.m5.large",
            "instance_count": 1,
            "usd_per_hour": 0.115,
            "usd_per_month": 83.95,
            "training_usd": 0.0031,
            "source": "AWS list prices, us-east-1, 2026-11",
        },
        **changes,
    }


def side(version: str, mae: float, rmse: float, r2: float, bias: float, name: str) -> dict[str, Any]:
    """``contracts.report.Side``."""
    shift = 1.0 if name == "challenger" else 1.06
    return {
        "version": version,
        "image_digest": DIGEST,
        "release_id": RELEASE,
        "rows": 24_610,
        "metrics": {"mae": mae, "rmse": rmse, "r2": r2, "bias": bias},
        "missing_metrics": [],
        "slices": {
            "hotel": {
                "City Hotel": {"rows": 16_212, "mae": 29.4 * shift, "r2": 0.77},
                "Resort Hotel": {"rows": 8_398, "mae": 34.7 * (2.02 - shift), "r2": 0.74},
            },
            "market_segment": {
                "Online TA": {"rows": 13_020, "mae": 27.91 * shift, "r2": 0.79},
                "Offline TA/TO": {"rows": 5_124, "mae": 33.26 * shift * shift, "r2": 0.71},
                "Direct": {"rows": 3_411, "mae": 38.02 * shift, "r2": 0.69},
                "Groups": {"rows": 2_240, "mae": 36.5 * (2.03 - shift), "r2": 0.66},
                "Corporate": {"rows": 815, "mae": 30.1 * shift, "r2": 0.7},
            },
        },
        "plots": [
            f"{FOLDER}/evaluation/{name}/plots/{plot}.svg" for plot in ("residuals", "predicted-by-month")
        ],
        "seconds": 6.4 if name == "challenger" else 6.1,
        "problem": "",
    }


SEVERAL = {"instance_count": 2, "min_instances": 2, "max_instances": 4}
"""Instances, so that traffic can move in parts."""


@dataclass
class ApprovalRoom:
    """All ports, one release, and the verbs."""

    now: datetime = NOW
    ledger: FakeLedger = field(default_factory=FakeLedger)
    signer: FakeSigner = field(default_factory=FakeSigner)
    mailer: FakeMailer = field(default_factory=FakeMailer)
    reports: FakeReports = field(default_factory=FakeReports)
    events: FakeEvents = field(default_factory=FakeEvents)
    tokens: FakeTokens = field(default_factory=FakeTokens)
    approvers: dict[str, list[str]] = field(default_factory=lambda: {"*": [ANA, BEN]})

    rules: dict[str, Any] = field(default_factory=dict)
    verdict: dict[str, Any] = field(default_factory=dict)
    policy: Any = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.packages = FakePackages(self.tokens)
        self.write_report(report())
        self.ledger.releases[RELEASE] = {
            "release_id": RELEASE, "project": "pricing", "model": "hotel-rates", "version": "1.1.0",
            "status": "running", "planned_at": "2026-11-22T13:41:08.120Z",
        }  # fmt: skip
        self.ledger.registered["pricing", "hotel-rates", "1.1.0"] = {
            "release_id": RELEASE,
            "approval": "pending",
            "project": "pricing",
            "model": "hotel-rates",
            "version": "1.1.0",
            "package_arn": PACKAGE,
            "manifest": a_manifest(serving=SEVERAL).document(),
        }

    def write_report(self, document: dict[str, Any]) -> None:
        self.reports.files[f"{FOLDER}/report.json"] = json.dumps(document)
        for name in ("challenger", "champion"):
            for uri in (document.get(name) or {}).get("plots", []):
                self.reports.files[uri] = SVG

    def ask(
        self,
        token: str = "token-1",  # noqa: S107 - a fake's
        redrive: int | None = None,
        **changes: Any,
    ) -> dict[str, Any]:
        """Run ``request_approval`` as the state machine does; the token waits from then on."""
        self.tokens.waiting.add(token)
        document = {
            "plan": plan(**changes),
            "training": {"seconds": 124.0, "billable_seconds": 97.0},
            "verdict": {
                **self.verdict,
                "accepted": True,
                "summary": report()["summary"],
                "primary_metric": "mae",
                "challenger": {"mae": 31.2046},
                "champion": {"mae": 33.0411},
                "gates": report()["gates"],
                "report_uri": f"{FOLDER}/report.json",
            },
            "package": {"group": "slipway-prod-pricing-hotel-rates", "arn": PACKAGE, "version": 2},
        }
        request: Any = {"document": document, "task_token": token}
        if redrive is not None:
            request["redrive"] = redrive
        ports = Ports(
            ledger=self.ledger,
            signer=self.signer,
            mailer=self.mailer,
            reports=self.reports,
            events=self.events,
            tokens=self.tokens,
            registry=self.packages,  # type: ignore[arg-type] - the part that is used
        )
        return request_approval(
            request,
            ports=ports,
            approvers=self.approvers,
            rules=self.rules,
            base_url=BASE,
            now=self.now,
        )

    def link(self, approver: str = ANA) -> str:
        """The newest link that was mailed to an approver."""
        mails = [text for recipient, _, text in self.mailer.sent if recipient == approver]
        return next(line for line in mails[-1].splitlines() if line.startswith("http"))

    def get(self, link: str) -> Any:
        release_id, query = taken_apart(link)
        return show_approval(
            release_id,
            query,
            ledger=self.ledger,
            approvers=self.approvers,
            rules=self.rules,
            allowed=AllowedConditions.of(self.policy),
            signer=self.signer,
            reports=self.reports,
            now=self.now,
        )

    def post(
        self,
        link: str,
        decision: str = "approved",
        reason: str = "",
        version: str = "1.1.0",
        **conditions: str,
    ) -> Any:
        release_id, query = taken_apart(link)
        return decide_approval(
            release_id,
            query,
            DecisionForm(decision, reason, version, **conditions),
            policy=self.policy,
            ledger=self.ledger,
            approvers=self.approvers,
            rules=self.rules,
            signer=self.signer,
            reports=self.reports,
            tokens=self.tokens,
            registry=self.packages,  # type: ignore[arg-type] - the part that is used
            events=self.events,
            now=self.now,
            source_ip="192.0.2.7",
            user_agent="a browser",
        )

    def sweep(self) -> dict[str, int]:
        asking = AskAgain(
            approvals=self.ledger,
            signer=self.signer,
            mailer=self.mailer,
            reports=self.reports,
            events=self.events,
            approvers=self.approvers,
            rules=self.rules,
            base_url=BASE,
        )
        return sweep_approvals(
            asking=asking,
            ledger=self.ledger,
            tokens=self.tokens,
            registry=self.packages,  # type: ignore[arg-type] - the part that is used
            events=self.events,
            now=self.now,
        )

    @property
    def intake(self) -> PackageIntake:
        return PackageIntake(
            ledger=self.ledger,
            registry=self.packages,  # type: ignore[arg-type] - the part that is used
            tokens=self.tokens,
            events=self.events,
            clock=lambda: self.now,
        )

    def take_in(self) -> list[str]:
        """Deliver every event of the package, those that this makes too, until it is quiet."""
        outcomes = []
        while self.packages.changed:
            fields = self.packages.changed.pop(0)
            outcomes.append(self.intake.take_in_package(PACKAGE, fields))
            assert len(outcomes) < MOST_EVENTS, "the events go round"
        return outcomes

    def later(self, **span: float) -> ApprovalRoom:
        self.now += timedelta(**span)
        return self

    def state(self) -> Any:
        """Everything that a GET must not change."""
        return copy.deepcopy(
            (
                self.ledger.releases,
                self.ledger.registered,
                self.ledger.approvals,
                self.ledger.moves,
                self.mailer.sent,
                self.reports.files,
                self.events.emitted,
                self.tokens.waiting,
                self.tokens.outputs,
                self.packages.approvals,
            )
        )


def taken_apart(link: str) -> tuple[str, str]:
    """Path parameter and query string, as API Gateway routes a URL; no route: ``("", "")``."""
    path, _, query = link.removeprefix(BASE).partition("#")[0].partition("?")
    folder, _, release_id = path.rpartition("/")
    return (release_id, query) if folder == "/approvals" else ("", "")


def image_of(html: str) -> str:
    """The first picture's source in a page, decoded."""
    return base64.b64decode(html.partition("data:image/svg+xml;base64,")[2].partition('"')[0]).decode()
