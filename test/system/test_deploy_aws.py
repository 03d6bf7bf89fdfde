"""The CloudFormation template: its linter, what its policies allow, and a stack of it in moto."""

import ast
import base64
import fnmatch
import json
import os
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT, Site, assert_counters_add_up
from services import AWS_ENV, Service, client, lambda_rie, moto, needs_aws

TEMPLATE = ROOT / "deploy" / "aws" / "avocet.yaml"
BOOTSTRAP = Path(os.environ.get("AVOCET_LAMBDA_BIN", str(ROOT / "build" / "avocet-lambda")))
# What moto's CloudFormation does not know; the linter judges these by AWS's own schemas.
UNKNOWN_TO_MOTO = {"AWS::Lambda::Url"}
# Actions for which AWS has no resource, each with the condition that takes its place.
WITHOUT_RESOURCE = {
    "cloudwatch:PutMetricData": {"StringEquals": {"cloudwatch:namespace": "avocet"}},
    "ecr:GetAuthorizationToken": None,
}
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:slack-AbCdEf"


def template() -> dict[str, Any]:
    """The template in its long form, with Fn::Sub for !Sub."""
    from cfnlint.decode import cfn_yaml

    plain = json.dumps(cfn_yaml.load(str(TEMPLATE)))
    loaded: dict[str, Any] = json.loads(plain)
    return loaded


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that say what a role may do, or who may use the resource; not who may be the role."""
    properties = resource.get("Properties", {})
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    if "PolicyDocument" in properties:
        documents.append(properties["PolicyDocument"])
    return [statement for document in documents for statement in document["Statement"]]


def test_the_linter_has_nothing_to_say() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "cfn-lint"), str(TEMPLATE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # What `aws cloudformation deploy` takes without a bucket for the template.
    assert TEMPLATE.stat().st_size <= 51_200


def test_no_policy_allows_more_than_it_must() -> None:
    without_resource = set()
    allowed = 0
    for name, resource in template()["Resources"].items():
        for statement in statements(resource):
            assert not {"NotAction", "NotResource", "NotPrincipal"} & set(statement), name
            if statement["Effect"] == "Deny":
                continue
            allowed += 1
            # A policy of a resource says for whom it is.
            assert statement.get("Principal") != "*", name
            for action in as_list(statement["Action"]):
                assert "*" not in action, (name, action)
                if as_list(statement["Resource"]) == ["*"]:
                    assert statement.get("Condition") == WITHOUT_RESOURCE[action], (name, action)
                    without_resource.add(action)
            for arn in as_list(statement["Resource"]):
                assert arn == "*" or "*" not in json.dumps(arn).split(":", 6)[0], (name, arn)
        # AWS's own policies allow a lot.
        assert "ManagedPolicyArns" not in resource.get("Properties", {}), name
        trust = resource.get("Properties", {}).get("AssumeRolePolicyDocument")
        for statement in trust["Statement"] if trust else []:
            assert set(statement["Principal"]) == {"Service"}, name
    assert allowed > 15 and without_resource == set(WITHOUT_RESOURCE)


def test_nothing_is_open_or_in_the_clear() -> None:
    kinds: dict[str, list[dict[str, Any]]] = {}
    for resource in template()["Resources"].values():
        kinds.setdefault(resource["Type"], []).append(resource.get("Properties", {}))
    (bucket,) = kinds["AWS::S3::Bucket"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4 and bucket["BucketEncryption"]
    (policy,) = kinds["AWS::S3::BucketPolicy"]
    (tls,) = policy["PolicyDocument"]["Statement"]
    assert tls["Effect"] == "Deny" and tls["Condition"] == {
        "Bool": {"aws:SecureTransport": "false"}
    }
    assert [u["AuthType"] for u in kinds["AWS::Lambda::Url"]] == ["AWS_IAM"]
    for group in kinds["AWS::EC2::SecurityGroup"]:
        assert not any("CidrIp" in rule for rule in group.get("SecurityGroupIngress", []))
    assert all(volume["Encrypted"] for volume in kinds["AWS::EC2::Volume"])
    assert all(files["Encrypted"] for files in kinds["AWS::EFS::FileSystem"])
    (machine,) = kinds["AWS::EC2::LaunchTemplate"]
    assert machine["LaunchTemplateData"]["MetadataOptions"]["HttpTokens"] == "required"
    assert all(logs["RetentionInDays"] for logs in kinds["AWS::Logs::LogGroup"])


# ---- A stack ----


@pytest.fixture(name="server", scope="module")
def a_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


def for_moto() -> str:
    """The template without what moto does not know, and the instance with its settings itself."""
    made = template()
    resources = made["Resources"]
    gone = {name for name, r in resources.items() if r["Type"] in UNKNOWN_TO_MOTO}
    assert gone
    for name in gone:
        del resources[name]
    made["Outputs"] = {
        name: output
        for name, output in made["Outputs"].items()
        if not any(f'"{lost}"' in json.dumps(output) for lost in gone)
    }
    # It makes route tables, and cannot delete them.
    resources["Network"]["DeletionPolicy"] = "Retain"
    data = resources["Machine"]["Properties"]["LaunchTemplateData"]
    resources["Instance"]["Properties"] = {
        "ImageId": data["ImageId"],
        "InstanceType": data["InstanceType"],
        "UserData": data["UserData"],
        "SubnetId": {"Ref": "Subnet"},
        "Tags": resources["Instance"]["Properties"]["Tags"],
    }
    return json.dumps(made)


class Stack:
    """The template as a stack of moto; `with` creates and deletes it."""

    def __init__(self, server: Service, name: str, **parameters: str):
        self.server, self.name = server, name
        self.parameters = {"PackageBucket": "packages", "Image": "avocet:1", **parameters}

    def client(self, service: str) -> Any:
        return client(service, self.server.url)

    def __enter__(self) -> "Stack":
        s3 = self.client("s3")
        s3.create_bucket(Bucket="packages")
        package = self.server.log.parent / "package.zip"
        with zipfile.ZipFile(package, "w") as file:
            file.writestr("bootstrap", "stands for the package")
        s3.put_object(Bucket="packages", Key="avocet-lambda.zip", Body=package.read_bytes())
        self.client("cloudformation").create_stack(
            StackName=self.name,
            TemplateBody=for_moto(),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in self.parameters.items()
            ],
        )
        described = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]
        assert described["StackStatus"] == "CREATE_COMPLETE"
        self.outputs = {o["OutputKey"]: o["OutputValue"] for o in described["Outputs"]}
        return self

    def __exit__(self, *_: object) -> None:
        self.client("cloudformation").delete_stack(StackName=self.name)

    def configuration(self) -> str:
        parameter = self.client("ssm").get_parameter(Name=self.outputs["ConfigName"])
        text: str = parameter["Parameter"]["Value"]
        return text


@pytest.fixture(name="stack", scope="module")
def a_stack(server: Service) -> Iterator[Stack]:
    with Stack(server, "plant", SlackWebhookSecret=SECRET) as stack:
        yield stack


def site_of(tmp_path: Path, stack: Stack) -> Site:
    """avocet with the configuration that the stack holds for it, at the emulator."""
    site = Site(tmp_path)
    text = stack.configuration().replace("/var/lib/avocet/lake", str(site.lake))
    text = text.replace(
        "region: us-east-1", f'region: us-east-1, endpoint: "{stack.server.url}"', 1
    )
    text += f'  endpoint: "{stack.server.url}"\n'
    site.configure(text)
    return site


@needs_aws
def test_a_file_in_the_bucket_becomes_rows(tmp_path: Path, stack: Stack) -> None:
    bucket = stack.outputs["BucketName"]
    lines = ["device_id,timestamp,temperature"]
    lines += [f"press-{n % 7},{1_780_000_000 + n},{20 + n % 5}.5" for n in range(700)]
    lines.append("press-1,no time,1")
    stack.client("s3").put_object(
        Bucket=bucket, Key="incoming/day.csv", Body="\n".join(lines).encode()
    )
    # moto's CloudFormation gives a bucket no notifications: what they are stands in the template.
    made = template()["Resources"]["Bucket"]["Properties"]
    (trigger,) = made["NotificationConfiguration"]["LambdaConfigurations"]
    assert trigger["Function"] == {"Fn::GetAtt": ["Producer", "Arn"]}
    assert trigger["Filter"]["S3Key"]["Rules"] == [{"Name": "prefix", "Value": "incoming/"}]
    name = "plant-producer"
    function = stack.client("lambda").get_function_configuration(FunctionName=name)
    (queue,) = stack.client("lambda").list_event_source_mappings(FunctionName=name)[
        "EventSourceMappings"
    ]
    assert queue["EventSourceArn"].endswith(":plant-readings")
    assert queue["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    # moto starts no functions: AWS's own emulator does, with what the stack has set for this one.
    env = {
        **function["Environment"]["Variables"],
        "AVOCET_STREAM_ENDPOINT": stack.server.url,
        "AVOCET_S3_ENDPOINT": stack.server.url,
    }
    s3 = {"bucket": {"name": bucket}, "object": {"key": "incoming/day.csv"}}
    event = {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}]}
    with lambda_rie(tmp_path, BOOTSTRAP, env) as emulator:
        answer = post(f"{emulator.url}/2015-03-31/functions/function/invocations", event)
    assert (answer["accepted"], answer["num_rejected"]) == (700, 1)
    letters = stack.client("s3").list_objects_v2(Bucket=bucket, Prefix="dead-letters/")
    assert letters["KeyCount"] == 1
    site = site_of(tmp_path, stack)
    done = site.run(env={**AWS_ENV, "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/x"})
    assert done.returncode == 0, done.stderr
    assert assert_counters_add_up(site.lake)["accepted"] == 700


def post(url: str, event: Any) -> Any:
    request = urllib.request.Request(url, json.dumps(event).encode())
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@needs_aws
def test_the_dashboard_and_alarms_are_those_of_the_commands(tmp_path: Path, stack: Stack) -> None:
    api = stack.client("cloudwatch")
    of_stack = json.loads(api.get_dashboard(DashboardName="plant")["DashboardBody"])["widgets"]
    site = site_of(tmp_path, stack)
    env = {**AWS_ENV, "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/x"}
    for command in (["dashboard", "--name", "by-command"], ["alarms"]):
        done = site.avocet("aws", *command, "-c", str(site.config), env=env)
        assert done.returncode == 0, done.stderr
    by_command = json.loads(api.get_dashboard(DashboardName="by-command")["DashboardBody"])
    assert by_command["widgets"] == of_stack[: len(by_command["widgets"])]
    assert len(of_stack) > len(by_command["widgets"]) >= 8
    # moto's CloudFormation makes no alarms: those of the template are read.
    known = {"AWS::StackName": "plant", "Topic": stack.outputs["TopicArn"]}
    of_template = {}
    for resource in template()["Resources"].values():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            alarm = resolved(resource["Properties"], known)
            of_template[alarm["AlarmName"]] = alarm
    made = api.describe_alarms(AlarmNamePrefix="plant ")["MetricAlarms"]
    assert len(made) == 4 and len(of_template) > 8
    for alarm in made:
        wanted = of_template[alarm["AlarmName"]]
        assert {key: alarm[key] for key in wanted} == wanted


def resolved(value: Any, known: dict[str, str]) -> Any:
    """A part of the template with what is known in the place of references; others stay."""
    if isinstance(value, list):
        return [resolved(one, known) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return known.get(value["Ref"], value)
    if set(value) == {"Fn::Sub"} and isinstance(value["Fn::Sub"], str):
        text = value["Fn::Sub"]
        for name, meaning in known.items():
            text = text.replace(f"${{{name}}}", meaning)
        return text
    return {key: resolved(one, known) for key, one in value.items()}


def policies(stack: Stack, role: str) -> list[dict[str, Any]]:
    """All statements of a role of the stack, as IAM has them."""
    iam = stack.client("iam")
    physical = {
        r["LogicalResourceId"]: r.get("PhysicalResourceId")
        for r in stack.client("cloudformation").describe_stack_resources(StackName=stack.name)[
            "StackResources"
        ]
        if "LogicalResourceId" in r
    }[role]
    found = []
    for name in iam.list_role_policies(RoleName=physical)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=physical, PolicyName=name)["PolicyDocument"]
        found += statements_of(document)
    return found


def statements_of(document: Any) -> list[dict[str, Any]]:
    """moto gives some documents as the text of a Python value."""
    loaded = ast.literal_eval(document) if isinstance(document, str) else document
    found: list[dict[str, Any]] = loaded["Statement"]
    return found


def may(granted: list[dict[str, Any]], action: str, resource: str) -> bool:
    return any(
        action in as_list(statement["Action"])
        and any(fnmatch.fnmatchcase(resource, arn) for arn in as_list(statement["Resource"]))
        for statement in granted
    )


def test_the_roles_can_do_their_work_and_nothing_else(stack: Stack) -> None:
    bucket = f"arn:aws:s3:::{stack.outputs['BucketName']}"
    stream = "arn:aws:kinesis:us-east-1:123456789012:stream/plant-readings"
    producer = policies(stack, "ProducerRole")
    assert may(producer, "kinesis:PutRecords", stream)
    assert may(producer, "s3:GetObject", f"{bucket}/incoming/day 1.csv")
    assert may(producer, "s3:PutObject", f"{bucket}/dead-letters/x")
    assert not may(producer, "s3:PutObject", f"{bucket}/incoming/x")
    assert not may(producer, "s3:GetObject", f"{bucket}/archive/x")
    assert not may(producer, "kinesis:PutRecords", stream + "2")
    avocet = policies(stack, "InstanceRole")
    for action in ("kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"):
        assert may(avocet, action, stream)
    leases = "arn:aws:dynamodb:us-east-1:123456789012:table/plant-leases"
    for action in ("DescribeTable", "Scan", "PutItem", "UpdateItem", "DeleteItem"):
        assert may(avocet, f"dynamodb:{action}", leases)
    config = f"arn:aws:ssm:us-east-1:123456789012:parameter{stack.outputs['ConfigName']}"
    assert may(avocet, "ssm:GetParameter", config)
    assert not may(avocet, "ssm:GetParameter", config + "2")
    assert may(avocet, "secretsmanager:GetSecretValue", SECRET)
    assert not may(avocet, "secretsmanager:GetSecretValue", SECRET + "2")
    assert not may(avocet, "kinesis:PutRecords", stream)
    assert not any(action.startswith("s3:") for s in avocet for action in as_list(s["Action"]))


def test_what_the_machine_runs_is_a_script_that_bash_can_read(stack: Stack) -> None:
    ec2 = stack.client("ec2")
    (reservation,) = ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["plant"]}])[
        "Reservations"
    ]
    identity = reservation["Instances"][0]["InstanceId"]
    answer = ec2.describe_instance_attribute(InstanceId=identity, Attribute="userData")
    script = base64.b64decode(answer["UserData"]["Value"]).decode()
    assert script.startswith("#!/bin/bash\n") and "\nSH\n" in script and "\nUNIT\n" in script
    assert "${Image}" not in script and "AVOCET_IMAGE=avocet:1" in script and SECRET in script
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    inner = script.split("<<'SH'\n", 1)[1].split("\nSH\n", 1)[0]
    done = subprocess.run(["bash", "-n"], input=inner, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_fargate_and_a_provisioned_stream(server: Service) -> None:
    own = "/plants/own.yaml"
    parameters = {
        "Compute": "Fargate",
        "StreamMode": "PROVISIONED",
        "ShardCount": "3",
        "ConfigParameter": own,
    }
    with Stack(server, "plant-f", **parameters) as stack:
        summary = stack.client("kinesis").describe_stream_summary(StreamName="plant-f-readings")
        assert summary["StreamDescriptionSummary"]["OpenShardCount"] == 3
        ecs = stack.client("ecs")
        (service,) = ecs.describe_services(cluster="plant-f", services=["plant-f"])["services"]
        assert service["desiredCount"] == 1
        task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
        (container,) = task["taskDefinition"]["containerDefinitions"]
        # moto keeps what AWS::NoValue leaves out.
        secrets = [secret for secret in container["secrets"] if secret]
        assert secrets == [{"name": "AVOCET_CONFIG", "valueFrom": own}]
        assert container["readonlyRootFilesystem"] is True
        assert may(
            policies(stack, "ExecutionRole"),
            "ssm:GetParameters",
            own_arn := (f"arn:aws:ssm:us-east-1:123456789012:parameter{own}"),
        )
        assert not may(policies(stack, "TaskRole"), "ssm:GetParameters", own_arn)
    assert "plant-f-readings" not in stack.client("kinesis").list_streams()["StreamNames"]


def test_a_deleted_stack_leaves_the_readings_and_nothing_else(server: Service) -> None:
    with Stack(server, "plant-d") as stack:
        bucket = stack.outputs["BucketName"]
        stack.client("s3").put_object(Bucket=bucket, Key="archive/x", Body=b"reading")
    assert (
        stack.client("s3").get_object(Bucket=bucket, Key="archive/x")["Body"].read() == b"reading"
    )
    assert "plant-d-readings" not in stack.client("kinesis").list_streams()["StreamNames"]
    assert "plant-d-leases" not in stack.client("dynamodb").list_tables()["TableNames"]
    functions = stack.client("lambda").list_functions()["Functions"]
    assert not any(f["FunctionName"].startswith("plant-d-") for f in functions)
    assert not stack.client("cloudwatch").describe_alarms(AlarmNamePrefix="plant-d ")[
        "MetricAlarms"
    ]
