// What runs a network. One implementation is one file; nothing above knows which one it uses.
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

/// A dense float32 NCHW tensor that someone else owns.
struct TensorView {
    std::span<const float> values;
    std::int64_t batch = 0;
    std::int64_t channels = 0;
    std::int64_t height = 0;
    std::int64_t width = 0;
};

/// One run of the network at a time. A request belongs to one thread at a time; several requests of
/// one engine run at the same time.
class Request {
public:
    Request() = default;
    virtual ~Request() = default;
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    /// Gives the input tensor (batch, 3 for images, height, width) its shape and returns its
    /// memory.
    virtual std::span<float> input(std::int64_t batch, std::int64_t height, std::int64_t width) = 0;
    /// Starts the run and returns at once; `wait` returns when it is done and throws if it failed.
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

    /// Thread safe.
    virtual std::unique_ptr<Request> create_request() = 0;
    /// How many requests are worth running at the same time.
    [[nodiscard]] virtual int streams() const = 0;
    /// What the network runs in: fp32 or bf16.
    [[nodiscard]] virtual Precision precision() const = 0;
};

struct Options {
    Precision precision = Precision::automatic;
    int threads = 0;  ///< 0 = all processors this process may use
    int streams = 0;  ///< networks that run at the same time; 0 = the engine's choice
    std::filesystem::path cache = {};  ///< folder for compiled networks; empty = none
};

/// True when this CPU has units for bf16 (AMX, AVX512-BF16).
bool cpu_has_bf16();

/// Whether the network runs in bf16 on a CPU that has, or has not, units for it. Error for
/// Precision::bf16 on one that has not.
bool chooses_bf16(Precision precision, bool native);

/// Compiles `network` with OpenVINO. Error when the CPU lacks what `precision` asks for.
std::unique_ptr<Engine> make_openvino_engine(const network::Network& network,
                                             const Options& options);

/// The same after the rewrites for inference. With `options.cache` the compiled network is kept
/// there under a name made of the network, the options, the processor and OpenVINO's version, and
/// the next call takes it from there; a file that cannot be used is replaced.
std::unique_ptr<Engine> make_inference_engine(const network::Network& network,
                                              const Options& options);

/// Plain loops in float32: slow, obvious, the judge of the other engines. Runs in the thread that
/// calls `start`.
std::unique_ptr<Engine> make_reference_engine(const network::Network& network,
                                              const Options& options = {});

}  // namespace embedmask::engine
