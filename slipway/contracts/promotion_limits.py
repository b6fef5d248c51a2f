"""
How long a promotion may take, from the longest that each of its parts may take; all in seconds.

A promotion waits for the lease, goes forward until ``FORWARD``, and has ``BACK``
for its way back. The machine's own time-out is longer than all of that, so that
what served before is put back first; the lease outlives the machine.
"""

from __future__ import annotations

from typing import Final

UPDATE: Final = 28_800
"""SageMaker gives up an update after this at the latest: the longest that a manifest's strategy may take."""
ROLLBACK: Final = 900
"""What SageMaker may need to give it up."""
RESTORE: Final = 5100
"""The way back goes all at once: the slowest server that a manifest may have."""

QUOTA_FIRST: Final = 60
QUOTA_LONGEST: Final = 300
QUOTA_ATTEMPTS: Final = 10
QUOTA: Final = QUOTA_LONGEST * QUOTA_ATTEMPTS
"""At most: so long an update waits for instances of others to end."""

CAPACITY_TRIES: Final = 3
"""How often an update is asked for again that found no instances."""
CAPACITY_POLLS: Final = 20
"""Between these tries, in polls of the platform: five minutes at 15 seconds each."""
REFUSALS: Final = 12
"""Polls that a config which was just made may not be seen for."""

CALLS: Final = 1200
"""Planning, describing, scaling, smoke test, ledger, and their retries."""

FORWARD: Final = UPDATE + ROLLBACK + QUOTA + UPDATE + ROLLBACK + CALLS
"""Somebody else's update ends first, then there are instances, then ours ends."""
BACK: Final = UPDATE + ROLLBACK + QUOTA + RESTORE + ROLLBACK + CALLS
"""Our update ends late, then there are instances, then the way back ends."""

LEASE_WAIT_FIRST: Final = 5
LEASE_WAIT_LONGEST: Final = 60
LEASE_ATTEMPTS: Final = (FORWARD + BACK) // LEASE_WAIT_LONGEST + 10  # the first waits are shorter
"""Without jitter: these waits add up to no less than one whole promotion, whoever has the lease."""
LEASE_WAIT: Final = LEASE_ATTEMPTS * (LEASE_WAIT_LONGEST + 1)
"""At most, with a second for each try."""

MACHINE: Final = LEASE_WAIT + FORWARD + BACK + CALLS
"""Only a machine that is stuck reaches it."""
LEASE: Final = MACHINE + 600
"""From when it is taken: nobody holds a lease that has run out."""
