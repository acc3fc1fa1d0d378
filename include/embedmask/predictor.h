/// From an image to instance masks: the public API of the runtime.
///
///     embedmask::Predictor predictor(embedmask::read_model("model.safetensors"));
///     const auto result = predictor.predict(embedmask::read_image("street.jpg"));
///     for (const auto& detection : result.detections) { ... detection.mask ... }
///
/// Thread rule: one Predictor may be used by any number of threads at the same time; calls beyond
/// the number of streams wait for a free one. The network is compiled once, by the constructor.
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

/// What runs the network.
enum class EngineKind {
    openvino,
    reference,  ///< plain loops in fp32: thousands of times slower, the judge of the other one
};

struct PredictorOptions {
    EngineKind engine = EngineKind::openvino;
    Precision precision = Precision::automatic;
    int threads = 0;  ///< 0 = all processors that the process may use
    int streams = 1;  ///< images in the network at the same time, sharing the threads
    std::filesystem::path cache = {};  ///< folder for compiled networks; empty = none

    // What is not set here comes from the model.
    std::optional<double> score_threshold = {};  ///< drop detections with a lower score
    std::optional<double> mask_threshold = {};   ///< probability at which a pixel belongs to a mask
    std::optional<int> short_side = {};          ///< of the network input, pixels
    std::optional<int> max_side = {};
    std::vector<std::int64_t> category_ids = {};  ///< only these; empty = all

    /// Further probabilities as in `mask_threshold`: fill Detection::sweep from the same pass of
    /// the network (the paper's Fig. 5, spec §9.5).
    std::vector<double> sweep_thresholds = {};

    bool keep_embeddings = false;  ///< fill Prediction::embeddings (also when keep_embed is set)
};

struct Detection {
    CocoBox box;                   ///< pixels of the image; float32 numbers (spec §7.7)
    float score = 0;               ///< 0..1
    std::int64_t category_id = 0;  ///< as in the annotation file the model was trained with
    int label = 0;                 ///< index into Predictor::categories()
    Rle mask;                ///< of the image's size; without runs for a detector without masks
    std::vector<Rle> sweep;  ///< masks at PredictorOptions::sweep_thresholds, in their order
};

/// Where the time of one image went, milliseconds.
struct Timings {
    double preprocess = 0;  ///< resize, normalise, pad
    double network = 0;
    double select = 0;  ///< candidates, suppression
    double mask = 0;    ///< coupling to run lengths
};

/// The embeddings behind one image's masks, for images and research.
struct Embeddings {
    int dims = 0;
    int spatial_dims = 0;
    ImageSize content;          ///< the image inside the network input
    ImageSize padded;           ///< the network input
    std::vector<float> pixels;  ///< (dims, padded.height / 8, padded.width / 8)
    struct Proposal {
        Box box;                       ///< pixels of the network input
        std::vector<float> embedding;  ///< q (dims)
        std::vector<float> margin;     ///< m = 1/(2σ²) (dims)
    };
    std::vector<Proposal> proposals;  ///< one per detection, in their order
};

struct Prediction {
    ImageSize size;                     ///< of the image
    std::vector<Detection> detections;  ///< by descending score; ties in pyramid order
    Timings timings;
    std::optional<Embeddings> embeddings;
};

class EMBEDMASK_EXPORT Predictor {
public:
    explicit Predictor(const Model& model, const PredictorOptions& options = {});
    ~Predictor();
    Predictor(const Predictor&) = delete;
    Predictor& operator=(const Predictor&) = delete;

    /// Reads the pixels where they are, an Image as well as a frame in another order or stride.
    /// Error when the view has no pixels, a side below 1, or a stride shorter than a row.
    [[nodiscard]] Prediction predict(const ImageView& image) const;

    /// All images in one run of the network, padded to the largest (spec §2.5). Results depend
    /// slightly on which images share a batch; `predict(image)` is the reproducible form.
    [[nodiscard]] std::vector<Prediction> predict(std::span<const ImageView> images) const;

    /// `predict` in a thread of its own, so that the caller can fetch or show another frame
    /// meanwhile; as many run at the same time as there are streams. The pixels must stay as they
    /// are, and the Predictor alive, until the future is ready; the future's destructor waits for
    /// that. Errors come out of `get()`.
    [[nodiscard]] std::future<Prediction> predict_async(const ImageView& image) const;
    std::future<Prediction> predict_async(Image&& image) const = delete;  // gone before it is read

    /// Runs the network once on a blank image, so that the first real one is as fast as the rest.
    void warmup(ImageSize image) const;

    [[nodiscard]] const std::vector<Category>& categories() const;
    [[nodiscard]] const Config& config() const;  ///< with the options applied
    [[nodiscard]] Precision precision() const;   ///< what was chosen: fp32 or bf16
    [[nodiscard]] int streams() const;

private:
    class Implementation;
    std::unique_ptr<const Implementation> implementation_;
};

}  // namespace embedmask
