# What variants of Node.js functions are made with, as node-variants/package-lock.json locks it; for
# scripts beside this file, which read it. `tools` is where it is.
here="$(cd "$(dirname "$0")" && pwd)"
tools="$here/node-variants/node_modules"
if ! cmp -s "$here/node-variants/package-lock.json" "$tools/.locked"; then
    npm --prefix "$here/node-variants" ci --no-audit --no-fund --ignore-scripts --silent
    cp "$here/node-variants/package-lock.json" "$tools/.locked"
fi
