"""
What rules and schedules may reach, and what becomes of what they can't deliver.

A rule needs the permission of what it calls: a function's, queue's or topic's
own policy, or its target's role for a state machine. A schedule always acts
under its target's role. What is refused goes to the target's dead-letter queue.
"""

from __future__ import annotations

import contextvars
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slipway.domain.errors import SlipwayError
from workbench.local import seams
from workbench.local.iam import role_may, service_may

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.local.context import ServerContext

logger = logging.getLogger("slipway.targets")

RULES: Final = "events.amazonaws.com"
SCHEDULE_SECONDS: Final = 1
"""Between two looks for what is due."""
SCHEDULES: Final = "scheduler.amazonaws.com"


class UndeliveredError(SlipwayError):
    """EventBridge's reason, by its code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Source:
    """What is delivering: a rule or a schedule, and which of its targets."""

    arn: str
    target: dict[str, Any]

    @property
    def service(self) -> str:
        return SCHEDULES if ":scheduler:" in self.arn else RULES

    @property
    def role(self) -> str | None:
        return self.target.get("RoleArn")

    @property
    def dead_letters(self) -> str | None:
        return (self.target.get("DeadLetterConfig") or {}).get("Arn")


_source: contextvars.ContextVar[Source] = contextvars.ContextVar("source")


class Targets:
    """Delivery with permissions, retries by the target's service, and dead letters."""

    def __init__(self, server: ServerContext) -> None:
        self._server = server
        self._invoke = seams.EVENTBRIDGE.replace("invoke_target", self.invoke)
        self._to_queue = seams.EVENTBRIDGE.replace("to_sqs", self.to_queue)
        self._to_topic = seams.EVENTBRIDGE.replace("to_sns", self.to_topic)
        self._to_machine = seams.EVENTBRIDGE.replace("to_states", self.to_machine)
        seams.EVENTBRIDGE.replace("to_lambda", self.to_function)
        seams.SCHEDULER.replace("tick_seconds", SCHEDULE_SECONDS)

    def invoke(self, target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
        """Remember who delivers, then do it as ministack does."""
        token = _source.set(Source(str(rule.get("Arn", "")), target))
        try:
            self._invoke(target, event, rule, view)
        finally:
            _source.reset(token)

    def to_function(self, arn: str, payload: str) -> None:
        """An asynchronous invocation: Lambda itself retries, and has its own destination for failures."""

        def deliver() -> None:
            function, config, _ = seams.LAMBDA.function_for(arn)
            if not function or not config:
                raise UndeliveredError("RESOURCE_NOT_FOUND", f"function {arn} does not exist")
            self._check("lambda:InvokeFunction", arn, lambda: seams.LAMBDA.function_policy(arn))
            record = dict(seams.LAMBDA.execution_record(function, config))
            # Its retry settings lie on the function, not on the version that runs.
            for name in ("event_invoke_config", "event_invoke_configs"):
                record.setdefault(name, function.get(name))
            seams.LAMBDA.invoke_async(record, json.loads(payload))

        self._deliver(payload, deliver)

    def to_queue(self, spec: Any, payload: str, parameters: Any = None) -> None:
        def deliver() -> None:
            source = _source.get()
            if source.service == SCHEDULES:
                self._check("sqs:SendMessage", str(spec), None)
            elif not seams.SQS.policy_allows(str(spec), RULES, source.arn, seams.RESPONSES.get_account_id()):
                raise self._refusal("sqs:SendMessage", str(spec))
            self._to_queue(spec, payload, parameters)
            self._server.state.mark("sqs")

        self._deliver(payload, deliver)

    def to_topic(self, arn: str, payload: str) -> None:
        def deliver() -> None:
            source = _source.get()
            if source.service == SCHEDULES:
                self._check("sns:Publish", arn, None)
            elif not seams.SNS.policy_allows(arn, RULES, source.arn, seams.RESPONSES.get_account_id()):
                raise self._refusal("sns:Publish", arn)
            self._to_topic(arn, payload)

        self._deliver(payload, deliver)

    def to_machine(self, arn: str, payload: str) -> None:
        def deliver() -> None:
            self._check("states:StartExecution", arn, None)
            self._to_machine(arn, payload)

        self._deliver(payload, deliver)

    # -- permissions -------------------------------------------------------------------------------

    def _check(self, action: str, arn: str, policy: Callable[[], Any] | None) -> None:
        """
        By the target's role where there is one (a schedule and a state machine need one), else by a policy.

        Raises:
            UndeliveredError: Neither allows it.
        """
        source = _source.get()
        if source.role is not None:
            session = source.arn.rpartition("/")[2][:64]
            if not role_may(self._server.audit, source.role, action, arn, session=session):
                raise self._refusal(action, arn)
            return
        if policy is None or source.service == SCHEDULES:
            raise UndeliveredError("INVALID_PARAMETER", f"{source.arn} has no role to call {arn} with")
        found = policy()
        if not service_may(
            self._server.audit,
            source.service,
            action,
            arn,
            policy=found[0] if found else None,
            source_arn=source.arn,
        ):
            raise self._refusal(action, arn)

    def _refusal(self, action: str, arn: str) -> UndeliveredError:
        source = _source.get()
        return UndeliveredError(
            "NO_PERMISSIONS",
            f"{source.role or source.service} is not authorized to perform: {action} on {arn}",
        )

    # -- dead letters ------------------------------------------------------------------------------

    def _deliver(self, payload: str, deliver: Callable[[], None]) -> None:
        source = _source.get()
        try:
            deliver()
        except UndeliveredError as error:
            logger.warning("%s: %s", source.arn, error)
            self._bury(source, payload, error)
        except Exception as error:
            logger.exception("%s", source.arn)
            self._bury(source, payload, UndeliveredError("SDK_CLIENT_ERROR", str(error)))

    def _bury(self, source: Source, payload: str, error: UndeliveredError) -> None:
        queue = source.dead_letters
        if queue is None:
            return
        if source.service == RULES:
            account = seams.RESPONSES.get_account_id()
            if not seams.SQS.policy_allows(queue, RULES, source.arn, account):
                logger.warning("%s does not let %s send dead letters", queue, source.arn)
                return
        self._to_queue(seams.ARN.parse(queue), payload, None)
        attributes = {
            "RULE_ARN": source.arn,
            "TARGET_ARN": source.target.get("Arn", ""),
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": str(error),
        }
        message = seams.SQS.queue_by_arn(queue)["messages"][-1]
        message["message_attributes"] = {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
        }
        self._server.state.mark("sqs")
