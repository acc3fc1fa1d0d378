#include "report/report.h"

namespace embedmask::report {

std::string category_name(const Dataset& dataset, std::int64_t id) {
    for (const Category& category : dataset.categories) {
        if (category.id == id) {
            return category.name.empty() ? std::to_string(id) : category.name;
        }
    }
    return id == -1 ? "all categories" : std::to_string(id);
}

}  // namespace embedmask::report
