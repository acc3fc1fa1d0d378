#include "data/formats/xml_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
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

/// The encoding that a text declares, in lower case; empty if it declares none.
std::string declared_encoding(std::string_view text) {
    const std::string_view declaration = text.substr(0, std::min(text.find("?>"), text.size()));
    const std::size_t at = declaration.find("encoding");
    if (!text.starts_with("<?xml") || at == std::string_view::npos) {
        return {};
    }
    const std::size_t quote = declaration.find_first_of("\"'", at);
    if (quote == std::string_view::npos) {
        return {};
    }
    const std::size_t end = declaration.find(declaration[quote], quote + 1);
    std::string word(declaration.substr(quote + 1, end - quote - 1));
    std::ranges::transform(word, word.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return word;
}

/// Error for encodings other than UTF-8 and Latin-1, and for bytes that are not UTF-8.
pugi::xml_encoding encoding_of(std::string_view text, const std::string& name) {
    const std::string declared = declared_encoding(text);
    if (declared == "iso-8859-1" || declared == "latin1" || declared == "latin-1") {
        return pugi::encoding_latin1;
    }
    if (!declared.empty() && declared != "utf-8" && declared != "utf8" && declared != "us-ascii" &&
        declared != "ascii") {
        throw Error(
            fmt::format("{}: found the encoding {}: expected UTF-8", name, declared),
            fmt::format("convert it and correct its first line: iconv -f {} -t UTF-8", declared));
    }
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t size = detail::utf8_size(text.substr(i, 4));
        if (size == 0) {
            throw Error(fmt::format("{}: byte {} is not UTF-8", name, i),
                        "convert the file to UTF-8, or declare its encoding in its first line");
        }
        i += size;
    }
    return pugi::encoding_utf8;
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
    const pugi::xml_encoding encoding = encoding_of(text_, name);
    const pugi::xml_parse_result result =
        document_.load_buffer_inplace(text_.data(), text_.size(), kOptions, encoding);
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
