#include <gtest/gtest.h>

#include <mutex>
#include <numeric>
#include <set>

#include "data/recorded_image.h"
#include "embedmask/error.h"
#include "predictor/tiny_model.h"
#include "scoring/parts.h"
#include "scoring/predict_images.h"
#include "scoring/score.h"
#include "scoring/shard.h"
#include "test_data.h"

namespace embedmask::scoring {
namespace {

using testing::message_of;
using testing::pattern;
using testing::reference;
using testing::tiny_model;

// Five images whose annotations are every other detection of the tiny model, so that its AP is
// neither 0 nor 1.
class Scoring : public ::testing::Test {
protected:
    Scoring() : model_(tiny_model()), predictor_(model_, with_masks()) {
        dataset_.source = "truth.json";
        dataset_.categories = model_.categories;
        for (int i = 0; i < 5; ++i) {
            add_image(20 - 3 * i, pattern(32 + 8 * (i % 2), 32));
        }
    }

    // The masks of a random network are nearly transparent.
    static PredictorOptions with_masks() {
        PredictorOptions options = reference(2);
        options.mask_threshold = 0.001;
        return options;
    }

    void add_image(std::int64_t id, const Image& image) {
        const std::string name = std::to_string(id) + ".png";
        write_png(folder_.path() / name, image);
        dataset_.images.push_back(
            {.id = id, .width = image.size.width, .height = image.size.height, .file_name = name});
        const Prediction found = predictor_.predict(image);
        for (std::size_t n = 0; n < found.detections.size(); n += 2) {
            Annotation truth;
            truth.id = static_cast<std::int64_t>(dataset_.annotations.size()) + 1;
            truth.image_id = id;
            truth.category_id = found.detections[n].category_id;
            truth.box = found.detections[n].box;
            truth.area = static_cast<double>(area(found.detections[n].mask));
            truth.segmentation.format = Segmentation::Format::rle;
            truth.segmentation.rle = found.detections[n].mask;
            dataset_.annotations.push_back(truth);
        }
    }

    [[nodiscard]] std::vector<data::ImageFile> files() const {
        return data::recorded_files(dataset_, folder_.path());
    }

    // What results files of the predictions hold.
    [[nodiscard]] ResultSets predicted() const {
        ResultSets results;
        results.masks.emplace();
        predict_images(predictor_, files(), {}, {}, [&](std::size_t i, ImageOutcome& outcome) {
            for (const Detection& detection : outcome.prediction->detections) {
                results.boxes.push_back(box_result(files()[i].image_id, detection));
                results.masks->push_back(mask_result(files()[i].image_id, detection));
            }
        });
        return results;
    }

    static void expect_same(const std::vector<TypeScores>& a, const std::vector<TypeScores>& b) {
        ASSERT_EQ(a.size(), b.size());
        for (std::size_t i = 0; i < a.size(); ++i) {
            EXPECT_EQ(a[i].type, b[i].type);
            EXPECT_EQ(a[i].evaluation.precision(), b[i].evaluation.precision());
            EXPECT_EQ(a[i].evaluation.recall, b[i].evaluation.recall);
            ASSERT_EQ(a[i].sweep.size(), b[i].sweep.size());
            for (std::size_t n = 0; n < a[i].sweep.size(); ++n) {
                EXPECT_EQ(a[i].sweep[n].threshold, b[i].sweep[n].threshold);
                EXPECT_EQ(a[i].sweep[n].values, b[i].sweep[n].values);
            }
        }
    }

