#!/bin/sh
# Makes keys and passwords that no repository has. Nothing that exists is overwritten. BLACKBAR: the program.
set -eu
cd "$(dirname "$0")"
blackbar=${BLACKBAR:-blackbar}
mkdir -p gateway/policies
cp -n blackbar.toml gateway/blackbar.toml
cp -n policies/*.cedar gateway/policies/
[ -f gateway/tokens.key ] || "$blackbar" keygen -o gateway/tokens.key
if [ ! -f gateway/root.key ]; then
    scratch=$(mktemp -d)
    "$blackbar" init "$scratch/new" >/dev/null
    mv "$scratch/new/root.key" gateway/root.key
    rm -r "$scratch"
fi
[ -f gateway/database.password ] || od -An -N18 -tx1 /dev/urandom | tr -d ' \n' > gateway/database.password
if [ ! -f officer.key ]; then
    key=$("$blackbar" approvals keygen -o officer.key)
    printf '\n[[approver]]\nsubject = "officer-1"\ngroups = ["privacy-officers"]\nkey = "%s"\n' "$key" >> gateway/blackbar.toml
fi
# The gateway's user in the container is 65532.
chmod 0644 gateway/*.key gateway/database.password
echo "ready: docker compose up --build" >&2
