#!/bin/sh
# The main job as a story, on the embedded sandbox: no account, no key, no network. Run it with `make demo`.
set -u
cd "$(dirname "$0")/.." || exit 1

say() { printf '\n%s\n' "$1"; }

# run EXPECTED-EXIT COMMAND...: shows a command as you would type it, runs it, and stops the story at a surprise.
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

say "Start the sandbox again from its demo world: a campus with 4 places, 20 data points and some 60 channels."
run 0 reconciler sandbox reset

say "1. Validate: are the files in channels/ sound by themselves? This is what runs before each commit."
run 0 reconciler validate

say "2. Plan: what would change in EnergyCAP? Nothing is written. Exit code 3 says that something is blocked."
run 3 reconciler plan --out .reconciler/demo-plan.json

say "3. Apply the plan that was just saved, exactly as it was reviewed, over HTTP. What is blocked is never sent."
run 3 reconciler apply .reconciler/demo-plan.json

say "4. Plan again: nothing is left to do but what is blocked."
run 3 reconciler plan

say "How to go on:
  change a value in channels/*.yaml and run   reconciler plan    (. .venv/bin/activate first)
  ask what a code means                       reconciler explain ESA401
  read on                                     README.md, docs/"
