#!/usr/bin/env python3
"""Prints the shape tables of `src/exec/aws/shapes/` from the models of an installed botocore.

A member's kind depends on its name alone nearly everywhere; where it does not, the table has `Parent/Member`.
Large services have only what the operations of the catalogue answer. `--check` compares with the files instead of
printing, `--write` writes them.
"""
import collections
import glob
import os
import re
import sys
import textwrap

import botocore.session

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
FILES = {
    "database": ("RDS, Aurora and caches.", ["rds", "elasticache"]),
    "storage": ("S3 and backups.", ["s3", "backup"]),
    "compute": ("what runs applications and leads to them.",
                ["route53", "ec2", "autoscaling", "elbv2", "ecs", "arc-zonal-shift"]),
    "guards": ("what watches and lets in.",
               ["sts", "cloudwatch", "cloudtrail", "kms", "secretsmanager", "sns"]),
}
WHOLE = ["rds", "route53", "sts"]
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


def catalogue():
    """Names the operations of `src/runbook/aws/`, by service."""
    found = collections.defaultdict(set)
    for path in glob.glob(os.path.join(ROOT, "src/runbook/aws/*.rs")):
        with open(path, encoding="utf-8") as file:
            for service, rows in re.findall(r'"([\w-]+)",\s*"\n(.*?)\n",', file.read(), re.S):
                found[service] |= set(re.findall(r"^([A-Z]\w+) ", rows, re.M))
    return found


OF = catalogue()


def tables(service):
    model = botocore.session.get_session().get_service_model(service)
    found = collections.defaultdict(lambda: collections.defaultdict(set))
    headers, payloads, seen = {}, set(), set()
    in_json = "json" in model.metadata["protocol"] or "cbor" in model.metadata["protocol"]
    operations = model.operation_names if service in WHOLE else sorted(OF["s3api" if service == "s3" else service])

    def walk(shape, parent):
        if shape.type_name == "structure":
            if (shape.name, parent) in seen:
                return
            seen.add((shape.name, parent))
            for name, member in shape.members.items():
                where = member.serialization
                wire = where.get("name", name)
                kind = kind_of(member, where)
                if in_json and member.type_name == "list" and member.member.type_name == "timestamp":
                    kind = "times"
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
                    walk(member.member if member.type_name == "list" else member, wire if item in ("member", "item") else item)
                else:
                    walk(member, wire)
        elif shape.type_name == "list":
            walk(shape.member, parent)

    for operation in operations:
        shape = model.operation_model(operation).output_shape
        if shape is None:
            continue
        payload = shape.serialization.get("payload")
        if payload and shape.members[payload].type_name == "structure":
            member = shape.members[payload]
            payloads.add((member.serialization.get("name", member.name), payload))
        walk(shape, operation if service == "ec2" else "")
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
                # In JSON everything but a time says itself what it is.
                if (kind != "texts" or "/" in word) and (not in_json or kind == "times" or "/" in word):
                    rows[kind].add(word)
                if name != capital(service, wire) or ("/" in word and common[1] != capital(service, wire)):
                    names.add(f"{word}={name}")
    rows["names"] = names
    rows["payloads"] = {f"{root}={name}" for root, name in payloads}
    rows["headers"] = {f"{wire}={name}:{kind}" for wire, (name, kind) in headers.items()}
    return rows


def capital(service, wire):
    """EC2 writes its members small and means them capital."""
    return wire[0].upper() + wire[1:] if service == "ec2" else wire


def rust(service):
    out = [f"/// The members of {service}.", f"pub(super) const {service.upper().replace('-', '_')}: Table = Table {{"]
    rows = tables(service)
    for name, words in rows.items():
        if not words:
            continue
        text = textwrap.wrap(" ".join(sorted(words)), 100, break_long_words=False, break_on_hyphens=False)
        if len(text) <= 1:
            out.append(f'    {name}: "{"".join(text)}",')
        else:
            out.append(f'    {name}: "\\\n        ' + " \\\n        ".join(text) + '",')
    if not all(rows.values()):
        out.append("    ..EMPTY")
    out.append("};")
    return "\n".join(out)


def main():
    wrong = []
    for name, (what, services) in FILES.items():
        path = os.path.join(ROOT, f"src/exec/aws/shapes/{name}.rs")
        text = f"//! The shapes of {what} `tests/aws_shapes.py` prints them.\n\nuse super::{{EMPTY, Table}};\n\n"
        text += "\n\n".join(rust(service) for service in services) + "\n"
        if sys.argv[1:] == ["--check"]:
            with open(path, encoding="utf-8") as file:
                if file.read() != text:
                    wrong.append(path)
        elif sys.argv[1:] == ["--write"]:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        else:
            print(text)
    sys.exit("the shapes differ from botocore's models: " + " ".join(wrong) if wrong else 0)


if __name__ == "__main__":
    main()
