#!/usr/bin/env python3
"""Prints the shape tables of `src/exec/aws/shapes.rs` from the models of an installed botocore.

A member's kind depends on its name alone nearly everywhere; where it does not, the table has `Parent/Member`.
Give `--check FILE` to compare with a file instead of printing.
"""
import collections
import sys
import textwrap

import botocore.session

SERVICES = ["rds", "route53", "s3", "sts"]
KINDS = ["lists", "flat", "maps", "structures", "integers", "floats", "booleans", "times", "texts"]


def kind_of(shape, serialization):
    name = shape.type_name
    if name == "list":
        flat = shape.serialization.get("flattened") or serialization.get("flattened")
        return "flat" if flat else "lists"
    if name == "map":
        return "maps"
    return {"structure": "structures", "integer": "integers", "long": "integers", "float": "floats",
            "double": "floats", "boolean": "booleans", "timestamp": "times"}.get(name, "texts")


def tables(service):
    model = botocore.session.get_session().get_service_model(service)
    found = collections.defaultdict(lambda: collections.defaultdict(set))
    headers, payloads, seen = {}, set(), set()

    def walk(shape, parent):
        if shape.type_name == "structure":
            if (shape.name, parent) in seen:
                return
            seen.add((shape.name, parent))
            for name, member in shape.members.items():
                where = member.serialization
                wire = where.get("name", name)
                kind = kind_of(member, where)
                if where.get("location") in ("header", "headers"):
                    headers[wire.lower()] = (name, kind)
                    continue
                if where.get("location") == "statusCode" or where.get("xmlAttribute"):
                    continue
                if kind == "flat":
                    wire = where.get("name", member.member.serialization.get("name", name))
                found[wire][(kind, name)].add(parent)
                if kind in ("lists", "flat"):
                    item = wire if kind == "flat" else member.member.serialization.get("name", "member")
                    walk(member.member, item)
                else:
                    walk(member, wire)
        elif shape.type_name == "list":
            walk(shape.member, parent)

    for operation in model.operation_names:
        shape = model.operation_model(operation).output_shape
        if shape is None:
            continue
        payload = shape.serialization.get("payload")
        if payload and shape.members[payload].type_name == "structure":
            member = shape.members[payload]
            payloads.add((member.serialization.get("name", member.name), payload))
        walk(shape, "")
    rows = {kind: set() for kind in KINDS}
    names = set()
    for wire, kinds in found.items():
        common = max(kinds, key=lambda kind: (len(kinds[kind]), kind))
        for (kind, name), parents in kinds.items():
            if (kind, name) == common:
                words = [wire]
            else:
                words = [f"{parent}/{wire}" for parent in parents if parent not in kinds[common]]
            for word in words:
                if kind != "texts" or "/" in word:
                    rows[kind].add(word)
                if name != wire or ("/" in word and common[1] != wire):
                    names.add(f"{word}={name}")
    rows["names"] = names
    rows["payloads"] = {f"{root}={name}" for root, name in payloads}
    rows["headers"] = {f"{wire}={name}:{kind}" for wire, (name, kind) in headers.items()}
    return rows


def rust(service):
    out = [f"const {service.upper()}: Table = Table {{"]
    for name, words in tables(service).items():
        text = textwrap.wrap(" ".join(sorted(words)), 100, break_long_words=False, break_on_hyphens=False)
        if len(text) <= 1:
            out.append(f'    {name}: "{"".join(text)}",')
        else:
            out.append(f'    {name}: "\\\n        ' + " \\\n        ".join(text) + '",')
    out.append("};")
    return "\n".join(out)


def main():
    text = "\n\n".join(rust(service) for service in SERVICES)
    if sys.argv[1:2] == ["--check"]:
        with open(sys.argv[2], encoding="utf-8") as file:
            sys.exit(0 if text in file.read() else "the shape tables differ from botocore's models")
    print(text)


if __name__ == "__main__":
    main()
