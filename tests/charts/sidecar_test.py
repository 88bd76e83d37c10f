"""The library chart, by what an application's chart becomes with it."""
import functools
import unittest

import yaml

import schemas
from tools import PROGRAMS, ROOM, TOP, changed, objects, pods_of, run, shop, template, tool, what_helm_said, write

KEY = "tokenwarden-sidecar"
CREDENTIAL = f"{KEY}.config.credentials.0"
BASE = yaml.safe_load((TOP / "tests/charts/shop/values.yaml").read_text())
KINDS = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"]
ON_SERVER = {f"{KEY}.config.state": {"kubernetes": {"secret": "shop-state"}}}
RENEWS = {f"{CREDENTIAL}.renew": None, **ON_SERVER}
TO_A_SECRET = {f"{CREDENTIAL}.sinks": [{"kubernetes": "whatsapp-token#access_token"}]}
SHARED = {f"{KEY}.config.coordination": {"lease": {"name": "shop", "shards": 1}}}
ALONE = {"replicas": 1, "strategy": "Recreate"}


@functools.cache
def text_of(values, version):
    path = ROOM / "shop.yaml"
    path.write_text(values)
    done = template(shop(), "--values", path, version=version, release="shop")
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


def made(changes=None, version="1.35.0"):
    return objects(text_of(yaml.safe_dump(changed(BASE, changes or {})), version))


def pod_of(found):
    return next(filter(None, map(pods_of, found)))["spec"]


def names(containers):
    return [each["name"] for each in containers]


def settings():
    for kind in KINDS:
        for version in ("1.25.0", "1.29.0", "1.35.0"):
            once = {f"{KEY}.run": "once"} if kind in ("Job", "CronJob") and version < "1.29" else {}
            yield f"{kind} on {version}", {"kind": kind, **once}, version


