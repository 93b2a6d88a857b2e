#!/bin/sh
# AWS calls against an independent peer: moto's server, and the AWS CLI's own output for the same calls.
# Needs python3; installs the rest from PyPI into target/peer.
set -eu
cd "$(dirname "$0")/.."

venv=target/peer
if [ ! -x "$venv/bin/moto_server" ] || [ ! -x "$venv/bin/aws" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv" || {
    # Debian's python3 comes without it.
    apt-get update -qq
    apt-get install -y -qq python3-venv
    python3 -m venv "$venv"
  }
  "$venv/bin/pip" install -q 'moto[server,rds,route53,s3,sts]>=5.2,<6' 'awscli<2'
fi

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$venv/bin/moto_server" -H 127.0.0.1 -p "$port" >target/peer/moto.log 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT

python3 - "$port" <<'PY'
import socket, sys, time
deadline = time.monotonic() + 60
while True:
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1).close()
        break
    except OSError:
        if time.monotonic() > deadline:
            sys.exit("moto_server did not come up; see target/peer/moto.log")
        time.sleep(0.1)
PY

cargo build --locked --quiet
"$venv/bin/python" tests/estate_peer.py target/debug/lifeboat

LIFEBOAT_MOTO=127.0.0.1:$port LIFEBOAT_AWSCLI=$PWD/$venv/bin/aws cargo test --locked --test aws_moto
