// The classifier of a network that is trained on other classes than its weights.
#pragma once

#include <string>
#include <vector>

#include "embedmask/import.h"
#include "embedmask/model.h"
#include "train/network.h"

namespace embedmask::train {

/// The layers that compute the class logits, with one row for each category.
struct Classifier {
    Weights tensors;  ///< by the authors' parameter names
    std::vector<Category> categories;
};

/// Whether a parameter, or a line of an ImportReport that begins with one, belongs to a classifier.
bool is_of_classifier(const std::string& parameter);

Classifier classifier_of(const Model& model);

/// Turns the classifier's tensors into missing ones.
void drop_classifier(Import& imported);

/// Copies from `known` the rows of the classes of the data, `categories`, that it knows by name.
/// Nothing is copied between classifiers of different shapes. Returns a line to print.
std::string keep_known_classes(const Classifier& known, const std::vector<Category>& categories,
                               Network& network);

}  // namespace embedmask::train
