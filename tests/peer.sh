#!/bin/sh
# AWS calls against peers that are not ours: moto's and ministack's servers, boto3, and the AWS CLI's own output for the
# same calls. Needs python3; installs the rest from PyPI into target/peer, and nothing more with `install`.
set -eu
cd "$(dirname "$0")/.."

venv=target/peer
if [ ! -e "$venv/complete" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv" || {
    # Debian's python3 comes without it.
    apt-get update -qq
    apt-get install -y -qq python3-venv
    python3 -m venv "$venv"
  }
  # moto's own `server` extra brings what services need that are not called here: twice as much again.
  "$venv/bin/pip" install -q --no-compile --disable-pip-version-check \
    'moto[s3]>=5.2,<6' flask flask-cors 'awscli<2' 'ministack>=1.5,<2'
  touch "$venv/complete"
fi
[ "${1:-}" != install ] || exit 0

ports=$(python3 -c '
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(one.getsockname()[1] for one in held))')
moto=${ports% *} ministack=${ports#* }
"$venv/bin/moto_server" -H 127.0.0.1 -p "$moto" >"$venv/moto.log" 2>&1 &
servers=$!
BIND_HOST=127.0.0.1 GATEWAY_PORT=$ministack "$venv/bin/ministack" >"$venv/ministack.log" 2>&1 &
servers="$servers $!"
trap 'kill $servers 2>/dev/null || true' EXIT

python3 - "$moto" "$ministack" <<'PY'
import socket, sys, time
deadline = time.monotonic() + 60
for port in map(int, sys.argv[1:]):
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            if time.monotonic() > deadline:
                sys.exit("an emulator did not come up; see target/peer/moto.log and ministack.log")
            time.sleep(0.1)
PY

cargo build --locked --quiet
"$venv/bin/python" tests/estate_peer.py target/debug/lifeboat

LIFEBOAT_MOTO=127.0.0.1:$moto LIFEBOAT_MINISTACK=127.0.0.1:$ministack LIFEBOAT_AWSCLI=$PWD/$venv/bin/python \
  cargo test --locked --test aws_peers