class Sidecar(unittest.TestCase):
    maxDiff = None

    def test_objects_are_as_the_api_server_wants_them(self):
        where = schemas.location()
        texts = [yaml.safe_dump_all(made(changes, version)) for _, changes, version in settings()]
        texts.append(yaml.safe_dump_all(made({**RENEWS, **TO_A_SECRET, **SHARED, f"{KEY}.podMonitor": {"enabled": True}})))
        for text in texts:
            done = run(tool("kubeconform"), "-strict", "-summary", "-schema-location", where, input=text)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn(f"Valid: {len(objects(text))}, Invalid: 0, Errors: 0, Skipped: 0", done.stdout)

    def test_the_program_reads_the_configuration(self):
        for what, changes in (("follows", {}), ("renews alone", {**RENEWS, **ALONE}), ("renews with others", {**RENEWS, **TO_A_SECRET, **SHARED})):
            with self.subTest(what):
                config = next(each for each in made(changes) if each["kind"] == "ConfigMap")
                path = ROOM / "sidecar.yaml"
                path.write_text(config["data"]["tokenwarden.yaml"])
                done = run(PROGRAMS / "tokenwarden", "validate", path)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_is_native_where_the_cluster_knows_how(self):
        for kind in KINDS:
            with self.subTest(kind):
                spec = pod_of(made({"kind": kind}, version="1.29.0"))
                self.assertEqual(names(spec["initContainers"]), ["tokenwarden", "migrate"])
                self.assertEqual(names(spec["containers"]), ["shop"])
                agent = spec["initContainers"][0]
                self.assertEqual(agent["restartPolicy"], "Always")
                self.assertEqual(agent["startupProbe"]["httpGet"], {"path": "/startupz", "port": "tokenwarden"})
                self.assertEqual(agent["readinessProbe"]["httpGet"]["path"], "/readyz")
                self.assertEqual(agent["livenessProbe"]["httpGet"]["path"], "/livez")

    def test_is_plain_behind_one_pass_on_older_clusters(self):
        spec = pod_of(made(version="1.28.0"))
        self.assertEqual(names(spec["initContainers"]), ["tokenwarden-once", "migrate"])
        self.assertEqual(names(spec["containers"]), ["shop", "tokenwarden"])
        once, agent = spec["initContainers"][0], spec["containers"][1]
        self.assertIn("--once", once["args"])
        self.assertNotIn("restartPolicy", once)
        self.assertNotIn("startupProbe", once)
        self.assertNotIn("--once", agent["args"])
        self.assertNotIn("restartPolicy", agent)
        self.assertIn("readinessProbe", agent)
        self.assertEqual(once["volumeMounts"], agent["volumeMounts"])  # the second goes on where the first ended

    def test_can_be_plain_by_wish(self):
        self.assertEqual(names(pod_of(made({f"{KEY}.native": "never"}))["containers"]), ["shop", "tokenwarden"])

    def test_runs_once_for_those_who_only_need_a_token_at_the_start(self):
        spec = pod_of(made({f"{KEY}.run": "once", "kind": "Job"}))
        self.assertEqual(names(spec["initContainers"]), ["tokenwarden-once", "migrate"])
        self.assertEqual(names(spec["containers"]), ["shop"])

    def test_shares_files_that_only_the_agent_may_write(self):
        spec = pod_of(made())
        mount = {"name": "tokenwarden-tokens", "mountPath": "/run/tokens"}
        self.assertIn(mount, spec["initContainers"][0]["volumeMounts"])
        for container in (spec["initContainers"][1], spec["containers"][0]):
            self.assertEqual(container["volumeMounts"], [{**mount, "readOnly": True}])
        self.assertIn({"name": "tokenwarden-tokens", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}, spec["volumes"])
        self.assertEqual(spec["securityContext"]["fsGroup"], 65532)

    def test_makes_shared_files_readable_by_the_group(self):
        config = yaml.safe_load(next(each for each in made() if each["kind"] == "ConfigMap")["data"]["tokenwarden.yaml"])
        self.assertEqual(config["credentials"][0]["sinks"], [{"file": {"path": "/run/tokens/whatsapp", "mode": "0640"}}])

    def test_shares_only_with_those_who_are_named(self):
        spec = pod_of(made({f"{KEY}.tokens.containers": ["shop"]}))
        self.assertNotIn("volumeMounts", spec["initContainers"][1])
        self.assertIn("volumeMounts", spec["containers"][0])

    def test_shares_nothing_where_no_sink_is_a_file(self):
        spec = pod_of(made({**RENEWS, **TO_A_SECRET, **SHARED}))
        self.assertNotIn("volumeMounts", spec["containers"][0])
        self.assertNotIn("tokenwarden-tokens", names(spec["volumes"]))

    def test_keeps_what_the_application_said(self):
        spec = pod_of(made())
        self.assertEqual(spec["securityContext"]["runAsUser"], 1000)
        self.assertEqual(spec["containers"][0]["env"], [{"name": "WHATSAPP_TOKEN_FILE", "value": "/run/tokens/whatsapp"}])
        template_metadata = pods_of(made()[-1])["metadata"]
        self.assertEqual(template_metadata["annotations"]["example.com/owner"], "shop")

    def test_gives_the_token_of_the_api_server_to_the_agent_alone(self):
        spec = pod_of(made())
        where = "/var/run/secrets/kubernetes.io/serviceaccount"
        self.assertIn(where, [each["mountPath"] for each in spec["initContainers"][0]["volumeMounts"]])
        for container in (spec["initContainers"][1], spec["containers"][0]):
            self.assertNotIn(where, [each["mountPath"] for each in container["volumeMounts"]])

    def test_fits_pod_security_restricted(self):
        for version in ("1.25.0", "1.35.0"):
            spec = pod_of(made(version=version))
            for container in spec["initContainers"] + spec["containers"]:
                if container["name"].startswith("tokenwarden"):
                    security = container["securityContext"]
                    self.assertTrue(security["runAsNonRoot"] and security["readOnlyRootFilesystem"])
                    self.assertFalse(security["allowPrivilegeEscalation"])
                    self.assertEqual(security["capabilities"], {"drop": ["ALL"]})
                    self.assertEqual(security["seccompProfile"], {"type": "RuntimeDefault"})

    def test_may_do_what_the_configuration_refers_to(self):
        role = next(each for each in made() if each["kind"] == "Role")
        self.assertEqual(role["rules"], [{"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create"]},
                                         {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["whatsapp-token"], "verbs": ["get", "watch"]}])
        binding = next(each for each in made() if each["kind"] == "RoleBinding")
        self.assertEqual(binding["subjects"], [{"kind": "ServiceAccount", "name": "shop", "namespace": "default"}])

    def test_a_changed_configuration_replaces_the_pods(self):
        sums = [pods_of(found[-1])["metadata"]["annotations"]["checksum/tokenwarden"]
                for found in (made(), made({"image": "shop:2"}), made({f"{CREDENTIAL}.inspect": {"every": "5m"}}))]
        self.assertEqual(sums[0], sums[1])
        self.assertNotEqual(sums[0], sums[2])

    def test_adds_nothing_when_it_is_off(self):
        found = made({f"{KEY}.enabled": False, f"{KEY}.config": {}, f"{KEY}.stateKey": {}})
        self.assertEqual([each["kind"] for each in found], ["Deployment"])
        self.assertEqual(names(pod_of(found)["initContainers"]), ["migrate"])
        self.assertNotIn("volumes", pod_of(found))

    def test_renews_alone_with_a_volume_of_its_own(self):
        spec = pod_of(made({**ALONE, f"{CREDENTIAL}.renew": None, f"{KEY}.state.existingClaim": "shop-state"}))
        self.assertIn({"name": "tokenwarden-state", "persistentVolumeClaim": {"claimName": "shop-state"}}, spec["volumes"])
        self.assertEqual(spec["securityContext"]["fsGroupChangePolicy"], "OnRootMismatch")

    def test_refusals(self):
        renews = f"{KEY}: pods of the Deployment shop may run at the same time, and each would renew credential whatsapp; set renew: {{enabled: false}} and let one " \
                 "agent renew it (chart tokenwarden), or config.coordination.lease, or one replica with strategy Recreate"
        cases = [
            ("a state that ends with the pod", {f"{CREDENTIAL}.renew": None}, "1.35.0",
             f"{KEY}: credential whatsapp may be renewed in this pod, and the state, perhaps with the only copy of the new value, would end with the pod; set "
             "config.state.kubernetes, config.state.vault or state.existingClaim, or renew: {enabled: false} where another agent renews it"),
            ("two that renew", RENEWS, "1.35.0", renews),
            ("two that renew during a rollout", {**RENEWS, "replicas": 1}, "1.35.0", renews),
            ("files of pods that hold no lease", {**RENEWS, **SHARED}, "1.35.0",
             f"{KEY}: with config.coordination only the holder of the lease writes, so the files of the other pods would be missing; publish to a Secret: "
             "{kubernetes: SECRET#KEY}"),
            ("a Job that would never end", {"kind": "Job"}, "1.28.0",
             f"{KEY}: a plain container beside a Job would keep it from ever ending; set {KEY}.run=once"),
            ("a native sidecar where there are none", {f"{KEY}.native": "always"}, "1.28.3",
             f"{KEY}.native is always, and Kubernetes v1.28.3 has no native sidecars: they need 1.29; use auto"),
            ("no credentials", {f"{KEY}.config.credentials": []}, "1.35.0",
             f"{KEY}.config.credentials is missing: name at least one credential, in the YAML of the agent's configuration file; README.md of the chart has an example"),
            ("a file on no volume", {f"{CREDENTIAL}.sinks": [{"file": "/data/token"}]}, "1.35.0",
             f"{KEY}.config: credential whatsapp writes /data/token, which is on no volume of the pod that may be written; mount one with {KEY}.extraVolumes and "
             f"{KEY}.extraVolumeMounts, or use a Secret: {{kubernetes: SECRET#KEY}}"),
            ("something without pods", {"kind": "Service"}, "1.35.0",
             "tokenwarden-sidecar: a Service has no pods; give it a Deployment, StatefulSet, DaemonSet, Job, CronJob or Pod"),
        ]
        for what, changes, version, words in cases:
            with self.subTest(what):
                done = template(shop(), "--values", write("shop.yaml", changed(BASE, changes)), version=version, release="shop")
                self.assertNotEqual(done.returncode, 0, "nothing was refused")
                self.assertEqual(what_helm_said(done.stderr), words)

    def test_a_secret_is_refused_by_the_schema(self):
        done = template(shop(), "--values", write("shop.yaml", changed(BASE, {f"{CREDENTIAL}.meta.app_secret": "planted-secret"})))
        self.assertIn("value must be 'a reference, never the secret itself: keep the value in a Kubernetes Secret and write {kubernetes: SECRET#KEY}'", done.stderr)
        self.assertNotIn("planted-secret", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
