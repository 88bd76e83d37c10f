"""The plain manifests of k8s/ are what the charts render, but for what only Helm or only kustomize adds."""
import re
import subprocess
import unittest

import yaml

import schemas
from tools import CHART, PROGRAMS, ROOM, TOP, changed, objects, pods_of, rendered, run, shop, tool, write

K8S = TOP / "k8s"
CI = CHART / "ci"
# Labels that say who made an object, and annotations that only say when to replace the pods.
MAKERS = {"helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/version", "app.kubernetes.io/component"}


def built(overlay):
    done = run(tool("kustomize"), "build", K8S / overlay)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return objects(done.stdout)


def without_hash(name):
    """kustomize appends a hash of the content to the name of a ConfigMap."""
    return re.sub(r"-[a-z0-9]{10}$", "", name)


def substance(each, instance_labels):
    """The object without what only Helm or only kustomize adds, and without what says nothing by being empty."""
    metadata = each["metadata"]
    metadata.setdefault("namespace", "default")
    labels = {key: value for key, value in metadata.pop("labels", {}).items() if key not in MAKERS | instance_labels}
    annotations = {key: value for key, value in metadata.pop("annotations", {}).items() if key != "helm.sh/resource-policy"}
    metadata.update({key: value for key, value in (("labels", labels), ("annotations", annotations)) if value})
    if each["kind"] == "ConfigMap":
        metadata["name"] = without_hash(metadata["name"])
        each["data"] = {name: yaml.safe_load(text) for name, text in each["data"].items()}
    pod = pods_of(each)
    if pod:
        labels, annotations = pod["metadata"]["labels"], pod["metadata"].get("annotations", {})
        labels.pop("app.kubernetes.io/version", None)
        pod["metadata"]["annotations"] = {key: value for key, value in annotations.items() if not key.startswith("checksum/")}
        for volume in pod["spec"]["volumes"]:
            if "configMap" in volume:
                volume["configMap"]["name"] = without_hash(volume["configMap"]["name"])
    if each["kind"] == "Role":
        each["rules"].sort(key=str)
    for subject in each.get("subjects", []):
        subject.setdefault("namespace", "default")
    return each


def by_name(found, instance_labels=frozenset({"app.kubernetes.io/name", "app.kubernetes.io/instance"})):
    made = {}
    for each in found:
        if "helm.sh/hook" in each["metadata"].get("annotations", {}):
            continue
        each = substance(each, instance_labels)
        made[f"{each['kind']} {each['metadata']['namespace']}/{each['metadata']['name']}"] = each
    return made


def values_for_deployment(**more):
    values = yaml.safe_load((CI / "replicas-values.yaml").read_text())
    credential = values["config"]["credentials"][0]
    credential["meta"]["require"] = {"scopes": ["whatsapp_business_messaging"]}
    credential["sinks"], credential["notify"] = credential["sinks"][:1], credential["notify"][:1]
    return write("deployment.yaml", changed(values, more))


class Manifests(unittest.TestCase):
    maxDiff = None

    def compare(self, overlay, expected):
        found, expected = by_name(built(overlay)), by_name(expected)
        self.assertEqual(sorted(found), sorted(expected))
        for name in expected:
            with self.subTest(name):
                self.assertEqual(found[name], expected[name])

    def test_deployment_is_what_the_chart_renders(self):
        self.compare("deployment", rendered(CHART, "--values", values_for_deployment()))

    def test_single_is_what_the_chart_renders(self):
        self.compare("single", rendered(CHART, "--values", CI / "volume-values.yaml"))

    def test_monitored_is_what_the_chart_renders(self):
        switches = {f"{name}.enabled": True for name in ("podMonitor", "prometheusRule", "dashboard")}
        self.compare("monitored", rendered(CHART, "--values", values_for_deployment(**switches)))

    def test_sidecar_is_what_the_library_renders(self):
        self.compare("sidecar", rendered(shop(), "--set", "migrate=false", release="shop"))

    def test_objects_are_as_the_api_server_wants_them(self):
        where = schemas.location()
        for overlay in ("deployment", "single", "monitored", "sidecar"):
            with self.subTest(overlay):
                text = run(tool("kustomize"), "build", K8S / overlay).stdout
                done = run(tool("kubeconform"), "-strict", "-summary", "-schema-location", where, input=text)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertIn("Invalid: 0, Errors: 0, Skipped: 0", done.stdout)

    def test_the_program_reads_the_configurations(self):
        found = sorted(K8S.glob("*/tokenwarden.yaml"))
        self.assertEqual(len(found), 3)
        for path in found:
            with self.subTest(path.parent.name):
                done = run(PROGRAMS / "tokenwarden", "validate", path)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_changed_configuration_replaces_the_pods(self):
        copied = ROOM / "k8s"
        subprocess.run(["cp", "-r", K8S, copied], check=True)
        config = copied / "deployment/tokenwarden.yaml"
        config.write_text(config.read_text() + "log: {format: text}\n")
        names = [[each["metadata"]["name"] for each in objects(run(tool("kustomize"), "build", root / "deployment").stdout) if each["kind"] == "ConfigMap"]
                 for root in (K8S, copied)]
        self.assertNotEqual(names[0], names[1])


if __name__ == "__main__":
    unittest.main(verbosity=1)
