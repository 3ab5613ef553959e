#!/bin/sh
# The package that keeps compiled code, into `compile-cache` of the folder in which this runs.
set -eu
. "$(dirname "$0")/node-variants.sh"
mkdir -p compile-cache
cp "$tools/v8-compile-cache/v8-compile-cache.js" compile-cache/
