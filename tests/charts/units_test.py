"""The suites of helm-unittest, in the chart and, for the library, in the application that uses it."""
import unittest

from tools import CHART, run, shop, tool


class Units(unittest.TestCase):
    def judge(self, chart):
        done = run(tool("helm-unittest"), "--strict", "--color=false", chart)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"Tests: +[1-9]\d* passed")

    def test_of_the_chart_pass(self):
        self.judge(CHART)

    def test_of_the_library_pass(self):
        self.judge(shop())


if __name__ == "__main__":
    unittest.main(verbosity=1)
