from __future__ import annotations

import copy
import json
import subprocess
import sys
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.domain.manifest import InvalidManifestError, Manifest, json_schema

TOML = """
gates = ["mae <= 60 EUR"]

[model]
project = "pricing"
name = "hotel-rates"

[training]
instance_type = "ml.m5.large"
max_runtime_minutes = 30
[training.channels]
train = "hotel-rates:1.x"
[training.hyperparameters]
learning_rate = 0.1
rounds = 200
early_stopping = true
objective = "mae"
[training.metrics]
"validation:mae" = "validation mae=([0-9.eE+-]+)"

[evaluation]
instance_type = "ml.m5.large"
max_runtime_minutes = 15
primary_metric = "mae"
[evaluation.channels]
holdout = "hotel-rates-holdout:1.0.0"
[evaluation.metrics.mae]
direction = "minimize"
unit = "EUR"

[serving]
instance_type = "ml.m5.large"
max_instances = 2
[serving.sample]
body = '{"instances": [[1]]}'
"""


WRONG = {
    "model/name": "Hotel Rates",
    "training/spot": "yes",
    "training/max_wait_minutes": "long",
    "evaluation/metrics": 3,
    "evaluation/primary_metric": 4,
    "evaluation/task": "guessing",
    "evaluation/slices": 5,
    "gates": "mae",
    "serving/min_instances": "many",
    "serving/strategy": 7,
    "serving/schedules": [],
    "serving/kind": 3,
}
"""Keys with values that are wrong by themselves."""


def any_document() -> dict[str, Any]:
    return tomllib.loads(TOML)


def changed(path: str, value: Any) -> dict[str, Any]:
    """The valid document with one key set, or, with ``...``, taken away."""
    document = copy.deepcopy(any_document())
    *tables, last = path.split("/")
    table: Any = document
    for name in tables:
        table = table[int(name)] if isinstance(table, list) else table.setdefault(name, {})
    if value is ...:
        del table[last]
    else:
        table[int(last) if isinstance(table, list) else last] = value
    return document


def problems_of(document: Any) -> list[str]:
    with pytest.raises(InvalidManifestError) as caught:
        Manifest.from_document(document, "slipway.toml")
    return [str(problem) for problem in caught.value.problems]


