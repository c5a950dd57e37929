#!/usr/bin/env python3
"""schema_valid.py - every report of the corpus is valid by docs/assay-1.schema.json

And what a schema cannot say: ids are a tree, lists are sorted where promised, text has no NUL.
"""
import json
import os

from common import SOURCE, Verdict, reports, require, skip

try:
    import jsonschema
except ImportError:
    skip("python3-jsonschema is not installed")


def consistent(report):
    """What holds between the fields of one report; the first thing that does not, or None."""
    ids = [p["payload_id"] for p in report["results"]]
    if ids and ids[0] != "0" or len(set(ids)) != len(ids):
        return f"payload ids {ids[:5]}"
    for payload in report["results"]:
        if payload["payload_id"] != "0" and payload["parent"] not in ids:
            return f"{payload['payload_id']}: no parent {payload['parent']}"
        if payload["depth"] != payload["payload_id"].count("."):
            return f"{payload['payload_id']}: depth {payload['depth']}"
        for word, values in payload["facts"].items():
            if values != sorted(set(values)):
                return f"{payload['payload_id']}: facts.{word} is not sorted and unique"
            if not set(values) <= set(report["facts"].get(word, [])):
                return f"facts.{word} lacks what {payload['payload_id']} has"
    if "\\u0000" in json.dumps(report):
        return "a NUL"
    return None


def undeclared(value, schema, where=""):
    """The first member of a report that the schema does not name, or None."""
    if isinstance(value, list):
        found = (undeclared(v, schema.get("items", {}), where + "[]") for v in value)
    elif isinstance(value, dict) and schema.get("properties"):
        for name in value:
            if name not in schema["properties"]:
                return f"{where}.{name} is not in the schema"
        found = (undeclared(v, schema["properties"][n], f"{where}.{n}") for n, v in value.items())
    else:
        return None
    return next((f for f in found if f), None)


def main():
    """All reports; a message is named by its file."""
    require()
    with open(os.path.join(SOURCE, "docs", "assay-1.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    validator = jsonschema.validators.validator_for(schema)(schema)
    verdict = Verdict("schema")
    for path, found in reports().items():
        for report in found:
            error = next(validator.iter_errors(report), None)
            where = "/".join(map(str, error.absolute_path)) if error else ""
            verdict.expect(error is None, path, f"{where}: {error.message[:200]}" if error else "")
            for wrong in (consistent(report), undeclared(report, schema)):
                verdict.expect(not wrong, path, str(wrong))
    verdict.finish()


main()
