"""What is refused before anything is installed, and the sentence that it is refused with: exactly what a person reads."""
import json
import unittest

import yaml

from tools import CHART, OPERATOR, changed, rendered, template, what_helm_said, write

BASE = yaml.safe_load((CHART / "ci/volume-values.yaml").read_text())
CREDENTIAL = "config.credentials.0"
REFERENCE = "'a reference, never the secret itself: keep the value in a Kubernetes Secret and write {kubernetes: SECRET#KEY}'"
PLANTED = "planted-secret-that-nobody-may-see"
# Looks like a token to the chart, and to nobody else.
LIKE_A_TOKEN = "EAA" + "x" * 24


def of(kind):
    return [api for api in OPERATOR if not api.endswith(f"/{kind}")]


# What is wrong, the change that makes it so, and what is said. Of the schema: where, then what.
SCHEMA = [
    ("an app secret as a text", {f"{CREDENTIAL}.meta.app_secret": PLANTED}, f"/{CREDENTIAL}/meta/app_secret", f"value must be {REFERENCE}"),
    ("a state key as a text", {"config.state": {"key": PLANTED}}, "/config/state/key", f"value must be {REFERENCE}"),
    ("a parent token as a text", {f"{CREDENTIAL}.meta.page": {"id": "1", "parent_token": PLANTED}}, f"/{CREDENTIAL}/meta/page/parent_token",
     f"value must be {REFERENCE}"),
    ("a token of Vault as a text", {"config.vault": {"auth": {"token": PLANTED}}}, "/config/vault/auth/token", f"value must be {REFERENCE}"),
    ("the key itself in place of its Secret's name", {"stateKey.existingSecret": "A" * 43 + "="}, "/stateKey/existingSecret",
     "value must be 'the name of a Secret, never the key itself: small letters, digits, dashes and dots'"),
    ("a secret variable as a text", {"env.FACEBOOK_APP_SECRET": PLANTED}, "/env/FACEBOOK_APP_SECRET",
     "value must be 'a reference, never the secret itself: write {secretKeyRef: {name: SECRET, key: KEY}}'"),
    ("a token where none belongs", {f"{CREDENTIAL}.token": PLANTED}, f"/{CREDENTIAL}", "additional properties 'token' not allowed"),
    ("a number that Helm would round", {f"{CREDENTIAL}.meta.app_id": 100000000000000001}, f"/{CREDENTIAL}/meta/app_id",
     "value must be 'the digits of an id, in quotes: \"100000000000001\"'"),
    ("permission bits that YAML would read as another number", {f"{CREDENTIAL}.sinks": [{"file": {"path": "/t/a", "mode": 416}}]},
     f"/{CREDENTIAL}/sinks/0/file/mode", "value must be 'permission bits, in quotes: \"0640\"'"),
    ("a duration in words", {f"{CREDENTIAL}.renew.before": "a fortnight"}, f"/{CREDENTIAL}/renew/before",
     "value must be 'a duration, such as 15m or 14d'"),
    ("a duration without a unit", {f"{CREDENTIAL}.renew.before": 14}, f"/{CREDENTIAL}/renew/before", "got number, want string"),
    ("a Secret without its key", {f"{CREDENTIAL}.source.kubernetes": "whatsapp-token"}, f"/{CREDENTIAL}/source/kubernetes",
     "value must be 'SECRET#KEY or NAMESPACE/SECRET#KEY'"),
    ("an unknown key of a credential", {f"{CREDENTIAL}.sink": []}, f"/{CREDENTIAL}", "additional properties 'sink' not allowed"),
    ("an unknown value", {"replicas": 2}, "", "additional properties 'replicas' not allowed"),
    ("a credential without a name", {f"{CREDENTIAL}.name": None}, f"/{CREDENTIAL}", "missing property 'name'"),
    ("an unknown kind of token", {f"{CREDENTIAL}.meta.kind": "bot"}, f"/{CREDENTIAL}/meta/kind",
     "value must be one of 'any', 'user', 'system_user', 'page', 'app'"),
    ("a tag that YAML would round", {"image.tag": 1.10}, "/image/tag", "value must be 'in quotes: YAML reads 1.10 as 1.1'"),
    ("a probe of a page that there is not", {"probes.liveness.path": "/healthz"}, "/probes/liveness/path",
     "value must be one of '/livez', '/readyz', '/startupz'"),
]

