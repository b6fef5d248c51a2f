"""The functions of one stack: one code asset, one layer; each has its own role, log group and environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from slipway.contracts import environment as variables
from stacks.constructs.findings import acknowledge
from stacks.constructs.role import role
from stacks.constructs.statements import Statement, allow, trust

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stacks.constructs.packages import Package, Packages
    from stacks.settings import Settings

RUNTIME: Final = "python3.13"
ARCHITECTURE: Final = "arm64"
MEMORY_MB: Final = 1024
"""Imports are starved of CPU below this; above it they gain little."""
TIMEOUT_SECONDS: Final = 30


def _pascal(module: str) -> str:
    return "".join(part.capitalize() for part in module.split("_"))


class TaskFunction(Construct):
    """One Lambda function: ``functions.<module>.handler``."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        module: str,
        code: lambda_.CfnFunction.CodeProperty,
        layer_arns: list[str],
        environment: Mapping[str, str],
        statements: list[Statement],
        log_days: int,
        timeout_seconds: int,
        dead_letters_arn: str | None,
        memory_mb: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.module = module
        self.log_group = logs.CfnLogGroup(self, "Logs", retention_in_days=log_days)
        own = [allow(["logs:CreateLogStream", "logs:PutLogEvents"], [self.log_group.attr_arn])]
        if dead_letters_arn:
            own.append(allow(["sqs:SendMessage"], [dead_letters_arn]))
        self.role = role(
            self,
            "Role",
            trusts=trust("lambda.amazonaws.com"),
            description=f"Slipway: what {module} may do",
            statements=own + statements,
        )
        self.function = lambda_.CfnFunction(
            self,
            "Function",
            code=code,
            handler=f"functions.{module}.handler",
            runtime=RUNTIME,
            architectures=[ARCHITECTURE],
            role=self.role.attr_arn,
            layers=layer_arns,
            memory_size=memory_mb,
            timeout=timeout_seconds,
            environment=lambda_.CfnFunction.EnvironmentProperty(variables=dict(environment)),
            logging_config=lambda_.CfnFunction.LoggingConfigProperty(log_group=self.log_group.ref),
            dead_letter_config=lambda_.CfnFunction.DeadLetterConfigProperty(target_arn=dead_letters_arn)
            if dead_letters_arn
            else None,
        )

    @property
    def arn(self) -> str:
        return self.function.attr_arn

    @property
    def name(self) -> str:
        return self.function.ref

    def admit(self, construct_id: str, *, service: str, source_arn: str) -> None:
        """Let a service call the function for one source."""
        lambda_.CfnPermission(
            self,
            construct_id,
            action="lambda:InvokeFunction",
            function_name=self.arn,
            principal=service,
            source_arn=source_arn,
        )


class Functions(Construct):
    """The functions of one stack."""

    def __init__(
        self, scope: Construct, construct_id: str, *, packages: Packages, settings: Settings
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        code = self._asset("Code", packages.code)
        self._code = lambda_.CfnFunction.CodeProperty(
            s3_bucket=code.s3_bucket_name, s3_key=code.s3_object_key
        )
        self._packages = packages
        self._layer = self._layer_of("Layer", packages.layer, "Slipway's locked dependencies")
        self._arrays: lambda_.CfnLayerVersion | None = None
        acknowledge(self, "L1", "the layer is locked, built and tested for this runtime")
        self.members: list[TaskFunction] = []

    def _layer_of(self, construct_id: str, package: Package, description: str) -> lambda_.CfnLayerVersion:
        """One layer version for each stack: its ARN changes with every build, which no import would bear."""
        asset = self._asset(f"{construct_id}Code", package)
        return lambda_.CfnLayerVersion(
            self,
            construct_id,
            content=lambda_.CfnLayerVersion.ContentProperty(
                s3_bucket=asset.s3_bucket_name, s3_key=asset.s3_object_key
            ),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
            description=description,
        )

    def _layers(self, *, arrays: bool) -> list[str]:
        if not arrays:
            return [self._layer.ref]
        if self._arrays is None:
            self._arrays = self._layer_of("Arrays", self._packages.arrays, "Slipway's locked array library")
        return [self._layer.ref, self._arrays.ref]

    def _asset(self, construct_id: str, package: Package) -> assets.Asset:
        return assets.Asset(
            self,
            construct_id,
            path=str(package.path),
            asset_hash=package.digest,
            asset_hash_type=cdk.AssetHashType.CUSTOM,
        )

    def add(
        self,
        module: str,
        *,
        statements: list[Statement],
        environment: Mapping[str, str] | None = None,
        timeout_seconds: int = TIMEOUT_SECONDS,
        dead_letters_arn: str | None = None,
        memory_mb: int = MEMORY_MB,
        arrays: bool = False,
    ) -> TaskFunction:
        """
        The function ``functions.<module>.handler``.

        Args:
            module: Its file, without ``.py``.
            statements: What it may do beside writing its own log.
            environment: Its variables beside those that all functions have.
            timeout_seconds: When Lambda ends it.
            dead_letters_arn: Where events go that it could not handle, if it is called asynchronously.
            memory_mb: CPU comes with it, one core at 1769.
            arrays: Whether it computes with arrays, and so carries their layer.
        """
        function = TaskFunction(
            self,
            _pascal(module),
            module=module,
            code=self._code,
            layer_arns=self._layers(arrays=arrays),
            environment={variables.ENVIRONMENT: self._settings.environment, **(environment or {})},
            statements=statements,
            log_days=self._settings.retention.log_days,
            timeout_seconds=timeout_seconds,
            dead_letters_arn=dead_letters_arn,
            memory_mb=memory_mb,
        )
        self.members.append(function)
        return function
