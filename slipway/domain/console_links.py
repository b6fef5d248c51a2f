"""Links into the AWS console, for people who have to look something up."""

from __future__ import annotations

from urllib.parse import quote

TRAINING_LOGS = "/aws/sagemaker/TrainingJobs"
PROCESSING_LOGS = "/aws/sagemaker/ProcessingJobs"
ENDPOINT_LOGS = "/aws/sagemaker/Endpoints"


def _console(region: str) -> str:
    if region.startswith("cn-"):
        return f"https://{region}.console.amazonaws.cn"
    if region.startswith("us-gov-"):
        return f"https://{region}.console.amazonaws-us-gov.com"
    return f"https://{region}.console.aws.amazon.com"


def _fragment(text: str) -> str:
    # the console's router decodes its fragment twice, with $ in the place of %
    return quote(quote(text, safe=""), safe="").replace("%", "$")


def log_url(region: str, group: str, stream_prefix: str = "") -> str:
    """
    A CloudWatch log group's streams, narrowed to those that begin with ``stream_prefix``.
    """
    url = f"{_console(region)}/cloudwatch/home?region={region}#logsV2:log-groups/log-group/{_fragment(group)}"
    return f"{url}$3FlogStreamNameFilter$3D{_fragment(stream_prefix)}" if stream_prefix else url


def execution_url(execution_arn: str) -> str:
    """
    An execution's graph and history.
    """
    region = execution_arn.split(":")[3]
    return f"{_console(region)}/states/home?region={region}#/v2/executions/details/{execution_arn}"


def object_url(region: str, uri: str) -> str:
    """
    An object in S3, by its ``s3://`` URI.

    >>> object_url("eu-west-1", "s3://artifacts/releases/ab/report.json")
    'https://eu-west-1.console.aws.amazon.com/s3/object/artifacts?region=eu-west-1&prefix=releases/ab/report.json'
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return f"{_console(region)}/s3/object/{bucket}?region={region}&prefix={quote(key)}"


def dashboard_url(region: str, name: str) -> str:
    """
    A CloudWatch dashboard.

    >>> dashboard_url("eu-west-1", "slipway-prod-pricing-hotel-rates")
    'https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#dashboards/dashboard/slipway-prod-pricing-hotel-rates'
    """
    return f"{_console(region)}/cloudwatch/home?region={region}#dashboards/dashboard/{quote(name, safe='')}"
