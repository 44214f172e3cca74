#!/bin/sh
# Builds what is measured and runs the benchmarks, one after the other. See bench/README.md.
set -eu
cd "$(dirname "$0")/.."
cargo build --release -p boathook -p boathook-bench
bench/edge/run.py --scenario all
target/release/bench-deploy
target/release/bench-events
target/release/bench-events --hooks 10
target/release/bench-deliveries
target/release/bench-builds
target/release/bench-chaos
