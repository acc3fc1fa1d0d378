// Images to masks in a few lines: predict MODEL IMAGE...
#include <embedmask/error.h>
#include <embedmask/predictor.h>

#include <iostream>

int main(int argc, char** argv) {
    if (argc < 3) {
        std::cerr << "usage: predict MODEL IMAGE...\n";
        return 2;
    }
    try {
        const embedmask::Predictor predictor(embedmask::read_model(argv[1]));
        for (int i = 2; i < argc; ++i) {
            const auto result = predictor.predict(embedmask::read_image(argv[i]));
            for (const auto& detection : result.detections) {  // best first
                if (detection.score < 0.3F) {
                    break;
                }
                std::cout << argv[i] << ": " << predictor.categories()[detection.label].name << ' '
                          << detection.score << ", " << area(detection.mask) << " pixels\n";
            }
        }
    } catch (const embedmask::Error& error) {
        std::cerr << error.what() << '\n' << error.fix() << '\n';
        return 1;
    }
    return 0;
}
