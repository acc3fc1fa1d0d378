/// @file
/// From an image to instance masks: the public API of the runtime.
///
///     embedmask::Predictor predictor(embedmask::read_model("model.safetensors"));
///     const auto result = predictor.predict(embedmask::read_image("street.jpg"));
///     for (const auto& detection : result.detections) { ... detection.mask ... }
///
/// A Predictor may be used by any number of threads at the same time; calls beyond the number of
/// streams wait. The constructor compiles the network.
#pragma once

#include <cstdint>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedmask/box.h"
#include "embedmask/export.h"
#include "embedmask/image.h"
#include "embedmask/model.h"
#include "embedmask/precision.h"
#include "embedmask/rle.h"

namespace embedmask {

/// Engine that runs the network.
enum class EngineKind {
    openvino,   ///< OpenVINO
    reference,  ///< plain loops in fp32, for tests: thousands of times slower
};

/// Options of a Predictor.
struct PredictorOptions {
    EngineKind engine = EngineKind::openvino;    ///< what runs the network
    Precision precision = Precision::automatic;  ///< arithmetic
    int threads = 0;                             ///< 0: all processors available to the process
    int streams = 1;  ///< images processed at the same time; they share the threads
    std::filesystem::path cache = {};  ///< folder for compiled networks; empty: none

    // Unset options come from the model.
    std::optional<double> score_threshold = {};   ///< lowest score of a detection
    std::optional<double> mask_threshold = {};    ///< probability from which a pixel is in a mask
    std::optional<int> short_side = {};           ///< of the network input, pixels
    std::optional<int> max_side = {};             ///< of the network input, pixels
    std::vector<std::int64_t> category_ids = {};  ///< only these; empty: all

    /// Further values of `mask_threshold`, for Detection::sweep. The network runs once (Fig. 5 of
    /// the paper, spec §9.5).
    std::vector<double> sweep_thresholds = {};

    bool keep_embeddings = false;  ///< fill Prediction::embeddings (also when keep_embed is set)
};

/// A detected object.
struct Detection {
    CocoBox box;                   ///< pixels of the image; float32 values (spec §7.7)
    float score = 0;               ///< 0..1
    std::int64_t category_id = 0;  ///< Category::id
    int label = 0;                 ///< index into Predictor::categories()
    Rle mask;                      ///< of the size of the image; empty for a detector without masks
    std::vector<Rle> sweep;        ///< masks at PredictorOptions::sweep_thresholds, in that order
};

/// Time of each stage for one image, in milliseconds.
struct Timings {
    double preprocess = 0;  ///< resize, normalise, pad
    double network = 0;     ///< inference
    double select = 0;      ///< candidates, suppression
    double mask = 0;        ///< from embeddings to run lengths
};

/// The embeddings behind the masks of one image, for visualisation and research.
struct Embeddings {
    int dims = 0;               ///< D
    int spatial_dims = 0;       ///< the first dimensions, 2 or 0
    ImageSize content;          ///< the image inside the network input
    ImageSize padded;           ///< the network input
    int pixel_stride = 8;       ///< s, pixels of the network input per cell: 8 or 4
    std::vector<float> pixels;  ///< (dims, padded.height / s, padded.width / s)
    /// A proposal.
    struct Proposal {
        Box box;                       ///< pixels of the network input
        std::vector<float> embedding;  ///< q (dims)
        std::vector<float> margin;     ///< m = 1/(2σ²) (dims)
    };
    std::vector<Proposal> proposals;  ///< one per detection, in that order
};

/// Result for one image.
struct Prediction {
    ImageSize size;                        ///< of the image
    std::vector<Detection> detections;     ///< by descending score; ties in pyramid order
    Timings timings;                       ///< of this image
    std::optional<Embeddings> embeddings;  ///< if asked for
};

/// Detects objects and their masks.
class EMBEDMASK_EXPORT Predictor {
public:
    /// Compiles the network. Error for options out of range, unknown categories, and a precision
    /// that the CPU does not support.
    explicit Predictor(const Model& model, const PredictorOptions& options = {});
    ~Predictor();
    Predictor(const Predictor&) = delete;
    Predictor& operator=(const Predictor&) = delete;

    /// Predicts one image. Pixels are read in place, in any order and stride. Error for a view
    /// without pixels, with a side below 1, or with a stride shorter than a row.
    [[nodiscard]] Prediction predict(const ImageView& image) const;

    /// Predicts a batch of images, padded to the largest (spec §2.5). Results depend slightly on
    /// the images in the batch; for reproducible results predict one image at a time.
    [[nodiscard]] std::vector<Prediction> predict(std::span<const ImageView> images) const;

    /// `predict` in another thread. Pixels must not change and the Predictor must exist until the
    /// future is ready. The destructor of the future waits for that. `get()` throws errors.
    [[nodiscard]] std::future<Prediction> predict_async(const ImageView& image) const;
    /// Deleted: a temporary image would be destroyed before it is read.
    std::future<Prediction> predict_async(Image&& image) const = delete;

    /// Runs the network once on a blank image of this size, so that the first image is as fast as
    /// later ones.
    void warmup(ImageSize image) const;

    /// Categories of the model; Detection::label is an index.
    [[nodiscard]] const std::vector<Category>& categories() const;
    /// Configuration of the model with the options applied.
    [[nodiscard]] const Config& config() const;
    /// The arithmetic in use: fp32 or bf16.
    [[nodiscard]] Precision precision() const;
    /// Images that are processed at the same time.
    [[nodiscard]] int streams() const;

private:
    class Implementation;
    std::unique_ptr<const Implementation> implementation_;
};

}  // namespace embedmask