    testing::TemporaryFolder folder_;
    Model model_;
    Predictor predictor_;
    Dataset dataset_;
};

TEST_F(Scoring, PredictsEveryImageOnceAndCollectsInOrder) {
    std::mutex mutex;
    std::set<std::size_t> used;
    std::vector<std::size_t> collected;
    std::vector<std::size_t> progress;
    const RunTotals totals = predict_images(
        predictor_, files(),
        {.progress =
             [&](std::size_t done, std::size_t total) {
                 EXPECT_EQ(total, 5U);
                 progress.push_back(done);
             }},
        [&](std::size_t i, const Image& image, Prediction& prediction) {
            EXPECT_EQ(image.size, prediction.size);
            prediction.detections.resize(1);
            const std::lock_guard lock(mutex);
            used.insert(i);
        },
        [&](std::size_t i, const ImageOutcome& outcome) {
            EXPECT_EQ(outcome.prediction->detections.size(), 1U);
            collected.push_back(i);
        });
    EXPECT_EQ(used, (std::set<std::size_t>{0, 1, 2, 3, 4}));
    EXPECT_EQ(collected, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
    EXPECT_EQ(progress, (std::vector<std::size_t>{1, 2, 3, 4, 5}));
    EXPECT_EQ(totals.images, 5U);
    EXPECT_EQ(totals.predicted(), 5U);
    EXPECT_EQ(totals.detections, 5U);
    EXPECT_GT(totals.network, 0);
    EXPECT_GE(totals.wall * 3, totals.network) << "two streams and a helper at most";
}

TEST_F(Scoring, UnreadableImagesAreSkippedOnlyWhereAsked) {
    auto broken = files();
    broken[1].path = folder_.path() / "none.png";
    broken[3].expected_size = ImageSize{7, 7};
    EXPECT_THROW(predict_images(predictor_, broken, {}, {}, {}), Error);
    std::vector<std::string> errors;
    const RunTotals totals =
        predict_images(predictor_, broken, {.skip_unreadable = true}, {},
                       [&](std::size_t, const ImageOutcome& outcome) {
                           EXPECT_NE(outcome.prediction.has_value(), !outcome.error.empty());
                           if (!outcome.prediction) {
                               errors.push_back(outcome.error);
                           }
                       });
    EXPECT_EQ(totals.images, 5U);
    EXPECT_EQ(totals.unreadable, 2U);
    ASSERT_EQ(errors.size(), 2U);
    EXPECT_NE(errors[0].find("none.png"), std::string::npos);
    EXPECT_NE(errors[1].find("7"), std::string::npos) << errors[1];
    // An AP without some images would be that of another dataset.
    dataset_.images[1].file_name = "none.png";
    EXPECT_THROW(
        (void)score_model(predictor_, dataset_, folder_.path(), {}, {.skip_unreadable = true}),
        Error);
}

TEST_F(Scoring, ModelAndResultsFilesGetTheSameScores) {
    ScoreOptions options;
    options.types = {IouType::bbox, IouType::segm, IouType::boundary};
    options.tide = true;
    options.confusion = true;
    const ResultSets results = predicted();
    auto of_results = score_results(dataset_, results, options, "results");
    add_error_analysis(of_results, dataset_, results, options);
    ModelScores of_model = score_model(predictor_, dataset_, folder_.path(), options);
    add_error_analysis(of_model.types, dataset_, of_model.results, options);
    expect_same(of_model.types, of_results);
    const double ap = of_results[1].evaluation.stats()[0];
    EXPECT_GT(ap, 0);
    EXPECT_LT(ap, 1);
    for (std::size_t i = 0; i < 3; ++i) {
        const bool boundary = options.types[i] == IouType::boundary;
        ASSERT_EQ(of_model.types[i].tide.has_value(), !boundary);
        ASSERT_EQ(of_model.types[i].confusion.has_value(), !boundary);
        if (boundary) {
            continue;
        }
        EXPECT_EQ(of_model.types[i].tide->missed, of_results[i].tide->missed);
        EXPECT_EQ(of_model.types[i].tide->background, of_results[i].tide->background);
        EXPECT_EQ(of_model.types[i].confusion->cells, of_results[i].confusion->cells);
    }
}

TEST_F(Scoring, KeepsDetectionsOnlyForAnAnalysis) {
    const ModelScores plain = score_model(predictor_, dataset_, folder_.path(), {});
    EXPECT_TRUE(plain.results.boxes.empty());
    EXPECT_TRUE(plain.results.masks->empty());
    ScoreOptions options;
    options.keep_drawn = true;
    const ModelScores imaged = score_model(predictor_, dataset_, folder_.path(), options);
    EXPECT_TRUE(imaged.results.boxes.empty());
    const ResultSets everything = predicted();
    const auto confident = std::ranges::count_if(*everything.masks, [](const Result& result) {
        return result.score >= kConfusionScoreThreshold;
    });
    EXPECT_EQ(std::ssize(*imaged.results.masks), confident);
}

TEST_F(Scoring, PartsAddUpToTheWhole) {
    PredictorOptions flags = with_masks();
    flags.sweep_thresholds = {0.0005, 0.01};
    const Predictor predictor(model_, flags);
    ScoreOptions options;
    options.mask_thresholds = flags.sweep_thresholds;
    const testing::TemporaryFolder out;
    std::vector<std::string> manifests;
    std::size_t images = 0;
    for (std::int64_t i = 0; i < 2; ++i) {
        const WrittenPart part = write_part(
            predictor, dataset_, folder_.path(), {i, 2},
            {.model = "tiny", .data = "truth.json", .mask_thresholds = flags.sweep_thresholds},
            out.path(), {}, false);
        manifests.push_back(part.manifest.string());
        images += part.totals.images;
    }
    EXPECT_EQ(images, 5U);
    const MergedParts parts = read_parts(manifests, dataset_, {.threads = 1});
    EXPECT_EQ(parts.model, "tiny");
    expect_same(score_parts(dataset_, parts, options),
                score_model(predictor, dataset_, folder_.path(), options).types);
    EXPECT_NE(message_of([&] {
                  (void)read_parts({manifests[0]}, dataset_, {.threads = 1});
              }).find("parts 1 of 2 are missing"),
              std::string::npos);
}

TEST_F(Scoring, ModelMustFitTheDataSet) {
    EXPECT_NO_THROW(require_known_categories(model_, dataset_));
    EXPECT_NO_THROW(data::require_unique_images(dataset_));
    dataset_.images.push_back(dataset_.images.front());
    EXPECT_THROW(data::require_unique_images(dataset_), Error);
    dataset_.categories[1].name = "wolf";
    EXPECT_THROW(require_known_categories(model_, dataset_), Error);
    dataset_.categories.pop_back();
    EXPECT_THROW(require_known_categories(model_, dataset_), Error);
}

TEST(Shard, PartsHoldEveryItemOnce) {
    std::vector<int> items(7);
    std::iota(items.begin(), items.end(), 0);
    EXPECT_EQ(part_of(items, {0, 3}), (std::vector{0, 3, 6}));
    EXPECT_EQ(part_of(items, {1, 3}), (std::vector{1, 4}));
    EXPECT_EQ(part_of(items, {2, 3}), (std::vector{2, 5}));
    EXPECT_TRUE(part_of(items, {8, 9}).empty());
    EXPECT_EQ((Shard{1, 3}.suffix()), ".shard-1-of-3");
}

}  // namespace
}  // namespace embedmask::scoring
