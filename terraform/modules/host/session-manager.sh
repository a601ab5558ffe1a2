#!/bin/sh
# Installs Session Manager's agent where the image has none. Amazon Linux and Ubuntu images have it, Debian's have not.
# Sources: AWS Systems Manager User Guide, "Manually installing SSM Agent on Debian Server instances" and "Verifying the
# signature of SSM Agent". Run it again by hand after a failure: nothing is done twice.
set -u
url=https://s3.amazonaws.com/ec2-downloads-windows/SSMAgent/latest
key=/usr/local/lib/slipway/amazon-ssm-agent.gpg

say() {
  echo "slipway: $*"
}

# Read by a person on the console. The boot goes on: a host that SSH reaches needs no agent.
give_up() {
  say "Session Manager's agent was not installed: $*. Run $0 again."
  exit 0
}

download() {
  for try in 1 2 3 4 5; do
    python3 -c 'import sys, urllib.request; urllib.request.urlretrieve(sys.argv[1], sys.argv[2])' "$1" "$2" && return 0
    sleep "${SLIPWAY_PAUSE:-10}"
  done
  return 1
}

for unit in amazon-ssm-agent.service snap.amazon-ssm-agent.amazon-ssm-agent.service; do
  systemctl cat "$unit" >/dev/null 2>&1 && exit 0
done
command -v dpkg >/dev/null || give_up "this image has neither the agent nor dpkg"

# Debian 13 checks its own archives by another program.
command -v gpgv >/dev/null ||
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y gpgv; } ||
  give_up "gpgv, which checks its signature, could not be installed"

work="$(mktemp -d)" || give_up "there is no room for a temporary folder"
trap 'rm -rf "$work"' EXIT
package="$work/amazon-ssm-agent.deb"
for suffix in "" .sig; do
  from="$url/debian_$(dpkg --print-architecture)/amazon-ssm-agent.deb$suffix"
  download "$from" "$package$suffix" || give_up "$from could not be fetched"
done
gpgv --keyring "$key" "$package.sig" "$package" || give_up "its signature is not Amazon's"
dpkg -i "$package" || give_up "dpkg refused the package"
systemctl enable --now amazon-ssm-agent.service || give_up "its service did not start"
say "Session Manager's agent is installed"
