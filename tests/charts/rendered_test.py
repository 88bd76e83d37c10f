"""What the chart renders: for every file of values in ci/ and several versions of Kubernetes, held against the schemas of the API
server, Pod Security `restricted`, and the program that has to read the configuration."""
import functools
import re
import unittest

import yaml

import schemas
from tools import CHART, OPERATOR, PROGRAMS, ROOM, TOP, helm, objects, pods_of, rendered, run, template, tool

VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
VERSIONS = ["1.25.0", "1.29.0", "1.35.4"]


@functools.cache
def text_of(values, version):
    done = template(CHART, "--values", values, version=version)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


@functools.cache
def found_in(values, version):
    return objects(text_of(values, version))


def matrix():
    for values in VALUES:
        for version in VERSIONS:
            yield f"{values.name} on {version}", found_in(values, version)


class Rendered(unittest.TestCase):
    def test_there_are_values_to_try(self):
        self.assertGreaterEqual(len(VALUES), 5)

    def test_lint_finds_nothing(self):
        for values in VALUES:
            with self.subTest(values.name):
                done = helm("lint", "--strict", CHART, "--values", values)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertNotIn("[WARNING]", done.stdout)

    def test_objects_are_as_the_api_server_wants_them(self):
        where = schemas.location()
        for values in VALUES:
            for version in VERSIONS:
                with self.subTest(f"{values.name} on {version}"):
                    text = text_of(values, version)
                    done = run(tool("kubeconform"), "-strict", "-summary", "-schema-location", where, input=text)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                    self.assertIn(f"Valid: {len(objects(text))}, Invalid: 0, Errors: 0, Skipped: 0", done.stdout)

    def test_the_schemas_refuse_what_the_api_server_would(self):
        where = schemas.location()
        right = rendered(CHART, "--values", CHART / "ci/everything-values.yaml")
        wrong = {"StatefulSet": lambda each: each["spec"]["template"]["spec"].update(imagePulPolicy="Never"),
                 "PodDisruptionBudget": lambda each: each["spec"].update(maxUnavailable=[1]),
                 "PrometheusRule": lambda each: each["spec"]["groups"][0]["rules"][0].update(exprr="up"),
                 "ServiceAccount": lambda each: each.update(automountServiceAccountToken="no")}
        for kind, spoil in wrong.items():
            with self.subTest(kind):
                one = next(each for each in right if each["kind"] == kind)
                spoil(one)
                done = run(tool("kubeconform"), "-strict", "-schema-location", where, input=yaml.safe_dump(one))
                self.assertNotEqual(done.returncode, 0, done.stdout)

    def test_the_program_reads_the_configuration(self):
        for name, found in matrix():
            with self.subTest(name):
                config = next(each for each in found if each["kind"] == "ConfigMap" and "tokenwarden.yaml" in each["data"])
                path = ROOM / "tokenwarden.yaml"
                path.write_text(config["data"]["tokenwarden.yaml"])
                done = run(PROGRAMS / "tokenwarden", "validate", path)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_changed_configuration_replaces_the_pods_and_nothing_else_does(self):
        def checksum(*more):
            workload = next(filter(pods_of, rendered(CHART, "--values", CHART / "ci/volume-values.yaml", *more)))
            return pods_of(workload)["metadata"]["annotations"]["checksum/config"]
        first = checksum()
        self.assertEqual(checksum("--set", "service.enabled=true,persistence.size=1Gi"), first)
        self.assertNotEqual(checksum("--set", "config.log.format=text"), first)

    def test_pods_fit_pod_security_restricted(self):
        for name, found in matrix():
            for pod in filter(None, map(pods_of, found)):
                with self.subTest(name):
                    spec = pod["spec"]
                    self.assertTrue(spec["securityContext"]["runAsNonRoot"])
                    self.assertEqual(spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
                    self.assertFalse(spec["automountServiceAccountToken"])
                    for volume in spec["volumes"]:
                        self.assertFalse({"hostPath", "nfs"} & set(volume), volume)
                    for container in spec["containers"]:
                        security = container["securityContext"]
                        self.assertEqual(security["capabilities"], {"drop": ["ALL"]})
                        self.assertFalse(security["allowPrivilegeEscalation"])
                        self.assertTrue(security["readOnlyRootFilesystem"])
                        self.assertIn("memory", container["resources"]["limits"])

    def test_roles_name_what_they_allow(self):
        for name, found in matrix():
            for role in (each for each in found if each["kind"] == "Role"):
                for rule in role["rules"]:
                    with self.subTest(f"{name}: {rule}"):
                        self.assertFalse({"list", "delete", "deletecollection", "*"} & set(rule["verbs"]))
                        self.assertTrue(rule.get("resourceNames") or rule["resources"] == ["events"])

    def test_every_selector_finds_the_pods_and_nothing_else(self):
        for name, found in matrix():
            pods = [each for each in found if each["kind"] in ("Deployment", "StatefulSet")]
            self.assertEqual(len(pods), 1, name)
            labels = pods_of(pods[0])["metadata"]["labels"]
            hook = next(each for each in found if each["kind"] == "Pod")["metadata"]["labels"]
            for each in found:
                selector = each.get("spec", {}).get("selector") or each.get("spec", {}).get("podSelector")
                if not selector:
                    continue
                wanted = selector.get("matchLabels", selector)
                with self.subTest(f"{name}: {each['kind']}"):
                    self.assertLessEqual(wanted.items(), labels.items())
                    self.assertFalse(wanted.items() <= hook.items())

    def test_notes_tell_the_next_command(self):
        for values, workload in (("volume", "statefulset"), ("replicas", "deployment")):
            done = helm("install", "tw", CHART, "--namespace", "prod", "--dry-run=client", "--values", CHART / f"ci/{values}-values.yaml")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"kubectl -n prod rollout status {workload}/tw-tokenwarden", done.stdout)
            self.assertIn(f"kubectl -n prod exec {workload}/tw-tokenwarden -- /tokenwarden status", done.stdout)
            self.assertIn("--set podMonitor.enabled=true", done.stdout)

    def test_without_the_operator_nothing_of_it_is_rendered(self):
        kinds = {each["kind"] for each in rendered(CHART, "--values", CHART / "ci/volume-values.yaml", apis=[])}
        self.assertFalse(kinds & {api.rsplit("/", 1)[1] for api in OPERATOR})

    def test_the_package_holds_what_is_needed_and_no_tests(self):
        for chart in ("tokenwarden", "tokenwarden-sidecar"):
            done = helm("package", TOP / "charts" / chart, "--destination", ROOM)
            self.assertEqual(done.returncode, 0, done.stderr)
            listed = run("tar", "-tzf", next(ROOM.glob(f"{chart}-[0-9]*.tgz"))).stdout.splitlines()
            self.assertIn(f"{chart}/values.schema.json", listed)
            self.assertIn(f"{chart}/README.md", listed)
            self.assertFalse([name for name in listed if name.startswith((f"{chart}/ci/", f"{chart}/tests/"))])

    def test_versions_are_those_of_the_project(self):
        version = re.search(r"project\(tokenwarden VERSION ([\d.]+)", (TOP / "CMakeLists.txt").read_text())[1]
        for chart in ("tokenwarden", "tokenwarden-sidecar"):
            about = yaml.safe_load((TOP / "charts" / chart / "Chart.yaml").read_text())
            self.assertEqual(about["appVersion"], version)
        for path in (TOP / "k8s").glob("*/kustomization.yaml"):
            for image in yaml.safe_load(path.read_text()).get("images", []):
                self.assertEqual(image["newTag"], version, path)


if __name__ == "__main__":
    unittest.main(verbosity=1)
