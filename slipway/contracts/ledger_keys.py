"""
The keys of the ledger's table, and the names of its indexes.

``docs/ledger.md`` lists the access patterns. Keys are built here alone, so that
the promote machine's lease and the functions' items can't drift apart.
"""

from __future__ import annotations

from typing import Final

BY_MODEL: Final = "by_model"
"""Index on ``model_pk``, ``model_sk``: a model's releases, newest last."""

BY_MONTH: Final = "by_month"
"""Index on ``month_pk``, ``month_sk``: a month's releases; the approvals that wait; open trials."""

TTL: Final = "expires_at"

VERSIONS: Final = "VERSIONS"
"""``month_pk`` of every version; ``month_sk`` is ``<registered at>#<project>/<model>:<version>``."""

MODELS: Final = "MODELS"
"""``pk`` of the names of all models that ever registered a version."""

PENDING_APPROVALS: Final = "APPROVALS#PENDING"
UNTOLD_TRIALS: Final = "TRIALS#UNTOLD"
"""``month_pk`` of trials that are open, or untold; ``month_sk`` is ``<project>/<model>/<id>``."""


def release_key(release_id: str) -> dict[str, str]:
    """Key of a release."""
    return {"pk": f"RELEASE#{release_id}", "sk": "RELEASE"}


def approval_key(release_id: str) -> dict[str, str]:
    """Key of a release's approval."""
    return {"pk": f"RELEASE#{release_id}", "sk": "APPROVAL"}


def push_partition(repository: str) -> str:
    """The partition of a repository's answered pushes."""
    return f"PUSH#{repository}"


def push_key(repository: str, tag: str, digest: str) -> dict[str, str]:
    """Key of a push that was answered: started or refused."""
    return {"pk": push_partition(repository), "sk": f"{tag}@{digest}"}


def model_partition(project: str, model: str) -> str:
    """
    The partition of a model's versions, aliases and promotions.

    >>> model_partition("pricing", "hotel-rates")
    'MODEL#pricing/hotel-rates'
    """
    return f"MODEL#{project}/{model}"


def version_key(project: str, model: str, version: str) -> dict[str, str]:
    """Key of a registered version."""
    return {"pk": model_partition(project, model), "sk": f"VERSION#{version}"}


def project_versions(project: str) -> str:
    """``model_pk`` of a project's versions; ``model_sk`` is ``<model>#<registered at>#<version>``."""
    return f"VERSIONS#{project}"


def model_name_key(project: str, model: str) -> dict[str, str]:
    """Key by which a model is found without its project; one item for each model."""
    return {"pk": MODELS, "sk": f"{model}#{project}"}


def alias_key(project: str, model: str, alias: str) -> dict[str, str]:
    """Key of where an alias points now."""
    return {"pk": model_partition(project, model), "sk": f"ALIAS#{alias}"}


def alias_prefix(alias: str = "") -> str:
    """What the sort keys of an alias's moves begin with; without ``alias``, of all aliases."""
    return f"ALIAS#{alias}#" if alias else "ALIAS#"


def alias_history_key(project: str, model: str, alias: str, moved_at: str) -> dict[str, str]:
    """Key of one move of an alias; never written twice."""
    return {"pk": model_partition(project, model), "sk": f"ALIAS#{alias}#{moved_at}"}


def promotion_key(project: str, model: str, execution: str) -> dict[str, str]:
    """Key of one promotion's outcome."""
    return {"pk": model_partition(project, model), "sk": f"PROMOTION#{execution}"}


def lease_key(endpoint: str) -> dict[str, str]:
    """Key of the lease that one promotion at a time holds on an endpoint."""
    return {"pk": endpoint_partition(endpoint), "sk": "LEASE"}


def endpoint_partition(endpoint: str) -> str:
    """The partition of an endpoint's lease, state and history."""
    return f"ENDPOINT#{endpoint}"


def endpoint_state_key(endpoint: str) -> dict[str, str]:
    """Key of what an endpoint serves, as the last promotion left it."""
    return {"pk": endpoint_partition(endpoint), "sk": "STATE"}


def endpoint_history_prefix() -> str:
    """What the sort keys of an endpoint's history begin with."""
    return "HISTORY#"


def endpoint_history_key(endpoint: str, moment: str) -> dict[str, str]:
    """Key of what one promotion made of an endpoint; never written twice."""
    return {"pk": endpoint_partition(endpoint), "sk": f"{endpoint_history_prefix()}{moment}"}


def idle_warning_key(endpoint: str) -> dict[str, str]:
    """Key of when an endpoint's people were last told that nobody calls it."""
    return {"pk": endpoint_partition(endpoint), "sk": "IDLE"}


def trial_prefix() -> str:
    """What the sort keys of a model's trials begin with."""
    return "TRIAL#"


def trial_key(project: str, model: str, trial_id: str) -> dict[str, str]:
    """Key of a trial of a challenger beside the champion."""
    return {"pk": model_partition(project, model), "sk": f"{trial_prefix()}{trial_id}"}
