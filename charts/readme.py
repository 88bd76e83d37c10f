"""Writes the README.md of a chart from its README.md.gotmpl, as helm-docs would: the values with their defaults and the
comment `# -- …` above each.

    readme.py CHART

Every value must have such a comment.
"""
import json
import re
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent


def comments(text):
    """{dotted name: what is said about it}, by indentation."""
    said, path, pending = {}, [], []
    for line in text.splitlines():
        comment = re.match(r"\s*# (?:-- )?(.*)", line)
        key = re.match(r"( *)([A-Za-z]\w*):", line)
        if comment:
            pending = [comment[1]] if line.lstrip().startswith("# -- ") else pending + [comment[1]] if pending else []
        elif key:
            path = path[:len(key[1]) // 2] + [key[2]]
            if pending:
                said[".".join(path)] = " ".join(pending)
            pending = []
        else:
            pending = []
    return said


def rows(values, said, prefix=""):
    for name, value in values.items():
        full = f"{prefix}{name}"
        if full in said:
            default = json.dumps(value, separators=(",", ":"))
            yield f"| `{full}` | {said[full]} | `{default}` |"
        elif isinstance(value, dict) and value:
            yield from rows(value, said, f"{full}.")
        else:
            sys.exit(f"{full} has no comment that begins with '# -- '")


def main():
    chart = HERE / sys.argv[1]
    text = (chart / "values.yaml").read_text()
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    table = ["| value | what it is | default |", "|---|---|---|", *rows(yaml.safe_load(text), comments(text))]
    filled = {"chart.name": about["name"], "chart.description": about["description"],
              "chart.kubeVersion": about["kubeVersion"], "chart.valuesTable": "\n".join(table)}
    page = (chart / "README.md.gotmpl").read_text()
    page = re.sub(r'\{\{ template "([\w.]+)" \. \}\}', lambda found: filled[found[1]], page)
    print(re.sub(r"\{\{`(.*?)`\}\}", r"\1", page, flags=re.DOTALL), end="")  # text that is no template


if __name__ == "__main__":
    main()
