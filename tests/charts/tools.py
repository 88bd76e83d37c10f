"""What the tests of the charts share: the tools, rendering, and the schemas of the API server.

Each test is run as: X_test.py DIRECTORY-OF-THE-PROGRAMS BUILD-DIRECTORY
"""
import atexit
import copy
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

TOP = Path(__file__).resolve().parents[2]
CHART = TOP / "charts/tokenwarden"
BUILD_DIRECTORY = Path(sys.argv.pop(2))
PROGRAMS = Path(sys.argv.pop(1))
OPERATOR = [f"monitoring.coreos.com/v1/{kind}" for kind in ("PodMonitor", "ServiceMonitor", "PrometheusRule")]

_room = tempfile.TemporaryDirectory(prefix="tokenwarden-charts-")
atexit.register(_room.cleanup)
ROOM = Path(_room.name)


def tool(name):
    found = subprocess.run([TOP / "tests/servers/build.sh", "--bin", name], capture_output=True, text=True, check=True)
    path = Path(found.stdout.strip())
    if not path.exists():
        raise AssertionError(f"{name} is not there; run tests/servers/build.sh")
    return path


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)


def helm(*arguments):
    homes = {f"HELM_{kind}_HOME": str(ROOM / "helm") for kind in ("CACHE", "CONFIG", "DATA")}
    return run(tool("helm"), *arguments, env={"PATH": "/usr/bin:/bin", "HOME": str(ROOM), **homes})


def template(chart, *arguments, release="tokenwarden", namespace="default", version="1.35.0", apis=OPERATOR):
    more = [word for api in apis for word in ("--api-versions", api)]
    return helm("template", release, chart, "--namespace", namespace, "--kube-version", version, *more, *arguments)


def objects(text):
    return [each for each in yaml.load_all(text, yaml.CSafeLoader) if each]


def rendered(chart, *arguments, **options):
    done = template(chart, *arguments, **options)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return objects(done.stdout)


def write(name, values):
    """A file with these values, for --values."""
    path = ROOM / name
    path.write_text(yaml.safe_dump(values))
    return path


def changed(values, changes):
    """The values with the dotted places of `changes` set; None removes."""
    values = copy.deepcopy(values)
    for place, value in changes.items():
        *steps, last = [int(step) if step.isdigit() else step for step in place.split(".")]
        at = values
        for step in steps:
            at = at.setdefault(step, {}) if isinstance(at, dict) else at[step]
        if value is None:
            at.pop(last, None)
        else:
            at[last] = value
    return values


def what_helm_said(stderr):
    """The message, without where in the templates it was made."""
    text = re.sub(r"\n\nUse --debug flag.*", "", stderr, flags=re.DOTALL).strip()
    return re.sub(r"^Error: (execution error at \([^)]*\): )?", "", text)


def shop():
    """The application's chart, with the library as Helm fetches it."""
    place = ROOM / "shop/tests/charts/shop"
    if not place.exists():
        shutil.copytree(TOP / "tests/charts/shop", place)
        shutil.copytree(TOP / "charts/tokenwarden-sidecar", ROOM / "shop/charts/tokenwarden-sidecar")
        built = helm("dependency", "build", place)
        if built.returncode != 0:
            raise AssertionError(built.stderr)
    return place


def pods_of(workload):
    """The pod template of a workload; None for what has no pods."""
    spec = workload.get("spec", {})
    if workload["kind"] == "Pod":
        return workload
    if workload["kind"] == "CronJob":
        return spec["jobTemplate"]["spec"]["template"]
    return spec.get("template") if workload["kind"] in ("Deployment", "StatefulSet", "DaemonSet", "Job") else None
