"""
What the use cases need from outside, in the domain's words.

An adapter is named ``<technology>_<port>``; ``tests/fakes`` holds a fake of each, and
one suite of tests runs over both.
"""

from slipway.usecases.ports.approvals import Approvals, LinkSigner, TaskTokens
from slipway.usecases.ports.clock import Clock
from slipway.usecases.ports.endpoints import (
    EndpointParts,
    EndpointRuntime,
    Endpoints,
    Hosting,
    IdleWarnings,
    Leases,
)
from slipway.usecases.ports.files import Artifacts, DataSets, KeptFiles, Reports
from slipway.usecases.ports.images import ImageRegistry
from slipway.usecases.ports.jobs import JobLogs, Jobs
from slipway.usecases.ports.ledger import Ledger
from slipway.usecases.ports.lineage import Fingerprints, Lineage, Steps
from slipway.usecases.ports.messages import ChatChannel, ChatReplies, EventBus, Mailer
from slipway.usecases.ports.monitoring import MetricNumbers, Monitoring, TelemetrySink, Traffic
from slipway.usecases.ports.releases import Executions, ReleasePlanner, Releases
from slipway.usecases.ports.trials import Trials, VariantLoads
from slipway.usecases.ports.versions import ModelRegistry, Versions

__all__ = [
    "Approvals",
    "Artifacts",
    "ChatChannel",
    "ChatReplies",
    "Clock",
    "DataSets",
    "EndpointParts",
    "EndpointRuntime",
    "Endpoints",
    "EventBus",
    "Executions",
    "Fingerprints",
    "Hosting",
    "IdleWarnings",
    "ImageRegistry",
    "JobLogs",
    "Jobs",
    "KeptFiles",
    "Leases",
    "Ledger",
    "Lineage",
    "LinkSigner",
    "Mailer",
    "MetricNumbers",
    "ModelRegistry",
    "Monitoring",
    "ReleasePlanner",
    "Releases",
    "Reports",
    "Steps",
    "TaskTokens",
    "TelemetrySink",
    "Traffic",
    "Trials",
    "VariantLoads",
    "Versions",
]