TEMPLATE = [
    ("no credentials", {"config": {}}, {},
     "config.credentials is missing: name at least one credential, in the YAML of the agent's configuration file; README.md of the chart has an example"),
    ("two credentials of one name", {"config.credentials": [BASE["config"]["credentials"][0]] * 2}, {},
     "config.credentials: two credentials are named whatsapp; status, metrics and the state tell them apart by name: rename one"),
    ("no state key", {"stateKey": {}}, {},
     "stateKey.existingSecret is missing: what the agent stores is sealed with a key that only you have. Make one with\n\n"
     "  openssl rand -hex 32 | kubectl create secret generic tokenwarden-key --from-file=key=/dev/stdin\n\n"
     "in the same namespace, and set stateKey.existingSecret=tokenwarden-key"),
    ("several replicas on one volume", {"replicaCount": 2}, {},
     "replicaCount is 2, and one volume serves one agent: set config.state.kubernetes or config.state.vault so that replicas share the state, "
     "or replicaCount=1"),
    ("coordination on a volume", {"config.coordination": {"lease": {"name": "x"}}}, {},
     "config.coordination: replicas cannot share a state that is on a volume; set config.state.kubernetes or config.state.vault"),
    ("a variable that nothing sets", {"env": {}}, {},
     "config: credential whatsapp reads the environment variable FACEBOOK_APP_SECRET, and nothing sets it; set env.FACEBOOK_APP_SECRET.secretKeyRef to "
     "{name: SECRET, key: KEY}, or refer to the Secret itself: {kubernetes: SECRET#KEY}"),
    ("a file on no volume", {f"{CREDENTIAL}.sinks": [{"dotenv": {"path": ".env", "key": "TOKEN"}}]}, {},
     "config: credential whatsapp writes .env, which is on no volume of the pod that may be written; mount one with extraVolumes and extraVolumeMounts, or "
     "use a Secret: {kubernetes: SECRET#KEY}"),
    ("a file on a volume that may only be read",
     {f"{CREDENTIAL}.sinks": [{"file": "/data/token"}], "extraVolumeMounts": [{"name": "d", "mountPath": "/data", "readOnly": True}]}, {},
     "config: credential whatsapp writes /data/token, which is on no volume of the pod that may be written; mount one with extraVolumes and "
     "extraVolumeMounts, or use a Secret: {kubernetes: SECRET#KEY}"),
    ("a source that is not in the pod", {f"{CREDENTIAL}.source": {"file": "/data/token"}}, {},
     "config: credential whatsapp reads /data/token, which is on no volume of the pod; mount one with extraVolumes and extraVolumeMounts, or use a "
     "Secret: {kubernetes: SECRET#KEY}"),
    ("probes that cannot be reached", {"config.http": {"listen": "127.0.0.1:9464"}}, {},
     "config.http.listen is 127.0.0.1:9464: the kubelet's probes and Prometheus come from outside of the pod; use 0.0.0.0:9464 or [::]:9464, or "
     "leave it out"),
    ("probes that are off", {"config.http": {"listen": "off"}}, {},
     "config.http.listen is off: the kubelet's probes and Prometheus come from outside of the pod; use 0.0.0.0:9464 or [::]:9464, or leave it out"),
    ("a token as the name of a variable", {f"{CREDENTIAL}.source": {"env": LIKE_A_TOKEN}}, {},
     "the values hold something that looks like a token or a private key; Helm would keep it in the release for everybody who may read that. Keep it in a "
     "Kubernetes Secret and refer to it, and replace the one that was written down"),
    ("both monitors", {"podMonitor": {"enabled": True}, "serviceMonitor": {"enabled": True}}, {},
     "podMonitor.enabled and serviceMonitor.enabled would both scrape every pod: keep one"),
    *[(f"a {kind} without the Prometheus operator", {switch: {"enabled": True}}, {"apis": of(kind)},
       f"{switch}.enabled needs monitoring.coreos.com/v1/{kind}, which this cluster does not have: install the Prometheus operator first, or set "
       f"{switch}.enabled=false. With `helm template`, add --api-versions monitoring.coreos.com/v1/{kind}")
      for switch, kind in (("podMonitor", "PodMonitor"), ("serviceMonitor", "ServiceMonitor"), ("prometheusRule", "PrometheusRule"))],
    ("too old a cluster", {}, {"version": "1.24.17"}, "chart requires kubeVersion: >=1.25.0-0 which is incompatible with Kubernetes v1.24.17"),
]


class Refusals(unittest.TestCase):
    maxDiff = None

    def refused(self, changes, *arguments, **options):
        done = template(CHART, "--values", write("values.yaml", changed(BASE, changes)), *arguments, **options)
        self.assertNotEqual(done.returncode, 0, "nothing was refused")
        self.assertEqual(done.stdout, "")
        for secret in (PLANTED, LIKE_A_TOKEN, "A" * 43):
            self.assertNotIn(secret, done.stderr)
        return what_helm_said(done.stderr)

    def test_the_values_that_are_spoilt_are_fine_before(self):
        self.assertTrue(rendered(CHART, "--values", write("values.yaml", BASE)))

    def test_by_the_schema(self):
        for what, changes, where, words in SCHEMA:
            with self.subTest(what):
                said = self.refused(changes)
                self.assertTrue(said.startswith("values don't meet the specifications of the schema(s) in the following chart(s):\ntokenwarden:\n"), said)
                self.assertIn(f"- at '{where.replace('.', '/')}': {words}", said)

    def test_by_the_templates(self):
        for what, changes, options, words in TEMPLATE:
            with self.subTest(what):
                self.assertEqual(self.refused(changes, **options), words)

    def test_secrets_also_where_the_schema_is_not_asked(self):
        for key in ("app_secret", "parent_token"):
            at = {"app_secret": f"{CREDENTIAL}.meta.app_secret", "parent_token": f"{CREDENTIAL}.meta.page"}[key]
            value = {"app_secret": PLANTED, "parent_token": {"id": "1", "parent_token": PLANTED}}[key]
            with self.subTest(key):
                said = self.refused({at: value}, "--skip-schema-validation")
                self.assertEqual(said, f"config: {key} must be {REFERENCE[1:-1]}")
        said = self.refused({"config.state": {"key": PLANTED}}, "--skip-schema-validation")
        self.assertEqual(said, f"config: state.key must be {REFERENCE[1:-1]}")

    def test_every_value_that_is_documented_is_in_the_schema(self):
        schema = json.loads((CHART / "values.schema.json").read_text())
        values = yaml.safe_load((CHART / "values.yaml").read_text())
        self.assertEqual(set(values) | {"global"}, set(schema["properties"]))


if __name__ == "__main__":
    unittest.main(verbosity=1)
