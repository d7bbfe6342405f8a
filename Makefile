# `make run` shows the six example services at work, `make test` checks everything.

run: preflight
	@cargo run --locked -p hostel -- run $(dir $(wildcard example-services/*/Cargo.toml))

test: preflight
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked --release -p hostel-sdk -p hostel-test-guests --target wasm32-wasip2 -- -D warnings
	@mkdir -p target && ./preflight languages >target/left-out
	cargo test --locked --workspace -- $$(cat target/left-out)

bench: preflight
	cargo bench --locked --profile dev -p hostel --bench cache_calls

bench-languages: preflight
	cargo bench --locked --profile dev -p hostel --bench languages

preflight:
	@./preflight

.PHONY: run test bench bench-languages preflight
