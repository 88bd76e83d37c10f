#!/usr/bin/env bash
# link_static.sh COMMAND...: links a static program and says what the linker says, but for one thing it always says
# of static programs: that looking up names will not use other modules of the name service, which is meant.
# (The linker's own --no-warnings would hide its errors as well, and let undefined symbols pass.)
set -uo pipefail
output=$("$@" 2>&1)
status=$?
grep -vE "warning: Using '[a-z_]+' in statically linked applications|: in function \`" <<<"$output" | grep . >&2
exit "$status"
