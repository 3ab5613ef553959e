#!/bin/sh
# The AWS Lambda Web Adapter, into `web-adapter` of the folder in which this runs: compiled once for
# all functions beside this file, and static, so that it runs on any base.
set -eu
version=0.9.1
host="$(rustc -vV | sed -n 's/^host: //p')"
# What the caller sets for its own builds must not bend this one.
env -u CARGO_BUILD_TARGET -u CARGO_TARGET_DIR RUSTFLAGS="-C target-feature=+crt-static" \
    cargo install --quiet --locked --target "$host" --root ../target/web-adapter \
    "lambda_web_adapter@$version"
mkdir -p web-adapter
cp ../target/web-adapter/bin/lambda-adapter web-adapter/lambda-adapter
echo "$version" >web-adapter/version
