#!/usr/bin/env bash
# run_tests.sh BUILD JOBS: every test of a build, then a search of all that they printed for anything like a token.
set -euo pipefail
build=$1
status=0
ctest --test-dir "$build" -LE 'e2e|bench' -j "$2" --output-on-failure --no-tests=error || status=$?
"$(dirname "${BASH_SOURCE[0]}")/check_no_secret_printed.sh" "$build/Testing/Temporary/LastTest.log" || status=1
exit "$status"
