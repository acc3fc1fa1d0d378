// Scores a COCO results file: evaluate ANNOTATIONS.json RESULTS.json
#include <embedmask/error.h>
#include <embedmask/evaluation.h>

#include <iostream>

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: evaluate ANNOTATIONS.json RESULTS.json\n";
        return 2;
    }
    try {
        const embedmask::Dataset dataset = embedmask::read_dataset(argv[1]);
        const auto results = embedmask::read_results(argv[2]);

        embedmask::EvaluationOptions options;
        options.type = embedmask::IouType::segm;
        const auto evaluation = embedmask::evaluate(dataset, results, options);

        std::cout << evaluation.summary();
        for (std::size_t k = 0; k < evaluation.categories.size(); ++k) {
            std::cout << "category " << evaluation.categories[k] << ": AP "
                      << evaluation.category_stats(k)[0] << '\n';
        }
    } catch (const embedmask::Error& error) {
        std::cerr << error.what() << '\n' << error.fix() << '\n';
        return 1;
    }
    return 0;
}
