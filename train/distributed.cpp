#include "train/distributed.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>
#ifdef EMBEDMASK_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include "embedmask/error.h"

namespace embedmask::train {
namespace {

using torch::Tensor;

// A rank that dies closes its connections, which ends the others immediately. The limit is for
// ranks that wait while rank 0 validates, which takes more than an hour for COCO's 5,000 images on
// two cores.
constexpr std::chrono::milliseconds kTimeout = std::chrono::hours(6);
// The bucket sizes of libtorch's own data parallelism: a small first bucket starts early.
constexpr std::size_t kFirstBucketBytes = 1U << 20;
constexpr std::size_t kBucketBytes = 25U << 20;

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr) {
        throw Error(fmt::format("RANK and WORLD_SIZE are set, but {} is not", name),
                    "start the processes with torchrun --no-python, which sets RANK, WORLD_SIZE, "
                    "MASTER_ADDR and "
                    "MASTER_PORT");
    }
    return value;
}

int number(const char* name) {
    const std::string text = variable(name);
    char* end = nullptr;
    const long value = std::strtol(text.c_str(), &end, 10);
    constexpr long kLargest = 65535;
    if (text.empty() || *end != '\0' || value < 0 || value > kLargest) {
        throw Error(fmt::format("{}={}: expected a number", name, text));
    }
    return static_cast<int>(value);
}

// libtorch's own message is several lines with a position in its source code.
c10::intrusive_ptr<c10d::Store> connected_store(int rank, const std::string& address,
                                                const c10d::TCPStoreOptions& options) {
    try {
        return c10::make_intrusive<c10d::TCPStore>(address, options);
    } catch (const std::exception& error) {
        const std::string text = error.what();
        const std::string reason = text.substr(0, text.find('\n'));
        throw Error(options.isServer
                        ? fmt::format("MASTER_PORT={}: process 0 cannot listen on this port: {}",
                                      options.port, reason)
                        : fmt::format("process {} cannot connect to process 0 at MASTER_ADDR={}, "
                                      "MASTER_PORT={}: {}",
                                      rank, address, options.port, reason),
                    options.isServer
                        ? "set MASTER_PORT to a port that is not in use, for all processes"
                        : "start process 0, and give all processes the same address and port");
    }
}

c10::intrusive_ptr<c10d::Store> meet(int rank, int world) {
    const char* agent = std::getenv("TORCHELASTIC_USE_AGENT_STORE");
    const bool agent_serves = agent != nullptr && std::string(agent) == "True";
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(number("MASTER_PORT"));
    options.isServer = rank == 0 && !agent_serves;
    options.numWorkers = static_cast<std::size_t>(world);
    options.waitWorkers = false;
    auto store = connected_store(rank, variable("MASTER_ADDR"), options);
    // After an elastic restart, old entries must not be mistaken for new ones.
    const char* restarts = std::getenv("TORCHELASTIC_RESTART_COUNT");
    const std::string prefix = fmt::format("embedmask/{}", restarts == nullptr ? "0" : restarts);
    return c10::make_intrusive<c10d::PrefixStore>(prefix, store);
}

class DistributedCommunicator final : public Communicator {
public:
    DistributedCommunicator(int rank, int world, torch::Device device)
        : rank_(rank), world_(world), device_(device) {
        const auto store = meet(rank, world);
        group_ = c10::make_intrusive<c10d::ProcessGroup>(store, rank, world);
        set_gloo(store);
        if (device.is_cuda()) {
            set_nccl(store);
        }
    }

    [[nodiscard]] int rank() const override { return rank_; }
    [[nodiscard]] int world() const override { return world_; }

    void sum(Tensor& tensor) override {
        std::vector<Tensor> tensors{tensor};
        explained([&] { group_->allreduce(tensors)->wait(); });
    }

    void broadcast(Tensor& tensor) override {
        std::vector<Tensor> tensors{tensor};
        explained([&] { group_->broadcast(tensors)->wait(); });
    }

