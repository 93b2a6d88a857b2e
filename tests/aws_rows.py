#!/usr/bin/env python3
"""Writes and checks the rows of `src/runbook/aws/` by AWS's public models, which an installed botocore holds.

    tests/aws_rows.py SERVICE Operation ...    prints rows; the impact (`?`) and the resource (`@`) are for a person to say
    tests/aws_rows.py --check FILE ...         names every row that differs from the models
"""
import re
import sys
import textwrap

import botocore.session
from botocore import xform_name

# Options that hold passwords are left out on purpose, since calls are recorded. A request that was signed beforehand
# is made by lifeboat.
LEFT_OUT = {"MasterUserPassword", "TdeCredentialPassword", "ClientSecret", "SecretBinary", "PreSignedUrl", "SSECustomerKey",
            "SSECustomerKeyMD5", "SSECustomerAlgorithm", "CopySourceSSECustomerAlgorithm", "CopySourceSSECustomerKey",
            "CopySourceSSECustomerKeyMD5", "MFA", "AuthToken", "TokenCode", "UserData", "SelectParameters", "OutputLocation"}
# Deep structures that nobody changes in a recovery.
DEEP = {"serviceConnectConfiguration", "volumeConfigurations", "deploymentConfiguration", "vpcLatticeConfigurations",
        "loadBalancers", "serviceRegistries", "EntityMetricData", "EvaluationCriteria", "SelectObjectContent"}
# What the AWS CLI sends from a file, and what has no option there.
SECRETS = {"SecretString"}
# Older names of what other members say, and the SDKs' own business.
OF_THE_SDKS = {"ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumSHA1", "ChecksumSHA256", "ChecksumSHA512",
               "ChecksumMD5", "ChecksumXXHASH64", "ChecksumXXHASH3", "ChecksumXXHASH128", "ContentLength",
               "WriteOffsetBytes", "IfMatchLastModifiedTime", "IfMatchSize"}
LETTERS = {"integer": ":int", "long": ":int", "float": ":float", "double": ":float", "boolean": ":flag",
           "timestamp": ":time", "blob": ":blob"}


def models():
    session = botocore.session.get_session()
    return lambda service: session.get_service_model("s3" if service == "s3api" else service)


def kind(shape, protocol, seen):
    name = shape.type_name
    if name == "string":
        return ""
    if name in LETTERS:
        return LETTERS[name]
    if name == "map":
        return "<>" if shape.value.type_name == "string" else None
    if shape.name in seen or len(seen) > 8:
        return None
    if name == "list":
        item = kind(shape.member, protocol, seen)
        if item is None:
            return None
        wrap = ""
        if protocol == "query":
            wrap = shape.member.serialization.get("name", "member")
            wrap = "" if shape.serialization.get("flattened") else wrap
            wrap = "" if wrap == "member" else wrap
        return f"[{wrap}]{item}"
    return "{" + " ".join(members(shape, protocol, seen | {shape.name})) + "}"


def shallow(shape):
    """What an option holds; the SDK's bindings know what stands within."""
    name = shape.type_name
    if name == "list":
        return "[]" + shallow(shape.member)
    return {"structure": "{}", "map": "<>", "blob": ":file", "string": ""}.get(name) or LETTERS.get(name, "")


def members(shape, protocol, seen, resource=None):
    out = []
    for name, member in shape.members.items():
        where = member.serialization
        if name in LEFT_OUT | OF_THE_SDKS | DEEP or where.get("location") in ("header", "headers") and protocol == "rest-json":
            continue
        if protocol == "rest-xml":
            mark = ("@" if name == resource else "") + ("*" if name in shape.required_members else "")
            out.append(name + mark + shallow(member))
            continue
        wire = where.get("name", name)
        if protocol == "ec2":
            wire = where.get("queryName") or (wire[0].upper() + wire[1:])
        how = kind(member, protocol, seen)
        if how is None:
            continue
        if member.metadata.get("idempotencyToken"):
            how = ":token"
        if name in SECRETS:
            how = ":secret"
        mark = ("@" if name == resource else "") + ("*" if name in shape.required_members else "")
        mark += "?" if where.get("location") == "querystring" else ""
        out.append(name + (f"={wire}" if wire != name else "") + mark + how)
    return out


def row(model, operation, impact, resource, hides):
    shape = model.operation_model(operation).input_shape
    protocol = {"json": "json", "smithy-rpc-v2-cbor": "json"}.get(model.metadata["protocol"], model.metadata["protocol"])
    head = [operation, impact]
    http = model.operation_model(operation).http
    if protocol == "rest-json":
        head += [http["method"], http["requestUri"]]
    if hides:
        head += ["hides"] + hides
    words = members(shape, protocol, {shape.name}, resource) if shape else []
    text = textwrap.wrap(" ".join(words), 112, break_long_words=False, break_on_hyphens=False)
    return "\n".join([" ".join(head)] + ["    " + line for line in text])


def rows(text):
    """Yields what stands in a file of rows: operation, impact, resource, hidden members, members."""
    for block in re.split(r"\n(?=\S)", text):
        lines = block.strip("\n").split("\n")
        head = lines[0].split()
        if len(head) < 2 or head[0] == "wait" or not re.match(r"^[A-Z]\w+$", head[0]):
            continue
        body = " ".join(line.strip() for line in lines[1:])
        resource = re.search(r"(?:^| )(\w+)(?:=\w+)?@", body)
        hides = head[head.index("hides") + 1:] if "hides" in head else []
        yield head[0], head[1], resource and resource.group(1), hides, block.strip("\n")


def check(path, model_of):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    wrong = 0
    for service, raw in re.findall(r'"([\w-]+)",\s*"\n(.*?)\n",', text, re.S):
        for operation, impact, resource, hides, found in rows(raw):
            expected = row(model_of(service), operation, impact, resource, hides)
            if expected.split() != found.split():
                wrong += 1
                print(f"{path}: {service} {operation} differs from the model; it should be\n{expected}")
    return wrong


def main():
    arguments = sys.argv[1:]
    model_of = models()
    if arguments[:1] == ["--check"]:
        sys.exit(1 if sum(check(path, model_of) for path in arguments[1:]) else 0)
    if len(arguments) < 2:
        sys.exit(__doc__)
    for operation in arguments[1:]:
        print(row(model_of(arguments[0]), operation, "?", None, []))


if __name__ == "__main__":
    main()
