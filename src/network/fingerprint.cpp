#include "network/fingerprint.h"

#include <bit>
#include <string>

#include "base/digest.h"

namespace embedmask::network {
namespace {

using detail::Digest;

void add_attributes(Digest& digest, const Attributes& a) {
    for (const int value :
         {a.kernel, a.stride, a.origin, a.padding, a.factor, a.groups, a.begin, a.end}) {
        digest.add(static_cast<std::uint64_t>(value));
    }
    digest.add(std::bit_cast<std::uint64_t>(a.epsilon));
    digest.add(std::bit_cast<std::uint64_t>(a.value));
    digest.add(static_cast<std::uint64_t>(a.unit_range));
}

}  // namespace

std::uint64_t fingerprint(const Network& network) {
    Digest digest;
    for (const Node& node : network.graph.nodes) {
        digest.add(static_cast<std::uint64_t>(node.op));
        for (const NodeId input : node.inputs) {
            digest.add(static_cast<std::uint64_t>(input));
        }
        for (const std::string& parameter : node.parameters) {
            digest.add(parameter);
        }
        add_attributes(digest, node.attributes);
    }
    for (const Output& output : network.graph.outputs) {
        digest.add(output.name);
        digest.add(static_cast<std::uint64_t>(output.node));
    }
    for (const auto& [name, tensor] : network.weights) {
        digest.add(name);
        digest.add(static_cast<std::uint64_t>(tensor.dtype));
        digest.add(tensor.bytes);
    }
    return digest.value();
}

}  // namespace embedmask::network
