// Draws the detections on an image: draw MODEL IMAGE OUT.jpg
#include <embedmask/error.h>
#include <embedmask/overlay.h>

#include <iostream>

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: draw MODEL IMAGE OUT.jpg\n";
        return 2;
    }
    try {
        const embedmask::Predictor predictor(embedmask::read_model(argv[1]));
        const embedmask::Image image = embedmask::read_image(argv[2]);
        const auto prediction = predictor.predict(image);
        embedmask::write_jpeg(argv[3], embedmask::draw(image, prediction, predictor.categories()));
    } catch (const embedmask::Error& error) {
        std::cerr << error.what() << '\n' << error.fix() << '\n';
        return 1;
    }
    return 0;
}
