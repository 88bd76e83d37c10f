"""Schemas for kubeconform, made of what the API server itself publishes (swagger.json of k8s.io/kubernetes) and of the CRDs of
the Prometheus operator: both are read out of pinned Go modules. Strict: a property that the API does not know is an error."""
import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

import yaml

from tools import BUILD_DIRECTORY, TOP

# `=` in an enumeration is a text, not the "value" of YAML 1.1.
yaml.CSafeLoader.add_constructor("tag:yaml.org,2002:value", yaml.CSafeLoader.construct_yaml_str)

MODULES = [(TOP / "tests/servers/kube", "k8s.io/kubernetes"), (TOP / "tests/charts/crds", "github.com/prometheus-operator/prometheus-operator")]
CRDS = "example/prometheus-operator-crd"
GO = "go1.26.6+auto"


def module(directory, path):
    """Where the module's source is, as its go.mod pins it; fetched when it is not there yet."""
    home = Path(os.environ.get("TOKENWARDEN_SERVERS_DIR", Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tokenwarden/servers"))
    go = subprocess.run([TOP / "tests/servers/find-go.sh", home], capture_output=True, text=True, check=True).stdout.strip()
    pinned = next(line.split()[-1] for line in (directory / "go.mod").read_text().splitlines() if f"{path} v" in line)
    environment = {**os.environ, "GOTOOLCHAIN": GO, "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    done = subprocess.run([go, "mod", "download", "-json", f"{path}@{pinned}"], cwd=directory, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"go mod download {path}@{pinned}: {done.stdout}{done.stderr}")
    return Path(json.loads(done.stdout)["Dir"])


def strict(node, required=False):
    """An OpenAPI 2 or 3 schema as a JSON schema that allows nothing more than it says."""
    if isinstance(node.get("$ref"), str):
        return {"$ref": node["$ref"]}
    made = {key: node[key] for key in ("enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems") if key in node}
    if node.get("x-kubernetes-int-or-string") or node.get("format") == "int-or-string":
        return {"type": ["string", "integer", "null"]}
    if "type" in node:
        made["type"] = node["type"] if required else [node["type"], "null"]
        if not required and "enum" in made:
            made["enum"] = [*made["enum"], None]
    if "items" in node:
        made["items"] = strict(node["items"], True)
    if isinstance(node.get("additionalProperties"), dict):
        made["additionalProperties"] = strict(node["additionalProperties"], True)
    needed = node.get("required", [])
    if needed:
        made["required"] = needed
    if "properties" in node:
        made["properties"] = {name: strict(each, name in needed) for name, each in node["properties"].items()}
        if not node.get("x-kubernetes-preserve-unknown-fields"):
            made.setdefault("additionalProperties", False)
    return made


def named(kind, group, version):
    short = group.split(".")[0]
    return f"{kind.lower()}-{short}-{version}.json" if short else f"{kind.lower()}-{version}.json"


def of_kind(schema, kind, group, version):
    schema["properties"] = {**schema["properties"], "kind": {"const": kind},
                            "apiVersion": {"const": f"{group}/{version}" if group else version}}
    schema["required"] = sorted({"kind", "apiVersion", *schema.get("required", [])})
    return schema


def write_builtin(swagger, out):
    definitions = {name: strict(each) for name, each in swagger["definitions"].items()}
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"type": ["string", "number"]}
    definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] = {"type": ["string", "integer"]}
    definitions["io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1"] = {"type": "object"}
    for name, each in swagger["definitions"].items():
        for about in each.get("x-kubernetes-group-version-kind", []):
            if "properties" not in each:
                continue
            kind, group, version = about["kind"], about["group"], about["version"]
            schema = of_kind({**definitions[name], "type": "object"}, kind, group, version)
            (out / named(kind, group, version)).write_text(json.dumps({**schema, "definitions": definitions}))


def write_custom(directory, out):
    for path in sorted(directory.glob("*.yaml")):
        crd = yaml.load(path.read_text(), yaml.CSafeLoader)["spec"]
        for version in crd["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"], True)
            schema["properties"]["metadata"] = {"type": "object"}
            kind, group = crd["names"]["kind"], crd["group"]
            (out / named(kind, group, version["name"])).write_text(json.dumps(of_kind(schema, kind, group, version["name"])))


# The kinds that charts and manifests use; the others would only take time.
USED = {"ConfigMap", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod", "PersistentVolumeClaim", "Lease", "ServiceAccount", "Role",
        "RoleBinding", "Service", "NetworkPolicy", "PodDisruptionBudget", "Secret"}


def location():
    """The -schema-location for kubeconform. Made once for each pinned version."""
    BUILD_DIRECTORY.mkdir(parents=True, exist_ok=True)
    with open(BUILD_DIRECTORY / "schemas.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        pins = "".join((directory / "go.mod").read_text() for directory, _ in MODULES) + Path(__file__).read_text()
        out, stamp = BUILD_DIRECTORY / "schemas", BUILD_DIRECTORY / "schemas.stamp"
        if not stamp.exists() or stamp.read_text() != pins:
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            kubernetes, operator = (module(*each) for each in MODULES)
            swagger = json.loads((kubernetes / "api/openapi-spec/swagger.json").read_text())
            for each in swagger["definitions"].values():
                abouts = each.get("x-kubernetes-group-version-kind", [])
                each["x-kubernetes-group-version-kind"] = [about for about in abouts if about["kind"] in USED]
            write_builtin(swagger, out)
            write_custom(operator / CRDS, out)
            stamp.write_text(pins)
    return f"{out}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json"
