// Interface of the inference engines. Each implementation is one file; callers do not depend on
// which one they use.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedmask/precision.h"
#include "network/rewrite.h"

namespace embedmask::engine {

/// A non-owning view of a dense float32 NCHW tensor.
struct TensorView {
    std::span<const float> values;
    std::int64_t batch = 0;
    std::int64_t channels = 0;
    std::int64_t height = 0;
    std::int64_t width = 0;
};

/// One run of the network at a time. A request is used by one thread at a time; several requests of
/// one engine run concurrently.
class Request {
public:
    Request() = default;
    virtual ~Request() = default;
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    /// Sets the shape of the input tensor (batch, 3 for images, height, width) and returns its
    /// memory.
    virtual std::span<float> input(std::int64_t batch, std::int64_t height, std::int64_t width) = 0;
    /// Starts the run and returns immediately. `wait` returns when it is done and throws if it
    /// failed.
    virtual void start() = 0;
    virtual void wait() = 0;
    /// Valid after `wait` until the next `input` or `start`.
    [[nodiscard]] virtual TensorView output(std::string_view name) const = 0;
};

class Engine {
public:
    Engine() = default;
    virtual ~Engine() = default;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Thread-safe.
    virtual std::unique_ptr<Request> create_request() = 0;
    /// Number of requests worth running concurrently.
    [[nodiscard]] virtual int streams() const = 0;
    /// Precision of the computation: fp32 or bf16.
    [[nodiscard]] virtual Precision precision() const = 0;
};

struct Options {
    Precision precision = Precision::automatic;
    int threads = 0;                   ///< 0 = all processors available to this process
    int streams = 0;                   ///< networks that run concurrently; 0 = the engine's choice
    std::filesystem::path cache = {};  ///< folder for compiled networks; empty = none
};

/// True if this CPU has units for bf16 (AMX, AVX512-BF16).
bool cpu_has_bf16();

/// Whether the network runs in bf16 on a CPU with or without bf16 units. Error for Precision::bf16
/// without them.
bool chooses_bf16(Precision precision, bool native);

/// Compiles `network` with OpenVINO. Error if the CPU does not support the requested `precision`.
std::unique_ptr<Engine> make_openvino_engine(const network::Network& network,
                                             const Options& options);

/// The same, after the inference rewrites. With `options.cache` the compiled network is stored
/// there under a name derived from the network, the options, the processor and the OpenVINO
/// version, and later calls load it. An unusable file is replaced.
std::unique_ptr<Engine> make_inference_engine(const network::Network& network,
                                              const Options& options);

/// Plain loops in float32: slow, obvious, the reference for the other engines. Runs in the thread
/// that calls `start`.
std::unique_ptr<Engine> make_reference_engine(const network::Network& network,
                                              const Options& options = {});

}  // namespace embedmask::engine
