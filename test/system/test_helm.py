"""The Helm chart: linted, rendered, and what it renders judged by Kubernetes' own schemas."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli_program import avocet
from harness import ROOT

pytestmark = pytest.mark.slow

CHART = ROOT / "deploy" / "helm" / "avocet"
TOOL = ROOT / "test" / "tools" / "tool.sh"
KUBERNETES = "1.37"
# A helm that `go install` built believes in a much older one.
FOR = ("--kube-version", KUBERNETES)
FULL = {
    "image": {"repository": "registry.example/avocet", "digest": "sha256:" + "0" * 64},
    "existingSecret": "avocet-secrets",
    "extraEnv": [{"name": "AWS_REGION", "value": "eu-west-1"}],
    "persistence": {"storageClass": "fast", "size": "200Gi"},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "networkPolicy": {
        "from": [{"namespaceSelector": {"matchLabels": {"team": "plant"}}}],
        "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}],
    },
    "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/a"}},
    "imagePullSecrets": [{"name": "registry"}],
    "nodeSelector": {"kubernetes.io/arch": "arm64"},
    "tolerations": [{"key": "iot", "operator": "Exists"}],
    "podAnnotations": {"a": "b"},
    "podLabels": {"c": "d"},
    "extraVolumes": [{"name": "ca", "configMap": {"name": "plant-ca"}}],
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ssl/plant"}],
}


def tool(*arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(TOOL), *arguments], capture_output=True, text=True, timeout=1500)
    if done.returncode == 69:
        pytest.skip(done.stderr.strip())
    if code is not None:
        assert done.returncode == code, done.stdout + done.stderr
    return done


def values_file(directory: Path, values: dict[str, Any]) -> str:
    path = directory / "values.json"  # JSON is YAML
    path.write_text(json.dumps(values))
    return str(path)


def render(directory: Path, values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What the chart makes of the values, by kind, each judged by the schema of Kubernetes."""
    text = tool(
        "helm",
        "template",
        "plant",
        str(CHART),
        *FOR,
        "-n",
        "iot",
        "-f",
        values_file(directory, values),
    ).stdout
    documents = {doc["kind"]: doc for doc in yaml.safe_load_all(text) if doc}
    for kind, document in documents.items():
        if kind == "ServiceMonitor":  # of an operator, not of Kubernetes
            continue
        path = directory / f"{kind}.yaml"
        path.write_text(yaml.safe_dump(document))
        tool("kubernetes-validate", "--strict", "--kubernetes-version", KUBERNETES, str(path))
    return documents


