#!/bin/sh
# Packages of a Python function: what requirements.txt locks, into `site` of the folder in which
# this runs, for the Python of [base.python] whichever this machine has: neither this machine's
# version nor its packages have a say.
set -eu
machine="$(uname -m)"
rm -rf site
exec pip3 install --quiet --disable-pip-version-check --no-compile --target site \
    --require-hashes --no-deps --ignore-requires-python \
    --only-binary :all: --implementation cp --python-version 3.13 \
    --platform "manylinux_2_28_$machine" --platform "manylinux_2_26_$machine" \
    --platform "manylinux_2_17_$machine" --platform "manylinux2014_$machine" \
    --requirement requirements.txt
