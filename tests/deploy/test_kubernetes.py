"""The overlays, as kubectl puts them together: every object is one, and they fit each other."""

import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from taskbell.config.env import Environment, names_of
from tests.processes import ROOT

KUBECTL = Path(sys.executable).with_name("kubectl")
VERSIONS = ("1.31", "1.37")
OVERLAYS = ("in-cluster", "production")
PARTS = {"web", "worker", "beat", "migrate"}
KNOWN = {name for field in Environment.model_fields for name in names_of(field)}

pytestmark = pytest.mark.skipif(
    not KUBECTL.exists() and platform.machine() != "x86_64", reason="the package has kubectl for x86_64 alone"
)
Object = dict[str, Any]


@pytest.fixture(params=OVERLAYS)
def objects(request: pytest.FixtureRequest) -> list[Object]:
    folder = ROOT / "deploy" / "kubernetes" / "overlays" / request.param
    said = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    return [found for found in yaml.safe_load_all(said.stdout) if found]


def of_kind(objects: list[Object], kind: str) -> dict[str, Object]:
    return {found["metadata"]["name"]: found for found in objects if found["kind"] == kind}


def pods(objects: list[Object]) -> dict[str, Object]:
    """The templates of pods, by the name of what starts them."""
    return {
        found["metadata"]["name"]: found["spec"]["template"]
        for found in objects
        if found["kind"] in ("Deployment", "StatefulSet", "Job")
    }


def fits(selector: Object, labels: dict[str, str]) -> bool:
    rules = selector.get("matchExpressions", [])
    wanted = selector.get("matchLabels", {}) if "matchLabels" in selector or rules else selector
    return wanted.items() <= labels.items() and all(labels.get(rule["key"]) in rule["values"] for rule in rules)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_what_its_schema_says(objects: list[Object], version: str) -> None:
    wrong = []
    for found in objects:
        try:
            kubernetes_validate.validate(found, version, strict=True)
        except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
            wrong.append(f"{found['kind']} {found['metadata']['name']}: {error}")
    assert not wrong
    assert {found["metadata"].get("namespace", "taskbell") for found in objects} == {"taskbell"}


def test_a_mistake_would_be_seen() -> None:
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"port": 80}},
            VERSIONS[0],
            strict=True,
        )


def test_every_selector_finds_pods_and_every_port_a_container(objects: list[Object]) -> None:
    templates = pods(objects)
    labels = {name: template["metadata"]["labels"] for name, template in templates.items()}
    for name, service in of_kind(objects, "Service").items():
        assert [of for of in labels if fits(service["spec"]["selector"], labels[of])] == [name]
        ports = {port["name"] for of in templates[name]["spec"]["containers"] for port in of["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for name, found in of_kind(objects, "PodDisruptionBudget").items():
        assert [of for of in labels if fits(found["spec"]["selector"], labels[of])] == [name]
    for name, found in of_kind(objects, "NetworkPolicy").items():
        assert [of for of in labels if fits(found["spec"]["podSelector"], labels[of])], name
    for found in of_kind(objects, "HorizontalPodAutoscaler").values():
        assert found["spec"]["scaleTargetRef"]["name"] in of_kind(objects, "Deployment")
    for found in of_kind(objects, "Ingress").values():
        for path in found["spec"]["rules"][0]["http"]["paths"]:
            assert path["backend"]["service"]["name"] in of_kind(objects, "Service")


def test_every_setting_exists_and_no_secret_is_in_the_files(objects: list[Object]) -> None:
    maps = of_kind(objects, "ConfigMap")
    for settings in maps.values():
        assert set(settings["data"]) <= KNOWN
    assert not of_kind(objects, "Secret")
    for name in PARTS:
        for container in pods(objects)[name]["spec"]["containers"]:
            named = [source.get("configMapRef", source.get("secretRef"))["name"] for source in container["envFrom"]]
            assert named == [next(iter(maps)), "taskbell"]


def test_no_pod_may_more_than_it_has_to(objects: list[Object]) -> None:
    for name, template in pods(objects).items():
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            may = container["securityContext"]
            assert (may["allowPrivilegeEscalation"], may["capabilities"]) == (False, {"drop": ["ALL"]}), name
            assert may.get("readOnlyRootFilesystem") or name == "postgres", name
            assert container["resources"]["limits"]["memory"], name
            assert "@" in container["image"] or ":" in container["image"], f"{name} names a version"


def test_the_parts_start_the_commands_and_wait_for_the_migration(objects: list[Object]) -> None:
    for name in PARTS:
        spec = pods(objects)[name]["spec"]
        assert spec["containers"][0]["args"][0] == name
        waiting = [container["args"][0] for container in spec.get("initContainers", [])]
        assert waiting == ([] if name == "migrate" else ["until taskbell migrate --check; do sleep 2; done"])
    assert pods(objects)["worker"]["spec"]["terminationGracePeriodSeconds"] == 660
    web = pods(objects)["web"]["spec"]["containers"][0]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert web[probe]["httpGet"] == {"path": "/healthz", "port": "http"}
