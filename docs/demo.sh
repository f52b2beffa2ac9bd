#!/bin/sh
# Validates, plans and applies on the embedded sandbox: no account, no key, no network. Run it with `make demo`.
set -u
cd "$(dirname "$0")/.." || exit 1

say() { printf '\n%s\n' "$1"; }

# run EXPECTED-EXIT COMMAND...: shows a command as you would type it, runs it, and stops at an unexpected exit code.
run() {
  expected=$1
  shift
  printf '\n$ %s\n' "$*"
  "$@"
  code=$?
  [ "$code" -eq "$expected" ] && return
  printf '\nThe demo stops here: the last command exited with %s instead of %s.\n' "$code" "$expected" >&2
  exit 1
}

say "Reset the sandbox to its demo data: a campus with 4 places, 20 data points and 60 channels."
run 0 reconciler sandbox reset

say "1. Validate: are the files in channels/ valid on their own? This runs before each commit."
run 0 reconciler validate

say "2. Plan: what would change in EnergyCAP? The changes include a swapped meter (boiler 2) and a new channel
(boiler 3). Nothing is written. Exit code 3 means that a change is blocked."
run 3 reconciler plan --out .reconciler/demo-plan.json

say "3. Apply the saved plan, exactly as it was reviewed. Blocked changes are never sent."
run 3 reconciler apply .reconciler/demo-plan.json

say "4. Plan again: only the blocked change is left."
run 3 reconciler plan

say "What to do next:
  change a value in channels/*.yaml and run   reconciler plan    (. .venv/bin/activate first)
  ask what a code means                       reconciler explain ESA401
  read on                                     README.md, docs/"
