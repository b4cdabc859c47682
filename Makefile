# `make run` tries Accord out, `make test` proves it; `make help` lists the rest.
# What takes long to build is kept under the user's cache folder, for the next clone.

SHELL   := /bin/sh
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
CACHE   := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/accord

LINT_VERSION := v2.15.0
VULN_VERSION := v1.8.0
LINT         := $(CACHE)/tools/golangci-lint-$(LINT_VERSION)/golangci-lint

.PHONY: help build run servers programs test sim fuzz chaos bench lint fmt vuln clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

build: ## build bin/accord
	@echo "accord: building bin/accord (a minute, the first time)"
	@CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-X main.version=$(VERSION)" -o bin/accord ./cmd/accord

run: servers build ## start everything on this machine; ARGS are handed to `accord dev`
	@exec bin/accord dev $(ARGS)

servers: ## build Gitea and MinIO into bin/servers, where they are missing
	@testdata/servers/build

programs: # where they are missing, what tests run is installed: MariaDB, nginx, Chromium, S3 programs, git LFS
	@testdata/programs

# The race detector watches everything but SQLite's translation from C, which is one thread's work at a time: there it
# doubled the time of the whole run and had nothing to find.
RACE := -race $(foreach package,sqlite/lib libc memory,-gcflags=modernc.org/$(package)=-race=false)

test: servers programs ## run every test, on real servers too
	@go test $(RACE) -timeout 45m ./...
	@$(MAKE) --no-print-directory sim
	@$(MAKE) --no-print-directory fuzz TIME=2s

sim: ## simulate N schedules of crashes and faults from SEED on
	@ACCORD_SIM_N=$(or $(N),100000) ACCORD_SIM_SEED=$(or $(SEED),1) ACCORD_SIM_VERBOSE=$(if $(filter 1,$(N)),1) \
	go test -count=1 -timeout 2h -v -run '^TestSimulation$$' ./app

fuzz: ## fuzz every decoder of outside bytes; TIME=20s for each
	@testdata/fuzzall $(or $(TIME),20s)

chaos: servers programs ## kill servers and break connections under load, then compare the systems; KILLS=200 SEED=0
	@go test -count 1 -timeout 6h -run '^TestChaos$$' -v ./cmd/accord -chaos.kills=$(or $(KILLS),200) -chaos.seed=$(or $(SEED),0)

bench: servers programs ## measure; ACCOUNTS=1000000 plans for so many too, USERS=10000 makes so many on the real servers first
	@ACCORD_BENCH_ACCOUNTS=$(ACCOUNTS) ACCORD_BENCH_USERS=$(USERS) go test -timeout 60m -run '^$$' -bench . -benchmem ./...

lint: $(LINT) ## check style, imports and likely mistakes
	@$(LINT) run ./...

fmt: $(LINT) ## format the sources
	@$(LINT) fmt ./...

$(LINT):
	@echo "lint: building golangci-lint $(LINT_VERSION) (some minutes, once)"
	@GOBIN="$(@D)" go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

vuln: ## look for known vulnerabilities; asks vuln.go.dev
	@go run golang.org/x/vuln/cmd/govulncheck@$(VULN_VERSION) ./...

clean: ## remove what was built here; the cache stays
	@rm -rf bin
