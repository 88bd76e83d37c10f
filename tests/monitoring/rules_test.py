"""The shipped alerting rules, by promtool: each alert fires when it should and is silent when it should be."""
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

import rule_cases

TOP = Path(__file__).resolve().parents[2]
RULES = TOP / "charts/tokenwarden/files/rules.yaml"


def promtool(*arguments):
    tool = subprocess.run([TOP / "tests/servers/build.sh", "--bin", "promtool"], capture_output=True, text=True, check=True)
    path = tool.stdout.strip()
    if not Path(path).exists():
        raise AssertionError("promtool is not there; run tests/servers/build.sh prom")
    return subprocess.run([path, *map(str, arguments)], capture_output=True, text=True)


def alerts():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"] if "alert" in rule]


def names():
    return sorted({rule["alert"] for rule in alerts()})


def expectations(minutes):
    """Every alert is expected at every minute: those that are not named must be silent."""
    return [{"eval_time": f"{minute}m", "alertname": name,
             "exp_alerts": [{"exp_labels": labels} for labels in firing.get(name, [])]}
            for minute, firing in minutes.items() for name in names() if name != "TokenwardenAgentAbsent" or name in firing]


def suite_of(series, minutes):
    """One sample and one evaluation a minute. Where a case spans days: three evaluations an hour, a sample every four minutes, which is less than the
    five after which Prometheus takes a series for gone, and without the rules about agents, which look back over days."""
    step = 4 if max(minutes) > 2880 else 1
    thin = lambda values: re.sub(r"x(\d+)$", lambda found: f"x{int(found[1]) // step}", values)
    return {"rule_files": ["days.yaml" if step > 1 else "rules.yaml"], "evaluation_interval": "20m" if step > 1 else "1m",
            "group_eval_order": ["tokenwarden.recordings", "tokenwarden.credentials", "tokenwarden.sinks"], "tests": [
        {"interval": f"{step}m", "input_series": [{"series": name, "values": thin(values)} for name, values in series],
         "alert_rule_test": expectations(minutes)}]}


class Rules(unittest.TestCase):
    def test_are_valid_and_free_of_lint(self):
        checked = promtool("check", "rules", "--lint=all", "--lint-fatal", RULES)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_every_alert_says_what_happened_and_has_a_runbook(self):
        for rule in alerts():
            with self.subTest(rule["alert"]):
                notes = rule["annotations"]
                self.assertLessEqual({"summary", "description", "runbook_url"}, set(notes))
                self.assertIn(rule["labels"]["severity"], ("critical", "warning"))
                self.assertTrue(notes["runbook_url"].endswith("/" + rule["alert"]))
                runbook = TOP / "docs/runbooks" / (rule["alert"] + ".md")
                self.assertTrue(runbook.is_file(), f"{runbook} is missing")
                headings = re.findall(r"^## (.*)$", runbook.read_text(), re.MULTILINE)
                self.assertEqual(headings, ["What it means", "How to check", "What to do", "How to silence it rightly"])

    def test_every_runbook_belongs_to_an_alert(self):
        written = sorted(path.stem for path in (TOP / "docs/runbooks").glob("Tokenwarden*.md"))
        self.assertEqual(written, names())

    def test_every_alert_has_a_case_in_which_it_fires(self):
        fired = {name for _, _, minutes in rule_cases.CASES for firing in minutes.values() for name in firing}
        self.assertEqual(sorted(fired), names())

    def test_fire_and_stay_silent_as_the_cases_say(self):
        rules = yaml.safe_load(RULES.read_text())
        for group in rules["groups"]:  # what they say is tested below
            for rule in group["rules"]:
                rule.pop("annotations", None)
        with tempfile.TemporaryDirectory() as home:
            (Path(home) / "rules.yaml").write_text(yaml.safe_dump(rules))
            rules["groups"] = [group for group in rules["groups"] if group["name"] != "tokenwarden.agent"]
            (Path(home) / "days.yaml").write_text(yaml.safe_dump(rules))
            for what, series, minutes in rule_cases.CASES:
                with self.subTest(what):
                    path = Path(home) / "suite.yaml"
                    path.write_text(yaml.safe_dump(suite_of(series, minutes), width=1000))
                    tested = promtool("test", "rules", path)
                    self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)

    def test_say_it_in_words_a_person_understands(self):
        with tempfile.TemporaryDirectory() as home:
            suite = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [{
                "interval": "1m",
                "input_series": [{"series": f"tokenwarden_sink_lag_generations{{{rule_cases.POD},{rule_cases.SINK}}}", "values": "1x30"}],
                "alert_rule_test": [{"eval_time": "20m", "alertname": "TokenwardenSinkBehind", "exp_alerts": [{
                    "exp_labels": {"severity": "critical", **rule_cases.c, **rule_cases.sink},
                    "exp_annotations": {
                        "summary": "secret/whatsapp#access_token still holds an old token of whatsapp.",
                        "description": "secret/whatsapp#access_token (vault) is 1 generation(s) behind whatsapp: the new token could not be "
                                       "written or read back there.",
                        "runbook_url": "https://tokenwarden.dev/runbooks/TokenwardenSinkBehind"}}]}]}]}
            path = Path(home) / "suite.yaml"
            path.write_text(yaml.safe_dump(suite))
            tested = promtool("test", "rules", path)
            self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
