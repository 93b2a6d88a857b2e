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
# A browser without a window, which opens the pages that lifeboat writes: 20 seconds.
need chromium-headless-shell chromium-headless-shell
# Debian keeps PostgreSQL's server programs beside the path.
found_postgres() { [ -n "${LIFEBOAT_POSTGRES_BIN:-}" ] || command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; }
if ! found_postgres >/dev/null 2>&1; then
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql
fi

export INSTA_UPDATE=no CARGO_TERM_COLOR=never
# Half a minute of one processor, while the compiler waits for its longest crate.
mkdir -p target
tests/peer.sh install >target/peer-install.log 2>&1 &
installing=$!

echo "== formatting"
cargo fmt --check
echo "== lints"
cargo clippy --locked --all-targets -- -D warnings
echo "== tests"
cargo test --locked
echo "== independent AWS peers"
wait "$installing" || { cat target/peer-install.log; exit 1; }
tests/peer.sh
echo "== docs"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --quiet
