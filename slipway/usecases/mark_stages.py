"""Say in ledger and model packages which version is in production, and which one was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slipway.contracts.names import CHAMPION

if TYPE_CHECKING:
    from slipway.contracts.promotion import PromotionDocument
    from slipway.usecases.ports import ModelRegistry, Versions

PRODUCTION: Final = "Production"
ARCHIVED: Final = "Archived"


def mark_stages(document: PromotionDocument, *, ledger: Versions, registry: ModelRegistry) -> None:
    """Of the champion and its predecessor, for people alone; the same again changes nothing."""
    request, promotion = document["request"], document["promotion"]
    project, model, previous = request["project"], request["model"], promotion["previous"]
    if not promotion["layout"]:
        return
    version = promotion["layout"][0]["version"]
    if previous is not None and previous["version"] == version and promotion["action"] != "serve":
        return
    champion = ledger.alias(project, model, CHAMPION)
    if champion is None or champion["version"] != version:
        return  # another promotion has come between, and marks its own
    serving = ledger.version(project, model, version)
    if serving is not None:
        ledger.set_version_stage(project, model, version, stage=PRODUCTION)
        registry.set_stage(serving["package_arn"], PRODUCTION, "InService", f"since {request['cause']}")
    if previous is not None and previous["version"] != version:
        served = ledger.version(project, model, previous["version"])
        if served is not None:
            ledger.set_version_stage(project, model, previous["version"], stage=ARCHIVED)
            registry.set_stage(served["package_arn"], ARCHIVED, "Replaced", f"by {version}")
