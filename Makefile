# Everything that people do with this checkout; `make help` lists it.
JOBS ?= $(shell nproc)
CMAKE_FLAGS ?=
export EMBEDMASK_DATA
# Waiting threads that spin take the processor from those that work.
export OMP_WAIT_POLICY = passive

.PHONY: help setup build build-tests train demo test test-long test-asan test-tsan bench fuzz lint docs configs format install install-train clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## install what is missing (Debian packages, OpenVINO in .venv)
	@scripts/setup

build: setup ## build/embedmask
	@cmake --preset release -DEMBEDMASK_BUILD_TESTS=OFF $(CMAKE_FLAGS) >/dev/null
	@cmake --build build -j $(JOBS)
	@test -e build/embedmask-train || echo "embedmask-train is not built: no libtorch (make train installs it)"

train: ## also build/embedmask-train (installs libtorch)
	@scripts/setup --train
	@cmake --preset release -DEMBEDMASK_BUILD_TESTS=OFF -DEMBEDMASK_TRAIN=ON $(CMAKE_FLAGS) >/dev/null
	@cmake --build build -j $(JOBS)

demo: build ## segment the sample images and say where the images are
	@rm -rf out/demo
	@build/embedmask predict pedestrians-lite samples --out out/demo
	@echo "look at out/demo/overlay"

build-tests:
	@scripts/setup --test
	@scripts/setup --train || echo "the trainer and its tests are left out"
	@cmake --preset release -DEMBEDMASK_BUILD_TESTS=ON -DEMBEDMASK_BUILD_BENCHMARKS=OFF $(CMAKE_FLAGS) >/dev/null
	@cmake --build build -j $(JOBS)

test: build-tests ## install, build and run the tests
	@ctest --test-dir build --output-on-failure -j $(JOBS) -L unit
	@ctest --test-dir build --output-on-failure -j $(JOBS) -L e2e

test-long: build-tests ## the tests that `make test` leaves out: more presets in PyTorch, a soak, an overfit
	@ctest --test-dir build --output-on-failure -j $(JOBS) -L long

test-asan: ## the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@scripts/setup
	@cmake --preset asan >/dev/null
	@cmake --build --preset asan -j $(JOBS)
	@ASAN_OPTIONS=detect_leaks=0 ctest --test-dir build-asan --output-on-failure -j $(JOBS) -L unit

test-tsan: ## the tests of shared objects under ThreadSanitizer, with the reference engine
	@scripts/setup
	@cmake --preset tsan >/dev/null
	@cmake --build --preset tsan -j $(JOBS) --target test_predictor test_scoring test_base
	@ctest --test-dir build-tsan --output-on-failure -j $(JOBS) -R 'ThreadsThatShareIt|ModelAndResultsFiles|OrderedPipeline|ParallelFor'

bench: ## benchmarks of the parts, then of the whole
	@scripts/setup
	@cmake --preset release -DEMBEDMASK_BUILD_TESTS=OFF -DEMBEDMASK_BUILD_BENCHMARKS=ON $(CMAKE_FLAGS) >/dev/null
	@cmake --build build -j $(JOBS)
	@for b in build/bench/*_bench; do $$b || exit 1; done
	@build/embedmask bench pedestrians

FUZZ_SECONDS ?= 30
fuzz: ## every reader of untrusted bytes, FUZZ_SECONDS each
	@scripts/setup --fuzz
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz -j $(JOBS) --target fuzz/all
	@scripts/fuzz build-fuzz/fuzz $(FUZZ_SECONDS)

docs: ## build/docs/html from the public headers; an undocumented symbol is an error
	@scripts/setup --docs
	@scripts/docs

lint: ## includes, documentation, clang-format and clang-tidy; warnings are errors
	@scripts/setup --lint
	@scripts/lint

configs: build ## write configs/*.toml anew from the presets
	@for name in $(basename $(notdir $(wildcard configs/*.toml))); do \
	    build/embedmask info --preset $$name > build/preset.toml && mv build/preset.toml configs/$$name.toml || exit 1; done

format: ## rewrite the sources as clang-format wants them
	@git ls-files '*.h' '*.cpp' | xargs clang-format -i

PREFIX ?= install
install: build ## a tree at PREFIX that still runs after being moved
	@cmake --install build --prefix $(PREFIX) >/dev/null
	@echo "installed to $(PREFIX)"

install-train: train install ## the same with embedmask-train and libtorch (420 MB more)
	@cmake --install build --prefix $(PREFIX) --component train >/dev/null

clean: ## remove what was built
	@rm -rf build build-* out
