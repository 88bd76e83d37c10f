#!/usr/bin/env python3
"""Writes the container image as an OCI layout, without a container daemon: one layer from scratch with the two static
programs, the CA bundle and the directories they write to. The same programs give the same bytes: every time is
SOURCE_DATE_EPOCH, every owner and mode is set here.

    image.py --bin DIR --out DIR --version V --epoch SECONDS [--revision COMMIT]

Leaves OUT/oci (the layout), OUT/tokenwarden-image.tar (the same as one file, for `ctr images import`, `skopeo copy
oci-archive:` and `docker load`) and OUT/sbom.spdx.json. The last line printed: image_bytes=N digest=sha256:…
"""
import argparse
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import sbom

USER = 65532  # the usual "nonroot"; a number, so that runAsNonRoot can be checked
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
NAME = "tokenwarden"
PASSWD = f"root:x:0:0:root:/:/sbin/nologin\nnonroot:x:{USER}:{USER}:nonroot:/:/sbin/nologin\n"
GROUP = f"root:x:0:\nnonroot:x:{USER}:\n"
# Where the agent keeps its socket and its state; a volume is mounted over them, the root file system is read-only.
DIRECTORIES = [("run", 0o755, 0), ("run/tokenwarden", 0o700, USER), ("tmp", 0o1777, 0), ("var", 0o755, 0),
               ("var/lib", 0o755, 0), ("var/lib/tokenwarden", 0o700, USER), ("etc", 0o755, 0), ("etc/ssl", 0o755, 0),
               ("etc/ssl/certs", 0o755, 0)]


def add(archive, name, epoch, mode, data=None, owner=0):
    """One entry with nothing of this machine in it; a directory without data."""
    entry = tarfile.TarInfo(name)
    entry.mode, entry.mtime, entry.uid, entry.gid = mode, epoch, owner, owner
    if data is None:
        entry.type = tarfile.DIRTYPE
        archive.addfile(entry)
        return
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def layer(binaries, epoch):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, mode, owner in sorted(DIRECTORIES):
            add(archive, name, epoch, mode, owner=owner)
        add(archive, "etc/group", epoch, 0o644, GROUP.encode())
        add(archive, "etc/passwd", epoch, 0o644, PASSWD.encode())
        add(archive, str(CA_BUNDLE)[1:], epoch, 0o644, CA_BUNDLE.read_bytes())
        for name in ("tokenwarden", "tokenwarden-agent"):
            add(archive, name, epoch, 0o755, (binaries / name).read_bytes())
    return out.getvalue()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Layout:
    """An OCI image layout (image-spec 1.0, image-layout.md)."""

    def __init__(self, root):
        self.root = root
        shutil.rmtree(root, ignore_errors=True)
        (root / "blobs/sha256").mkdir(parents=True)
        self.bytes = 0

    def blob(self, data, media_type, **more):
        digest = sha256(data)
        (self.root / "blobs/sha256" / digest).write_bytes(data)
        self.bytes += len(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data), **more}

    def write(self, name, value):
        (self.root / name).write_text(text_of(value))


def text_of(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def labels(args):
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(args.epoch))
    return {
        "org.opencontainers.image.title": NAME,
        "org.opencontainers.image.description": "Keeps API tokens alive: checks, renews, publishes and gates them",
        "org.opencontainers.image.version": args.version,
        "org.opencontainers.image.revision": args.revision,
        "org.opencontainers.image.created": stamp,
        "org.opencontainers.image.licenses": "Apache-2.0",
    }


def config_of(args, diff_id):
    created = labels(args)["org.opencontainers.image.created"]
    return {
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine),
        "os": "linux",
        "created": created,
        "config": {
            "User": f"{USER}:{USER}",
            "Entrypoint": ["/tokenwarden-agent"],
            "Cmd": ["--config", "/etc/tokenwarden/tokenwarden.yaml"],
            "Env": ["PATH=/", f"SSL_CERT_FILE={CA_BUNDLE}"],
            "WorkingDir": "/",
            "Labels": labels(args),
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{diff_id}"]},
        "history": [{"created": created, "created_by": "cmake/package/image.py"}],
    }


def zstd(plain):
    """On one thread, so that the same programs give the same bytes."""
    command = ["zstd", "-q", "--ultra", "-22", "--single-thread", "-c"]
    return subprocess.run(command, input=plain, stdout=subprocess.PIPE, check=True).stdout


def write_layout(args, root):
    layout = Layout(root)
    plain = layer(args.bin, args.epoch)
    layer_blob = layout.blob(zstd(plain), "application/vnd.oci.image.layer.v1.tar+zstd")
    config_blob = layout.blob(text_of(config_of(args, sha256(plain))).encode(), "application/vnd.oci.image.config.v1+json")
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config_blob,
                "layers": [layer_blob], "annotations": labels(args)}
    reference = f"{NAME}:{args.version}"
    manifest_blob = layout.blob(text_of(manifest).encode(), manifest["mediaType"],
                                annotations={"org.opencontainers.image.ref.name": args.version,
                                             "io.containerd.image.name": f"docker.io/library/{reference}"})
    layout.write("oci-layout", {"imageLayoutVersion": "1.0.0"})
    layout.write("index.json", {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                                "manifests": [manifest_blob]})
    # What older `docker load` looks for; the same blobs.
    path = lambda blob: "blobs/sha256/" + blob["digest"].split(":")[1]
    layout.write("manifest.json", [{"Config": path(config_blob), "RepoTags": [reference], "Layers": [path(layer_blob)]}])
    return layout.bytes, manifest_blob["digest"]


def write_archive(root, target, epoch):
    with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(root.rglob("*")):
            name = str(path.relative_to(root))
            add(archive, name, epoch, 0o755 if path.is_dir() else 0o644, None if path.is_dir() else path.read_bytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, required=True, help="directory with the two programs, static and stripped")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--epoch", type=int, required=True)
    parser.add_argument("--revision", default="unknown")
    args = parser.parse_args()
    for needed in (args.bin / "tokenwarden", args.bin / "tokenwarden-agent", CA_BUNDLE):
        if not needed.is_file():
            sys.exit(f"image: {needed} is missing; run `make build` first, and install ca-certificates")
    args.out.mkdir(parents=True, exist_ok=True)
    size, digest = write_layout(args, args.out / "oci")
    write_archive(args.out / "oci", args.out / "tokenwarden-image.tar", args.epoch)
    bill = sbom.document(args.bin, args.version, args.epoch)
    (args.out / "sbom.spdx.json").write_text(json.dumps(bill, indent=2, sort_keys=True) + "\n")
    print(f"image_bytes={size} digest={digest}")


if __name__ == "__main__":
    main()
