// Photos to masks in a few lines: predict MODEL PHOTO...
#include <embedmask/predictor.h>

#include <iostream>

int main(int argc, char** argv) {
    const embedmask::Predictor predictor(embedmask::read_model(argv[1]));
    for (int i = 2; i < argc; ++i) {
        const auto result = predictor.predict(embedmask::read_image(argv[i]));
        for (const auto& detection : result.detections) {
            if (detection.score < 0.3F) continue;
            std::cout << argv[i] << ": " << predictor.categories()[detection.label].name << ' '
                      << detection.score << ", " << area(detection.mask) << " pixels\n";
        }
    }
}
