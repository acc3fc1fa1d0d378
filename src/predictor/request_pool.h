// A pool of requests, one per stream of the engine.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/engine.h"

namespace embedmask::detail {

class RequestPool;

/// A request that returns to its pool at the end of the scope.
class PooledRequest {
public:
    PooledRequest(RequestPool& pool, std::unique_ptr<engine::Request> request)
        : pool_(pool), request_(std::move(request)) {}
    ~PooledRequest();
    PooledRequest(const PooledRequest&) = delete;
    PooledRequest& operator=(const PooledRequest&) = delete;

    engine::Request& operator*() const { return *request_; }
    engine::Request* operator->() const { return request_.get(); }

private:
    RequestPool& pool_;
    std::unique_ptr<engine::Request> request_;
};

/// Thread-safe; `acquire` waits until a request is free.
class RequestPool {
public:
    explicit RequestPool(engine::Engine& engine) {
        for (int i = 0; i < engine.streams(); ++i) {
            free_.push_back(engine.create_request());
        }
    }

    PooledRequest acquire() {
        std::unique_lock lock(mutex_);
        available_.wait(lock, [&] { return !free_.empty(); });
        auto request = std::move(free_.back());
        free_.pop_back();
        return {*this, std::move(request)};
    }

private:
    friend class PooledRequest;
    void put_back(std::unique_ptr<engine::Request> request) {
        {
            const std::scoped_lock lock(mutex_);
            free_.push_back(std::move(request));
        }
        available_.notify_one();
    }

    std::mutex mutex_;
    std::condition_variable available_;
    std::vector<std::unique_ptr<engine::Request>> free_;
};

inline PooledRequest::~PooledRequest() {
    pool_.put_back(std::move(request_));
}

}  // namespace embedmask::detail
