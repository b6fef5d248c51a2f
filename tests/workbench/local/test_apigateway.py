"""An HTTP API that a template makes answers at a URL that every client reaches."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from tests.workbench.local.functions import trusted_by

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws

CODE = """
import json
def handler(event, context):
    wanted = ("version", "routeKey", "rawPath", "pathParameters", "queryStringParameters", "isBase64Encoded")
    seen = {name: event.get(name) for name in wanted}
    seen["method"] = event["requestContext"]["http"]["method"]
    seen["body"] = event.get("body")
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(seen)}
"""


def template(*, permitted: bool) -> dict[str, Any]:
    """An API with one function behind two routes."""
    path = "lambda:path/2015-03-31/functions/${Function.Arn}/invocations"
    uri = {"Fn::Sub": f"arn:aws:apigateway:${{AWS::Region}}:{path}"}
    resources: dict[str, Any] = {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": json.loads(trusted_by("lambda.amazonaws.com"))},
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": CODE},
            },
        },
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "a", "ProtocolType": "HTTP"}},
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
        },
        "Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS_PROXY",
                "PayloadFormatVersion": "2.0",
                "IntegrationUri": uri,
            },
        },
    }
    for name, key in (("Get", "GET /things/{id}"), ("Post", "POST /things/{id}")):
        resources[name] = {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "RouteKey": key,
                "Target": {"Fn::Sub": "integrations/${Integration}"},
            },
        }
    if permitted:
        source = {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/*/things/{id}"}
        resources["Permission"] = {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": "Function"},
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": source,
            },
        }
    return {"Resources": resources, "Outputs": {"Url": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}}}}


def make(aws: EmbeddedAws, name: str, *, permitted: bool) -> str:
    """The URL of a new API."""
    client = aws.client("cloudformation")
    client.create_stack(
        StackName=name,
        TemplateBody=json.dumps(template(permitted=permitted)),
        Capabilities=["CAPABILITY_IAM"],
    )
    while (stack := client.describe_stacks(StackName=name)["Stacks"][0])["StackStatus"] != "CREATE_COMPLETE":
        assert stack["StackStatus"] == "CREATE_IN_PROGRESS", stack
        time.sleep(0.05)
    return str(stack["Outputs"][0]["OutputValue"])


@pytest.mark.embedded
class TestHttpApi:
    def test_url_needs_no_name_resolution_and_carries_payload_two(self, embedded_aws: EmbeddedAws) -> None:
        """
        What the template calls ApiEndpoint is opened as it stands; the function sees payload format 2.0.
        """
        url = make(embedded_aws, "http-api", permitted=True)
        assert url.startswith(embedded_aws.endpoint_url)
        request = urllib.request.Request(f"{url}/things/7?a=1", b"k=v", method="POST")
        with urllib.request.urlopen(request, timeout=10) as response:
            seen = json.load(response)

        assert seen["version"] == "2.0"
        assert (seen["routeKey"], seen["rawPath"], seen["method"]) == (
            "POST /things/{id}",
            "/things/7",
            "POST",
        )
        assert (seen["pathParameters"], seen["queryStringParameters"]) == ({"id": "7"}, {"a": "1"})
        assert (seen["isBase64Encoded"], seen["body"]) == (True, "az12")

    def test_function_that_does_not_let_the_api_is_not_called(self, embedded_aws: EmbeddedAws) -> None:
        """
        Without the permission the caller gets 500, as from API Gateway.
        """
        url = make(embedded_aws, "http-api-refused", permitted=False)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{url}/things/7", timeout=10)

        assert refused.value.code == 500
