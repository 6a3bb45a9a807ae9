#!/usr/bin/env bash
# Unpack Debian's PgBouncer, nginx and Caddy below tests/outside/.debian; nothing is installed.
# Where there is no apt-get, their tests look for them on the PATH, and are skipped without them.
set -euo pipefail
cd "$(dirname "$0")"
rm -rf .debian
mkdir -p .debian/packages/partial .debian/lists/partial
if command -v apt-get > /dev/null && command -v dpkg > /dev/null; then
    options=(-qq -y -o Debug::NoLocking=1 -o "Dir::Cache::archives=$PWD/.debian/packages")
    [ "$(id -u)" != 0 ] || options+=(-o APT::Sandbox::User=root)
    if ! compgen -G "/var/lib/apt/lists/*Packages*" > /dev/null; then
        options+=(-o "Dir::State::lists=$PWD/.debian/lists")
        apt-get "${options[@]}" update
    fi
    apt-get "${options[@]}" --download-only --no-install-recommends install pgbouncer nginx caddy
    for package in .debian/packages/*.deb; do
        [ ! -f "$package" ] || dpkg -x "$package" .debian
    done
fi
touch .debian/.installed
