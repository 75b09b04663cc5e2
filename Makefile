# The front door. Each target is one line of work that a script or CMake does.
BUILD := build
.DEFAULT_GOAL := help
.PHONY: help setup build run serve test check bench torture clean generate

help: ## what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install the Debian packages that are missing (needs root for that)
	@scripts/setup

build: ## build the release binary, build/release/dibs
	@scripts/build release dibs

run: ## install, build, and sell ten units to 10,000 buyers: table, fairness verdict, report
	@scripts/setup run
	@scripts/build release dibs
	@$(BUILD)/release/dibs rush --json $(BUILD)/rush.json --html $(BUILD)/rush.html

serve: ## install, build, and a demo: a sale that opens in a minute, page, console, 200 rivals
	@scripts/setup run
	@scripts/build release dibs
	@scripts/serve

test: ## install, build, and prove it: everything that must be green before a change lands
	@scripts/setup
	@scripts/test

check: ## format, clang-tidy, include directions, stale generated files
	@scripts/setup
	@scripts/check all

generate: ## write docs/CODES.md, docs/METRICS.md and docs/CLI.md from the tables in the code
	@scripts/build release dibs
	@scripts/generate

bench: ## the benchmarks, each beside a peer of the same run: six minutes, one table
	@scripts/setup
	@scripts/bench

torture: ## the long versions of the tests: many rushes, many kill -9
	@scripts/setup
	@scripts/torture

clean: ## remove everything that was built
	@rm -rf $(BUILD)
