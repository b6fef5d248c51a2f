"""What an identical step produced before is taken again, and every miss says why."""

from __future__ import annotations

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner

from workbench.cli.__main__ import slipway
from workbench.cli.frame import Refusal

pytestmark = pytest.mark.endtoend

PROJECT = "caching"
STEPS = ("training", "challenger", "champion")


def jobs(laptop):
    """Names of every training and processing job that was ever asked for."""
    sagemaker = laptop.aws.client("sagemaker")
    return {
        job[f"{kind}JobName"]
        for kind, operation in (("Training", "list_training_jobs"), ("Processing", "list_processing_jobs"))
        for page in sagemaker.get_paginator(operation).paginate()
        for job in page[f"{kind}JobSummaries"]
    }


def run(laptop, *arguments):
    """What a command printed; what it refused is raised."""
    result = CliRunner().invoke(slipway, arguments, env={"SLIPWAY_HOME": str(laptop.aws.home)})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def start(laptop, image, *options):
    """The release that ``slipway release start`` begins."""
    return json.loads(run(laptop, "release", "start", image, *options, "--json"))


def explained(laptop, release):
    """Each step's explanation, as ``slipway release show --json`` prints it."""
    record = json.loads(run(laptop, "release", "show", release["release_id"], "--json"))
    return {step: lookup["explanation"] for step, lookup in record["lookups"].items()}


def asked(laptop, release):
    """The release once it waits for its approver."""
    return laptop.reach(release, "awaiting-approval")


def rejected(laptop, release):
    """Out of the way of what comes next."""
    laptop.decide(release, "rejected")
    laptop.reach(release, "rejected")


@pytest.fixture(scope="module")
def champion(laptop):
    """1.0.0 serves."""
    laptop.put_numbers(PROJECT)
    return laptop.deployed(laptop.model(PROJECT, bias="1.0"), "1.0.0")


@pytest.fixture(scope="module")
def retrained(laptop, champion):
    """1.0.0 again, on the same data: the release, and the jobs that it started."""
    before = jobs(laptop)
    release = start(laptop, f"{PROJECT}/tiny:1.0.0", "--retrain")
    release = asked(laptop, release)
    return release, jobs(laptop) - before


class TestUnchanged:
    def test_no_job_is_started(self, retrained):
        """
        Neither the model nor what it is compared with is trained or measured again.
        """
        _, started = retrained

        assert started == set()

    def test_every_step_says_whose_outputs_it_took(self, laptop, champion, retrained):
        """
        `slipway release show`, for people and as JSON.
        """
        release, _ = retrained
        said = f"hit: same as release {champion['release_id']}"

        assert explained(laptop, release) == dict.fromkeys(STEPS, said)
        printed = run(laptop, "release", "show", release["release_id"]).splitlines()
        assert [line.split(maxsplit=1) for line in printed if "hit:" in line] == [
            [step, said] for step in STEPS
        ]

    def test_approver_sees_what_was_not_run(self, laptop, champion, retrained):
        """
        The page says which release trained and measured what is asked for.
        """
        release, _ = retrained
        with urllib.request.urlopen(laptop.link(release), timeout=30) as page:
            text = page.read().decode()

        assert "Not run again" in text
        assert f"training: same as release {champion['release_id']}" in text

    def test_version_serves_like_any_other(self, laptop, retrained):
        """
        It is approved by its name, promoted, and every answer says it.
        """
        release, _ = retrained
        assert laptop.decide(release).recorded
        laptop.reach(release, "deployed")

        assert release["version"].startswith("1.0.0+retrain.2")
        assert laptop.invoke(PROJECT)["identity"]["version"] == release["version"]
        assert laptop.ledger.alias(PROJECT, "tiny", "champion")["version"] == release["version"]