class TestManifest:
    def test_defaults_are_filled_in(self) -> None:
        """
        What a manifest leaves out has the documented default.
        """
        manifest = Manifest.from_toml(TOML, "slipway.toml")

        assert manifest.programs.evaluate == ("evaluate",)
        assert manifest.training.volume_gb == 30
        assert manifest.training.max_wait_minutes is None
        assert manifest.serving.instance_count == 1
        assert manifest.serving.invocations_per_instance is None
        assert manifest.serving.identity == "proxy"
        assert manifest.evaluation.margin == 0.0

    def test_hyperparameters_become_strings(self) -> None:
        """
        SageMaker hands every hyperparameter over as a string; numbers and booleans are spelled as JSON does.
        """
        manifest = Manifest.from_toml(TOML, "slipway.toml")

        assert manifest.training.hyperparameters == {
            "learning_rate": "0.1",
            "rounds": "200",
            "early_stopping": "true",
            "objective": "mae",
        }

    def test_label_reads_back_and_is_canonical(self) -> None:
        """
        The label carries the whole manifest: it reads back equal, whichever way it came.
        """
        manifest = Manifest.from_toml(TOML, "slipway.toml")
        again = Manifest.from_label(manifest.canonical())

        assert again == manifest
        assert again.canonical() == manifest.canonical()
        assert manifest.canonical().startswith('{"evaluation":{"cache":true,"channels":{')
        assert json.loads(manifest.canonical()) == manifest.document()

    def test_all_problems_come_at_once(self) -> None:
        """
        One look at the error is enough to put everything right.
        """
        document = changed("training/volume_gb", 0)
        document["model"]["name"] = "Hotel Rates"
        document["serving"]["sample"]["body"] = 3
        del document["evaluation"]["primary_metric"]

        assert [problem.partition("; expected ")[0] for problem in problems_of(document)] == [
            "slipway.toml: model.name is 'Hotel Rates'",
            "slipway.toml: training.volume_gb is 0",
            "slipway.toml: evaluation.primary_metric is missing",
            "slipway.toml: serving.sample.body is 3",
        ]

    def test_a_gate_on_an_unknown_metric_is_told_beside_other_problems(self) -> None:
        """
        Rules over several keys hold wherever those keys are right by themselves, whatever else is wrong.
        """
        document = changed("training/volume_gb", 0)
        document["model"]["name"] = "Hotel Rates"
        document["evaluation"]["metrics"]["mae"]["direction"] = "down"
        document["gates"] = ["mae =< 60", "mea <= 120 EUR", "mae <= 60 USD"]
        document["serving"]["min_instances"] = 3

        told = problems_of(document)

        assert len(told) == 7
        assert any("gates[1] is 'mea <= 120 EUR'" in one and "did you mean 'mae'?" in one for one in told)
        assert any("gates[2] is 'mae <= 60 USD'; expected the unit EUR" in one for one in told)
        assert any("serving.min_instances is 3; expected at most" in one for one in told)

    @given(st.sets(st.sampled_from(sorted(WRONG)), min_size=1))
    def test_any_mistakes_together_are_told(self, paths: set[str]) -> None:
        """
        Whatever is wrong at the same time, of any type, is told key by key, and nothing breaks at it.
        """
        document = changed("model/description", "x")
        for path in paths:
            table, _, key = path.rpartition("/")
            target = document
            for part in filter(None, table.split("/")):
                target = target[part]
            target[key] = WRONG[path]

        told = problems_of(document)

        for path in paths:
            assert any(f": {path.replace('/', '.')}" in one for one in told), (path, told)

    def test_problem_keeps_its_parts(self) -> None:
        """
        A program can read file, key, value and expectation from the error.
        """
        with pytest.raises(InvalidManifestError) as caught:
            Manifest.from_document(changed("training/spot", "yes"), "models/x/slipway.toml")

        (problem,) = caught.value.problems
        assert (problem.file, problem.key, problem.value, problem.expected) == (
            "models/x/slipway.toml",
            "training.spot",
            "yes",
            "true or false",
        )

    @pytest.mark.parametrize(
        ("path", "meant"),
        [
            ("training/instance_typ", "'instance_type' (did you mean it?)"),
            ("gate", "'gates' (did you mean it?)"),
            ("serving/sample/contenttype", "'content_type' (did you mean it?)"),
        ],
    )
    def test_unknown_key_is_refused_with_what_was_meant(self, path: str, meant: str) -> None:
        """
        A misspelt key is never dropped: the nearest known one is offered.
        """
        (problem,) = problems_of(changed(path, 1))

        assert "is no key of a manifest" in problem
        assert meant in problem

    @pytest.mark.parametrize(
        ("path", "value", "key"),
        [
            ("model", "pricing", "model"),
            ("model/project", "pricing-", "model.project"),
            ("model/project", "a" * 21, "model.project"),
            ("programs/train", "train", "programs.train"),
            ("programs/train", [], "programs.train"),
            ("programs/serve", ["python"], "programs.serve[0]"),
            ("training/instance_type", "m5.large", "training.instance_type"),
            ("training/instance_count", True, "training.instance_count"),
            ("training/instance_count", 1.0, "training.instance_count"),
            ("training/channels", {}, "training.channels"),
            ("training/channels/train", "hotel-rates", "training.channels.train"),
            ("training/channels/tr ain", "hotel-rates:*", "training.channels.tr ain"),
            ("training/channels", {f"c{n}": "aa:*" for n in range(21)}, "training.channels"),
            ("training/hyperparameters/depth", float("nan"), "training.hyperparameters.depth"),
            ("training/hyperparameters/depth", [1], "training.hyperparameters.depth"),
            ("training/hyperparameters/depth", "x" * 2501, "training.hyperparameters.depth"),
            ("training/hyperparameters", {f"h{n}": 1 for n in range(101)}, "training.hyperparameters"),
            ("training/hyperparameters", {"h" * 257: 1}, "training.hyperparameters." + "h" * 257),
            ("training/metrics/loss", "loss=[0-9]+", "training.metrics.loss"),
            ("training/metrics/loss", "(a)(b)", "training.metrics.loss"),
            ("training/metrics/loss", "loss=([0-9]", "training.metrics.loss"),
            ("training/metrics/loss", "(" + "x" * 499 + ")", "training.metrics.loss"),
            ("training/metrics", {f"m{n}": "(x)" for n in range(41)}, "training.metrics"),
            ("evaluation/channels", {f"c{n}": "aa:*" for n in range(10)}, "evaluation.channels"),
            ("evaluation/metrics/mae/direction", "down", "evaluation.metrics.mae.direction"),
            ("evaluation/margin", -1, "evaluation.margin"),
            ("gates/0", "mae =< 60", "gates[0]"),
            ("gates/0", {"metric": "mae", "comparison": "<=", "threshold": 60}, "gates[0]"),
            ("evaluation/confidence", 1.0, "evaluation.confidence"),
            ("evaluation/resamples", 20, "evaluation.resamples"),
            ("evaluation/task", "guessing", "evaluation.task"),
            ("serving/startup_timeout_seconds", 59, "serving.startup_timeout_seconds"),
            ("serving/identity", "none", "serving.identity"),
        ],
    )
    def test_value_out_of_bounds_is_named(self, path: str, value: Any, key: str) -> None:
        """
        Types, patterns and SageMaker's limits are checked key by key.
        """
        (problem,) = problems_of(changed(path, value))

        assert problem.startswith(f"slipway.toml: {key} is ")

    @pytest.mark.parametrize(
        ("path", "value", "said"),
        [
            ("evaluation/primary_metric", "mea", "evaluation.primary_metric is 'mea'; expected a metric of"),
            ("gates/0", "rmse <= 9", "gates[0] is 'rmse <= 9'; expected a metric of evaluation.metrics"),
            ("gates/0", "mae <= 60 USD", "gates[0] is 'mae <= 60 USD'; expected the unit EUR"),
            (
                "gates/0",
                "every slice of c: mae <= 9",
                "expected evaluation.task, because slices are computed",
            ),
            ("evaluation/slices", ["country"], "expected no such key, because evaluation.task is not set"),
            (
                "gates/0",
                {"metric": "mae", "comparison": "<="},
                "tables with metric, comparison and threshold",
            ),
            ("serving/min_instances", 3, "serving.min_instances is 3; expected at most"),
            ("serving/instance_count", 3, "serving.instance_count is 3; expected from serving.min_instances"),
            ("training/spot", True, "training.max_wait_minutes is missing; expected at least"),
            ("training/max_wait_minutes", 60, "expected no such key, because training.spot is false"),
        ],
    )
    def test_keys_that_contradict_each_other_are_named(self, path: str, value: Any, said: str) -> None:
        """
        Rules over several keys are checked once each key is right by itself.
        """
        (problem,) = problems_of(changed(path, value))

        assert said in problem

    def test_near_metric_is_offered(self) -> None:
        """
        A misspelt metric is answered with the declared one that is nearest.
        """
        (problem,) = problems_of(changed("evaluation/primary_metric", "mea"))

        assert "did you mean 'mae'?" in problem

    def test_spot_with_its_wait_is_accepted(self) -> None:
        """
        Spot training names how long it may wait in all.
        """
        document = changed("training/spot", value=True)
        document["training"]["max_wait_minutes"] = 30

        assert Manifest.from_document(document).training.max_wait_minutes == 30

    def test_manifest_too_large_for_a_label_is_refused(self) -> None:
        """
        The manifest travels in every document of a release, so that its size is bounded as a whole.
        """
        (problem,) = problems_of(
            changed("training/hyperparameters", {f"h{n}": "x" * 2000 for n in range(20)})
        )

        assert "bytes long as a label; expected at most 32768" in problem

    def test_broken_toml_names_file_and_line(self) -> None:
        """
        A file that is no TOML is refused with the place of the mistake.
        """
        with pytest.raises(
            InvalidManifestError, match=r"slipway\.toml is not readable; expected TOML: .*line 2"
        ):
            Manifest.from_toml("[model]\nname = \n", "slipway.toml")

    @pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"model": null}'])
    def test_broken_label_is_an_invalid_manifest(self, text: str) -> None:
        """
        A label that is no manifest is refused as one, whatever it is.
        """
        with pytest.raises(InvalidManifestError, match=r"label io\.slipway\.manifest"):
            Manifest.from_label(text)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
            ),
        ),
        st.sampled_from(
            [
                "model",
                "model/name",
                "training/channels",
                "training/hyperparameters",
                "gates",
                "gates/0",
                "evaluation/metrics",
                "evaluation/metrics/mae",
                "serving/sample",
                "programs",
            ]
        ),
    )
    def test_any_document_is_read_or_refused(self, value: Any, path: str) -> None:
        """
        Whatever stands at a key, the answer is a manifest that reads back, or an InvalidManifestError.
        """
        try:
            manifest = Manifest.from_document(changed(path, value))
        except InvalidManifestError as error:
            assert error.problems  # noqa: PT017 - the other outcome is as good
        else:
            assert Manifest.from_label(manifest.canonical()) == manifest


