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
