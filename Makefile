# Evenhand. `make` alone lists the targets. Building, running and testing need
# only Go; generating code and checking the API also need Node.js (for npm).

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

GO ?= go
# Leave git alone in the go command: the version is stamped in below.
export GOFLAGS += -buildvcs=false
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)

# Packages to test, lint and bench: make test PKGS=./internal/docstore/...
PKGS ?= ./...
# Packages to test under the race detector; by default those that start goroutines.
RACE_PKGS ?=
# How long each fuzz target runs.
FUZZTIME ?= 20s
# Flags for the server of `make run`: make run ARGS="--http-addr 127.0.0.1:8081"
ARGS ?=

TOOLS := $(CURDIR)/bin/tools
BUF := $(TOOLS)/buf
# Packages without tests say so in a line each; drop those.
QUIET := sed '/\[no test files\]$$/d'

##@ Use it

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/evenhand (static, reproducible)
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/evenhand ./cmd/evenhand

.PHONY: run
run: build ## Run everything with an invented company, its data in .demo/
	bin/evenhand serve --demo --data-dir .demo $(ARGS)

.PHONY: clean
clean: ## Remove what was built, the demo's data, and fetched .proto files
	rm -rf bin .demo proto/third_party

##@ Test it

.PHONY: test
test: ## Run all fast tests
	$(GO) test -timeout 30m $(PKGS) | $(QUIET)
	$(GO) -C tools test ./openapi

.PHONY: test-race
test-race: ## Run tests under the race detector, where services run (needs a C compiler)
	@tools/race $(RACE_PKGS)

.PHONY: test-long
test-long: ## Run the tests that do more when given time: cases, crashes, rows, a year
	@tools/long

.PHONY: test-year
test-year: ## Live through a year of 1,000 accounts, day by day (takes most of an hour)
	EVENHAND_TEST_LONG=1 EVENHAND_TEST_YEAR=1000 $(GO) test -count 1 -v -timeout 120m \
		-run 'TestR9NothingIsLostOrDoubledInAYear|TestR7AYearOfTheWholeService' ./services/plans/touchpoints ./cmd/evenhand/serve

.PHONY: test-crash
test-crash: export EVENHAND_MONGODB_HOME ?= /var/lib/evenhand-mongodb-crash
test-crash: export EVENHAND_MONGODB_PORT ?= 27118
test-crash: export EVENHAND_MONGODB_PG_PORT ?= 55433
test-crash: export EVENHAND_TEST_MONGODB_CRASH ?= $(CURDIR)/deploy/mongodb/local
test-crash: ## Kill a MongoDB-protocol server of its own under load (needs root and Debian)
	trap '$$EVENHAND_TEST_MONGODB_CRASH down' EXIT; \
	EVENHAND_TEST_LONG=1 $(GO) test -p 1 -timeout 15m -run Crash ./internal/docstore/mongodb ./test

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (20s), one after the other
	@tools/fuzz $(FUZZTIME)

.PHONY: bench
bench: ## Run the benchmarks, each figure beside its floor
	$(GO) test -run '^$$' -bench . -benchmem -timeout 60m $(PKGS) | $(QUIET)

##@ Change it

.PHONY: tidy
tidy: ## Format the code and tidy every go.mod
	gofmt -w $$(git ls-files '*.go' | grep -v '^proto/gen/')
	$(GO) mod tidy
	$(GO) -C tools mod tidy
	$(GO) -C tools/lint mod tidy
	$(GO) -C tools/deploy mod tidy

.PHONY: lint
lint: lint-go lint-proto lint-openapi lint-deploy ## Check Go, .proto files, the OpenAPI document and deploy/

.PHONY: lint-go
lint-go: $(TOOLS)/golangci-lint ## Check the Go code: format, vet, linters
	$(TOOLS)/golangci-lint run --allow-parallel-runners $(PKGS)
	cd tools && $(TOOLS)/golangci-lint run --allow-parallel-runners ./openapi
	cd tools/deploy && $(TOOLS)/golangci-lint run --allow-parallel-runners

.PHONY: lint-proto
lint-proto: proto-deps ## Check the .proto files: rules and format
	$(BUF) lint
	$(BUF) format --diff --exit-code --path proto/evenhand

.PHONY: lint-openapi
lint-openapi: $(BUF) ## Check the OpenAPI document, its examples included
	$(TOOLS)/validate proto/gen/openapi.json

.PHONY: lint-deploy
lint-deploy: ## Check the compose file and the Dockerfile by Docker's own libraries
	$(GO) -C tools/deploy run . $(CURDIR)/deploy/compose.yaml

.PHONY: breaking
breaking: proto-deps ## Compare the .proto files with main: nothing a client relies on may change
	@tools/breaking

.PHONY: generate
generate: proto-deps ## Generate Go, the REST gateway and the OpenAPI document from the .proto files
	@tools/generate .

.PHONY: generate-check
generate-check: proto-deps ## Fail, with a diff, when generated code or a go.mod is not current
	@tools/generate-check

.PHONY: proto-deps
proto-deps: $(BUF) ## Fetch the third-party .proto files that ours import (needs npm)
	@tools/proto-deps

# The tools, pinned by their own go.mod files and built once for each change of those.
$(BUF): tools/go.mod tools/go.sum
	GOBIN=$(TOOLS) $(GO) -C tools install tool
	@touch $@

$(TOOLS)/golangci-lint: tools/lint/go.mod tools/lint/go.sum
	GOBIN=$(TOOLS) $(GO) -C tools/lint install tool
	@touch $@
