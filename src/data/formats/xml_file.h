// XML files of labelling tools: reading with limits, and text for writing.
#pragma once

#include <filesystem>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>

namespace embedmask::data {

/// An XML file in memory.
class XmlFile {
public:
    /// Error (with the byte position) for malformed XML, for a root element with another name than
    /// `root`, for declarations of entities, which none of the tools writes, and for text that is
    /// neither UTF-8 nor declared as Latin-1.
    XmlFile(const std::filesystem::path& path, std::string_view root);
    /// The same for a text in memory; errors call it `name`.
    XmlFile(std::string text, const std::string& name, std::string_view root);

    [[nodiscard]] pugi::xml_node root() const { return document_.document_element(); }

private:
    void parse(const std::string& name, std::string_view root);

    std::string text_;  // the document refers to it
    pugi::xml_document document_;
};

/// "byte 1204 (polygon)": the place of an element in its file.
std::string xml_place(pugi::xml_node node);

/// The number in an attribute, or in the text of a child. Error (without the file) if it is
/// missing, or not a finite number.
double xml_number(pugi::xml_node node, const char* attribute);
double xml_child_number(pugi::xml_node node, const char* child);

/// A text as the value of an attribute in quotation marks. What XML cannot express, such as control
/// characters and bytes that are not UTF-8, becomes "?".
std::string xml_escaped(std::string_view text);

}  // namespace embedmask::data
