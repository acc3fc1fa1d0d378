#include "coco/dataset_text.h"

#include <fmt/format.h>

namespace embedmask::detail {

namespace {

bool is_record_list(const JsonMember& member) {
    return member.key == "images" || member.key == "annotations" || member.key == "categories";
}

}  // namespace

DatasetText::DatasetText(const std::filesystem::path& path) {
    file_.emplace(path);
    const auto bytes = file_->bytes();
    json_ = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    read(path.string());
}

DatasetText::DatasetText(std::string json, const std::string& source) : text_(std::move(json)) {
    json_ = text_;
    read(source);
}

void DatasetText::read(const std::string& source) {
    dataset_ = parse_dataset(json_, source, {.keep_problems = true});
    layout_ = find_layout(json_, source);
}

std::string DatasetText::other_members() const {
    std::string text;
    for (const JsonMember& member : layout_.members) {
        if (is_record_list(member)) {
            continue;
        }
        const auto value = json_.substr(member.value.begin, member.value.end - member.value.begin);
        text += fmt::format("{}\"{}\": {}", text.empty() ? "" : ",\n", member.key, value);
    }
    return text;
}

std::string_view DatasetText::record(std::string_view list, std::size_t i) const {
    const JsonSlice slice = layout_.member(list)->elements.at(i);
    return json_.substr(slice.begin, slice.end - slice.begin);
}

DatasetTextWriter::DatasetTextWriter(const std::filesystem::path& path,
                                     const std::string& other_members)
    : file_(path), empty_(other_members.empty()) {
    file_.write("{");
    file_.write(other_members);
}

void DatasetTextWriter::begin(std::string_view name) {
    end_list();
    file_.write(fmt::format("{}\"{}\": [", empty_ ? "" : ",\n", name));
    open_ = true;
    first_ = true;
    empty_ = false;
}

void DatasetTextWriter::add(std::string_view record) {
    file_.write(first_ ? "\n" : ",\n");
    file_.write(record);
    first_ = false;
}

void DatasetTextWriter::end_list() {
    if (open_) {
        file_.write("]");
    }
    open_ = false;
}

void DatasetTextWriter::commit() {
    end_list();
    file_.write("}\n");
    file_.commit();
}

void write_chosen(const DatasetText& text, const DatasetChoice& choice, DatasetTextWriter& writer) {
    const Dataset& dataset = text.dataset();
    writer.begin("images");
    for (std::size_t i = 0; i < dataset.images.size(); ++i) {
        if (choice.image(i)) {
            writer.add(text.image(i));
        }
    }
    if (dataset.has_annotations) {
        writer.begin("annotations");
        for (std::size_t i = 0; i < dataset.annotations.size(); ++i) {
            if (choice.annotation(i)) {
                writer.add(text.annotation(i));
            }
        }
    }
    writer.begin("categories");
    for (std::size_t i = 0; i < dataset.categories.size(); ++i) {
        if (choice.category(i)) {
            writer.add(text.category(i));
        }
    }
}

}  // namespace embedmask::detail
