"""Runs calls of the AWS CLI in one process: a start of the program for each costs most of a second.

Each line of standard input is a JSON list of words; each line of standard output is `[code, stdout, stderr]`.
"""

import contextlib
import functools
import io
import json
import os
import sys

import botocore.session

# The models of the services are read from disk once, not once a call.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)

from awscli.clidriver import create_clidriver  # noqa: E402


def run(words):
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            # Version 1 ignores the environment's endpoint for RDS in us-east-1, unlike this option.
            code = create_clidriver().main([*words, "--endpoint-url", os.environ["AWS_ENDPOINT_URL"]])
        except SystemExit as end:
            code = end.code
    return code or 0, *(stream.buffer.getvalue().decode() for stream in (out, err))


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
