// Predicts many image files. Decoding and masks of one image overlap with the network run of
// another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "data/image_files.h"
#include "embedmask/predictor.h"

namespace embedmask::scoring {

/// The outcome of one image: a prediction, or the reason why there is none.
struct ImageOutcome {
    std::optional<Prediction> prediction;
    bool left_out = false;        ///< not begun; never collected
    bool has_more_pages = false;  ///< that were not read
    std::string error;            ///< why the image cannot be read
    std::string fix;              ///< what to do about it; may be empty
    double decode = 0;            ///< milliseconds
    double use = 0;               ///< milliseconds in UseImage
};

/// Time per stage, summed over the predicted images, in milliseconds.
struct RunTotals {
    std::size_t images = 0;
    std::size_t unreadable = 0;
    std::size_t left_out = 0;         ///< not begun when PredictImagesOptions::stop asked to end
    std::size_t with_more_pages = 0;  ///< files of which only the first page was read
    std::size_t detections = 0;
    double decode = 0;
    double preprocess = 0;
    double network = 0;
    double masks = 0;  ///< candidates, suppression and coupling
    double use = 0;
    double wall = 0;  ///< wall time of the whole run

    [[nodiscard]] std::size_t predicted() const { return images - unreadable; }
    void add(const ImageOutcome& outcome);
};

struct PredictImagesOptions {
    DecodeOptions decode = {};     ///< the limit and the range
    bool skip_unreadable = false;  ///< report unreadable images in their outcome, without Error
    /// Asked before each image, from several threads; once true, the remaining images are left
    /// out, and the finished ones are collected as usual.
    std::function<bool()> stop = {};
    /// Called after each image, one call at a time.
    std::function<void(std::size_t done, std::size_t total)> progress = {};
};

/// Called as images finish, from several threads, with the position of the file. May modify the
/// prediction, e.g. to drop data that is no longer needed.
using UseImage = std::function<void(std::size_t, const Image&, Prediction&)>;

/// Called for every file in the given order, one call at a time.
using CollectImage = std::function<void(std::size_t, ImageOutcome&)>;

/// Error if an image cannot be read, unless unreadable images are skipped. Keeps only a few images
/// in memory at a time.
RunTotals predict_images(const Predictor& predictor, std::span<const data::ImageFile> files,
                         const PredictImagesOptions& options, const UseImage& use,
                         const CollectImage& collect);

}  // namespace embedmask::scoring
