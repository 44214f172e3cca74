# The everyday commands. Needed on a fresh machine: Rust (the version in Cargo.toml) and Node.
# What the tests need besides is installed by `make test` when it runs as root on Debian, or named with the line to type.

ARGS ?=

.PHONY: run test lint bench

run: ## Start the platform on this machine. make run ARGS="--help"
	cargo run --release -p boathook -- serve $(ARGS)

test: ## Every test, with real services and real clients. make test ARGS="-- -E 'test(deploy)'"
	cargo run --quiet -p xtask -- test $(ARGS)

lint: ## rustfmt, clippy, tidy
	cargo run --quiet -p xtask -- lint

bench: ## Every benchmark, about ten minutes on a quiet machine. See bench/README.md
	bench/run.sh
