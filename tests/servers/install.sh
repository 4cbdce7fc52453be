#!/usr/bin/env bash
# Installs the servers that tests/servers publishes to. Nothing is started or configured: tests start
# what they need themselves, on loopback, in folders of their own.
set -euo pipefail

# program = Debian package that brings it
needed=(
  nginx=nginx-light
  npm=npm
  rclone=rclone
  rsync=rsync
  ssh=openssh-client
  sshd=openssh-server
  swift-account-server=swift-account
  swift-container-server=swift-container
  swift-object-server=swift-object
  swift-proxy-server=swift-proxy
)

missing=()
for pair in "${needed[@]}"; do
  PATH="$PATH:/usr/sbin" command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
done

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
if [ "${#missing[@]}" -gt 0 ] && ! command -v apt-get >/dev/null; then
  echo "install.sh: no apt-get here; install by hand what brings: ${missing[*]}" >&2
  exit 1
fi

if [ "${#missing[@]}" -gt 0 ]; then
  # Debian starts what it installs unless this file says no.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod +x "$policy"
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# Azurite is no Debian package; it lies beside this file.
npm install --silent --no-audit --no-fund --no-package-lock --prefix "$(dirname "$0")"
