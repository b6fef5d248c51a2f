"""What must never be lost: buckets, the ledger, keys."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from slipway.contracts import ledger, ledger_keys, names, outcome
from stacks.constructs.statements import (
    Statement,
    deny_plain_http,
    policy,
    use_items,
    use_leases,
    use_lineage,
    use_steps,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

    from stacks.settings import Settings

_Kept = TypeVar("_Kept", bound=cdk.CfnResource)

_PUBLIC_ACCESS = s3.CfnBucket.PublicAccessBlockConfigurationProperty(
    block_public_acls=True, block_public_policy=True, ignore_public_acls=True, restrict_public_buckets=True
)
_OWNERSHIP = s3.CfnBucket.OwnershipControlsProperty(
    rules=[s3.CfnBucket.OwnershipControlsRuleProperty(object_ownership="BucketOwnerEnforced")]
)


def _administration() -> dict[str, Any]:
    """The account's policies decide who may use a key: without this, nobody could ever change it."""
    return {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{cdk.Aws.PARTITION}:iam::{cdk.Aws.ACCOUNT_ID}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }


class StorageStack(cdk.Stack):
    """Buckets for data sets and artifacts, the ledger table, the data key, the key that signs links."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._settings = settings
        self.data_key = self._add_data_key()
        self.approval_key = self._add_approval_key()
        self._access_logs = self._add_access_logs()
        kept = settings.retention
        self.data_bucket = self._add_bucket(
            "Data",
            tells=True,
            expiring={
                f"{prefix}/": kept.outcome_days for prefix in (outcome.DROP, outcome.KEPT, outcome.REFUSED)
            },
        )
        self.artifact_bucket = self._add_bucket(
            "Artifacts",
            expiring={
                names.CAPTURE_PREFIX: kept.capture_days,
                names.TRIAL_TABLES_PREFIX: kept.trial_days,
                names.BATCH_PREFIX: kept.batch_days,
                names.ASYNCHRONOUS_PREFIX: kept.batch_days,
            },
        )
        self.ledger = self._add_ledger()

    def grant_ledger(self, *operations: str) -> list[Statement]:
        """Statements that let a role use the ledger by these operations."""
        return use_items(self.ledger.attr_arn, self.data_key.attr_arn, *operations)

    def grant_leases(self, *operations: str) -> Statement:
        """A statement that lets a role use leases and states of endpoints by these, and nothing else."""
        return use_leases(self.ledger.attr_arn, *operations)

    def grant_steps(self, *operations: str) -> Statement:
        """A statement that lets a role use the step cache, and nothing else of the ledger, by these."""
        return use_steps(self.ledger.attr_arn, *operations)

    def grant_lineage(self, *operations: str) -> Statement:
        """A statement that lets a role use lineage, and nothing else of the ledger, by these."""
        return use_lineage(self.ledger.attr_arn, *operations)

    def _keep(self, resource: _Kept) -> _Kept:
        keep = cdk.CfnDeletionPolicy.RETAIN if self._settings.retains else cdk.CfnDeletionPolicy.DELETE
        resource.cfn_options.deletion_policy = keep
        resource.cfn_options.update_replace_policy = keep
        return resource

    def _add_data_key(self) -> kms.CfnKey:
        alarms = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},  # alarms publish to an encrypted topic
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
        }
        return self._keep(
            kms.CfnKey(
                self,
                "DataKey",
                description=f"Slipway {self._settings.environment}: buckets, ledger, topics, volumes",
                enable_key_rotation=True,
                key_policy=policy([_administration(), alarms]),
            ),
        )

    def _add_approval_key(self) -> kms.CfnKey:
        return self._keep(
            kms.CfnKey(
                self,
                "ApprovalKey",
                description=f"Slipway {self._settings.environment}: signs approval links",
                key_spec="HMAC_256",
                key_usage="GENERATE_VERIFY_MAC",
                key_policy=policy([_administration()]),
            ),
        )

    def _add_access_logs(self) -> s3.CfnBucket:
        bucket = self._keep(
            s3.CfnBucket(
                self,
                "AccessLogs",
                # Server access logs can't be delivered to a bucket with a KMS key.
                bucket_encryption=self._encryption("AES256"),
                public_access_block_configuration=_PUBLIC_ACCESS,
                ownership_controls=_OWNERSHIP,
                versioning_configuration=s3.CfnBucket.VersioningConfigurationProperty(status="Enabled"),
                lifecycle_configuration=self._lifecycle(
                    expire_after=self._settings.retention.access_log_days
                ),
            ),
        )
        deliver = {
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{bucket.attr_arn}/*",
            "Condition": {"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
        }
        self._add_bucket_policy("AccessLogsPolicy", bucket, [deliver])
        return bucket

    def _add_bucket(self, name: str, *, expiring: Mapping[str, int], tells: bool = False) -> s3.CfnBucket:
        """
        A bucket of evidence.

        Args:
            name: Its construct's.
            expiring: What is no evidence: prefix to days after which its objects go.
            tells: It puts an event on the account's bus for each object.
        """
        bucket = self._keep(
            s3.CfnBucket(
                self,
                name,
                bucket_encryption=self._encryption("aws:kms"),
                public_access_block_configuration=_PUBLIC_ACCESS,
                ownership_controls=_OWNERSHIP,
                versioning_configuration=s3.CfnBucket.VersioningConfigurationProperty(status="Enabled"),
                lifecycle_configuration=self._lifecycle(expire_after=None, expiring=expiring),
                logging_configuration=s3.CfnBucket.LoggingConfigurationProperty(
                    destination_bucket_name=self._access_logs.ref, log_file_prefix=f"{name.lower()}/"
                ),
                notification_configuration=s3.CfnBucket.NotificationConfigurationProperty(
                    event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(
                        event_bridge_enabled=True
                    )
                )
                if tells
                else None,
            ),
        )
        self._add_bucket_policy(f"{name}Policy", bucket, [])
        return bucket

    def _encryption(self, algorithm: str) -> s3.CfnBucket.BucketEncryptionProperty:
        with_key = algorithm == "aws:kms"
        return s3.CfnBucket.BucketEncryptionProperty(
            server_side_encryption_configuration=[
                s3.CfnBucket.ServerSideEncryptionRuleProperty(
                    bucket_key_enabled=with_key or None,  # one KMS call for many objects
                    server_side_encryption_by_default=s3.CfnBucket.ServerSideEncryptionByDefaultProperty(
                        sse_algorithm=algorithm,
                        kms_master_key_id=self.data_key.attr_arn if with_key else None,
                    ),
                ),
            ],
        )

    def _lifecycle(
        self, *, expire_after: int | None, expiring: Mapping[str, int] = MappingProxyType({})
    ) -> s3.CfnBucket.LifecycleConfigurationProperty:
        """Of all objects, and of those below some prefixes: days until they expire."""
        return s3.CfnBucket.LifecycleConfigurationProperty(
            rules=[
                s3.CfnBucket.RuleProperty(
                    status="Enabled",
                    expiration_in_days=expire_after,
                    noncurrent_version_expiration=s3.CfnBucket.NoncurrentVersionExpirationProperty(
                        noncurrent_days=self._settings.retention.noncurrent_object_days
                    ),
                    abort_incomplete_multipart_upload=s3.CfnBucket.AbortIncompleteMultipartUploadProperty(
                        days_after_initiation=7
                    ),
                ),
                *(
                    s3.CfnBucket.RuleProperty(
                        id=prefix.rstrip("/"), status="Enabled", prefix=prefix, expiration_in_days=days
                    )
                    for prefix, days in expiring.items()
                ),
            ],
        )

    def _add_bucket_policy(self, construct_id: str, bucket: s3.CfnBucket, more: list[dict[str, Any]]) -> None:
        everything = [bucket.attr_arn, f"{bucket.attr_arn}/*"]
        s3.CfnBucketPolicy(
            self,
            construct_id,
            bucket=bucket.ref,
            policy_document=policy([deny_plain_http(everything, "s3:*"), *more]),
        )

    def _add_ledger(self) -> dynamodb.CfnTable:
        """One table; ``docs/ledger.md`` says what is read how."""
        table = dynamodb.CfnTable
        key = table.KeySchemaProperty

        def index(name: str) -> dynamodb.CfnTable.GlobalSecondaryIndexProperty:
            prefix = name.removeprefix("by_")
            return table.GlobalSecondaryIndexProperty(
                index_name=name,
                key_schema=[
                    key(attribute_name=f"{prefix}_pk", key_type="HASH"),
                    key(attribute_name=f"{prefix}_sk", key_type="RANGE"),
                ],
                # Lists leave out the plan, which is nearly all of a release.
                projection=table.ProjectionProperty(
                    projection_type="INCLUDE", non_key_attributes=list(ledger.LISTED)
                ),
            )

        return self._keep(
            table(
                self,
                "Ledger",
                billing_mode="PAY_PER_REQUEST",
                attribute_definitions=[
                    table.AttributeDefinitionProperty(attribute_name=name, attribute_type="S")
                    for name in ("pk", "sk", "model_pk", "model_sk", "month_pk", "month_sk")
                ],
                key_schema=[
                    key(attribute_name="pk", key_type="HASH"),
                    key(attribute_name="sk", key_type="RANGE"),
                ],
                global_secondary_indexes=[index(ledger_keys.BY_MODEL), index(ledger_keys.BY_MONTH)],
                time_to_live_specification=table.TimeToLiveSpecificationProperty(
                    attribute_name=ledger_keys.TTL, enabled=True
                ),
                point_in_time_recovery_specification=table.PointInTimeRecoverySpecificationProperty(
                    point_in_time_recovery_enabled=True
                ),
                sse_specification=table.SSESpecificationProperty(
                    sse_enabled=True, sse_type="KMS", kms_master_key_id=self.data_key.attr_arn
                ),
                deletion_protection_enabled=self._settings.retains,
            ),
        )
