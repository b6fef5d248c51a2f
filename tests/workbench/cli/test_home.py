from __future__ import annotations

import pytest

from workbench.cli.frame import Refusal, home, region_of


class TestHome:
    def test_a_started_one_above_is_found(self, tmp_path, monkeypatch):
        """
        From a model's directory, commands reach the embedded AWS that was started above it.
        """
        monkeypatch.delenv("SLIPWAY_HOME", raising=False)
        (tmp_path / ".slipway").mkdir()
        (tmp_path / ".slipway" / "server.json").write_text("{}")
        (tmp_path / "my-model" / ".slipway").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / "my-model")

        assert home() == tmp_path / ".slipway"

    def test_without_one_it_is_in_this_directory(self, tmp_path, monkeypatch):
        """
        Where none was started, `slipway up` starts one here.
        """
        monkeypatch.delenv("SLIPWAY_HOME", raising=False)
        monkeypatch.chdir(tmp_path)

        assert home() == tmp_path / ".slipway"


class TestRegionOf:
    def test_an_environments_settings_name_its_region(self):
        """
        --region can be left out where the settings say it.
        """
        assert region_of("prod") == "eu-west-1"

    def test_an_unknown_environment_is_refused_with_those_that_exist(self):
        """
        A mistyped environment is told apart from missing credentials.
        """
        with pytest.raises(Refusal) as refused:
            region_of("nope")

        assert (refused.value.exit_code, "prod" in refused.value.hint) == (2, True)
