// GeoJSON in pixels, as QuPath reads it: NAME.geojson.
#pragma once

#include <string>

#include "data/formats/labeled_image.h"

namespace embedmask::data {

/// A FeatureCollection with a feature per object: its polygons if it was drawn with some, else the
/// outline of its mask along pixel edges, with holes, or its box. `classification` names the
/// category and its colour; scores and annotation ids are properties.
std::string geojson_text(const LabeledImage& image);

}  // namespace embedmask::data
