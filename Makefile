# The few commands that matter. Each step says what it does and how long it took. Needs only make on Debian 12.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
SEEDS ?= 1000000
FIRST_SEED ?= 1
REPLICAS ?= --vault --agents 20 --credentials 200 --rotations 1000 --shards 20 --lease 10 --age 45 --strike-every 2000 --api-restarts 3 --patience 2400
STEP := cmake/step.sh
CTEST := ctest --output-on-failure --no-tests=error -j $(JOBS)

.PHONY: help build test check demo bench e2e asan tsan fuzz image package servers servers-up servers-down simulate kill-matrix fault-matrix replicas fmt docs bare clean

help: ## Show these commands
	@awk -F ':.*## ' '/^[a-z0-9 -]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build the programs and the simulator into build/release/bin (installs what is missing)
	@$(STEP) "packages" cmake/bootstrap.sh
	@$(STEP) "static libraries" cmake/static_deps.sh
	@$(STEP) "configure build/release" cmake --preset release
	@$(STEP) "build the programs" cmake --build build/release -j $(JOBS) --target programs

test: build ## Build and run every test, against the programs as they are shipped
	@$(STEP) "build the tests" cmake --build build/release -j $(JOBS)
	@$(STEP) "test servers (once: about fifteen minutes on two cores)" tests/servers/build.sh
	@$(STEP) "run the tests" cmake/run_tests.sh build/release $(JOBS)

check: ## Format, static analysis, include boundaries, generated files, shell syntax
	@$(STEP) "packages" cmake/bootstrap.sh check
	@$(STEP) "include boundaries" cmake/check_includes.sh
	@$(STEP) "shell syntax" cmake/check_shell.sh
	@$(STEP) "format" cmake/check_format.sh
	@$(MAKE) --no-print-directory build
	@$(STEP) "generated files" cmake/check_generated.sh
	@$(STEP) "static analysis" cmake/check_tidy.sh build/release

demo: build ## Show a token being renewed, published, gated and revoked, in under a minute
	@tests/demo/demo.sh

bench: build ## Measure against peers and floors; writes build/bench.json
	@$(STEP) "packages" cmake/bootstrap.sh bench
	@tests/bench/run.sh

e2e: build ## Run the programs against real servers
	@$(STEP) "packages" cmake/bootstrap.sh node
	@$(STEP) "build the tests" cmake --build build/release -j $(JOBS)
	@$(STEP) "test servers (once: about fifteen minutes on two cores)" tests/servers/build.sh all
	@$(STEP) "run the end-to-end tests" $(CTEST) --test-dir build/release -L e2e

asan tsan: ## Run the tests under AddressSanitizer and UBSan, or ThreadSanitizer
	@$(STEP) "packages" cmake/bootstrap.sh
	@$(STEP) "configure build/$@" cmake --preset $@
	@$(STEP) "build with $@" cmake --build build/$@ -j $(JOBS)
	@$(STEP) "run the tests with $@" $(CTEST) --test-dir build/$@ -LE 'e2e|bench|no-$@'

fuzz: ## Fuzz every parser of outside bytes for FUZZ_SECONDS each
	@$(STEP) "packages" cmake/bootstrap.sh fuzz
	@$(STEP) "configure build/fuzz" cmake --preset fuzz
	@$(STEP) "build the fuzzers" cmake --build build/fuzz -j $(JOBS) --target fuzzers
	@cmake/fuzz.sh build/fuzz $(FUZZ_SECONDS)

image: build ## Write the container image (OCI layout and archive) and its bill of materials into build/image
	@cmake/package/image.sh build/release/bin build/image

package: build ## Build the Debian package and the static tarball into build/release/packages
	@$(STEP) "manual pages and completions" cmake --build build/release -j $(JOBS) --target package_files
	@$(STEP) "packages" cpack --config build/release/CPackConfig.cmake

servers: ## Build the real servers that tests run against (once; about fifteen minutes on two cores)
	@$(STEP) "packages" cmake/bootstrap.sh
	@$(STEP) "test servers" tests/servers/build.sh all

servers-up: ## Start Vault, an API server and toxiproxy on loopback, to try things by hand
	@$(STEP) "packages" cmake/bootstrap.sh
	@tests/servers/play.sh up

servers-down: ## End what servers-up started
	@tests/servers/play.sh down

simulate: ## Simulate SEEDS runs from FIRST_SEED on: faults, crashes and clocks against the real rotation
	@$(STEP) "packages" cmake/bootstrap.sh
	@$(STEP) "static libraries" cmake/static_deps.sh
	@$(STEP) "configure build/release" cmake --preset release
	@$(STEP) "build the simulation" cmake --build build/release -j $(JOBS) --target tokenwarden-simulate
	@build/release/bin/tokenwarden-simulate --seeds $(SEEDS) --first-seed $(FIRST_SEED) --jobs $(JOBS)

kill-matrix: build ## Kill the agent at every system call of a renewal, start it again, and judge
	@$(STEP) "build the kill matrix" cmake --build build/release -j $(JOBS) --target kill_matrix
	@build/release/tests/kill_matrix

fault-matrix: build ## Make every system call of a renewal that touches a file fail in every way it can, and judge
	@$(STEP) "build the fault matrix" cmake --build build/release -j $(JOBS) --target fault_matrix
	@build/release/tests/fault_matrix

replicas: build ## Let 20 agents share 200 credentials while they are killed and paused, and count (REPLICAS= for others)
	@$(STEP) "build the replicas" cmake --build build/release -j $(JOBS) --target replicas
	@$(STEP) "test servers (once: about fifteen minutes on two cores)" tests/servers/build.sh
	@build/release/tests/replicas $(REPLICAS)

fmt: ## Format the sources in place
	@cmake/bootstrap.sh check
	@cmake/check_format.sh --fix

docs: build ## Write the generated documents again
	@cmake/check_generated.sh --fix

bare: ## Run make test and make demo in a fresh Debian 12 root (needs root and debootstrap)
	@cmake/try_bare.sh

clean: ## Remove everything that was built here
	@rm -rf build
