"""CPU, memory and disk of endpoints, from the processes that run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workbench.local.sagemaker.conftest import until
from workbench.local.sagemaker.utilization import Meter, Process, below, processes

if TYPE_CHECKING:
    from tests.workbench.local.sagemaker.conftest import Account

parents = st.dictionaries(st.integers(2, 30), st.integers(1, 30), max_size=20)


class TestProcesses:
    @pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
    def test_are_read_with_their_parents(self) -> None:
        """
        A process that this one has started is found below it, with memory of its own.
        """
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
            known = until(processes, lambda found: found.get(child.pid, Process(0, 0, 0)).resident_bytes > 0)
            child.communicate(b"\n")

        assert child.pid in below(os.getpid(), known)

    @given(parents)
    def test_family_ends_whatever_the_table_says(self, parents: dict[int, int]) -> None:
        """
        Ids are used again while the table is read: even circles end, and every member leads to the root.
        """
        known = {pid: Process(parent, 1.0, 1) for pid, parent in parents.items()}

        for root in known:
            assert {root} <= below(root, known) <= set(known)

    def test_is_what_was_used_between_two_looks(self) -> None:
        """
        Half a core over ten seconds by a program and its child, a quarter of the memory.
        """
        meter = Meter()
        meter.look([7], {7: Process(1, 1.0, 0), 8: Process(7, 2.0, 0)}, 100.0, 400)

        used = meter.look([7, 9], {7: Process(1, 4.0, 60), 8: Process(7, 4.0, 40)}, 110.0, 400)

        assert used == {7: (50.0, 25.0)}


@pytest.mark.embedded
class TestEndpoint:
    def test_tells_what_its_programs_use(self, account: Account) -> None:
        """
        Each minute of SageMaker's clock, in the namespace that SageMaker uses for instances; of its disk each
        real minute, so that these reports count instances.
        """
        with account.aws.speed(60):
            name = account.endpoint("used")

            def seen(metric: str, statistic: str = "Maximum") -> float:
                points = account.aws.client("cloudwatch").get_metric_statistics(
                    Namespace="/aws/sagemaker/Endpoints",
                    MetricName=metric,
                    Dimensions=[
                        {"Name": "EndpointName", "Value": name},
                        {"Name": "VariantName", "Value": "AllTraffic"},
                    ],
                    StartTime=time.time() - 300,
                    EndTime=time.time() + 60,
                    Period=3600,
                    Statistics=[statistic],
                )["Datapoints"]
                return max((float(point[statistic]) for point in points), default=-1.0)

            assert until(lambda: seen("MemoryUtilization"), lambda value: 0 < value <= 100)
            assert until(lambda: seen("DiskUtilization"), lambda value: 0 < value <= 100)
            assert seen("CPUUtilization") >= 0
            assert until(lambda: seen("MemoryUtilization", "SampleCount"), lambda count: count >= 4)
            assert seen("DiskUtilization", "SampleCount") <= 2  # a real minute may have ended meanwhile
