"""Writes the values.schema.json of a chart: its own values, and the agent's configuration as docs/config.schema.json has it.

    generate.py CHART

Draft 7, which every Helm 3 and 4 understands. A schema cannot carry a message, and Helm prints the value that a pattern
refuses, which might be a secret. So a pattern is asked by `if`, and what is not met is `const`, whose text Helm prints:
"value must be 'a duration, such as 15m or 14d'".
"""
import json
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
CONFIG = HERE.parents[1] / "docs/config.schema.json"

REFERENCE = "a reference, never the secret itself: keep the value in a Kubernetes Secret and write {kubernetes: SECRET#KEY}"
# What a pattern of the configuration asks for, in words. One that is not here is shown as it is.
WORDS = {
    "^[0-9]{1,32}$": 'the digits of an id, in quotes: "100000000000001"',
    "^0?[0-7]{3}$": 'permission bits, in quotes: "0640"',
    "^(0|([0-9]+[wdhms])+)$": "a duration, such as 15m or 14d",
    "^https?://": "a URL that begins with https:// or http://",
    "^(off|.+:[0-9]{1,5})?$": "ADDRESS:PORT, such as 0.0.0.0:9464",
    "^(off|unix:.+)?$": "unix:///PATH, or off",
    "^v[0-9]+\\.[0-9]+$": "a version of the Graph API, such as v25.0",
    "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$": "a name of letters, digits, dots, underscores and dashes",
    "^([a-z0-9-]{1,63}/)?[a-z0-9.-]{1,253}#[A-Za-z0-9._-]{1,253}$": "SECRET#KEY or NAMESPACE/SECRET#KEY",
    "^[^\\s#?/]+(/[^\\s#?/]+)+#.+$": "PATH#KEY, such as secret/whatsapp#access_token",
    "^[^\\s#?/]+(/[^\\s#?/]+)+$": "MOUNT/NAME, as after `vault kv put`",
    "^[^\\s#?/]+(/[^\\s#?/]+)*$": "a path such as kubernetes or auth/team",
    "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$": "a namespace: small letters, digits and dashes",
    "^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$": "the name of an object: small letters, digits, dashes and dots",
    "^[A-Za-z0-9._-]{1,253}$": "a key: letters, digits, dots, underscores and dashes",
    "^(SIG)?(HUP|USR1|USR2|TERM|INT|QUIT|CONT|WINCH)$": "a signal, such as HUP",
}
# Where a person might write a secret itself.
SECRETS = {"secret", "state_key"}


def in_words(pattern):
    return {"const": WORDS.get(pattern, f"a text like {pattern}")}


def said(node):
    """The same rule, where Helm says what is wanted and never what was given."""
    node = {key: convert(value) for key, value in node.items()}
    choice = node.pop("anyOf", None)
    if choice:  # a text, or a map
        short, whole = (choice if choice[0].get("type") == "string" else choice[::-1])
        return {**node, "if": {"type": "string"}, "then": short, "else": whole}
    pattern = node.pop("pattern", None)
    if pattern is None:
        return node
    if isinstance(node["type"], list):  # Helm reads a number as a float and rounds it; YAML reads 0640 as 416
        node.pop("type")
        return {**node, "if": {"type": "string", "pattern": pattern}, "else": in_words(pattern)}
    return {**node, "if": {"pattern": pattern}, "else": in_words(pattern)}


def convert(node):
    if isinstance(node, list):
        return [convert(each) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("properties"), dict):
        node = {**node, "properties": {name: convert(each) for name, each in node["properties"].items()}}
        rest = said({key: value for key, value in node.items() if key != "properties"})
        return {**rest, "properties": node["properties"]}
    node = said(node)
    reference = node.pop("$ref", None)
    if reference is None:
        return node
    return {"$ref": reference.replace("#/$defs/", "#/definitions/config_")}  # draft 7 wants nothing beside it


def configuration():
    schema = json.loads(CONFIG.read_text())
    definitions = {}
    for name, definition in schema["$defs"].items():
        definition = convert(definition)
        if name in SECRETS:
            definition = {"if": {"type": "string"}, "then": {"const": REFERENCE}, "else": definition}
        definitions[f"config_{name}"] = definition
    whole = convert({key: schema[key] for key in ("type", "additionalProperties", "properties")})
    # The chart fills in the version, and asks for credentials with a sentence of its own.
    whole["properties"]["credentials"].pop("minItems", None)
    return {"configuration": whole, **definitions}


def used(node, definitions, found):
    """The definitions that are referred to, and theirs."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if key == "$ref":
            name = value.rsplit("/", 1)[1]
            if name not in found:
                found[name] = definitions[name]
                used(definitions[name], definitions, found)
        elif isinstance(value, (dict, list)):
            used(value, definitions, found)
    return found


def main():
    chart = sys.argv[1]
    properties = yaml.safe_load((HERE / f"{chart}.yaml").read_text())
    definitions = {**yaml.safe_load((HERE / "common.yaml").read_text()), **configuration()}
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "title": f"Values of the chart {chart}", "type": "object",
              "additionalProperties": False, "properties": properties,
              "definitions": dict(sorted(used(properties, definitions, {}).items()))}
    print(json.dumps(schema, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
