#include "data/formats/xml_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/lines.h"
#include "base/text.h"
#include "embedmask/error.h"

namespace embedmask::data {
namespace {

constexpr std::uint64_t kMostXml = 1ULL << 32;  // bytes

double finite_number(std::string_view text, const std::string& what) {
    const std::string_view number = detail::trimmed(text);
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc{} || end != number.data() + number.size() || !std::isfinite(value)) {
        throw Error(fmt::format("{}: found \"{}\": expected a number", what, text));
    }
    return value;
}

}  // namespace

XmlFile::XmlFile(const std::filesystem::path& path, std::string_view root)
    : text_(detail::read_text(path, kMostXml, "an XML file")) {
    parse(path.string(), root);
}

XmlFile::XmlFile(std::string text, const std::string& name, std::string_view root)
    : text_(std::move(text)) {
    parse(name, root);
}

void XmlFile::parse(const std::string& name, std::string_view root) {
    constexpr unsigned kOptions = pugi::parse_default | pugi::parse_doctype;
    const pugi::xml_parse_result result =
        document_.load_buffer_inplace(text_.data(), text_.size(), kOptions, pugi::encoding_utf8);
    if (!result) {
        throw Error(fmt::format("{}: malformed XML at byte {}: {}", name, result.offset,
                                result.description()));
    }
    for (const pugi::xml_node node : document_.children()) {
        if (node.type() == pugi::node_doctype &&
            std::string_view(node.value()).find("<!ENTITY") != std::string_view::npos) {
            throw Error(fmt::format("{}: found declarations of entities: expected none", name),
                        "they are not expanded; export the file again, or remove them");
        }
    }
    if (const std::string_view found = document_.document_element().name(); found != root) {
        throw Error(
            fmt::format("{}: found the root element <{}>: expected <{}>", name, found, root));
    }
}

std::string xml_place(pugi::xml_node node) {
    return fmt::format("byte {} ({})", node.offset_debug(), node.name());
}

double xml_number(pugi::xml_node node, const char* attribute) {
    const pugi::xml_attribute found = node.attribute(attribute);
    if (!found) {
        throw Error(fmt::format("\"{}\" is missing", attribute));
    }
    return finite_number(found.value(), fmt::format("\"{}\"", attribute));
}

double xml_child_number(pugi::xml_node node, const char* child) {
    const pugi::xml_node found = node.child(child);
    if (!found) {
        throw Error(fmt::format("<{}> is missing", child));
    }
    return finite_number(found.child_value(), fmt::format("<{}>", child));
}

std::string xml_escaped(std::string_view text) {
    std::string escaped;
    while (!text.empty()) {
        const std::size_t size = detail::utf8_size(text);
        const char c = text.front();
        if (size == 0 ||
            (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r')) {
            escaped += '?';
        } else if (c == '&') {
            escaped += "&amp;";
        } else if (c == '<') {
            escaped += "&lt;";
        } else if (c == '>') {
            escaped += "&gt;";
        } else if (c == '"') {
            escaped += "&quot;";
        } else if (static_cast<unsigned char>(c) < 0x20) {
            escaped += fmt::format("&#{};", static_cast<int>(c));
        } else {
            escaped += text.substr(0, size);
        }
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return escaped;
}

}  // namespace embedmask::data
