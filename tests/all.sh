#!/bin/sh
# Formatting, lints, every test, the docs. Installs what it needs beyond the Rust toolchain.
set -eu
cd "$(dirname "$0")/.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
need() { # need PROGRAM DEBIAN-PACKAGE
  command -v "$1" >/dev/null 2>&1 && return
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2"
}
need cc gcc
need ssh-keygen openssh-client
need python3 python3
need curl curl
need less less
# A browser without a window, which opens the pages that lifeboat writes: 20 seconds.
need chromium-headless-shell chromium-headless-shell
# Debian keeps PostgreSQL's server programs beside the path.
found_postgres() { [ -n "${LIFEBOAT_POSTGRES_BIN:-}" ] || command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; }
if ! found_postgres >/dev/null 2>&1; then
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql
fi

export INSTA_UPDATE=no CARGO_TERM_COLOR=never
logs=target/all
mkdir -p "$logs"
began=$(date +%s)
beside='' failed=''
trap 'kill $beside 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM

say() { echo "== $* (after $(($(date +%s) - began)) s)"; }
try() { # try NAME COMMAND...: that it failed is told at the end
  name=$1
  shift
  say "$name"
  "$@" || failed="$failed $name"
}
start() { # start NAME COMMAND...: beside what follows; what it says goes to a file
  name=$1
  shift
  "$@" >"$logs/$name.log" 2>&1 &
  eval "pid_$name=$!"
  beside="$beside $!"
}
await() { # await NAME: shows all that it said; that it failed is told at the end
  eval "pid=\$pid_$1"
  left=''
  wait "$pid" || failed="$failed $1"
  for other in $beside; do [ "$other" = "$pid" ] || left="$left $other"; done
  beside=$left
  say "$1, which ran beside"
  cat "$logs/$1.log"
}

# Half a minute of one processor, while the compiler waits for its longest crate.
start installing tests/peer.sh install

say formatting
cargo fmt --check
say lints
cargo clippy --locked --all-targets -- -D warnings
say build
cargo test --locked --no-run

# What mostly waits runs beside what computes. Drills are judged by the clock: nothing that computes runs beside them.
# A test that stands in neither list computes.
waiting='postgres estate_mistakes estate_region_failure exec_net exec_shell screens_pty'
drilling='cli drills readme'
computing=''
for test in $(cd tests && ls -d *.rs */main.rs | sed 's/\.rs$//; s/\/main$//'); do
  case " $waiting $drilling " in *" $test "*) ;; *) computing="$computing $test" ;; esac
done
of() { for test in "$@"; do printf -- '--test %s ' "$test"; done; }

start waiting cargo test --locked --no-fail-fast $(of $waiting)
try computing cargo test --locked --no-fail-fast --lib --bins $(of $computing)
try examples cargo test --locked --doc
try docs env RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --quiet
await waiting

start drills cargo test --locked --no-fail-fast $(of drills readme)
try commands cargo test --locked --no-fail-fast $(of cli)
await drills

await installing
try peers tests/peer.sh

[ -z "$failed" ] || {
  say "FAILED:$failed"
  exit 1
}
say "all is well"
