# compose/kubernetes.yaml: what Kubernetes says of it, and what it promises.
import os
import subprocess

import yaml
from check import ROOT, PassedOver, output, require, test, tool

MANIFEST = ROOT / "compose/kubernetes.yaml"


def pod():
    objects = {each["kind"]: each for each in yaml.safe_load_all(MANIFEST.read_text())}
    return objects["StatefulSet"]["spec"]["template"]


@test("Kubernetes's own schema takes the manifest (kubectl-validate), and refuses it before there were sidecars")
def schema():
    validate = tool("kubectl-validate")
    for version in ("1.29", "1.30"):
        require(output(validate, "--version", version, MANIFEST))
    assert "restartPolicy" in "".join(output(validate, "--version", "1.27", MANIFEST))


@test("the agent is a sidecar that nobody waits for, and no probe asks for more than whether it is alive")
def sidecar():
    spec = pod()["spec"]
    agent, app = spec["initContainers"][0], spec["containers"][0]
    assert agent["restartPolicy"] == "Always" and agent["name"] == "agent"
    probes = {(container["name"], key): value for container in (agent, app) for key, value in container.items() if key.endswith("Probe")}
    asked = {which: {key: value for key, value in probe.items() if key in ("httpGet", "tcpSocket", "exec", "grpc")}
             for which, probe in probes.items()}
    assert asked == {("agent", "livenessProbe"): {"httpGet": {"path": "/-/healthy", "port": "metrics"}},
                     ("app", "readinessProbe"): {"tcpSocket": {"port": "http"}}}, asked
    ports = [{port["name"]: port["containerPort"] for port in container["ports"]} for container in (agent, app)]
    assert ports == [{"metrics": 9464}, {"http": 3001}], ports
    runtime = next(volume for volume in spec["volumes"] if volume["name"] == "runtime")
    assert runtime["emptyDir"]["medium"] == "Memory" and runtime["emptyDir"]["sizeLimit"]
    for container in (agent, app):
        assert {"name": "runtime", "mountPath": "/run/outrigger"} in container["volumeMounts"]
    annotations = pod()["metadata"]["annotations"]
    assert (annotations["prometheus.io/scrape"], annotations["prometheus.io/port"]) == ("true", "9464")


@test("no container may do more than it must")
def confined():
    spec = pod()["spec"]
    assert spec["enableServiceLinks"] is False and spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    ids = {key: spec["securityContext"][key] for key in ("runAsUser", "runAsGroup", "fsGroup")}
    assert ids == {"runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001}, ids
    assert spec["containers"][0]["securityContext"]["runAsUser"] == 10002  # of the socket's group, and not its owner
    secret = next(volume["secret"] for volume in spec["volumes"] if "secret" in volume)
    assert secret["defaultMode"] == 0o440, oct(secret["defaultMode"])
    for container in spec["initContainers"] + spec["containers"]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False and context["readOnlyRootFilesystem"], container["name"]
        assert context["capabilities"] == {"drop": ["ALL"]}, container["name"]
        assert container["resources"]["limits"].keys() == {"cpu", "memory"}, container["name"]


@test("the agent takes the settings of the manifest")
def settings():
    agent = pod()["spec"]["initContainers"][0]
    program = ROOT / os.environ.get("PROGRAM_FOLDER", "build") / "outrigger"
    if not program.exists():
        raise PassedOver("the agent is not built")
    environment = {entry["name"]: entry.get("value", "some") for entry in agent["env"]}
    arguments = [each for each in agent["args"] if not each.startswith("--postgres-password-file")]
    done = subprocess.run([program, "check", *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
