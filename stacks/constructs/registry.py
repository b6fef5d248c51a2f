"""The container registry: repositories that make themselves when an image is first pushed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aws_cdk import aws_ecr as ecr
from constructs import Construct

if TYPE_CHECKING:
    from stacks.settings import Settings


class Registry(Construct):
    """The platform's creation template and, where settings say so, the registry's scanning."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        prefix = settings.policy["repository_prefix"]
        ecr.CfnRepositoryCreationTemplate(
            self,
            "Template",
            applied_for=["CREATE_ON_PUSH"],
            prefix=prefix,
            description=f"Slipway {settings.environment}: the first push makes a model's repository",
            image_tag_mutability="IMMUTABLE",
            # Tagged images are versions and stay: any of them may be promoted again.
            lifecycle_policy=json.dumps(
                {
                    "rules": [
                        {
                            "rulePriority": 1,
                            "description": "What no tag names can't be released",
                            "selection": {
                                "tagStatus": "untagged",
                                "countType": "sinceImagePushed",
                                "countUnit": "days",
                                "countNumber": settings.retention.untagged_image_days,
                            },
                            "action": {"type": "expire"},
                        },
                    ],
                },
            ),
        )
        if settings.scan_on_push:
            ecr.CfnRegistryScanningConfiguration(
                self,
                "Scanning",
                scan_type="BASIC",
                rules=[
                    ecr.CfnRegistryScanningConfiguration.ScanningRuleProperty(
                        scan_frequency="SCAN_ON_PUSH",
                        repository_filters=[
                            ecr.CfnRegistryScanningConfiguration.RepositoryFilterProperty(
                                filter=f"{prefix}/*", filter_type="WILDCARD"
                            ),
                        ],
                    ),
                ],
            )
