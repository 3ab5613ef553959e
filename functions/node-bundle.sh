#!/bin/sh
# A Node.js function in one file, `bundle/FILE` of the folder in which this runs: itself and every
# package that it requires, but for those named after it. What it does is not changed: nothing is
# minified, names stay.
set -eu
file="$1"
shift
. "$(dirname "$0")/node-variants.sh"
external="$(printf -- '--external:%s ' "$@")"
[ $# -gt 0 ] || external=
mkdir -p bundle
# shellcheck disable=SC2086 # an option a package
exec node "$tools/esbuild/bin/esbuild" "$file" --bundle --platform=node --target=node20 \
    --keep-names --log-level=warning $external --outfile="bundle/$file"
