from __future__ import annotations

from typing import Any

import pytest

from slipway.domain.layout import alias_moves, alone, config_name, same_variants, wanted_layout
from slipway.domain.layout_errors import (
    ChampionLeavesError,
    LayoutError,
    NoRoomError,
    NothingServesError,
    NotOnEndpointError,
)

RELEASE = "9f2c41d07b3a55e1"
ALONE = alone("1.0.0", RELEASE)


def layout(action: Any, version: str, before: Any = ALONE, *, share: float = 0.1, trial: bool = False) -> Any:
    return wanted_layout(
        before,
        endpoint="rates",
        action=action,
        version=version,
        release_id=RELEASE,
        share=share,
        on_trial=trial,
    )


def said(entries: Any) -> list[tuple[str, str, float]]:
    return [(one["version"], one["role"], one["share"]) for one in entries]


class TestWantedLayout:
    def test_a_version_beside_the_champion(self) -> None:
        """What it gets is taken from the champion; its variant is named by it."""
        found = layout("beside", "1.1.0", share=0.25)

        assert said(found) == [("1.0.0", "champion", 0.75), ("1.1.0", "beside", 0.25)]
        assert [one["variant"] for one in found] == ["AllTraffic", "v-1-1-0"]

    def test_one_that_is_reached_by_name_alone(self) -> None:
        """A share of nought is one."""
        assert said(layout("beside", "1.1.0", share=0)) == [
            ("1.0.0", "champion", 1.0),
            ("1.1.0", "beside", 0.0),
        ]

    def test_another_share(self) -> None:
        """The same version stands there once."""
        found = layout("beside", "1.1.0", layout("beside", "1.1.0", share=0.5), share=0.2)

        assert said(found) == [("1.0.0", "champion", 0.8), ("1.1.0", "beside", 0.2)]

    def test_a_trial_s_challenger(self) -> None:
        """It takes the place of another trial's, and leaves others where they are."""
        before = layout("beside", "1.1.0", layout("beside", "1.2.0", share=0), trial=True)
        found = layout("beside", "1.3.0", before, share=0.3, trial=True)

        assert said(found) == [
            ("1.0.0", "champion", 0.7),
            ("1.2.0", "beside", 0.0),
            ("1.3.0", "challenger", 0.3),
        ]

    def test_a_shadow_takes_nothing(self) -> None:
        """The champion answers everything."""
        assert said(layout("shadow", "1.1.0", share=0.5)) == [
            ("1.0.0", "champion", 1.0),
            ("1.1.0", "shadow", 0.5),
        ]
        again = layout("shadow", "1.2.0", layout("shadow", "1.1.0"))
        assert [one["version"] for one in again] == ["1.0.0", "1.2.0"]

    def test_one_leaves(self) -> None:
        """Its share is the champion's again."""
        before = layout("beside", "1.1.0", layout("beside", "1.2.0", share=0.2), share=0.3)

        assert said(layout("remove", "1.1.0", before)) == [
            ("1.0.0", "champion", 0.8),
            ("1.2.0", "beside", 0.2),
        ]

    def test_serving_is_being_alone(self) -> None:
        """Whatever stood there before."""
        assert layout("serve", "1.1.0", layout("beside", "1.1.0")) == alone("1.1.0", RELEASE)
        assert layout("serve", "1.1.0", []) == alone("1.1.0", RELEASE)
        assert layout("stop", "1.0.0", layout("beside", "1.1.0")) == []

    @pytest.mark.parametrize(
        ("action", "version", "before", "share", "error", "way"),
        [
            ("beside", "1.1.0", [], 0.1, NothingServesError, "promote a version first"),
            ("remove", "1.1.0", [], 0.1, NothingServesError, "promote a version first"),
            ("beside", "1.0.0", ALONE, 0.1, ChampionLeavesError, "promote another version"),
            ("remove", "1.0.0", ALONE, 0.1, ChampionLeavesError, "or stop the endpoint"),
            ("remove", "1.1.0", ALONE, 0.1, NotOnEndpointError, "there: none"),
            ("beside", "1.1.0", ALONE, 1.0, NoRoomError, "give it less"),
            ("beside", "1.2.0", layout("beside", "1.1.0", share=0.6), 0.4, NoRoomError, "others have 0.6"),
            ("shadow", "1.2.0", layout("beside", "1.1.0"), 1.0, NoRoomError, "1.1.0 is there too"),
            ("beside", "1.2.0", layout("shadow", "1.1.0"), 0.1, NoRoomError, "no further one"),
        ],
    )
    def test_what_can_not_be(
        self, action: str, version: str, before: Any, share: float, error: type[LayoutError], way: str
    ) -> None:
        """It is refused with the way to what is possible."""
        with pytest.raises(error, match=way):
            layout(action, version, before, share=share)

    def test_at_most_ten(self) -> None:
        """SageMaker's limit."""
        full = ALONE
        for number in range(1, 10):
            full = layout("beside", f"1.{number}.0", full, share=0)

        with pytest.raises(NoRoomError, match="at most 10"):
            layout("beside", "1.10.0", full, share=0)


class TestNames:
    def test_a_config_is_a_function_of_its_layout(self) -> None:
        """The champion alone has the name that it always had; any difference gives another."""
        layouts = [
            ALONE,
            layout("beside", "1.1.0", share=0.1),
            layout("beside", "1.1.0", share=0.2),
            layout("beside", "1.1.0", share=0.2, trial=True),
            layout("shadow", "1.1.0", share=0.2),
        ]
        found = [config_name("slipway-dev", "rates", one) for one in layouts]

        assert found[0] == "slipway-dev-rates-1-0-0-9f2c41d0"
        assert len(set(found)) == len(found)
        assert found == [config_name("slipway-dev", "rates", one) for one in layouts]

    def test_the_longest_fits(self) -> None:
        """SageMaker allows 63 characters."""
        champion = alone("10.20.30-rc.1+retrain.20261124T043000Z", RELEASE)
        name = config_name("p" * 17, "m" * 24, layout("beside", "1.1.0", champion))

        assert len(name) <= 63
        assert len(layout("beside", "10.20.30-rc.1+retrain.20261124T043000Z")[1]["variant"]) <= 63


class TestGuardrails:
    def test_they_want_the_same_variants(self) -> None:
        """And know no shadows."""
        assert same_variants(ALONE, alone("1.1.0", RELEASE))
        assert same_variants(layout("beside", "1.1.0"), layout("beside", "1.1.0", share=0.5))
        assert not same_variants(ALONE, layout("beside", "1.1.0"))
        assert not same_variants(layout("shadow", "1.1.0"), layout("shadow", "1.1.0"))


class TestAliases:
    def test_one_for_each_role(self) -> None:
        """What stands there already does not move."""
        wanted = layout("beside", "1.1.0", layout("beside", "1.2.0"), trial=True)

        assert alias_moves({"champion": ("1.0.0", RELEASE)}, wanted) == [
            {"alias": "beside-1-2-0", "version": "1.2.0", "release_id": RELEASE},
            {"alias": "challenger", "version": "1.1.0", "release_id": RELEASE},
        ]

    def test_of_what_left(self) -> None:
        """They point nowhere from then on; the champion's stays when the endpoint is stopped."""
        pointing = {"champion": ("1.0.0", RELEASE), "shadow": ("1.1.0", RELEASE)}
        gone = [{"alias": "shadow", "version": None, "release_id": ""}]

        assert alias_moves(pointing, ALONE) == gone
        assert alias_moves(pointing, []) == gone
