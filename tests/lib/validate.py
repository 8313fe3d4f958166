#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""validate.py FILE...: is each line of these files a record, as tools/schema/record.schema.json says?

Beyond what a schema can say: fields in their order and once each, numbers as written (no exponent, three decimal
places at most, times with exactly one), the cost the sum of its lines to the last pico-USD, ids once a file.
Prints `ok FILE: N records` or `not ok FILE:LINE: WHERE: WHY`, at most ten a file; exits 1 where there was one.
`-` is standard input. Other tests use problems_of()."""
import json
import os
import re
import sys
from decimal import Decimal

from jsonschema import Draft202012Validator

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCHEMA = os.path.join(ROOT, "tools/schema/record.schema.json")
MOST = 10


class Written(float):
    """A number with a point, which keeps how it was written."""

    def __new__(cls, text):
        number = super().__new__(cls, text)
        number.text = text
        return number


def once(pairs):
    keys = [k for k, _ in pairs]
    twice = sorted({k for k in keys if keys.count(k) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} stands twice")
    return dict(pairs)


def strict(text):
    def refuse(name):
        raise ValueError(f"{name} is no JSON")
    return json.loads(text, parse_float=Written, parse_constant=refuse, object_pairs_hook=once)


def load_schema():
    with open(SCHEMA) as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    return schema


class Records:
    """Judges records against the schema; knows the ids of one file."""

    def __init__(self):
        self.schema = load_schema()
        self.validator = Draft202012Validator(self.schema)
        self.ids = set()

    def problems_of(self, text):
        """What is wrong with a line; empty where it is a record."""
        try:
            record = strict(text)
        except ValueError as error:
            return [f"not JSON: {error}"]
        wrong = [f"{'.'.join(map(str, e.absolute_path)) or 'record'}: {e.message[:200]}" for e in self.validator.iter_errors(record)]
        return wrong or [*self.order(record), *self.numbers(record), *self.sums(record), *self.again(record)]

    def order(self, record):
        for name, value in [("record", record), *((k, record[k]) for k in ("process", "origin", "aitap"))]:
            expected = self.schema["properties"] if name == "record" else self.schema["$defs"][name]["properties"]
            if list(value) != list(expected):
                yield f"{name}: fields are not in their order"

    def numbers(self, record):
        for key in ("duration_ms", "first_byte_ms", "first_token_ms"):
            if record[key] is not None and not re.fullmatch(r"[0-9]+\.[0-9]", getattr(record[key], "text", "")):
                yield f"{key}: not written with one decimal place"
        quantities = [line["quantity"] for line in record["lines"]] + list(record["units"].values())
        for quantity in quantities:
            if not re.fullmatch(r"[0-9]+(\.[0-9]{1,3})?", getattr(quantity, "text", str(quantity))):
                yield f"quantity {quantity}: not written exactly"
        for key, value in record.items():
            if key.endswith("_tokens") and isinstance(value, float):
                yield f"{key}: not an integer"

    def sums(self, record):
        listed = sum(Decimal(line["cost_usd"]) for line in record["lines"] if line["cost_usd"] is not None)
        if record["list_cost_usd"] is not None and Decimal(record["list_cost_usd"]) != listed:
            yield f"list_cost_usd: {record['list_cost_usd']}, and its lines make {listed}"
        flat = record["billing"] in ("subscription", "provisioned", "self-hosted")
        if record["kind"] == "call" and not flat and record["cost_usd"] != record["list_cost_usd"]:
            yield f"cost_usd: {record['cost_usd']}, and the list says {record['list_cost_usd']}"
        parts = [record[k] or 0 for k in ("cache_read_tokens", "cache_write_tokens")]
        if record["input_tokens"] is not None and sum(parts) > record["input_tokens"] and "total-mismatch" not in record["flags"]:
            yield "input_tokens: less than what was read from and written to a cache, and no flag says so"

    def again(self, record):
        if record["id"] in self.ids:
            yield f"id {record['id']}: stands twice"
        self.ids.add(record["id"])


def main():
    failed = False
    for path in sys.argv[1:]:
        records, count, wrong = Records(), 0, 0
        with sys.stdin.buffer if path == "-" else open(path, "rb") as file:
            for number, raw in enumerate(file, 1):
                count += 1
                problems = [] if raw.endswith(b"\n") else ["the last line does not end"]
                try:
                    problems += records.problems_of(raw.decode())
                except UnicodeDecodeError as error:
                    problems.append(f"not UTF-8: {error}")
                for problem in problems:
                    wrong += 1
                    if wrong <= MOST:
                        print(f"not ok {path}:{number}: {problem}")
        if wrong > MOST:
            print(f"not ok {path}: and {wrong - MOST} more")
        if not wrong:
            print(f"ok {path}: {count} records")
        failed |= bool(wrong)
    return 1 if failed or len(sys.argv) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
