// Processes raw frames, two of them in flight: frames MODEL WIDTH HEIGHT < FRAMES.bgr
// Frames have the format of a camera or `ffmpeg -f rawvideo -pix_fmt bgr24`: rows of B,G,R bytes,
// one frame after the other. They are read in place, as a cv::Mat or an AVFrame would be.
#include <embedmask/error.h>
#include <embedmask/predictor.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <future>
#include <iostream>
#include <vector>

namespace {

void print(std::size_t frame, const embedmask::Prediction& prediction) {
    std::size_t confident = 0;
    for (const auto& detection : prediction.detections) {
        if (detection.score >= 0.3F) {
            ++confident;
        }
    }
    std::cout << "frame " << frame << ": " << confident << " objects\n";
}

}  // namespace

int main(int argc, char** argv) {
    const embedmask::ImageSize size{argc == 4 ? std::atoi(argv[2]) : 0,
                                    argc == 4 ? std::atoi(argv[3]) : 0};
    if (size.width < 1 || size.height < 1) {
        std::cerr << "usage: frames MODEL WIDTH HEIGHT < FRAMES.bgr\n";
        return 2;
    }
    try {
        const embedmask::Predictor predictor(embedmask::read_model(argv[1]));
        const std::ptrdiff_t stride = std::ptrdiff_t{3} * size.width;
        // A buffer may be reused only after the future of its last frame is ready.
        std::array<std::vector<std::uint8_t>, 2> buffers;
        std::array<std::future<embedmask::Prediction>, 2> running;
        std::size_t frame = 0;
        for (;; ++frame) {
            const std::size_t slot = frame % 2;
            if (running[slot].valid()) {
                print(frame - 2, running[slot].get());
            }
            auto& buffer = buffers[slot];
            buffer.resize(static_cast<std::size_t>(stride) * size.height);
            if (!std::cin.read(reinterpret_cast<char*>(buffer.data()),
                               static_cast<std::streamsize>(buffer.size()))) {
                break;
            }
            running[slot] = predictor.predict_async(
                embedmask::ImageView(buffer.data(), size, stride, embedmask::PixelOrder::bgr));
        }
        const std::size_t other = (frame + 1) % 2;
        if (running[other].valid()) {
            print(frame - 1, running[other].get());
        }
    } catch (const embedmask::Error& error) {
        std::cerr << error.what() << '\n' << error.fix() << '\n';
        return 1;
    }
    return 0;
}
