#include "foreign/nanodet_names.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "config/detector.h"

namespace embedmask::foreign {
namespace {

constexpr std::int64_t kBoxRows = detail::kBoxSides * detail::kBoxBins;

// Rows [begin, end) of the first axis; shares the bytes.
Tensor rows(const Tensor& tensor, std::int64_t begin, std::int64_t end) {
    Tensor part = tensor;
    const std::size_t row = tensor.bytes.size() / static_cast<std::size_t>(tensor.shape[0]);
    part.shape[0] = end - begin;
    part.bytes = tensor.bytes.subspan(static_cast<std::size_t>(begin) * row,
                                      static_cast<std::size_t>(end - begin) * row);
    return part;
}

constexpr std::array<std::string_view, 2> kParts{".cls_logits.", ".box_bins."};

}  // namespace

std::string before_split(std::string name) {
    if (!name.starts_with("head.")) {
        return name;
    }
    for (const std::string_view part : kParts) {
        const std::size_t at = name.find(part);
        if (at != std::string::npos) {
            return name.replace(at, part.size(), ".pred.");
        }
    }
    return name;
}

Weights with_nanodet_predictions_split(Weights tensors) {
    for (int level = 0;; ++level) {
        const std::string head = fmt::format("head.{}.", level);
        if (!tensors.contains(head + "pred.weight")) {
            return tensors;
        }
        for (const char* part : {"weight", "bias"}) {
            const auto found = tensors.find(head + "pred." + part);
            if (found == tensors.end() || found->second.shape.empty() ||
                found->second.shape[0] <= kBoxRows) {
                continue;
            }
            const Tensor whole = found->second;
            tensors.erase(found);
            const std::int64_t classes = whole.shape[0] - kBoxRows;
            tensors[head + "cls_logits." + part] = rows(whole, 0, classes);
            tensors[head + "box_bins." + part] = rows(whole, classes, whole.shape[0]);
        }
    }
}

}  // namespace embedmask::foreign
