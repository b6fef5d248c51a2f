"""What one deployed platform offers to the jobs and endpoints that it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slipway.contracts.policy import Policy


@dataclass(frozen=True, slots=True)
class Site:
    """Fixed when the environment is deployed; empty where a function has no use for it."""

    environment: str
    artifact_bucket: str
    data_key_arn: str
    """KMS key of buckets, jobs and endpoints."""
    job_role_arn: str
    serving_role_arn: str
    policy: Policy

    def tags(self, project: str, model: str, version: str, release_id: str) -> list[dict[str, str]]:
        """What every resource of a release is tagged with."""
        words = {
            "project": project,
            "model": model,
            "version": version,
            "release": release_id,
            "environment": self.environment,
        }
        return [{"Key": f"slipway:{key}", "Value": value} for key, value in words.items()]
