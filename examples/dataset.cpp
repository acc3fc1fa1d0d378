// Checks an annotation file and splits it: dataset ANNOTATIONS.json IMAGES TRAIN.json VAL.json
#include <embedmask/data.h>
#include <embedmask/error.h>

#include <iostream>

int main(int argc, char** argv) {
    if (argc != 5) {
        std::cerr << "usage: dataset ANNOTATIONS.json IMAGES TRAIN.json VAL.json\n";
        return 2;
    }
    try {
        const auto check = embedmask::check_dataset(argv[1], {.images = argv[2]});
        for (const auto& finding : check.findings) {
            std::cout << finding.count << " x " << finding.name << ": " << finding.consequence
                      << '\n';
            for (const auto& example : finding.examples) {
                std::cout << "    " << example << '\n';
            }
        }
        if (check.problems() > 0) {
            std::cerr << argv[1] << ": not split, it has " << check.problems() << " problems\n";
            return 1;
        }

        const embedmask::SplitOptions options{.fraction = 0.25, .seed = 1};
        const auto split = embedmask::split_dataset(argv[1], argv[3], argv[4], options);
        std::cout << argv[3] << ": " << split.train_images << " images\n"
                  << argv[4] << ": " << split.val_images << " images\n";
    } catch (const embedmask::Error& error) {
        std::cerr << error.what() << '\n' << error.fix() << '\n';
        return 1;
    }
    return 0;
}
