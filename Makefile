# Entry points of the checkout; `make help` lists them.
JOBS ?= $(shell nproc)
CMAKE_FLAGS ?=
export EMBEDMASK_DATA
# Threads that spin while waiting take processor time from those that work.
export OMP_WAIT_POLICY = passive

.PHONY: help setup build build-tests train demo test test-long test-asan test-tsan bench fuzz lint docs configs format install install-train clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## install missing dependencies (Debian packages, OpenVINO in .venv)
	@scripts/setup

build: setup ## compile build/embedmask
	@cmake --preset release -DEMBEDMASK_BUILD_TESTS=OFF $(CMAKE_FLAGS) >/dev/null
	@cmake --build build -j $(JOBS)
	@test -e build/embedmask-train || echo "embedmask-train is not built: no libtorch (make train installs it)"

train: ## also compile build/embedmask-train (installs libtorch)
	@scripts/setup --train
	@cmake --preset release -DEMBEDMASK_BUILD_TESTS=OFF -DEMBEDMASK_TRAIN=ON $(CMAKE_FLAGS) >/dev/null
	@cmake --build build -j $(JOBS)

demo: build ## segment the sample images and print where the overlays are
	@rm -rf out/demo
	@build/embedmask predict coco-nano samples --score-threshold 0.4 --out out/demo
	@echo "open the images in out/demo/overlay"

build-tests:
	@scripts/setup --test
	@scripts/setup --train || echo "the trainer and its tests are skipped"
	@cmake --preset release -DEMBEDMASK_BUILD_TESTS=ON -DEMBEDMASK_BUILD_BENCHMARKS=OFF $(CMAKE_FLAGS) >/dev/null
	@cmake --build build -j $(JOBS)

test: build-tests ## install dependencies, build, and run the tests
	@ctest --test-dir build --output-on-failure -j $(JOBS) -L unit
	@ctest --test-dir build --output-on-failure -j $(JOBS) -L e2e

test-long: build-tests ## run the slow tests: more presets in PyTorch, a soak test, an overfitting test
	@ctest --test-dir build --output-on-failure -j $(JOBS) -L long

test-asan: ## run the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@scripts/setup
	@cmake --preset asan >/dev/null
	@cmake --build --preset asan -j $(JOBS)
	@ASAN_OPTIONS=detect_leaks=0 ctest --test-dir build-asan --output-on-failure -j $(JOBS) -L unit

test-tsan: ## run the tests of shared objects under ThreadSanitizer, with the reference engine
	@scripts/setup
	@cmake --preset tsan >/dev/null
	@cmake --build --preset tsan -j $(JOBS) --target test_predictor test_scoring test_base
	@ctest --test-dir build-tsan --output-on-failure -j $(JOBS) -R 'ThreadsThatShareIt|ModelAndResultsFiles|OrderedPipeline|ParallelFor'

bench: ## run the benchmarks of the parts, then of the whole program
	@scripts/setup
	@cmake --preset release -DEMBEDMASK_BUILD_TESTS=OFF -DEMBEDMASK_BUILD_BENCHMARKS=ON $(CMAKE_FLAGS) >/dev/null
	@cmake --build build -j $(JOBS)
	@for b in build/bench/*_bench; do $$b || exit 1; done
	@build/embedmask bench pedestrians

FUZZ_SECONDS ?= 30
fuzz: ## fuzz every reader of untrusted bytes, FUZZ_SECONDS each
	@scripts/setup --fuzz
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz -j $(JOBS) --target fuzz/all
	@scripts/fuzz build-fuzz/fuzz $(FUZZ_SECONDS)

docs: ## generate build/docs/html; an undocumented public symbol is an error
	@scripts/setup --docs
	@scripts/docs

lint: ## check includes, documentation, clang-format and clang-tidy; warnings are errors
	@scripts/setup --lint
	@scripts/lint

configs: build ## regenerate configs/*.toml from the presets
	@build/embedmask info --presets | while read -r name _; do \
	    build/embedmask info --preset $$name > build/preset.toml && mv build/preset.toml configs/$$name.toml || exit 1; done

format: ## reformat the sources with clang-format
	@git ls-files '*.h' '*.cpp' | xargs clang-format -i

PREFIX ?= install
install: build ## install a relocatable tree to PREFIX
	@cmake --install build --prefix $(PREFIX) >/dev/null
	@echo "installed to $(PREFIX)"

install-train: train install ## install with embedmask-train and libtorch (420 MB more)
	@cmake --install build --prefix $(PREFIX) --component train >/dev/null

clean: ## remove the build folders and out/
	@rm -rf build build-* out