    void backward(const Tensor& loss, const std::vector<Tensor>& parameters) override {
        if (!reducer_) {
            make_reducer(parameters);
        }
        explained([&] {
            reducer_->rebuild_buckets();  // in the order of the first pass; takes effect once
            reducer_->prepare_for_backward({});
            loss.backward();
        });
    }

private:
    void set_gloo(const c10::intrusive_ptr<c10d::Store>& store) {
        auto options = c10d::ProcessGroupGloo::Options::create(kTimeout);
        const char* address = std::getenv("GLOO_SOCKET_IFNAME");
        options->devices.push_back(address == nullptr
                                       ? c10d::ProcessGroupGloo::createDefaultDevice()
                                       : c10d::ProcessGroupGloo::createDeviceForInterface(address));
        const auto gloo =
            c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank_, world_, options);
        group_->setBackend(torch::kCPU, c10d::ProcessGroup::BackendType::GLOO, gloo);
    }

    void set_nccl(const c10::intrusive_ptr<c10d::Store>& store) {
#ifdef EMBEDMASK_NCCL
        auto options = c10d::ProcessGroupNCCL::Options::create();
        options->timeout = kTimeout;
        const auto nccl =
            c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank_, world_, options);
        group_->setBackend(torch::kCUDA, c10d::ProcessGroup::BackendType::NCCL, nccl);
#else
        (void)store;
        throw Error(fmt::format("{} processes on CUDA: this build has no NCCL", world_),
                    "build with a libtorch and an nccl.h for CUDA, or use --device cpu");
#endif
    }

    // Averages gradients bucket by bucket, approximately in the order in which backward finishes
    // them.
    void make_reducer(const std::vector<Tensor>& parameters) {
        const std::vector<Tensor> reversed(parameters.rbegin(), parameters.rend());
        auto [buckets, limits] =
            c10d::compute_bucket_assignment_by_size(reversed, {kFirstBucketBytes, kBucketBytes});
        for (auto& bucket : buckets) {
            for (std::size_t& index : bucket) {
                index = parameters.size() - 1 - index;
            }
        }
        constexpr bool kFindUnused = false;  // the losses reach every parameter (§6.5)
        constexpr bool kGradientViews = false;
        reducer_ = std::make_unique<c10d::Reducer>(
            parameters, std::move(buckets), group_, std::vector<bool>(parameters.size(), false),
            static_cast<std::int64_t>(kBucketBytes), kFindUnused, kGradientViews,
            std::unordered_map<std::size_t, std::string>{},
            static_cast<std::int64_t>(kFirstBucketBytes), false, false,
            std::vector<std::int64_t>{});
    }

    // Gloo reports a lost peer only as a line of its source code.
    template <typename Call>
    void explained(Call call) const {
        try {
            call();
        } catch (const Error&) {
            throw;
        } catch (const c10::OutOfMemoryError&) {
            throw;
        } catch (const std::exception& error) {
            const std::string text = error.what();
            throw Error(
                fmt::format("process {} of {}: communication failed because another process ended, "
                            "or the backward pass failed: {}",
                            rank_, world_, text.substr(0, text.find('\n'))),
                "see the output of the other process; --resume continues from the last checkpoint");
        }
    }

    int rank_;
    int world_;
    torch::Device device_;
    c10::intrusive_ptr<c10d::ProcessGroup> group_;
    std::unique_ptr<c10d::Reducer> reducer_;
};

}  // namespace

std::unique_ptr<Communicator> make_communicator(torch::Device device) {
    if (std::getenv("RANK") == nullptr || std::getenv("WORLD_SIZE") == nullptr) {
        return std::make_unique<Communicator>();
    }
    const int rank = number("RANK");
    const int world = number("WORLD_SIZE");
    if (world < 1 || rank >= world) {
        throw Error(
            fmt::format("RANK={} and WORLD_SIZE={}: expected RANK below WORLD_SIZE", rank, world));
    }
    if (world == 1) {
        return std::make_unique<Communicator>();
    }
    return std::make_unique<DistributedCommunicator>(rank, world, device);
}

}  // namespace embedmask::train
