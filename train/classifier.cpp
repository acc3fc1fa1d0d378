#include "train/classifier.h"

#include <algorithm>

#include "foreign/names.h"
#include "train/known_classes.h"
#include "train/tensors.h"

namespace embedmask::train {
namespace {

struct Copy {
    torch::Tensor to;
    torch::Tensor from;
};

// The tensors of both classifiers, or nothing if these are different networks.
std::vector<Copy> copies(const Classifier& known, Network& network) {
    std::vector<Copy> list;
    for (const network::Parameter& parameter : network.graph().parameters) {
        if (!is_of_classifier(parameter.name)) {
            continue;
        }
        const auto found = known.tensors.find(foreign::from_detectron2(parameter.name));
        if (found == known.tensors.end()) {
            return {};
        }
        list.push_back({network.tensor(parameter.name), to_torch(found->second)});
        if (list.back().to.sizes().slice(1) != list.back().from.sizes().slice(1)) {
            return {};
        }
    }
    return list;
}

}  // namespace

bool is_of_classifier(const std::string& parameter) {
    return parameter.find("cls_logits.") != std::string::npos;
}

Classifier classifier_of(const Model& model) {
    Classifier classifier;
    classifier.categories = model.categories;
    for (const auto& [name, tensor] : model.weights) {
        if (is_of_classifier(name)) {
            classifier.tensors.emplace(foreign::from_detectron2(name), tensor);
        }
    }
    return classifier;
}

void drop_classifier(Import& imported) {
    ImportReport& report = imported.report;
    std::erase_if(imported.weights, [](const auto& item) { return is_of_classifier(item.first); });
    std::erase_if(report.matched, [&](const ImportReport::Match& match) {
        const bool dropped = is_of_classifier(match.parameter);
        if (dropped) {
            report.missing.push_back(match.parameter);
        }
        return dropped;
    });
    std::erase_if(report.mismatched, [&](const std::string& mismatch) {
        const bool dropped = is_of_classifier(mismatch);
        if (dropped) {
            report.missing.push_back(mismatch.substr(0, mismatch.find(':')));
        }
        return dropped;
    });
}

std::string keep_known_classes(const Classifier& known, const std::vector<Category>& categories,
                               Network& network) {
    const std::vector<Copy> list = copies(known, network);
    if (list.empty()) {
        return "classes   all are initialised: the weights have no classifier of this network with "
               "named classes\n";
    }
    const KnownClasses classes = known_classes(categories, known.categories);
    const torch::NoGradGuard no_grad;
    for (const Copy& copy : list) {
        for (std::size_t k = 0; k < classes.rows.size(); ++k) {
            if (classes.rows[k] >= 0) {
                copy.to[static_cast<std::int64_t>(k)].copy_(copy.from[classes.rows[k]]);
            }
        }
    }
    return classes.text;
}

}  // namespace embedmask::train
