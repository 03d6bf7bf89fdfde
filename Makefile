# avocet: everything a person or a CI machine runs. `make` alone lists it.
#
# Variables: JOBS (parallel jobs, default: all processors), AVOCET_CACHE (downloads and compiled
# dependencies, default ~/.cache/avocet), PREFIX and DESTDIR (install), FUZZ_SECONDS (fuzz),
# LAYER (unit), ARGS (run, demo, bench, audit, wheel).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 30
ARGS ?=
LAYER ?=
export FUZZ_SECONDS
# The recipes call scripts that run their own parallel jobs.
.NOTPARALLEL:

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Build

.PHONY: setup build aws lambda query deb tarball wheel install demo run
setup: ## install what is missing on a Debian 12 machine (packages, Rust, Python test tools)
	@scripts/setup.sh build test lint

build: ## build the release program, build/avocet
	@scripts/setup.sh build
	@scripts/build.sh release

aws: ## build with AWS: the kinesis and s3 sources, and build/avocet-lambda
	@scripts/setup.sh build
	@AVOCET_AWS=1 scripts/build.sh release

lambda: aws ## pack build/avocet-lambda for AWS Lambda, build/avocet-lambda.zip
	@scripts/package_lambda.sh

query: ## build the SQL engine of `avocet query`, build/avocet-query
	@scripts/setup.sh build
	@scripts/build.sh query

deb: build query ## pack both programs as Debian packages, build/avocet_*.deb and build/avocet-query_*.deb
	@scripts/setup.sh package
	@scripts/package_deb.sh

tarball: build query ## pack both programs as build/avocet-VERSION-linux-PROCESSOR.tar.gz
	@scripts/package_tarball.sh

wheel: ## pack the Python package with the libraries that it needs, build/wheels/avocet-*.whl; ARGS="python3.12" for another Python
	@scripts/setup.sh build
	@scripts/package_wheel.sh $(ARGS)

demo: ## build, then run the pipeline on a simulated fleet until Ctrl-C
	@scripts/setup.sh build
	@scripts/build.sh release
	@scripts/demo.sh $(ARGS)

run: build ## build, then run avocet with ARGS, as in: make run ARGS="-c avocet.yaml --once"
	@build/avocet run $(ARGS)

install: ## install what is built under DESTDIR PREFIX (default /usr/local)
	@scripts/install.sh "$(DESTDIR)$(PREFIX)"

##@ Test

.PHONY: test test-all unit fuzz bench bench-detect bench-peers
test: ## set-up, build and every test: Rust, unit, fuzz corpora, system, sanitizers
	@scripts/test.sh

test-all: ## test, and the slow ones: Spark, long kill loops, fuzzing
	@scripts/test.sh --all

unit: ## build and run the C++ tests only; LAYER=decode for one layer
	@scripts/setup.sh build
	@scripts/build.sh release $(if $(LAYER),$(LAYER)_test,avocet_tests)
	@ctest --test-dir build/cmake-release --output-on-failure $(if $(LAYER),-R '^$(LAYER)$$')

fuzz: ## fuzz every parser with libFuzzer for FUZZ_SECONDS (30) each
	@scripts/fuzz.sh $(ARGS)

bench: ## measure speed and memory, and check them
	@scripts/bench.sh $(ARGS)

bench-detect: ## measure what each detector is worth, and write docs/detectors/benchmarks.md
	@scripts/bench.sh --detect $(ARGS)

bench-peers: ## measure against Spark, Polars and DuckDB on the same data
	@scripts/bench.sh --peers $(ARGS)

.PHONY: debug asan tsan
debug: asan ## same as asan: a debug build is always sanitized

asan: ## build the debug program with address and undefined-behaviour sanitizers, build/cmake-asan
	@scripts/setup.sh build
	@scripts/build.sh asan avocet avocet_tests

tsan: ## build the debug program with the thread sanitizer, build/cmake-tsan
	@scripts/setup.sh build
	@scripts/build.sh tsan avocet avocet_tests

##@ Check

.PHONY: check format tidy audit
check: ## format, lint, layers, headers alone, links, generated files
	@scripts/setup.sh build lint
	@scripts/check.sh

format: ## format all C++, Rust and Python
	@scripts/setup.sh build lint
	@scripts/format.sh

tidy: ## run clang-tidy on all of the C++ (make check: on what changed)
	@scripts/setup.sh build lint
	@scripts/tidy.sh --all

audit: ## look for known vulnerabilities and unwanted licenses of dependencies (needs the internet)
	@scripts/audit.sh $(ARGS)

##@ Clean

.PHONY: clean distclean
clean: ## remove build/
	rm -rf build

distclean: clean ## also remove compiled dependencies, the Python environment and the demo's tables
	@scripts/distclean.sh
