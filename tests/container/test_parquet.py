"""Predictions in Parquet: the entry point makes CSV of them, with what the image has to read it."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from slipway.domain.judging.csv_table import read_table
from slipway.domain.judging.rows_csv import rows_from_columns
from tests.container.conftest import RUNTIME  # noqa: F401 - finds the runtime's modules

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.container.conftest import Image

ROWS = 3000


def frame() -> pd.DataFrame:
    draw = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "row_id": [f"r{number}" for number in range(ROWS)],
            "label": draw.random(ROWS) < 0.4,
            "score": draw.random(ROWS),
            "city": pd.Categorical(draw.choice(["Ulm", "Bonn, am Rhein", 'the "Hague"'], ROWS)),
        }
    )


class TestConvert:
    def test_rows_are_those_that_were_written(self, tmp_path: Path) -> None:
        """To the last bit: numbers, truth values as 0 and 1, names with commas and quotes."""
        from slipway_container import parquet  # noqa: PLC0415 - on the path since the import above

        wanted = frame()
        wanted.to_parquet(tmp_path / "predictions.parquet")
        assert parquet.convert(tmp_path) == ""

        table = read_table((tmp_path / "predictions.csv").read_bytes())
        rows = rows_from_columns(dict(table.columns), "binary", ["city"])
        np.testing.assert_array_equal(rows.side.score, wanted["score"])
        np.testing.assert_array_equal(rows.side.label, wanted["label"].astype(float))
        cities = [rows.slices["city"].values[code] for code in rows.slices["city"].codes]  # noqa: PD011 - not pandas
        assert cities == wanted["city"].tolist()

    def test_pandas_does_where_there_is_no_pyarrow_parquet(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same CSV."""
        from slipway_container import parquet  # noqa: PLC0415 - likewise

        frame().to_parquet(tmp_path / "predictions.parquet")
        parquet.convert(tmp_path)
        by_pyarrow = (tmp_path / "predictions.csv").read_text()
        monkeypatch.setattr(parquet, "_READERS", ("pandas",))
        parquet.convert(tmp_path)

        assert (tmp_path / "predictions.csv").read_text() == by_pyarrow

    def test_what_is_missing_stays_missing(self, tmp_path: Path) -> None:
        """A row without a prediction is not given one; the judge refuses it by its id."""
        from slipway_container import parquet  # noqa: PLC0415 - likewise

        table = pa.table({"row_id": [1, 2], "label": [0.5, None], "prediction": [math.nan, 1.0]})
        pq.write_table(table, tmp_path / "predictions.parquet")
        parquet.convert(tmp_path)

        with (tmp_path / "predictions.csv").open() as file:
            assert list(csv.reader(file))[1:] == [["1", "0.5", "nan"], ["2", "", "1.0"]]


class TestEntry:
    def evaluate(self, image: Image, text: str) -> tuple[int, str, str]:
        (image.ml / "processing" / "evaluation").mkdir(parents=True)
        image.manifest({"evaluation": {"serving_requests": 0}})
        image.program("evaluate", text)
        return image.run("evaluate")

    def test_makes_csv_after_the_evaluation(self, image: Image) -> None:
        """The program wrote Parquet and nothing else."""
        code, _, error = self.evaluate(
            image,
            "import pandas as pd\nfrom slipway_container import paths\n"
            "pd.DataFrame({'row_id': [1], 'label': [2.0], 'prediction': [3.0]})"
            ".to_parquet(paths.evaluation_output() / 'predictions.parquet')\n",
        )

        assert (code, error) == (0, "")
        csv_file = image.ml / "processing" / "evaluation" / "predictions.csv"
        assert csv_file.read_text() == "row_id,label,prediction\n1,2.0,3.0\n"

    def test_what_can_not_be_read_fails_with_its_reason(self, image: Image) -> None:
        """It stands where SageMaker looks for it."""
        code, _, error = self.evaluate(
            image,
            "from slipway_container import paths\n"
            "(paths.evaluation_output() / 'predictions.parquet').write_bytes(b'no parquet')\n",
        )

        assert code == 3
        assert "can't read predictions.parquet" in error
        assert "can't read" in (image.ml / "output" / "message").read_text()

    def test_csv_that_is_there_counts(self, image: Image) -> None:
        """Parquet beside it is the model's own affair."""
        code, _, _ = self.evaluate(
            image,
            "from slipway_container import paths\nfolder = paths.evaluation_output()\n"
            "(folder / 'predictions.parquet').write_bytes(b'mine')\n"
            "(folder / 'predictions.csv').write_text('row_id')\n",
        )

        assert code == 0
