// Pascal VOC annotation files: NAME.xml with the boxes of an image.
#pragma once

namespace embedmask::data {

class DatasetBuilder;

/// Adds the boxes of the files in the builder's folder, as objects without a mask; where a tool
/// added a <polygon>, that counts. Parts of objects are left out and counted. Coordinates are those
/// of VOC: pixels that count from 1, both corners included. If any box of the folder begins at 0,
/// which VOC does not have, they are taken as the edges of the box, from 0. Error (file, byte
/// position) for boxes with missing or swapped corners and for a different image size.
void read_voc_xml(DatasetBuilder& builder);

}  // namespace embedmask::data