class TestChanged:
    """After 1.0.0 was retrained."""

    def test_miss_names_the_hyperparameter(self, laptop, retrained):
        """
        The manifest is a part of the image, so that two inputs changed: what a person changed is named.
        """
        laptop.push(laptop.model(PROJECT, bias="0.5"), "1.1.0")
        release = asked(laptop, laptop.release(f"{PROJECT}/tiny:1.1.0"))
        said = explained(laptop, release)

        assert said["training"] == "miss: hyperparameter bias 1.0 → 0.5 (first difference of 2)"
        assert said["challenger"].startswith("miss: artifact ")
        assert said["champion"].startswith("hit: same as release ")
        rejected(laptop, release)

    def test_without_the_cache_everything_runs(self, laptop, retrained):
        """
        `--no-cache`: three jobs for what is known already.
        """
        before = jobs(laptop)
        release = asked(laptop, start(laptop, f"{PROJECT}/tiny:1.0.0", "--retrain", "--no-cache"))

        assert explained(laptop, release) == dict.fromkeys(STEPS, "off: --no-cache")
        assert len(jobs(laptop) - before) == len(STEPS)
        rejected(laptop, release)

    def test_manifest_may_opt_out_for_each_step(self, laptop, retrained):
        """
        `[evaluation] cache = false` measures anew what is trained from the cache.
        """
        model = laptop.model(PROJECT, bias="0.25")
        manifest = model / "slipway.toml"
        manifest.write_text(manifest.read_text().replace("[evaluation]\n", "[evaluation]\ncache = false\n"))
        laptop.push(model, "1.2.0")
        rejected(laptop, asked(laptop, laptop.release(f"{PROJECT}/tiny:1.2.0")))
        before = jobs(laptop)
        release = asked(laptop, start(laptop, f"{PROJECT}/tiny:1.2.0", "--again"))

        said = explained(laptop, release)
        assert said["training"].startswith("hit: ")
        assert {said["challenger"], said["champion"]} == {"off: evaluation.cache = false"}
        assert len(jobs(laptop) - before) == 2
        rejected(laptop, release)


class TestTaken:
    def test_approved_version_is_not_released_again(self, laptop, champion):
        """
        Refused before anything runs, with the way out.
        """
        with pytest.raises(Refusal, match="--retrain"):
            run(laptop, "release", "start", f"{PROJECT}/tiny:1.0.0", "--again")

    def test_waiting_version_is_not_released_again(self, laptop, champion, retrained):
        """
        It is to be decided first.
        """
        laptop.push(laptop.model(PROJECT, bias="0.75"), "1.3.0")
        release = asked(laptop, laptop.release(f"{PROJECT}/tiny:1.3.0"))
        before = jobs(laptop)
        with pytest.raises(Refusal, match="slipway approval open"):
            run(laptop, "release", "start", f"{PROJECT}/tiny:1.3.0", "--again")

        assert jobs(laptop) == before
        rejected(laptop, release)


class TestConcurrent:
    def test_identical_releases_train_once(self, laptop):
        """
        Three versions of one image at once: one of them trains and measures, the others wait and take that.
        """
        project = "twins"
        laptop.put_numbers(project)
        model = laptop.model(project)
        train = model / "train"
        train.write_text(
            train.read_text().replace("\nimport csv\n", "\nimport csv\nimport time\ntime.sleep(2)\n")
        )
        before = jobs(laptop)
        laptop.push(model, "1.0.0")
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda tag: tag_again(laptop, f"{project}/tiny", "1.0.0", tag), ("1.0.1", "1.0.2")))
        releases = [asked(laptop, laptop.release(f"{project}/tiny:1.0.{patch}")) for patch in range(3)]

        assert len({release["release_id"] for release in releases}) == 3
        assert len({release["image_digest"] for release in releases}) == 1
        assert sum("-train-" in job for job in jobs(laptop) - before) == 1
        assert sum("-challenger-" in job for job in jobs(laptop) - before) == 1
        said = [explained(laptop, release)["training"].partition(":")[0] for release in releases]
        assert sorted(said) == ["hit", "hit", "miss"]

    def test_failed_training_is_not_taken(self, laptop):
        """
        Who waited for a training that failed trains itself.
        """
        project = "unlucky"
        laptop.put_numbers(project)
        model = laptop.model(project)
        (model / "train").write_text("#!/bin/sh\nsleep 15\nexit 3\n")
        before = jobs(laptop)
        laptop.push(model, "1.0.0")
        tag_again(laptop, f"{project}/tiny", "1.0.0", "1.0.1")
        first = laptop.release(f"{project}/tiny:1.0.0")
        second = laptop.release(f"{project}/tiny:1.0.1")
        laptop.wait_for(lambda: explained_so_far(laptop, second) == "wait", "the second to wait")
        for release in (first, second):
            laptop.reach(release, "failed")

        assert sum("-train-" in job for job in jobs(laptop) - before) == 2


def tag_again(laptop, model, tag, other):
    """Push an image that is in the registry under one more version."""
    ecr, prefix = laptop.aws.client("ecr"), laptop.workspace.platform()["repository_prefix"]
    repository = f"{prefix}/{model}"
    (image,) = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": tag}])["images"]
    ecr.put_image(
        repositoryName=repository,
        imageManifest=image["imageManifest"],
        imageManifestMediaType=image["imageManifestMediaType"],
        imageTag=other,
    )


def explained_so_far(laptop, release):
    """How a release's training stands; empty: it was not looked up yet."""
    lookups = (laptop.ledger.release(release["release_id"]) or {}).get("lookups", {})
    return lookups.get("training", {}).get("result", "")
