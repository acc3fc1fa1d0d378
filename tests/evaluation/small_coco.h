// A COCO file small enough to compute its AP by hand, and detections for it.
#pragma once

#include <nlohmann/json.hpp>

namespace embedmask::testing {

/// Two images with three objects of two categories, as a COCO file.
inline nlohmann::json true_objects() {
    return nlohmann::json::parse(R"({
 "images":[{"id":1,"file_name":"a.png","width":64,"height":48},
           {"id":2,"file_name":"b.png","width":64,"height":48}],
 "categories":[{"id":1,"name":"cat"},{"id":2,"name":"dog"}],
 "annotations":[
  {"id":1,"image_id":1,"category_id":1,"bbox":[5,5,20,15],"area":300,"iscrowd":0,
   "segmentation":[[5,5,25,5,25,20,5,20]]},
  {"id":2,"image_id":1,"category_id":2,"bbox":[30,10,20,20],"area":400,"iscrowd":0,
   "segmentation":[[30,10,50,10,50,30,30,30]]},
  {"id":3,"image_id":2,"category_id":1,"bbox":[10,10,30,30],"area":900,"iscrowd":0,
   "segmentation":[[10,10,40,10,40,40,10,40]]}]})");
}

/// The detections, the second and the third a little beside their object.
inline nlohmann::json found_objects() {
    return nlohmann::json::parse(R"([
 {"image_id":1,"category_id":1,"bbox":[5,5,20,15],"score":0.9},
 {"image_id":1,"category_id":2,"bbox":[31,10,20,20],"score":0.8},
 {"image_id":2,"category_id":1,"bbox":[12,12,30,30],"score":0.7}])");
}

}  // namespace embedmask::testing
