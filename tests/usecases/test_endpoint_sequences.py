"""Whatever is done to an endpoint in whatever order: its layout, aliases and history follow a plain model."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway.domain.layout_errors import LayoutError
from tests.fakes.endpoint_ledger import ENDPOINT, EndpointLedger

VERSIONS = ("1.0.0", "1.1.0", "1.2.0", "1.3.0-rc.1")
STEPS = st.tuples(
    st.sampled_from(["serve", "beside", "beside", "shadow", "remove", "stop"]),
    st.sampled_from(VERSIONS),
    st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9]),
    st.booleans(),
)


class Model:
    """
    What must be, step by step, worked out as simply as can be.

    ``others`` is version to (role, share); ``champion`` and ``trial`` are empty while there is none.
    """

    def __init__(self) -> None:
        self.champion, self.last, self.trial, self.tried = "", "", "", ""
        self.others: dict[str, tuple[str, float]] = {}

    def do(self, action: str, version: str, share: float, *, trial: str) -> bool:
        """Whether it is possible; if so, it is done."""
        possible = self.change(action, version, share, trial=trial)
        if possible and trial and action in ("beside", "shadow"):
            self.trial, self.tried = trial, version
        if self.others.get(self.tried, ("beside", 0))[0] == "beside":
            self.trial = ""
        return possible

    def change(self, action: str, version: str, share: float, *, trial: str) -> bool:
        """As ``do``, but for the trial."""
        if action == "serve":
            self.champion, self.last, self.others = version, version, {}
            return True
        if self.champion and action == "remove" and trial and trial != self.trial:
            return True  # it is over
        if not self.champion or (version == self.champion and action != "stop"):
            return False
        if action == "stop":
            self.champion, self.others = "", {}
            return True
        if action == "remove":
            return self.others.pop(version, None) is not None
        others = self.with_(action, version, share, trial=bool(trial))
        self.others = self.others if others is None else others
        return others is not None

    def with_(self, action: str, version: str, share: float, *, trial: bool) -> Any:
        """The others with one more; None: it is not possible."""
        rest = {name: one for name, one in self.others.items() if name != version}
        if trial:
            rest = {name: one for name, one in rest.items() if one[0] == "beside"}
        if action == "shadow":
            rest = {name: one for name, one in rest.items() if one[0] != "shadow"}
            return None if rest else {version: ("shadow", share)}
        mirrored = any(role == "shadow" for role, _ in rest.values())
        if mirrored or share + sum(given for _, given in rest.values()) > 0.999:
            return None
        return rest | {version: ("challenger" if trial else "beside", share)}

    def layout(self) -> dict[str, tuple[str, float]]:
        if not self.champion:
            return {}
        taken = sum(share for role, share in self.others.values() if role != "shadow")
        return {self.champion: ("champion", 1 - taken)} | self.others

    def aliases(self) -> dict[str, str]:
        named = {"champion": self.last} if self.last else {}
        for version, (role, _) in self.others.items():
            named[role if role != "beside" else f"beside {version}"] = version
        return named


def an_endpoint() -> EndpointLedger:
    made = EndpointLedger()
    for version in VERSIONS:
        made.register(version)
    return made


def simple(aliases: dict[str, str]) -> dict[str, str]:
    """Aliases of versions that stand beside, by those."""
    return {
        f"beside {version}" if alias.startswith("beside-") else alias: version
        for alias, version in aliases.items()
    }


class TestSequences:
    @settings(max_examples=150, deadline=None)
    @given(steps=st.lists(STEPS, min_size=1, max_size=12))
    def test_follow_the_model(self, steps: Any) -> None:
        """
        Shares add up to 1, a champion is always there, the ledger believes what was asked for last, every
        variant of a config has its model, aliases say what stands, and history what stood at each moment.
        """
        endpoint, model = an_endpoint(), Model()
        told: list[tuple[str, dict[str, tuple[str, float]]]] = []
        for place, (action, version, share, trial) in enumerate(steps):
            before, was_trial = endpoint.state(), model.trial
            trial_id = ""
            if trial and action in ("beside", "shadow", "remove"):
                # who removes is the trial that runs, or one that did
                trial_id = model.trial if action == "remove" and model.trial and place % 2 else f"t{place}"
            request = {"share": share} if action in ("beside", "shadow") else {}
            request |= {"trial_id": trial_id} if trial_id else {}
            if not model.do(action, version, share, trial=trial_id):
                with pytest.raises(LayoutError):
                    endpoint.plan(action, version, **request)
                assert endpoint.state() == before
                continue

            promotion = endpoint.promote(action, version, **request)

            state, wanted = endpoint.state(), promotion["layout"]
            assert state["status"] == ("in-service" if model.champion else "stopped")
            found = {one["version"]: (one["role"], pytest.approx(one["share"])) for one in wanted}
            assert model.layout() == found
            assert simple(endpoint.aliases()) == model.aliases()
            assert state.get("trial_id", "") == model.trial
            ended = was_trial if was_trial not in (model.trial, trial_id) else ""
            assert promotion["superseded_trial"] == ended
            was_in_service = before is not None and before["status"] == "in-service"
            assert promotion["believed_config"] == (before["config_name"] if was_in_service else None)
            if wanted:
                self.config_is_of(promotion)
                told.append((state["changed_at"], model.layout()))
        self.history_says(endpoint, told)

    @staticmethod
    def config_is_of(promotion: Any) -> None:
        """The config has exactly the layout's variants, and all of them have models."""
        wanted, config = promotion["layout"], promotion["endpoint_config_request"]
        production, shadows = config["ProductionVariants"], config.get("ShadowProductionVariants", [])
        assert wanted[0]["role"] == "champion"
        assert wanted[0]["variant"] == production[0]["VariantName"] == "AllTraffic"
        assert sum(one["InitialVariantWeight"] for one in production) == pytest.approx(1)
        assert [one["VariantName"] for one in (*production, *shadows)] == [
            *(one["variant"] for one in wanted if one["role"] != "shadow"),
            *(one["variant"] for one in wanted if one["role"] == "shadow"),
        ]
        models = {request["ModelName"] for request in promotion["model_requests"]}
        assert {one["ModelName"] for one in (*production, *shadows)} == models
        assert config["EndpointConfigName"] == promotion["endpoint_config_name"]

    @staticmethod
    def history_says(endpoint: EndpointLedger, told: Any) -> None:
        """What served at each moment."""
        for moment, layout in told:
            served = endpoint.ledger.endpoint_at(ENDPOINT, moment)
            assert served["status"] == "in-service"
            found = {one["version"]: (one["role"], pytest.approx(one["share"])) for one in served["layout"]}
            assert layout == found
        moments = [one["changed_at"] for one in endpoint.ledger.endpoint_history(ENDPOINT)]
        assert moments == sorted(set(moments), reverse=True)