class TestJsonSchema:
    def test_names_every_key_and_what_it_means(self) -> None:
        """
        An editor offers each key with its description, type, bounds and default.
        """
        schema = json_schema()

        assert schema["properties"]["training"]["properties"]["volume_gb"] == {
            "type": "integer",
            "minimum": 1,
            "maximum": 16384,
            "description": "Size of each instance's disk, in GB.",
            "default": 30,
        }
        assert schema["required"] == ["model", "training", "evaluation", "serving"]
        assert schema["additionalProperties"] is False
        json.dumps(schema)

    def test_accepts_what_validation_accepts(self) -> None:
        """
        The schema and the validation agree on the example, and on a document with every default filled in.
        """
        validator = pytest.importorskip("jsonschema").Draft202012Validator(json_schema())

        validator.validate(any_document())
        validator.validate(Manifest.from_document(any_document()).document())

    @pytest.mark.parametrize(
        ("path", "value"),
        [("trainin", {}), ("training/volume_gb", 0), ("model/name", "X"), ("gates/0", 5)],
    )
    def test_refuses_what_validation_refuses(self, path: str, value: Any) -> None:
        """
        A mistake that validation names is underlined in the editor as well.
        """
        validator = pytest.importorskip("jsonschema").Draft202012Validator(json_schema())

        assert not validator.is_valid(changed(path, value))
        assert problems_of(changed(path, value))


class TestImport:
    def test_reading_a_label_needs_no_toml_parser(self) -> None:
        """
        Functions import this module at every cold start: it brings no parser that they do not use.
        """
        program = "import sys, slipway.domain.manifest; print('tomllib' in sys.modules)"

        answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

        assert answer.stdout.strip() == "False"


class TestChannelNames:
    @pytest.mark.parametrize("name", [".", "..", "a/b", ""])
    def test_a_name_that_leads_elsewhere_is_refused(self, name: str) -> None:
        """A channel becomes a folder's name; it must not be the folder above."""
        document = any_document()
        document["training"]["channels"] = {name: "hotel-rates:1.x"}

        with pytest.raises(InvalidManifestError):
            Manifest.from_document(document, "slipway.toml")
