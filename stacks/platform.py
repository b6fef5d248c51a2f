"""One environment's stacks, in the order in which they need each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import aws_cdk as cdk

from stacks.access import AccessStack
from stacks.approval import ApprovalStack
from stacks.lineage import LineageStack
from stacks.notifications import NotificationsStack
from stacks.outcomes import OutcomesStack
from stacks.promotion import PromotionStack
from stacks.registry import RegistryStack
from stacks.release import ReleaseStack
from stacks.storage import StorageStack
from stacks.trial import TrialStack
from stacks.watching import WatchingStack

if TYPE_CHECKING:
    from stacks.constructs.packages import Packages
    from stacks.settings import Settings


FLAGS: Final = {"@aws-cdk/core:defaultCrossStackReferences": "strong"}
"""The app's context: what one stack takes from another may not be removed under it."""


def add_platform(app: cdk.App, *, settings: Settings, packages: Packages) -> list[cdk.Stack]:
    """Add the stacks of one environment to ``app``: ``slipway-<environment>-<part>``."""
    place = cdk.Environment(account=settings.account, region=settings.region)
    every: dict[str, Any] = {
        "settings": settings,
        "env": place,
        "termination_protection": settings.retains,
        "tags": {"slipway:environment": settings.environment},
    }

    def name(part: str) -> str:
        return f"slipway-{settings.environment}-{part}"

    storage = StorageStack(app, name("storage"), **every)
    with_code: dict[str, Any] = every | {"packages": packages, "storage": storage}
    notifications = NotificationsStack(app, name("notifications"), **with_code)
    approval = ApprovalStack(app, name("approval"), **with_code, notifications=notifications)
    promotion = PromotionStack(app, name("promotion"), **with_code, notifications=notifications)
    trial = TrialStack(
        app,
        name("trial"),
        **with_code,
        notifications=notifications,
        approval=approval,
        promotion=promotion,
    )
    outcomes = OutcomesStack(app, name("outcomes"), **with_code, notifications=notifications)
    registry = RegistryStack(app, name("registry"), **with_code, notifications=notifications)
    release = ReleaseStack(
        app,
        name("release"),
        **with_code,
        notifications=notifications,
        approval=approval,
        promotion=promotion,
        registry=registry,
        outcomes=outcomes,
        trial=trial,
    )
    access = AccessStack(
        app,
        name("access"),
        **every,
        storage=storage,
        plan_function_arn=release.plan_function_arn,
        sweep_function_arn=release.sweep_function_arn,
        job_role_arn=release.job_role_arn,
        serving_role_arn=promotion.serving_role_arn,
        registry=registry,
        outcomes=outcomes,
        trial=trial,
    )
    lineage = LineageStack(app, name("lineage"), **with_code, notifications=notifications)
    watching = WatchingStack(app, name("watching"), **with_code, notifications=notifications)
    beside = [access, lineage, watching]
    return [storage, notifications, approval, promotion, trial, registry, outcomes, release, *beside]
