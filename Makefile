# `make run` demonstrates the example services; `make test` runs all checks.

# Examples that fetch from an origin server, which `make run` does not provide.
WITH_SOURCE = example-services/cache-aside/ example-services/exchange-rates/

run: preflight
	@cargo run --locked -p hostel -- run $(filter-out $(WITH_SOURCE),$(dir $(wildcard example-services/*/Cargo.toml)))

test: preflight
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked --release -p hostel-sdk -p hostel-sources -p hostel-test-guests -p hostel-bench-guest -p hostel-bench-functions --target wasm32-wasip2 -- -D warnings
	@mkdir -p target && ./preflight redis >target/redis-servers
	@export HOSTEL_REDIS_SERVERS=$$(cat target/redis-servers) && echo "Redis servers: $$HOSTEL_REDIS_SERVERS" && \
		./preflight languages >target/left-out
	cargo test --locked --workspace --no-run
	cargo test --locked -p hostel --lib --features public-wasmtime-api hostcalls::cache
	cargo test --locked --release -p hostel-cache
	HOSTEL_REDIS_SERVERS=$$(cat target/redis-servers) cargo test --locked --workspace -- $$(cat target/left-out)

# Benchmarks against other projects, each a package of host/benches/peers. `table` prints the header
# of the rows that the others print. `serve` measures the released program.
PEERS = table calls map serve micro sources backends
PEER = cargo run --locked --quiet --release --target-dir target/peers \
	--manifest-path host/benches/peers/Cargo.toml --package

bench: preflight
	@for bench in $(PEERS); do $(PEER) $$bench || exit 1; done

bench-plots: preflight
	$(PEER) calls -- plots docs/performance

# Reuses the build of the tests, so that wasmtime is not built again, but with an optimised host.
bench-languages: preflight
	cargo bench --locked --profile dev --config profile.dev.package.hostel.opt-level=3 \
		--config profile.dev.package.wasmtime-wasi.opt-level=3 -p hostel --bench languages

# Many thread interleavings of the cache's locks and atomics. ORDERS sets how many per check.
races:
	cargo run --locked --release --target-dir target/races \
		--manifest-path host/cache/races/Cargo.toml -- $(ORDERS)

preflight:
	@./preflight

.PHONY: run test bench bench-plots bench-languages races preflight