def pod(documents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return dict(documents["StatefulSet"]["spec"]["template"]["spec"])


def test_lint_finds_nothing(tmp_path: Path) -> None:
    for values in ({}, FULL):
        tool("helm", "lint", "--strict", str(CHART), "-f", values_file(tmp_path, values))


def test_without_values_it_is_one_private_avocet_with_a_disk(tmp_path: Path) -> None:
    documents = render(tmp_path, {})
    assert set(documents) == {
        "ConfigMap",
        "NetworkPolicy",
        "Service",
        "ServiceAccount",
        "StatefulSet",
    }
    workload = documents["StatefulSet"]["spec"]
    assert workload["replicas"] == 1, "a lake has one writer"
    assert workload["volumeClaimTemplates"][0]["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert workload["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Retain"
    spec = pod(documents)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["automountServiceAccountToken"] is False
    for container in [*spec["containers"], *spec["initContainers"]]:
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert container["image"] == "avocet:0.1.0"
    main = spec["containers"][0]
    assert main["ports"][0]["containerPort"] == 8080
    assert main["livenessProbe"]["httpGet"]["path"] == "/-/healthy"
    assert main["readinessProbe"]["httpGet"]["path"] == "/-/ready"
    # Recovery may take long before the port opens.
    startup = main["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 3600
    rule = documents["NetworkPolicy"]["spec"]["ingress"][0]
    assert rule["from"] == [{"podSelector": {}}]


def test_its_configuration_is_one_that_avocet_accepts(tmp_path: Path) -> None:
    text = render(tmp_path, {})["ConfigMap"]["data"]["avocet.yaml"]
    # Where a pod has its secret; the file is read by the check.
    assert "token_file: /etc/avocet/secrets/tokens" in text
    avocet(tmp_path, "token", "create", "hall", "--file", "tokens")
    text = text.replace("/etc/avocet/secrets/tokens", str(tmp_path / "tokens"))
    (tmp_path / "avocet.yaml").write_text(text)
    avocet(tmp_path, "check", "avocet.yaml")
    shown = avocet(tmp_path, "config", "show", "-c", "avocet.yaml").stdout
    assert f"token_file: {tmp_path / 'tokens'}" in shown


def test_all_values_are_used(tmp_path: Path) -> None:
    documents = render(tmp_path, FULL)
    monitor = documents["ServiceMonitor"]
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    # It selects the service by labels that the service has, and its port by name.
    labels = documents["Service"]["metadata"]["labels"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert (
        monitor["spec"]["endpoints"][0]["port"] == documents["Service"]["spec"]["ports"][0]["name"]
    )
    spec = pod(documents)
    main = spec["containers"][0]
    assert main["image"] == "registry.example/avocet@sha256:" + "0" * 64
    assert main["envFrom"] == [{"secretRef": {"name": "avocet-secrets"}}]
    assert main["env"] == FULL["extraEnv"]
    mounts = {mount["name"]: mount["mountPath"] for mount in main["volumeMounts"]}
    assert mounts["secrets"] == "/etc/avocet/secrets"
    assert mounts["ca"] == "/etc/ssl/plant"
    volumes = {volume["name"] for volume in spec["volumes"]}
    assert set(mounts) <= volumes | {"lake"}
    assert spec["nodeSelector"] == FULL["nodeSelector"]
    policy = documents["NetworkPolicy"]["spec"]
    assert policy["ingress"][0]["from"] == FULL["networkPolicy"]["from"]  # type: ignore[index]
    assert {"port": 53, "protocol": "UDP"} in policy["egress"][0]["ports"]
    assert policy["egress"][1]["to"] == [{"ipBlock": {"cidr": "10.0.0.0/8"}}]
    claim = documents["StatefulSet"]["spec"]["volumeClaimTemplates"][0]["spec"]
    assert claim["storageClassName"] == "fast"
    assert claim["resources"]["requests"]["storage"] == "200Gi"
    account = documents["ServiceAccount"]["metadata"]
    assert account["annotations"] == FULL["serviceAccount"]["annotations"]  # type: ignore[index]


def test_a_claim_of_ones_own_or_none(tmp_path: Path) -> None:
    documents = render(tmp_path, {"persistence": {"existingClaim": "mine"}})
    assert "volumeClaimTemplates" not in documents["StatefulSet"]["spec"]
    assert {"name": "lake", "persistentVolumeClaim": {"claimName": "mine"}} in pod(documents)[
        "volumes"
    ]
    documents = render(tmp_path, {"persistence": {"enabled": False}})
    assert {"name": "lake", "emptyDir": {}} in pod(documents)["volumes"]


def test_a_changed_configuration_restarts_the_pod(tmp_path: Path) -> None:
    def checksum(values: dict[str, Any]) -> str:
        template = render(tmp_path, values)["StatefulSet"]["spec"]["template"]
        return str(template["metadata"]["annotations"]["checksum/config"])

    assert checksum({}) != checksum({"config": {"log": {"level": "debug"}}})


@pytest.mark.parametrize(
    "values, complaint",
    [
        ({"replicas": 2}, "replicas"),
        ({"image": {"digest": "sha256:short"}}, "digest"),
        ({"persistence": {"accessModes": ["ReadWriteMany"]}}, "accessModes"),
        ({"config": {"sources": []}}, "sources"),
        ({"config": {"server": {"listen": "everywhere"}}}, "listen"),
        ({"probes": {"scheme": "http"}}, "scheme"),
    ],
)
def test_wrong_values_are_refused(tmp_path: Path, values: dict[str, Any], complaint: str) -> None:
    done = tool(
        "helm",
        "template",
        "plant",
        str(CHART),
        *FOR,
        "-f",
        values_file(tmp_path, values),
        code=None,
    )
    assert done.returncode != 0
    assert complaint in done.stderr


def test_chart_and_program_have_one_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = (ROOT / "CMakeLists.txt").read_text()
    assert f"project(avocet VERSION {chart['appVersion']} " in project
