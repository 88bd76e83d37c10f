"""What the Debian package and the tarball promise. Run: packages_test.py BUILD-DIRECTORY"""
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

BUILD = Path(sys.argv.pop(1)).resolve()


def run(*command, **more):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        cls.out = Path(cls.home.name)
        made = run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", cls.out / "work", "-D",
                   f"CPACK_OUTPUT_FILE_PREFIX={cls.out}/packages")
        assert made.returncode == 0, made.stdout + made.stderr
        cls.deb = next((cls.out / "packages").glob("*.deb"))
        cls.tar = next((cls.out / "packages").glob("*.tar.gz"))
        run("dpkg", "-x", cls.deb, cls.out / "root", check=True)
        run("dpkg", "-e", cls.deb, cls.out / "control", check=True)
        cls.root = cls.out / "root"

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    def test_unpacked_programs_run(self):
        for name in ("tokenwarden", "tokenwarden-agent"):
            said = run(self.root / "usr/bin" / name, "--version")
            self.assertEqual((said.returncode, said.stdout.split()[0]), (0, name))

    def test_needs_no_other_package(self):
        control = (self.out / "control/control").read_text()
        self.assertNotIn("\nDepends:", control)
        self.assertIn("\nRecommends: ca-certificates", control)

    def test_nothing_is_started_by_the_first_installation(self):
        script = (self.out / "control/postinst").read_text()
        self.assertNotIn("enable", script)
        self.assertNotIn("systemctl start", script)

    def test_example_configuration_is_valid(self):
        example = self.root / "usr/share/doc/tokenwarden/tokenwarden.example.yaml"
        checked = run(self.root / "usr/bin/tokenwarden", "validate", example)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_service_starts_the_program_that_is_installed_with_the_key_it_is_given(self):
        unit = (self.root / "usr/lib/systemd/system/tokenwarden-agent.service").read_text()
        self.assertIn("ExecStart=/usr/bin/tokenwarden-agent --config /etc/tokenwarden/tokenwarden.yaml\n", unit)
        self.assertIn("LoadCredential=state.key:/etc/tokenwarden/state.key\n", unit)
        example = (self.root / "usr/share/doc/tokenwarden/tokenwarden.example.yaml").read_text()
        self.assertIn("/run/credentials/tokenwarden-agent.service/state.key", example)

    def test_manual_pages_name_every_command(self):
        page = (self.root / "usr/share/man/man1/tokenwarden.1").read_text()
        names = run(self.root / "usr/bin/tokenwarden", "help").stdout.split("Commands:\n")[1].split("\n\n")[0]
        for line in names.splitlines():
            if line.startswith("  ") and line[2] != " ":
                self.assertIn(f".SS {line.split()[0]}", page)

    def test_tarball_holds_the_same_files(self):
        with tarfile.open(self.tar) as archive:
            inside = {name.split("/", 1)[1] for name in archive.getnames() if not archive.getmember(name).isdir()}
        unpacked = {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}
        self.assertEqual(inside, unpacked)


if __name__ == "__main__":
    unittest.main(verbosity=1)
