"""Everything that stands in the ledger's table."""

from __future__ import annotations

from typing import Protocol

from slipway.usecases.ports.approvals import Approvals
from slipway.usecases.ports.endpoints import Endpoints, IdleWarnings, Leases
from slipway.usecases.ports.releases import Releases
from slipway.usecases.ports.trials import Trials
from slipway.usecases.ports.versions import Versions


class Ledger(Releases, Versions, Approvals, Leases, Endpoints, Trials, IdleWarnings, Protocol):
    """All that the platform remembers of releases; lineage and the step cache have ports of their own."""
