#include "data/findings.h"

#include <algorithm>

namespace embedmask::data {
namespace {

constexpr std::size_t kExamples = 3;

}  // namespace

Finding& Findings::note(const std::string& name, const char* consequence, Fix fix,
                        const std::string& example) {
    auto known = std::ranges::find(list_, name, &Finding::name);
    if (known == list_.end()) {
        Finding& fresh = list_.emplace_back();
        fresh.name = name;
        fresh.consequence = consequence;
        fresh.fix = fix.text;
        fresh.repairable = fix.repairable;
        known = list_.end() - 1;
    }
    if (known->count++ < kExamples) {
        known->examples.push_back(example);
    }
    return *known;
}

}  // namespace embedmask::data
