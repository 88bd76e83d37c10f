"""What the container image promises. Run: image_test.py DIRECTORY-OF-THE-PROGRAMS"""
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BIN = Path(sys.argv.pop(1))
LIMIT = 15 * 1000 * 1000


def build(out):
    command = [sys.executable, str(TOP / "cmake/package/image.py"), "--bin", str(BIN), "--out", str(out), "--version",
               "9.9.9", "--epoch", "1795000000", "--revision", "abc"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        cls.out = Path(cls.home.name) / "first"
        cls.line = build(cls.out)
        cls.oci = cls.out / "oci"
        cls.manifest = cls.blob(json.loads((cls.oci / "index.json").read_text())["manifests"][0])
        cls.config = cls.blob(cls.manifest["config"])
        packed = (cls.oci / "blobs/sha256" / cls.manifest["layers"][0]["digest"][7:]).read_bytes()
        plain = subprocess.run(["zstd", "-q", "-d", "-c"], input=packed, stdout=subprocess.PIPE, check=True).stdout
        cls.layer = tarfile.open(fileobj=io.BytesIO(plain))

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    @classmethod
    def blob(cls, descriptor):
        return json.loads((cls.oci / "blobs/sha256" / descriptor["digest"][7:]).read_bytes())

    def test_says_its_size_and_digest_in_the_last_line(self):
        found = re.fullmatch(r"image_bytes=(\d+) digest=(sha256:[0-9a-f]{64})", self.line)
        self.assertTrue(found, self.line)
        blobs = list((self.oci / "blobs/sha256").iterdir())
        self.assertEqual(int(found[1]), sum(path.stat().st_size for path in blobs))
        self.assertIn(found[2][7:], [path.name for path in blobs])

    def test_is_no_larger_than_promised(self):
        self.assertLessEqual(int(re.search(r"image_bytes=(\d+)", self.line)[1]), LIMIT)

    def test_names_every_blob_by_its_content(self):
        for path in (self.oci / "blobs/sha256").iterdir():
            self.assertEqual(path.name, hashlib.sha256(path.read_bytes()).hexdigest())

    def test_is_found_under_its_short_name_by_docker_and_by_the_kubelet(self):
        # containerd keeps this name as it is, and the kubelet looks for the whole one.
        index = json.loads((self.oci / "index.json").read_text())
        name = index["manifests"][0]["annotations"]["io.containerd.image.name"]
        self.assertEqual(name, "docker.io/library/tokenwarden:9.9.9")
        docker = json.loads((self.oci / "manifest.json").read_text())
        self.assertEqual(docker[0]["RepoTags"], ["tokenwarden:9.9.9"])

    def test_is_the_same_bytes_when_built_again(self):
        again = Path(self.home.name) / "second"
        self.assertEqual(build(again), self.line)
        for name in ("tokenwarden-image.tar", "sbom.spdx.json"):
            self.assertEqual((again / name).read_bytes(), (self.out / name).read_bytes())

    def test_runs_as_a_numeric_user_that_is_not_root(self):
        self.assertEqual(self.config["config"]["User"], "65532:65532")

    def test_holds_the_programs_the_trust_and_no_shell(self):
        files = sorted(entry.name for entry in self.layer if entry.isfile())
        self.assertEqual(files, ["etc/group", "etc/passwd", "etc/ssl/certs/ca-certificates.crt", "tokenwarden",
                                 "tokenwarden-agent"])

    def test_programs_need_nothing_beside_them(self):
        for name in ("tokenwarden", "tokenwarden-agent"):
            headers = subprocess.run(["readelf", "-l", str(BIN / name)], capture_output=True, text=True, check=True).stdout
            self.assertNotIn("INTERP", headers, f"{name} asks for a dynamic loader")

    def test_only_the_places_that_are_written_belong_to_the_user(self):
        owned = sorted(entry.name for entry in self.layer if entry.uid == 65532)
        self.assertEqual(owned, ["run/tokenwarden", "var/lib/tokenwarden"])

    def test_carries_the_usual_labels(self):
        labels = self.config["config"]["Labels"]
        self.assertEqual(labels["org.opencontainers.image.version"], "9.9.9")
        self.assertEqual(labels["org.opencontainers.image.revision"], "abc")
        self.assertEqual(labels["org.opencontainers.image.created"], "2026-11-18T11:06:40Z")

    def test_bill_of_materials_names_both_programs_and_what_is_linked_in(self):
        bill = json.loads((self.out / "sbom.spdx.json").read_text())
        self.assertEqual(bill["spdxVersion"], "SPDX-2.3")
        names = {package["name"] for package in bill["packages"]}
        self.assertLessEqual({"tokenwarden", "tokenwarden-agent", "grpc", "protobuf", "openssl", "curl", "sqlite3"}, names)
        digest = hashlib.sha256((BIN / "tokenwarden-agent").read_bytes()).hexdigest()
        sums = [each["checksumValue"] for package in bill["packages"] for each in package.get("checksums", [])]
        self.assertIn(digest, sums)


if __name__ == "__main__":
    unittest.main(verbosity=1)
